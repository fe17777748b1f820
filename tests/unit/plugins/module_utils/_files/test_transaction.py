# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import errno
import os
import stat
from functools import partial

import pytest

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.atomic_write import create_file, write_file
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.file_state import read_file
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.transaction import Step, write_all


@pytest.fixture
def files(tmpdir, write):
    paths = [str(tmpdir.join(name)) for name in ('a.conf', 'b.conf')]
    for path in paths:
        write(path, b'old')
    return paths


def steps(paths):
    states = [read_file(path) for path in paths]
    return [Step(state.path, state, b'new', partial(write_file, state, b'new')) for state in states]


def dislike():
    raise AdministratorError('disliked')


def unsettled(monkeypatch, *numbers):
    """The directory cannot be settled after the writes with these numbers, counted from 1."""
    real, calls = os.fsync, []

    def fsync(descriptor):
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            calls.append(descriptor)
            if len(calls) in numbers:
                raise OSError(errno.EIO, 'Input/output error')
        return real(descriptor)

    monkeypatch.setattr(os, 'fsync', fsync)


def test_all_of_them(files, contents):
    write_all(steps(files), lambda: None, 'back')
    assert [contents(path) for path in files] == [b'new', b'new']


def test_a_result_that_does_not_hold_puts_all_back(files, contents):
    with pytest.raises(AdministratorError, match='disliked') as caught:
        write_all(steps(files), dislike, 'all are back', 'think')
    assert (caught.value.state, caught.value.next_step) == ('all are back', 'think')
    assert [contents(path) for path in files] == [b'old', b'old']


@pytest.mark.parametrize('number', [1, 2])
def test_file_that_was_replaced_although_its_write_failed_is_put_back(files, monkeypatch, contents, number):
    unsettled(monkeypatch, number)
    with pytest.raises(AdministratorError, match='could not be replaced') as caught:
        write_all(steps(files), lambda: None, 'all are back')
    assert caught.value.state == 'all are back'
    assert [contents(path) for path in files] == [b'old', b'old']


def test_directory_that_can_never_be_settled_is_told(files, monkeypatch, contents):
    unsettled(monkeypatch, 1, 2)
    with pytest.raises(AdministratorError) as caught:
        write_all(steps(files), lambda: None, 'all are back')
    assert caught.value.state == 'all are back, but a power failure now could undo that'
    assert [contents(path) for path in files] == [b'old', b'old']


def test_the_first_write_that_fails_leaves_nothing_to_put_back(files, write, contents):
    prepared = steps(files)
    write(files[0], b'other')
    with pytest.raises(AdministratorError, match='changed by someone else') as caught:
        write_all(prepared, lambda: None, 'all are back')
    assert caught.value.state == 'this change was not made, the other one is kept'
    assert [contents(path) for path in files] == [b'other', b'old']


def test_change_of_somebody_else_in_between_is_kept_and_told(files, write, contents):
    def meddle():
        write(files[0], b'other')
        dislike()

    with pytest.raises(AdministratorError) as caught:
        write_all(steps(files), meddle, 'all are back')
    assert 'not every file could be put back' in caught.value.state and files[0] in caught.value.state
    assert [contents(path) for path in files] == [b'other', b'old']


def test_file_that_was_not_there_goes_again(files, tmpdir, contents):
    new = str(tmpdir.join('new.conf'))
    made = Step(new, None, b'new', partial(create_file, new, b'new'))
    with pytest.raises(AdministratorError, match='disliked'):
        write_all(steps(files) + [made], dislike, 'all are back')
    assert [contents(path) for path in files] == [b'old', b'old'] and not os.path.exists(new)
