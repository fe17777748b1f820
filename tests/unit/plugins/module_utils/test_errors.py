# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type
import pytest

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError


def test_everything_that_is_known_is_told_in_one_line():
    error = AdministratorError('it broke.', path='/etc/x', line=7, expected='a', found='b', state='c', next_step='d.')
    assert str(error) == '/etc/x:7: it broke. Expected: a. Found: b. State now: c. Next: d.'
    assert str(AdministratorError('it broke')) == 'it broke.'
    assert AdministratorError('it broke', found=0).details() == {'message': 'it broke', 'found': 0}


@pytest.mark.parametrize('value', [b'\xff\xe9', u'\xe9 \u20ac', u'\udce9', 7, None, ['a']])
def test_whatever_a_server_printed_can_be_told(value):
    error = AdministratorError(u'h\xe9', path=u'/\xe9', found=value, expected=value)
    assert isinstance(str(error), str) and isinstance(error.sentence(), str)


def test_the_state_can_be_told_later():
    error = AdministratorError('it broke', path='/x', found='b', next_step='old')
    later = error.with_state('all is back')
    assert (later.state, later.next_step, later.found, later.path) == ('all is back', 'old', 'b', '/x')
    assert error.with_state('s', 'new').next_step == 'new'
