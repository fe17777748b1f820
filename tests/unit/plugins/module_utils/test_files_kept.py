# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import os
import stat

import pytest

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils import _files
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._storage import backups

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason='only root can give files away')


@pytest.fixture
def folder(tmpdir):
    path = tmpdir.mkdir('state')
    path.chmod(0o755)
    return str(path.join('backups'))


@pytest.fixture
def target(tmpdir):
    path = str(tmpdir.join('ssl.conf'))
    write(path, b'old')
    os.chmod(path, 0o640)
    return path


def write(path, data):
    with open(path, 'wb') as stream:
        stream.write(data)


def contents(path):
    with open(path, 'rb') as stream:
        return stream.read()


# -- backups


def test_backup_has_name_mode_and_record_of_the_original(target, folder):
    state = _files.read_file(target)
    path = _files.backup_file(state, folder)
    assert os.path.dirname(path) == folder and contents(path) == b'old'
    name, time, digest = os.path.basename(path).rsplit('.', 2)
    assert name == 'ssl.conf' and digest == state.sha256[:12] and len(time) == 16 and time.endswith('Z')
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o640 and stat.S_IMODE(os.stat(folder).st_mode) == 0o700
    backup, data = _files.read_backup(path)
    assert (backup.path, backup.sha256, backup.mode, data) == (target, state.sha256, 0o640, b'old')


def test_newest_backup_with_the_same_bytes_is_used_again(target, folder):
    first = _files.backup_file(_files.read_file(target), folder)
    assert _files.backup_file(_files.read_file(target), folder) == first
    write(target, b'new')
    second = _files.backup_file(_files.read_file(target), folder)
    write(target, b'old')
    third = _files.backup_file(_files.read_file(target), folder)
    assert len(set([first, second, third])) == 3  # the newest is another one, and the order must tell what came last
    assert [backup.backup for backup in _files.list_backups(target, folder)] == [third, second, first]


@pytest.mark.parametrize('break_it', [
    lambda path: write(path, b'damaged'), os.unlink, lambda path: os.unlink(path + '.json'), lambda path: write(path + '.json', b'{}'),
])
def test_damaged_backup_is_refused_and_not_used_again(target, folder, break_it):
    first = _files.backup_file(_files.read_file(target), folder)
    break_it(first)
    with pytest.raises(AdministratorError):
        _files.read_backup(first)
    second = _files.backup_file(_files.read_file(target), folder)
    assert contents(second) == b'old' and _files.read_backup(second)[1] == b'old'


def test_other_mode_is_another_backup(target, folder):
    first = _files.backup_file(_files.read_file(target), folder)
    os.chmod(target, 0o600)
    assert _files.backup_file(_files.read_file(target), folder) != first


def test_twenty_are_kept_for_each_file_and_those_of_others_stay(target, folder, tmpdir):
    other = str(tmpdir.mkdir('vhosts').join('ssl.conf'))
    write(other, b'other')
    _files.backup_file(_files.read_file(other), folder)
    made = []
    for number in range(backups.KEPT + 5):
        write(target, b'contents %d' % number)
        made.append(_files.backup_file(_files.read_file(target), folder))
    kept = [backup.backup for backup in _files.list_backups(target, folder)]
    assert kept == list(reversed(made))[:backups.KEPT]
    assert len(_files.list_backups(other, folder)) == 1
    assert len(os.listdir(folder)) == 2 * (backups.KEPT + 1)


def test_clock_that_goes_back_does_not_change_the_order(target, folder, monkeypatch):
    first = _files.backup_file(_files.read_file(target), folder)
    monkeypatch.setattr(backups.time, 'gmtime', lambda: (2001, 1, 1, 0, 0, 0, 0, 1, 0))
    write(target, b'new')
    second = _files.backup_file(_files.read_file(target), folder)
    monkeypatch.undo()
    assert '20010101T000000Z' in second
    assert [backup.backup for backup in _files.list_backups(target, folder)] == [second, first]


@needs_root
def test_owner_of_the_original_is_kept(target, folder):
    os.chown(target, 12345, 54321)
    path = _files.backup_file(_files.read_file(target), folder)
    assert (os.stat(path).st_uid, os.stat(path).st_gid) == (12345, 54321)
    os.unlink(target)
    assert _files.restore_file(*_files.read_backup(path)) is True
    assert (os.stat(target).st_uid, os.stat(target).st_gid, stat.S_IMODE(os.stat(target).st_mode)) == (12345, 54321, 0o640)


def test_restoring_what_is_there_changes_nothing(target, folder):
    path = _files.backup_file(_files.read_file(target), folder)
    before = os.stat(target)
    assert _files.restore_file(*_files.read_backup(path)) is False
    assert os.stat(target) == before


def test_record_without_its_backup_is_no_backup_and_goes(target, folder):
    path = _files.backup_file(_files.read_file(target), folder)
    os.unlink(path)
    assert _files.list_backups(target, folder) == []
    write(target, b'new')
    again = _files.backup_file(_files.read_file(target), folder)
    assert sorted(os.listdir(folder)) == sorted([os.path.basename(again), os.path.basename(again) + '.json'])


def test_strange_files_among_the_backups_do_not_matter(target, folder):
    _files.backup_file(_files.read_file(target), folder)
    for name, data in (('a.json', b'{"path": 3}'), ('b.json', b'{}'), ('c', b''), ('d.json', b'{"path": "/x", "number": "y"}')):
        write(os.path.join(folder, name), data)
        os.chmod(os.path.join(folder, name), 0o600)
    write(os.path.join(folder, 'a'), b'')
    write(os.path.join(folder, 'd'), b'')
    assert len(_files.list_backups(target, folder)) == 1


def test_very_long_name_is_cut(tmpdir, folder):
    path = str(tmpdir.join('x' * 255))
    write(path, b'old')
    backup = _files.backup_file(_files.read_file(path), folder)
    assert _files.read_backup(backup)[0].path == path


# -- private directories and records


def test_directory_is_made_private_whatever_the_umask(tmpdir):
    before = os.umask(0)
    try:
        path = _files.private_directory(str(tmpdir.join('a', 'b')))
    finally:
        os.umask(before)
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o700 and stat.S_IMODE(os.stat(os.path.dirname(path)).st_mode) == 0o700
    assert _files.private_directory(path) == path


def test_directory_that_others_can_read_is_left_so(tmpdir):
    path = tmpdir.mkdir('open')
    path.chmod(0o755)
    assert _files.private_directory(str(path)) == str(path)
    assert stat.S_IMODE(os.stat(str(path)).st_mode) == 0o755


@pytest.mark.parametrize('mode', [0o777, 0o770, 0o702, 0o1777])
def test_directory_that_others_can_write_to_is_refused(tmpdir, mode):
    path = tmpdir.mkdir('open')
    path.chmod(mode)
    with pytest.raises(AdministratorError, match='trusted'):
        _files.private_directory(str(path))


def test_directory_below_one_that_others_can_write_to_is_refused(tmpdir):
    above = tmpdir.mkdir('open')
    path = above.mkdir('mine')
    path.chmod(0o700)
    above.chmod(0o777)
    for wanted in (path, above.join('new')):
        with pytest.raises(AdministratorError, match='trusted'):
            _files.private_directory(str(wanted))
    assert not above.join('new').exists()
    above.chmod(0o1777)  # as /tmp: nobody can rename what belongs to another one
    assert _files.private_directory(str(path)) == str(path)


@needs_root
def test_directory_of_somebody_else_is_refused(tmpdir):
    path = tmpdir.mkdir('theirs')
    path.chmod(0o700)
    os.chown(str(path), 12345, 12345)
    for wanted in (path, path.join('below')):
        with pytest.raises(AdministratorError, match='trusted'):
            _files.private_directory(str(wanted))


def test_file_in_the_place_of_a_directory(target):
    with pytest.raises(AdministratorError, match='not a directory'):
        _files.private_directory(target)
    with pytest.raises(AdministratorError):
        _files.private_directory(os.path.join(target, 'below'))


def test_record_comes_back_as_it_was(folder):
    record = {'path': '/x', 'number': 1, 'none': None, 'yes': True, 'list': [{'a': 1.5}], 'text': 'a "quoted" \\ line\nbreak'}
    path = os.path.join(_files.private_directory(folder), 'record.json')
    assert _files.read_record(path) is None
    for _time in range(2):
        _files.write_record(path, record)
        assert _files.read_record(path) == record
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    assert os.listdir(folder) == ['record.json']


@pytest.mark.parametrize('data', [b'', b'[]', b'{', b'null', b'\xff', b'"text"'])
def test_damaged_record_is_told(folder, data):
    path = os.path.join(_files.private_directory(folder), 'record.json')
    write(path, data)
    os.chmod(path, 0o600)
    with pytest.raises(AdministratorError, match='damaged'):
        _files.read_record(path)


def test_record_that_others_could_have_written_is_refused(folder):
    path = os.path.join(_files.private_directory(folder), 'record.json')
    _files.write_record(path, {'a': 1})
    os.chmod(path, 0o620)
    with pytest.raises(AdministratorError, match='trusted'):
        _files.read_record(path)
    _files.write_record(path, {'a': 2})
    os.chmod(folder, 0o777)
    for action in (_files.read_record, lambda path: _files.write_record(path, {})):
        with pytest.raises(AdministratorError, match='trusted'):
            action(path)


def test_record_behind_a_link_is_refused(folder, target):
    os.unlink(target)
    path = os.path.join(_files.private_directory(folder), 'record.json')
    _files.write_record(target + '.json', {'a': 1}) if os.stat(os.path.dirname(target)).st_mode & 0o022 == 0 else write(target + '.json', b'{}')
    os.symlink(target + '.json', path)
    with pytest.raises(AdministratorError, match='regular file'):
        _files.read_record(path)
    _files.write_record(path, {'a': 2})
    assert not os.path.islink(path) and _files.read_record(path) == {'a': 2}
