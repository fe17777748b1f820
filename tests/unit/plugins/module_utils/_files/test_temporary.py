# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import fcntl
import os
import stat

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils import _text
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files import temporary
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.atomic_write import write_file
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.file_state import read_file
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.temporary import remove_leftovers


def leave(target, locked=False):
    name = temporary._PREFIX + b'0123456789abcdef' + temporary._SUFFIX
    path = os.path.join(_text.name_bytes(os.path.dirname(target)), name)
    descriptor = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    if locked:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    return path, descriptor


def test_leftover_of_a_dead_writer_goes_and_that_of_a_living_one_stays(target, way, beside):
    path, descriptor = leave(target, locked=True)
    write_file(read_file(target), b'new')
    assert os.path.exists(path)
    os.close(descriptor)
    write_file(read_file(target), b'newer')
    assert beside(target) == ['ssl.conf']


def test_only_what_is_surely_a_leftover_is_removed(target, tmpdir, beside, edit):
    kept = ['.checkpoint_endpoint_hardening.short.tmp', '.checkpoint_endpoint_hardening.0123456789abcdef.tmp.conf', 'checkpoint_endpoint_hardening.tmp']
    for name in kept:
        edit(str(tmpdir.join(name)))
    os.mkdir(str(tmpdir.join('.checkpoint_endpoint_hardening.0123456789abcdef.tmp')))
    os.symlink(target, str(tmpdir.join('.checkpoint_endpoint_hardening.0123456789abcdee.tmp')))
    before = beside(target)
    assert remove_leftovers(_text.name_bytes(str(tmpdir))) == []
    assert beside(target) == before


def test_name_that_a_writer_loses_before_it_is_locked_is_replaced(target, monkeypatch, contents):
    monkeypatch.setattr(temporary.Temporary, '_open_nameless', lambda self: None)
    real, calls = temporary._lock, []

    def lose(descriptor):
        calls.append(descriptor)
        if len(calls) == 1:
            temporary.remove_leftovers(_text.name_bytes(os.path.dirname(target)))
        real(descriptor)

    monkeypatch.setattr(temporary, '_lock', lose)
    write_file(read_file(target), b'new')
    assert contents(target) == b'new' and len(calls) == 2


def test_temporary_file_is_private_until_it_is_dressed(target, monkeypatch, way):
    seen = []
    real = temporary.Temporary.fill

    def look(self, data):
        real(self, data)
        seen.append(stat.S_IMODE(os.fstat(self.descriptor).st_mode))

    monkeypatch.setattr(temporary.Temporary, 'fill', look)
    write_file(read_file(target), b'new')
    assert seen == [0o600]
