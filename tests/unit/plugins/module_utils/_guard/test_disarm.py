# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import os

import pytest

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard import daemon
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.arm import arm
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.disarm import disarm
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.state import Store
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.trigger import trigger


def test_disarm_after_the_guard_acted_is_an_error(server, until, state_of, change):
    guard = arm(server.request(deadline=1))
    change(server)
    assert until(lambda: state_of(server)['state'] == 'rolled_back')
    for identifier in (guard.id, None):
        with pytest.raises(AdministratorError, match='acted already'):
            disarm(server.request(id=identifier))
    assert disarm(server.request(acknowledge=True))[1].state == 'disarmed'


def test_stale_guard_is_disarmed_only_on_a_server_in_a_known_state(server, state_of, change, kill):
    kill(arm(server.request()))
    change(server)
    with pytest.raises(AdministratorError, match='known state') as caught:
        disarm(server.request())
    assert server.conf in str(caught.value) and 'triggered' in str(caught.value)
    change(server, b'old\n')
    server.stop()
    with pytest.raises(AdministratorError, match='services stopped'):
        disarm(server.request())
    assert state_of(server)['state'] == 'stale'
    server.write('running', '')
    assert disarm(server.request())[1].state == 'disarmed'


def test_acknowledged_stale_guard_keeps_the_new_files_of_running_services(server, change, kill):
    kill(arm(server.request()))
    change(server)
    server.stop()
    with pytest.raises(AdministratorError, match='known state'):
        disarm(server.request(acknowledge=True))
    server.write('running', '')
    assert disarm(server.request(acknowledge=True))[1].state == 'disarmed'
    assert server.read('ssl.conf') == 'new\n'


def test_trigger_acts_at_once_and_once(server, change):
    guard = arm(server.request())
    server.stop()
    change(server)
    changed, told = trigger(server.request(reason='it failed'))
    assert changed and told.restored == [server.conf] and told.restarted and told.message.startswith('it failed')
    assert server.read('ssl.conf') == 'old\n' and server.runs()
    assert not daemon.lives(guard.process)
    assert trigger(server.request())[0] is False
    assert server.read('calls').split() == ['start']


def test_trigger_without_anything_to_do_restarts_nothing(server):
    arm(server.request())
    changed, told = trigger(server.request())
    assert changed and told.restored == [] and told.restarted is False and server.read('calls') == ''


def test_trigger_needs_a_guard_and_leaves_a_confirmed_change_alone(server, change):
    with pytest.raises(AdministratorError, match='no guard'):
        trigger(server.request())
    guard = arm(server.request())
    change(server)
    disarm(server.request())
    with pytest.raises(AdministratorError, match='confirmed already'):
        trigger(server.request())
    assert server.read('ssl.conf') == 'new\n'
    assert trigger(server.request(id=guard.id))[1].restored == [server.conf]


@pytest.mark.parametrize('end', [disarm, trigger])
def test_guard_of_somebody_else_is_left_alone(server, end, state_of):
    arm(server.request())
    with pytest.raises(AdministratorError, match='not the one that was named'):
        end(server.request(id='0123456789abcdef'))
    assert state_of(server)['state'] == 'armed'


def test_trigger_without_a_lock_asks_the_guard_itself(server, change):
    """The place of the server cannot be used, and the guard needs it as little as its state."""
    guard = arm(server.request())
    server.stop()
    change(server)
    os.unlink(server.place.lock_path)
    os.mkdir(server.place.lock_path)
    changed, told = trigger(server.request(reason='it failed'))
    assert changed and told.state == 'rolled_back' and server.runs() and server.read('ssl.conf') == 'old\n'
    assert not daemon.lives(guard.process)


def test_second_rollback_after_one_that_ended_can_stop_again(server, change, meddle):
    """Otherwise what runs would keep the settings that were put back."""
    guard = arm(server.request())
    change(server)
    trigger(server.request())
    assert server.read('calls').split() == ['stop', 'start']
    record = server.place.load()
    record.state = 'failed'
    Store(server.state_dir, server.place).save(record)
    change(server)
    assert trigger(server.request(id=guard.id))[1].state == 'rolled_back'
    assert server.read('calls').split() == ['stop', 'start', 'stop', 'start'] and server.read('running_with') == 'old\n'
