# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import os
import stat

import pytest

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.records import write_record
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard import daemon
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.arm import arm
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.disarm import disarm
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.state import Store, read_guard
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.trigger import trigger


def test_without_a_guard_nothing_is_written(server, state_of):
    assert state_of(server) == {'state': 'none'}
    changed, told = disarm(server.request())
    assert (changed, told.public()) == (False, {'state': 'none'})
    assert not os.path.exists(server.state_dir)


def test_state_is_private_and_readable_for_a_person(server):
    arm(server.request())
    store = Store(server.state_dir)
    assert stat.S_IMODE(os.stat(store.path).st_mode) == 0o600
    assert stat.S_IMODE(os.stat(store.directory).st_mode) == 0o700
    text = open(store.path).read()
    assert '\n  "holder": "somebody",\n' in text and 'Unless it is confirmed' in text


def test_killed_guard_is_stale_and_nothing_is_written_by_looking(server, state_of, kill):
    guard = arm(server.request())
    kill(guard)
    path = Store(server.state_dir).path
    before = (open(path, 'rb').read(), os.stat(path).st_mtime, sorted(os.listdir(os.path.dirname(path))))
    told = state_of(server)
    assert told['state'] == 'stale' and 'triggered' in told['next_step'] and told['reason'] == 'a test'
    assert before == (open(path, 'rb').read(), os.stat(path).st_mtime, sorted(os.listdir(os.path.dirname(path))))


@pytest.mark.parametrize('field, value', [('boot_id', 'another start of the server'), ('started', 1)])
def test_guard_of_another_boot_or_with_a_reused_number_is_stale(server, field, value, state_of):
    guard = arm(server.request())
    store = Store(server.state_dir)
    record = store.load()
    record.process = dict(record.process, **{field: value})
    store.save(record)
    assert state_of(server)['state'] == 'stale'
    daemon.end(guard.process, politely=False)


def test_stale_guard_refuses_a_new_one_and_names_the_way_out(server, change, kill):
    kill(arm(server.request()))
    change(server)
    with pytest.raises(AdministratorError, match='state=triggered'):
        arm(server.request())
    changed, told = trigger(server.request(reason='cleaning up'))
    assert changed and told.state == 'rolled_back' and told.reason == 'cleaning up'
    assert server.read('ssl.conf') == 'old\n' and server.read('running_with') == 'old\n'
    assert arm(server.request()).state == 'armed'


@pytest.mark.parametrize('name, mode', [('guard', 0o777), ('guard', 0o770), ('guard/state.json', 0o666), ('.', 0o777)])
def test_state_that_others_could_have_written_is_not_obeyed(server, name, mode, state_of):
    guard = arm(server.request())
    os.chmod(os.path.join(server.state_dir, name), mode)
    for look in (state_of, lambda server: arm(server.request())):
        with pytest.raises(AdministratorError, match='trusted'):
            look(server)
    daemon.end(guard.process, politely=False)


def test_what_was_planted_in_the_state_does_not_count_for_a_rollback(server, change):
    """The copy in the place of the server does."""
    arm(server.request())
    store = Store(server.state_dir)
    planted = store.load().copy(restore=[], profile='/planted')
    write_record(store.path, planted.to_json())
    os.chmod(store.path, 0o666)
    server.stop()
    change(server)
    assert trigger(server.request())[1].restored == [server.conf]
    assert server.read('ssl.conf') == 'old\n' and server.runs()


@pytest.mark.parametrize('name', ['guard', 'guard/state.json'])
def test_state_of_another_owner_is_not_obeyed(server, name, state_of):
    if os.geteuid() != 0:
        pytest.skip('only root can give a file away')
    guard = arm(server.request())
    os.chown(os.path.join(server.state_dir, name), 12345, 12345)
    with pytest.raises(AdministratorError, match='trusted'):
        state_of(server)
    daemon.end(guard.process, politely=False)


def test_planted_links_are_not_followed(server, tmpdir, state_of):
    guard = arm(server.request())
    daemon.end(guard.process, politely=False)
    store = Store(server.state_dir)
    elsewhere = os.path.join(server.root, 'elsewhere')
    os.rename(store.path, elsewhere)
    os.symlink(elsewhere, store.path)
    with pytest.raises(AdministratorError):
        state_of(server)
    os.unlink(store.path)
    os.unlink(store.lock_path)
    os.symlink(server.conf, store.lock_path)
    os.unlink(server.place.record_path)
    second = arm(server.request())
    assert server.read('ssl.conf') == 'old\n'
    daemon.end(second.process, politely=False)
    os.unlink(server.place.record_path)
    os.unlink(server.place.lock_path)
    os.symlink(server.conf, server.place.lock_path)
    store.load()
    os.unlink(store.path)
    with pytest.raises(AdministratorError, match='lock'):
        arm(server.request())


def test_damaged_state_is_told_and_nothing_is_done(server, state_of):
    guard = arm(server.request())
    daemon.end(guard.process, politely=False)
    for text in ('', '{', '[]', '{"state": "armed"}', '{"state": 5}', '\xff' if str is bytes else '\udcff'):
        with open(Store(server.state_dir).path, 'wb') as stream:
            stream.write(text.encode('utf-8', 'surrogateescape') if str is not bytes else text)
        with pytest.raises(AdministratorError):
            state_of(server)
        with pytest.raises(AdministratorError):
            arm(server.request())


@pytest.mark.parametrize('older', ['state', 'place'])
def test_end_that_was_written_down_once_counts(server, older, state_of):
    """A process was killed between the two records, or one of them could not be written."""
    arm(server.request())
    armed = Store(server.state_dir).load()
    assert disarm(server.request())[0] is True
    if older == 'state':
        write_record(Store(server.state_dir).path, armed.to_json())
    else:
        server.place.save(armed)
    assert read_guard(server.state_dir, server.place)['state'] == 'disarmed'
    assert disarm(server.request())[0] is False
    assert arm(server.request()).state == 'armed'
