# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import os
import stat

import pytest

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files import backups
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.backups import backup_file, list_backups, read_backup, restore_file
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.file_state import read_file

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason='only root can give files away')


@pytest.fixture
def target(tmpdir):
    path = str(tmpdir.join('ssl.conf'))
    write(path, b'old')
    os.chmod(path, 0o640)
    return path


def write(path, data):
    with open(path, 'wb') as stream:
        stream.write(data)


def test_backup_has_name_mode_and_record_of_the_original(target, folder, contents):
    state = read_file(target)
    path = backup_file(state, folder)
    assert os.path.dirname(path) == folder and contents(path) == b'old'
    name, time, digest = os.path.basename(path).rsplit('.', 2)
    assert name == 'ssl.conf' and digest == state.sha256[:12] and len(time) == 16 and time.endswith('Z')
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o640 and stat.S_IMODE(os.stat(folder).st_mode) == 0o700
    backup, data = read_backup(path)
    assert (backup.path, backup.sha256, backup.mode, data) == (target, state.sha256, 0o640, b'old')


def test_newest_backup_with_the_same_bytes_is_used_again(target, folder):
    first = backup_file(read_file(target), folder)
    assert backup_file(read_file(target), folder) == first
    write(target, b'new')
    second = backup_file(read_file(target), folder)
    write(target, b'old')
    third = backup_file(read_file(target), folder)
    assert len(set([first, second, third])) == 3  # the newest is another one, and the order must tell what came last
    assert [backup.backup for backup in list_backups(target, folder)] == [third, second, first]


@pytest.mark.parametrize('break_it', [
    lambda path: write(path, b'damaged'), os.unlink, lambda path: os.unlink(path + '.json'), lambda path: write(path + '.json', b'{}'),
])
def test_damaged_backup_is_refused_and_not_used_again(target, folder, break_it, contents):
    first = backup_file(read_file(target), folder)
    break_it(first)
    with pytest.raises(AdministratorError):
        read_backup(first)
    second = backup_file(read_file(target), folder)
    assert contents(second) == b'old' and read_backup(second)[1] == b'old'


def test_other_mode_is_another_backup(target, folder):
    first = backup_file(read_file(target), folder)
    os.chmod(target, 0o600)
    assert backup_file(read_file(target), folder) != first


def test_twenty_are_kept_for_each_file_and_those_of_others_stay(target, folder, tmpdir):
    other = str(tmpdir.mkdir('vhosts').join('ssl.conf'))
    write(other, b'other')
    backup_file(read_file(other), folder)
    made = []
    for number in range(backups.KEPT + 5):
        write(target, b'contents %d' % number)
        made.append(backup_file(read_file(target), folder))
    kept = [backup.backup for backup in list_backups(target, folder)]
    assert kept == list(reversed(made))[:backups.KEPT]
    assert len(list_backups(other, folder)) == 1
    assert len(os.listdir(folder)) == 2 * (backups.KEPT + 1)


def test_clock_that_goes_back_does_not_change_the_order(target, folder, monkeypatch):
    first = backup_file(read_file(target), folder)
    monkeypatch.setattr(backups.time, 'gmtime', lambda: (2001, 1, 1, 0, 0, 0, 0, 1, 0))
    write(target, b'new')
    second = backup_file(read_file(target), folder)
    monkeypatch.undo()
    assert '20010101T000000Z' in second
    assert [backup.backup for backup in list_backups(target, folder)] == [second, first]


@needs_root
def test_owner_of_the_original_is_kept(target, folder):
    os.chown(target, 12345, 54321)
    path = backup_file(read_file(target), folder)
    assert (os.stat(path).st_uid, os.stat(path).st_gid) == (12345, 54321)
    os.unlink(target)
    assert restore_file(*read_backup(path)) is True
    assert (os.stat(target).st_uid, os.stat(target).st_gid, stat.S_IMODE(os.stat(target).st_mode)) == (12345, 54321, 0o640)


def test_restoring_what_is_there_changes_nothing(target, folder):
    path = backup_file(read_file(target), folder)
    before = os.stat(target)
    assert restore_file(*read_backup(path)) is False
    assert os.stat(target) == before


def test_record_without_its_backup_is_no_backup_and_goes(target, folder):
    path = backup_file(read_file(target), folder)
    os.unlink(path)
    assert list_backups(target, folder) == []
    write(target, b'new')
    again = backup_file(read_file(target), folder)
    assert sorted(os.listdir(folder)) == sorted([os.path.basename(again), os.path.basename(again) + '.json'])


def test_strange_files_among_the_backups_do_not_matter(target, folder):
    backup_file(read_file(target), folder)
    for name, data in (('a.json', b'{"path": 3}'), ('b.json', b'{}'), ('c', b''), ('d.json', b'{"path": "/x", "number": "y"}')):
        write(os.path.join(folder, name), data)
        os.chmod(os.path.join(folder, name), 0o600)
    write(os.path.join(folder, 'a'), b'')
    write(os.path.join(folder, 'd'), b'')
    assert len(list_backups(target, folder)) == 1


def test_very_long_name_is_cut(tmpdir, folder):
    path = str(tmpdir.join('x' * 255))
    write(path, b'old')
    backup = backup_file(read_file(path), folder)
    assert read_backup(backup)[0].path == path
