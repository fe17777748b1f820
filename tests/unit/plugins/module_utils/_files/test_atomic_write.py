# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import errno
import os
import stat

import pytest

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.atomic_write import create_file, link_warning, write_file
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.file_state import read_file

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason='only root can give files away')


def test_new_bytes_with_the_old_mode_whatever_the_umask(target, way, contents, beside):
    for umask in (0o000, 0o077, 0o777):
        os.chmod(target, 0o604)
        before = os.umask(umask)
        try:
            state = write_file(read_file(target), b'new %o' % umask)
        finally:
            os.umask(before)
        assert contents(target) == b'new %o' % umask and stat.S_IMODE(os.stat(target).st_mode) == 0o604
        assert state == read_file(target)
    assert beside(target) == ['ssl.conf']


def test_unchanged_bytes_touch_nothing(target):
    before = os.stat(target)
    write_file(read_file(target), b'old\r\n\xff')
    assert os.stat(target) == before


@needs_root
def test_owner_group_and_special_bits_are_kept(target, way):
    os.chown(target, 12345, 54321)
    os.chmod(target, 0o6751)
    write_file(read_file(target), b'new')
    now = os.stat(target)
    assert (now.st_uid, now.st_gid, stat.S_IMODE(now.st_mode)) == (12345, 54321, 0o6751)


def test_link_stays_a_link(target, tmpdir, way, contents):
    link = str(tmpdir.mkdir('other').join('link.conf'))
    os.symlink(target, link)
    write_file(read_file(link), b'new')
    assert os.path.islink(link) and contents(target) == b'new' and os.listdir(os.path.dirname(link)) == ['link.conf']


def test_other_hard_link_keeps_the_old_bytes_and_is_told(target, tmpdir, way, contents):
    other = str(tmpdir.join('other'))
    os.link(target, other)
    state = read_file(target)
    assert '1 more hard link' in link_warning(state)
    assert link_warning(write_file(state, b'new')) is None
    assert contents(other) == b'old\r\n\xff' and contents(target) == b'new'


def test_short_writes_and_interruptions_are_gone_on_with(target, monkeypatch, way, contents):
    real, calls = os.write, []

    def slow_write(descriptor, data):
        calls.append(len(data))
        if len(calls) % 3 == 1:
            raise OSError(errno.EINTR, 'interrupted')
        return real(descriptor, data[:2].tobytes())

    monkeypatch.setattr(os, 'write', slow_write)
    write_file(read_file(target), b'0123456789')
    monkeypatch.undo()
    assert contents(target) == b'0123456789' and len(calls) > 5


@pytest.mark.parametrize('name', ['write', 'fsync', 'fchmod', 'rename'])
@pytest.mark.parametrize('number', [errno.ENOSPC, errno.EIO, errno.EDQUOT, errno.EROFS, errno.EPERM, errno.EBUSY])
def test_error_of_any_step_leaves_the_old_file_alone(target, monkeypatch, way, name, number, contents, beside):
    def fails(*_arguments):
        raise OSError(number, os.strerror(number))

    state = read_file(target)
    monkeypatch.setattr(os, name, fails)
    with pytest.raises(AdministratorError) as caught:
        write_file(state, b'new')
    monkeypatch.undo()
    assert os.strerror(number) in str(caught.value) and 'nothing was changed' in str(caught.value) and target in str(caught.value)
    assert contents(target) == b'old\r\n\xff' and beside(target) == ['ssl.conf']


def test_directory_that_cannot_be_settled_is_told_as_what_it_is(target, monkeypatch, way, contents, beside):
    real, calls = os.fsync, []

    def second_fails(descriptor):
        calls.append(descriptor)
        if len(calls) == 2:
            raise OSError(errno.EIO, 'I/O error')
        return real(descriptor)

    monkeypatch.setattr(os, 'fsync', second_fails)
    with pytest.raises(AdministratorError, match='in place'):
        write_file(read_file(target), b'new')
    monkeypatch.undo()
    assert contents(target) == b'new' and beside(target) == ['ssl.conf']


def test_directory_is_opened_before_the_file_is_replaced(target, monkeypatch, way, contents):
    real, directory = os.open, os.path.dirname(target).encode('utf-8')

    def refuses(path, flags, *mode):
        if path == directory and flags & os.O_DIRECTORY and not flags & os.O_RDWR:
            raise OSError(errno.EACCES, 'Permission denied')
        return real(path, flags, *mode)

    state = read_file(target)
    monkeypatch.setattr(os, 'open', refuses)
    with pytest.raises(AdministratorError, match='nothing was changed'):
        write_file(state, b'new')
    monkeypatch.undo()
    assert contents(target) == b'old\r\n\xff'


def test_new_file_appears_once_and_never_over_another(target, tmpdir, way, contents, beside):
    path = str(tmpdir.join('new.conf'))
    state = create_file(path, b'data', 0o644)
    assert (state.mode, contents(path)) == (0o644, b'data')
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o644
    for there in (path, target):
        with pytest.raises(AdministratorError, match='already'):
            create_file(there, b'other')
    os.symlink('/nowhere', str(tmpdir.join('dangling')))
    with pytest.raises(AdministratorError, match='already'):
        create_file(str(tmpdir.join('dangling')), b'other')
    assert beside(target) == ['dangling', 'new.conf', 'ssl.conf']
