# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import errno
import os
import stat

import pytest

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.edit import restore
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.httpd.installation import Httpd, Installation
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.backups import backup_file, read_backup
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.file_state import digest, read_file
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.records import private_directory, read_record, write_record


class Place(object):
    """Two files that were changed, their backups, and the record of that change; an httpd that says what a file tells it."""

    def __init__(self, root):
        self.root = root
        self.state_dir = os.path.join(root, 'state')
        self.record = os.path.join(self.state_dir, 'records', 'last_change.json')
        self.paths = [os.path.join(root, 'ssl.conf'), os.path.join(root, 'extra.conf')]
        entries = []
        for path in self.paths:
            self.write(path, 'old')
            os.chmod(path, 0o640)
            state = read_file(path)
            backup = backup_file(state, os.path.join(self.state_dir, 'backups'))
            self.write(path, 'new')
            entries.append({'path': path, 'backup': backup, 'sha256_before': state.sha256, 'sha256_after': digest(b'new')})
        self.entries = entries
        private_directory(os.path.dirname(self.record))
        write_record(self.record, {'at': '2026-07-28T10:15:00Z', 'by': 'ssl_protocol', 'files': entries})
        httpd = os.path.join(root, 'httpd')
        # As httpd does: it objects to what it reads, not to what it was told before.
        self.write(httpd, '#!/bin/sh\nif grep -q bad %s/*.conf; then echo "Syntax error: bad"; exit 1; fi\necho Syntax OK\n' % root)
        os.chmod(httpd, 0o755)
        self.httpd = Httpd(Installation(root, self.paths[0], httpd, self.paths[0]))

    def write(self, path, text):
        with open(path, 'w') as stream:
            stream.write(text)

    def contents(self):
        found = []
        for path in self.paths:
            if os.path.exists(path):
                with open(path) as stream:
                    found.append(stream.read())
            else:
                found.append(None)
        return found

    def restore(self, files=None):
        return restore.restore(restore.plan_restore(files, self.state_dir), self.httpd, self.state_dir)


@pytest.fixture
def place(tmpdir):
    root = tmpdir.mkdir('place')
    root.chmod(0o755)
    return Place(str(root))


def test_last_change_is_put_back_and_again_is_no_change(place):
    done = place.restore()
    assert place.contents() == ['old', 'old'] and [item['path'] for item in done] == place.paths
    for item in done:
        assert read_backup(item['backup_file'])[1] == b'new'
    assert restore.plan_restore(None, place.state_dir) == []


def test_planning_writes_nothing(place):
    before = sorted((folder, tuple(files)) for folder, _folders, files in os.walk(place.root))
    items = restore.plan_restore(None, place.state_dir)
    assert [(item.backup.path, item.data) for item in items] == [(path, b'old') for path in place.paths]
    assert [entry['before'] + '>' + entry['after'] for entry in restore.differences(items)] == ['new>old'] * 2
    assert sorted((folder, tuple(files)) for folder, _folders, files in os.walk(place.root)) == before and place.contents() == ['new', 'new']


def test_what_was_put_back_can_be_undone(place):
    done = place.restore()
    place.restore([{'path': item['path'], 'backup': item['backup_file']} for item in done])
    assert place.contents() == ['new', 'new']


def test_file_that_is_gone_comes_back_as_it_was(place):
    os.unlink(place.paths[1])
    done = place.restore()
    assert place.contents() == ['old', 'old'] and stat.S_IMODE(os.stat(place.paths[1]).st_mode) == 0o640
    assert done[1]['backup_file'] is None


def test_nothing_stays_of_what_httpd_objects_to(place):
    bad = place.paths[1]
    place.write(bad, 'bad')
    backup = backup_file(read_file(bad), os.path.join(place.state_dir, 'backups'))
    os.unlink(bad)
    with pytest.raises(AdministratorError, match='Syntax error: bad') as caught:
        place.restore([{'path': place.paths[0], 'backup': place.entries[0]['backup']}, {'path': bad, 'backup': backup}])
    assert 'every file is as it was before' in str(caught.value)
    assert place.contents() == ['new', None]


def test_file_that_was_put_back_although_its_write_failed_is_undone_too(place, monkeypatch):
    real, calls = os.fsync, []

    def fsync(descriptor):
        if stat.S_ISDIR(os.fstat(descriptor).st_mode) and os.fstat(descriptor).st_ino == os.stat(place.root).st_ino:
            calls.append(descriptor)
            if len(calls) == 1:
                raise OSError(errno.EIO, 'Input/output error')
        return real(descriptor)

    monkeypatch.setattr(os, 'fsync', fsync)
    with pytest.raises(AdministratorError, match='every file is as it was before'):
        place.restore()
    assert place.contents() == ['new', 'new']


def test_file_that_appeared_meanwhile_is_not_overwritten(place):
    os.unlink(place.paths[0])
    items = restore.plan_restore(None, place.state_dir)
    place.write(place.paths[0], 'another')
    with pytest.raises(AdministratorError, match='something at this path already'):
        restore.restore(items, place.httpd, place.state_dir)
    assert place.contents() == ['another', 'new']


def test_change_by_somebody_else_is_not_lost(place):
    place.write(place.paths[0], 'new and edited')
    with pytest.raises(AdministratorError, match='another process') as caught:
        place.restore()
    assert place.entries[0]['backup'] in str(caught.value) and place.contents() == ['new and edited', 'new']
    place.restore(place.entries[:1])
    assert place.contents() == ['old', 'new']


def test_one_file_that_is_back_already_does_not_hinder_the_other(place):
    place.write(place.paths[0], 'old')
    assert [item['path'] for item in place.restore()] == place.paths[1:]


@pytest.mark.parametrize('change, word', [
    (lambda record: record['files'][1].pop('backup'), 'without a backup'),
    (lambda record: record['files'][1].pop('path'), 'damaged'),
    (lambda record: record.pop('files'), 'damaged'),
    (lambda record: record['files'][1].update(backup='/nowhere'), 'no backup'),
    (lambda record: record['files'][1].update(path='/etc/passwd'), 'another file'),
])
def test_record_that_cannot_be_followed_is_told_and_nothing_is_done(place, change, word):
    record = read_record(place.record)
    change(record)
    write_record(place.record, record)
    with pytest.raises(AdministratorError, match=word):
        place.restore()
    assert place.contents() == ['new', 'new']


def test_without_a_record_the_backups_are_named(place):
    os.unlink(place.record)
    with pytest.raises(AdministratorError, match='no change of this server is recorded') as caught:
        place.restore()
    assert os.path.join(place.state_dir, 'backups') in str(caught.value)


def test_backup_of_another_file_is_refused(place):
    with pytest.raises(AdministratorError, match='another file'):
        place.restore([{'path': place.paths[0], 'backup': place.entries[1]['backup']}])


def test_backup_that_was_damaged_is_refused(place):
    place.write(place.entries[0]['backup'], 'planted')
    with pytest.raises(AdministratorError, match='damaged'):
        place.restore()
    assert place.contents() == ['new', 'new']
