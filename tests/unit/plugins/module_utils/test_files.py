# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import errno
import fcntl
import os
import socket
import stat
import struct
import subprocess
import sys

import pytest

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils import _files
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._storage import attributes, names, temporary

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), '..', '..', '..', '..'))

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason='only root can give files away')


@pytest.fixture(params=['nameless', 'named'])
def way(request, monkeypatch):
    """Both ways of making the temporary file: as kernels since 3.11 can, and as all can."""
    if request.param == 'named':
        monkeypatch.setattr(temporary.Temporary, '_open_nameless', lambda self: None)
    return request.param


@pytest.fixture
def target(tmpdir):
    path = str(tmpdir.join('ssl.conf'))
    with open(path, 'wb') as stream:
        stream.write(b'old\r\n\xff')
    os.chmod(path, 0o640)
    return path


def contents(path):
    with open(path, 'rb') as stream:
        return stream.read()


def beside(path):
    return sorted(os.listdir(os.path.dirname(path)))


# -- reading


def test_state_of_a_file(target):
    state = _files.read_file(target)
    assert (state.data, state.mode, state.uid, state.path) == (b'old\r\n\xff', 0o640, os.geteuid(), target)
    assert state.sha256 == _files.digest(b'old\r\n\xff') and state.links == 1
    assert (state.device, state.inode) == (os.stat(target).st_dev, os.stat(target).st_ino)


def test_chain_of_links_is_resolved(target, tmpdir):
    os.symlink(target, str(tmpdir.join('one')))
    os.symlink('one', str(tmpdir.join('two')))
    state = _files.read_file(str(tmpdir.join('two')))
    assert state.path == target and state.asked == str(tmpdir.join('two'))


def make_fifo(path):
    os.mkfifo(path)


def make_socket(path):
    folder, name = os.path.split(path)
    here = os.getcwd()
    os.chdir(folder)  # a socket's path is limited to 108 bytes
    try:
        socket.socket(socket.AF_UNIX).bind(name)
    finally:
        os.chdir(here)


def make_device_link(path):
    os.symlink('/dev/zero', path)


def make_loop(path):
    os.symlink(path, path)


@pytest.mark.parametrize('make, word', [
    (os.mkdir, 'directory'), (make_fifo, 'FIFO'), (make_socket, 'socket'), (make_device_link, 'character device'), (make_loop, 'symbolic link'),
    (lambda path: None, 'no such file'),
])
def test_what_is_no_regular_file_is_refused_and_never_opened(tmpdir, make, word):
    path = str(tmpdir.join('target'))
    make(path)
    with pytest.raises(AdministratorError, match=word) as caught:
        _files.read_file(path)
    assert 'nothing was changed' in str(caught.value)


@pytest.mark.parametrize('path', ['ssl.conf', '', '/etc/pass\0wd'])
def test_paths_that_cannot_be_worked_with(path):
    with pytest.raises(AdministratorError):
        _files.read_file(path)


def test_file_below_a_file_is_missing(target):
    with pytest.raises(AdministratorError, match='no such file'):
        _files.read_file(os.path.join(target, 'below'))


# -- replacing


def test_new_bytes_with_the_old_mode_whatever_the_umask(target, way):
    for umask in (0o000, 0o077, 0o777):
        os.chmod(target, 0o604)
        before = os.umask(umask)
        try:
            state = _files.write_file(_files.read_file(target), b'new %o' % umask)
        finally:
            os.umask(before)
        assert contents(target) == b'new %o' % umask and stat.S_IMODE(os.stat(target).st_mode) == 0o604
        assert state == _files.read_file(target)
    assert beside(target) == ['ssl.conf']


def test_unchanged_bytes_touch_nothing(target):
    before = os.stat(target)
    _files.write_file(_files.read_file(target), b'old\r\n\xff')
    assert os.stat(target) == before


@needs_root
def test_owner_group_and_special_bits_are_kept(target, way):
    os.chown(target, 12345, 54321)
    os.chmod(target, 0o6751)
    _files.write_file(_files.read_file(target), b'new')
    now = os.stat(target)
    assert (now.st_uid, now.st_gid, stat.S_IMODE(now.st_mode)) == (12345, 54321, 0o6751)


def test_link_stays_a_link(target, tmpdir, way):
    link = str(tmpdir.mkdir('other').join('link.conf'))
    os.symlink(target, link)
    _files.write_file(_files.read_file(link), b'new')
    assert os.path.islink(link) and contents(target) == b'new' and os.listdir(os.path.dirname(link)) == ['link.conf']


def test_other_hard_link_keeps_the_old_bytes_and_is_told(target, tmpdir, way):
    other = str(tmpdir.join('other'))
    os.link(target, other)
    state = _files.read_file(target)
    assert '1 more hard link' in _files.link_warning(state)
    assert _files.link_warning(_files.write_file(state, b'new')) is None
    assert contents(other) == b'old\r\n\xff' and contents(target) == b'new'


def edit(path):
    with open(path, 'ab') as stream:
        stream.write(b'edited')


def swap_for_directory(path):
    os.unlink(path)
    os.mkdir(path)


def other_owner(path):
    if os.geteuid() != 0:
        pytest.skip('only root can give files away')
    os.chown(path, 12345, -1)


@pytest.mark.parametrize('meddle', [
    edit, lambda path: os.chmod(path, 0o600), os.unlink, swap_for_directory, other_owner,
])
def test_change_by_somebody_else_is_kept(target, meddle, way):
    state = _files.read_file(target)
    meddle(target)
    before = os.path.lexists(target) and os.stat(target)
    with pytest.raises(AdministratorError):
        _files.write_file(state, b'new')
    assert (os.path.lexists(target) and os.stat(target)) == before
    assert [name for name in beside(target) if name != 'ssl.conf'] == []


def test_change_while_the_new_file_is_being_made_is_kept(target, monkeypatch, way):
    fill = temporary.Temporary.fill

    def fill_and_meddle(self, data):
        fill(self, data)
        edit(target)

    monkeypatch.setattr(temporary.Temporary, 'fill', fill_and_meddle)
    with pytest.raises(AdministratorError, match='changed by someone else'):
        _files.write_file(_files.read_file(target), b'new')
    assert contents(target) == b'old\r\n\xffedited' and beside(target) == ['ssl.conf']


def test_link_that_was_turned_elsewhere_is_refused(target, tmpdir):
    link = str(tmpdir.join('link'))
    other = str(tmpdir.join('other'))
    edit(other)
    os.symlink(target, link)
    state = _files.read_file(link)
    os.unlink(link)
    os.symlink(other, link)
    with pytest.raises(AdministratorError, match='symbolic link was changed'):
        _files.write_file(state, b'new')
    assert contents(target) == b'old\r\n\xff' and contents(other) == b'edited'


def test_same_bytes_under_a_new_inode_are_the_same_file(target):
    state = _files.read_file(target)
    os.rename(target, target + '.moved')
    with open(target, 'wb') as stream:
        stream.write(state.data)
    os.chmod(target, state.mode)
    _files.write_file(state, b'new')
    assert contents(target) == b'new'


def test_short_writes_and_interruptions_are_gone_on_with(target, monkeypatch, way):
    real, calls = os.write, []

    def slow_write(descriptor, data):
        calls.append(len(data))
        if len(calls) % 3 == 1:
            raise OSError(errno.EINTR, 'interrupted')
        return real(descriptor, data[:2].tobytes())

    monkeypatch.setattr(os, 'write', slow_write)
    _files.write_file(_files.read_file(target), b'0123456789')
    monkeypatch.undo()
    assert contents(target) == b'0123456789' and len(calls) > 5


@pytest.mark.parametrize('name', ['write', 'fsync', 'fchmod', 'rename'])
@pytest.mark.parametrize('number', [errno.ENOSPC, errno.EIO, errno.EDQUOT, errno.EROFS, errno.EPERM, errno.EBUSY])
def test_error_of_any_step_leaves_the_old_file_alone(target, monkeypatch, way, name, number):
    def fails(*_arguments):
        raise OSError(number, os.strerror(number))

    state = _files.read_file(target)
    monkeypatch.setattr(os, name, fails)
    with pytest.raises(AdministratorError) as caught:
        _files.write_file(state, b'new')
    monkeypatch.undo()
    assert os.strerror(number) in str(caught.value) and 'nothing was changed' in str(caught.value) and target in str(caught.value)
    assert contents(target) == b'old\r\n\xff' and beside(target) == ['ssl.conf']


def test_directory_that_cannot_be_settled_is_told_as_what_it_is(target, monkeypatch, way):
    real, calls = os.fsync, []

    def second_fails(descriptor):
        calls.append(descriptor)
        if len(calls) == 2:
            raise OSError(errno.EIO, 'I/O error')
        return real(descriptor)

    monkeypatch.setattr(os, 'fsync', second_fails)
    with pytest.raises(AdministratorError, match='in place'):
        _files.write_file(_files.read_file(target), b'new')
    monkeypatch.undo()
    assert contents(target) == b'new' and beside(target) == ['ssl.conf']


def test_new_file_appears_once_and_never_over_another(target, tmpdir, way):
    path = str(tmpdir.join('new.conf'))
    state = _files.create_file(path, b'data', 0o644)
    assert (state.mode, contents(path)) == (0o644, b'data')
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o644
    for there in (path, target):
        with pytest.raises(AdministratorError, match='already'):
            _files.create_file(there, b'other')
    os.symlink('/nowhere', str(tmpdir.join('dangling')))
    with pytest.raises(AdministratorError, match='already'):
        _files.create_file(str(tmpdir.join('dangling')), b'other')
    assert beside(target) == ['dangling', 'new.conf', 'ssl.conf']


# -- attributes


def access_list(mask):
    """An access list that lets user 12345 read: entries of tag, permissions, id."""
    entries = [(0x01, 6, 0xFFFFFFFF), (0x02, 4, 12345), (0x04, 0, 0xFFFFFFFF), (0x10, mask, 0xFFFFFFFF), (0x20, 0, 0xFFFFFFFF)]
    return struct.pack('<I', 2) + b''.join(struct.pack('<HHI', *entry) for entry in entries)


def set_attribute(path, name, value):
    descriptor = os.open(path, os.O_RDONLY)
    try:
        attributes._set(descriptor, name, value)
    except (OSError, IOError) as error:
        pytest.skip('this file system has no %s: %s' % (name, error))
    finally:
        os.close(descriptor)


def test_access_list_is_kept(target, way):
    set_attribute(target, attributes.ACCESS_LIST, access_list(4))
    before = _files.read_file(target)
    assert before.attributes[attributes.ACCESS_LIST] == access_list(4)
    after = _files.write_file(before, b'new')
    assert _files.read_file(target) == after and after.attributes == before.attributes and after.mode == before.mode


def test_access_list_of_the_directory_is_not_inherited(target, way):
    set_attribute(os.path.dirname(target), 'system.posix_acl_default', access_list(7))
    _files.write_file(_files.read_file(target), b'new')
    state = _files.read_file(target)
    assert state.attributes[attributes.ACCESS_LIST] is None and state.mode == 0o640


@needs_root
def test_security_context_is_kept(target, way):
    set_attribute(target, attributes.SELINUX, b'system_u:object_r:httpd_config_t:s0\0')
    state = _files.read_file(target)
    assert state.attributes[attributes.SELINUX].startswith(b'system_u:object_r:httpd_config_t')
    _files.write_file(state, b'new')
    assert _files.read_file(target).attributes == state.attributes


# -- leftovers


def leave(target, locked=False):
    name = temporary._PREFIX + b'0123456789abcdef' + temporary._SUFFIX
    path = os.path.join(names.name_bytes(os.path.dirname(target)), name)
    descriptor = os.open(path, os.O_CREAT | os.O_RDWR, 0o600)
    if locked:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
    return path, descriptor


def test_leftover_of_a_dead_writer_goes_and_that_of_a_living_one_stays(target, way):
    path, descriptor = leave(target, locked=True)
    _files.write_file(_files.read_file(target), b'new')
    assert os.path.exists(path)
    os.close(descriptor)
    _files.write_file(_files.read_file(target), b'newer')
    assert beside(target) == ['ssl.conf']


def test_only_what_is_surely_a_leftover_is_removed(target, tmpdir):
    kept = ['.checkpoint_endpoint_hardening.short.tmp', '.checkpoint_endpoint_hardening.0123456789abcdef.tmp.conf', 'checkpoint_endpoint_hardening.tmp']
    for name in kept:
        edit(str(tmpdir.join(name)))
    os.mkdir(str(tmpdir.join('.checkpoint_endpoint_hardening.0123456789abcdef.tmp')))
    os.symlink(target, str(tmpdir.join('.checkpoint_endpoint_hardening.0123456789abcdee.tmp')))
    before = beside(target)
    assert _files.remove_leftovers(names.name_bytes(str(tmpdir))) == []
    assert beside(target) == before


def test_name_that_a_writer_loses_before_it_is_locked_is_replaced(target, monkeypatch):
    monkeypatch.setattr(temporary.Temporary, '_open_nameless', lambda self: None)
    real, calls = temporary._lock, []

    def lose(descriptor):
        calls.append(descriptor)
        if len(calls) == 1:
            temporary.remove_leftovers(names.name_bytes(os.path.dirname(target)))
        real(descriptor)

    monkeypatch.setattr(temporary, '_lock', lose)
    _files.write_file(_files.read_file(target), b'new')
    assert contents(target) == b'new' and len(calls) == 2


def test_temporary_file_is_private_until_it_is_dressed(target, monkeypatch, way):
    seen = []
    real = temporary.Temporary.fill

    def look(self, data):
        real(self, data)
        seen.append(stat.S_IMODE(os.fstat(self.descriptor).st_mode))

    monkeypatch.setattr(temporary.Temporary, 'fill', look)
    _files.write_file(_files.read_file(target), b'new')
    assert seen == [0o600]


# -- names


@pytest.mark.parametrize('name', [
    b'-rf', b'a b', b"it's", b'$(id)', b'two\nlines', b'{{ x }}', b'\xff\xfe', b'caf\xc3\xa9', b'\xc3', b'..a', b'*', b'%s'])
def test_every_name_survives_writing_backup_and_record(tmpdir, name, way):
    path = os.path.join(names.name_bytes(str(tmpdir)), name)
    with open(path, 'wb') as stream:
        stream.write(b'old')
    state = _files.write_file(_files.read_file(names.native(path)), b'new')
    assert names.name_bytes(state.path) == path and contents(path) == b'new'
    backup = _files.backup_file(state, str(tmpdir.join('backups')))
    assert _files.read_backup(backup)[0].path == state.path
    with open(path, 'wb') as stream:
        stream.write(b'broken')
    assert _files.restore_file(*_files.read_backup(backup)) and contents(path) == b'new'


def test_names_survive_json_and_back():
    for name in (b'/caf\xc3\xa9', b'/\xff', b'/\xc3\x28\xff\xfe', b'/plain'):
        assert names.name_bytes(names.name_text(name)) == name
        assert isinstance(names.native(name), str)
        assert names.name_bytes(names.native(name)) == name


@pytest.mark.skipif(sys.version_info[0] < 3, reason='Python 2 has no encoding for names')
def test_locale_has_no_say(tmpdir):
    path = os.path.join(names.name_bytes(str(tmpdir)), b'caf\xc3\xa9')
    edit(path)
    program = (
        'import sys; sys.path.insert(0, %r)\nfrom collection import make_importable\nmake_importable()\n'
        'from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files import read_file, write_file\n'
        'write_file(read_file(%s), b"new")' % (os.path.join(ROOT, 'tests', 'support'), ascii(path.decode('utf-8')))
    )
    environ = dict(os.environ, LC_ALL='C', PYTHONCOERCECLOCALE='0', PYTHONUTF8='0')
    subprocess.check_call([sys.executable, '-c', program], env=environ)
    assert contents(path) == b'new'
