# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import multiprocessing
import os

import pytest

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files import change_journal
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.change_journal import alone, record_path, recorded
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.file_state import digest, read_file
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.records import read_record, write_record


class Killed(BaseException):
    """What nobody handles."""


@pytest.fixture
def state_dir(folder):
    return os.path.dirname(folder)


@pytest.fixture
def files(tmpdir, write):
    paths = [str(tmpdir.join(name)) for name in ('a.conf', 'b.conf')]
    for path in paths:
        write(path, b'old')
    return paths


def entry(path, after=b'new', backup='backup'):
    return {'path': path, 'backup': backup, 'sha256_before': read_file(path).sha256, 'sha256_after': digest(after)}


def change(state_dir, entries, *writes):
    """A change that ends well, or where one of the writes raises what is to end it."""
    with alone(state_dir), recorded(state_dir, entries) as complete:
        for step in writes:
            step()
        complete()


def fail(error):
    def raises():
        raise error

    return raises


def recorded_backups(state_dir):
    record = read_record(record_path(state_dir))
    return record and dict((item['path'], item['backup']) for item in record['files'])


def is_complete(state_dir):
    return read_record(record_path(state_dir))['complete']


def test_the_record_says_when_it_is_complete(state_dir, files, write):
    seen = []
    change(state_dir, [entry(files[0])], lambda: write(files[0], b'new'), lambda: seen.append(is_complete(state_dir)))
    assert seen == [False] and is_complete(state_dir) and recorded_backups(state_dir) == {files[0]: 'backup'}


def test_change_that_was_not_made_leaves_the_one_before(state_dir, files, write):
    with pytest.raises(AdministratorError):
        change(state_dir, [entry(files[0])], fail(AdministratorError('no')))
    assert recorded_backups(state_dir) is None
    change(state_dir, [entry(files[0])], lambda: write(files[0], b'new'))
    with pytest.raises(AdministratorError):
        # Somebody else has changed the file, so it is not as before; nothing was written all the same.
        change(state_dir, [entry(files[0], b'newer', 'other')], lambda: write(files[0], b'edited'), fail(AdministratorError('no')))
    assert recorded_backups(state_dir) == {files[0]: 'backup'} and is_complete(state_dir)


def test_change_that_stays_although_it_failed_is_recorded(state_dir, files, write):
    with pytest.raises(AdministratorError):
        change(state_dir, [entry(path) for path in files], lambda: write(files[0], b'new'), fail(AdministratorError('no')))
    assert sorted(recorded_backups(state_dir)) == files and not is_complete(state_dir)


def test_what_a_killed_run_has_changed_goes_into_the_next_record(state_dir, files, write):
    with pytest.raises(Killed):
        change(state_dir, [entry(path, backup='first') for path in files], lambda: write(files[0], b'new'), fail(Killed()))
    change(state_dir, [entry(files[1], backup='second')], lambda: write(files[1], b'new'))
    assert recorded_backups(state_dir) == {files[0]: 'first', files[1]: 'second'} and is_complete(state_dir)
    change(state_dir, [entry(files[1], b'newer', 'third')], lambda: write(files[1], b'newer'))
    assert recorded_backups(state_dir) == {files[1]: 'third'}


def test_file_that_is_changed_again_goes_back_to_where_it_was_before_both(state_dir, files, write):
    with pytest.raises(Killed):
        change(state_dir, [entry(path, backup='first') for path in files], lambda: write(files[0], b'new'), fail(Killed()))
    change(state_dir, [entry(path, b'newer', 'second') for path in files], lambda: [write(path, b'newer') for path in files])
    assert recorded_backups(state_dir) == {files[0]: 'first', files[1]: 'second'}
    record = read_record(record_path(state_dir))['files'][0]
    assert (record['sha256_before'], record['sha256_after']) == (digest(b'old'), digest(b'newer'))


def test_killed_when_only_the_mark_was_missing(state_dir, files, write):
    with pytest.raises(Killed):
        change(state_dir, [entry(files[0], backup='first')], lambda: write(files[0], b'new'), fail(Killed()))
    change(state_dir, [entry(files[1], backup='second')], lambda: write(files[1], b'new'))
    assert recorded_backups(state_dir) == {files[1]: 'second'}


@pytest.mark.parametrize('strange', [None, 'x', [None, 3, {}, {'path': '/nowhere', 'sha256_after': 'x'}]])
def test_unfinished_record_that_cannot_be_followed_does_not_matter(state_dir, files, strange):
    change(state_dir, [entry(files[0])])
    write_record(record_path(state_dir), {'complete': False, 'files': strange})
    change(state_dir, [entry(files[0])])
    assert recorded_backups(state_dir) == {files[0]: 'backup'}


def _hold(state_dir, held, end):
    with alone(state_dir):
        held.set()
        end.wait(30)


def test_two_changes_never_meet(state_dir, files, monkeypatch):
    monkeypatch.setattr(change_journal, '_LOCK_SECONDS', 0.1)
    held, end = multiprocessing.Event(), multiprocessing.Event()
    other = multiprocessing.Process(target=_hold, args=(state_dir, held, end))
    other.start()
    try:
        assert held.wait(30)
        with pytest.raises(AdministratorError, match='another process is changing'):
            change(state_dir, [entry(files[0])])
    finally:
        end.set()
        other.join()
    change(state_dir, [entry(files[0])])
