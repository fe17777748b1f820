# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import os
import threading

import pytest

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard import daemon
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.arm import arm
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.disarm import disarm
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.fencing import refuse_unguarded, while_armed
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.state import Store, read_guard
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.trigger import trigger


def state_of(server):
    return read_guard(server.state_dir)['state']


@pytest.mark.parametrize('check_mode', [False, True])
def test_step_is_taken_while_its_guard_is_armed(server, check_mode):
    guard = arm(server.request())
    with while_armed(server.state_dir, guard.id, check_mode):
        assert state_of(server) == 'armed'


def test_step_without_a_guard_needs_none_and_writes_nothing(server):
    with while_armed(server.state_dir, None):
        assert not os.path.exists(server.state_dir)


def refused(server, identifier, check_mode=False):
    with pytest.raises(AdministratorError, match='not armed any more') as caught, while_armed(server.state_dir, identifier, check_mode):
        pytest.fail('the step was begun')
    assert caught.value.details()['state'] == 'this step was not begun'
    return caught.value.details()['found']


@pytest.mark.parametrize('check_mode', [False, True])
def test_step_behind_the_deadline_is_not_begun(server, until, check_mode):
    guard = arm(server.request(deadline=1))
    assert until(lambda: state_of(server) == 'rolled_back')
    found = refused(server, guard.id, check_mode)
    assert found.startswith('rolled_back at 20') and 'The deadline passed' in found


def test_step_of_a_change_that_was_ended_is_not_begun(server):
    guard = arm(server.request())
    disarm(server.request())
    assert refused(server, guard.id).startswith('disarmed at 20')


def test_step_under_the_guard_of_somebody_else_is_not_begun(server):
    guard = arm(server.request(holder='Ada'))
    assert 'Ada' in refused(server, 'f' * 16) and guard.id in refused(server, 'f' * 16)


def test_step_without_the_process_of_its_guard_is_not_begun(server):
    guard = arm(server.request())
    daemon.end(guard.process, politely=False)
    assert refused(server, guard.id).startswith('stale')


def test_without_any_guard_the_step_is_not_begun_and_nothing_is_written(server):
    assert refused(server, 'f' * 16, True) == refused(server, 'f' * 16) == 'no guard on this server'
    assert not os.path.exists(server.state_dir)


def test_deadline_in_the_middle_of_a_step_waits_for_its_end(server, until, change):
    """And undoes it: a file that is written late does not stay."""
    guard = arm(server.request(deadline=1))
    with while_armed(server.state_dir, guard.id):
        assert not until(lambda: state_of(server) != 'armed', 2.5)
        change(server)
    assert until(lambda: state_of(server) == 'rolled_back')
    assert server.read('ssl.conf') == 'old\n' and server.read('running_with') == 'old\n'


def test_rescue_waits_for_a_guard_that_is_at_it(server, until):
    """The one who comes while the guard puts things back is told how that ended, not that somebody is at work."""
    server.write('start_seconds', '2')
    guard = arm(server.request(deadline=1, start_timeout=20))
    server.stop()
    assert until(lambda: state_of(server) == 'triggered')
    assert trigger(server.request(id=guard.id))[0] is False
    assert state_of(server) == 'rolled_back' and server.runs() and server.read('calls').split() == ['start']


@pytest.mark.parametrize('end,result', [(trigger, 'rolled_back'), (disarm, 'disarmed')])
def test_rescue_waits_for_a_step_that_its_controller_gave_up(server, monkeypatch, end, result):
    """Such a step keeps the lock for as long as a stop or a start may take, which is longer than anybody else waits."""
    waited = []
    really = Store.locked
    monkeypatch.setattr(Store, 'locked', lambda self, seconds=15.0: waited.append(seconds) or really(self, seconds))
    guard = arm(server.request(stop_timeout=300, start_timeout=400))
    begun, go_on = threading.Event(), threading.Event()

    def step():
        with while_armed(server.state_dir, guard.id):
            begun.set()
            go_on.wait(20)

    working = threading.Thread(target=step)
    working.start()
    assert begun.wait(20)
    threading.Timer(0.5, go_on.set).start()
    assert end(server.request(id=guard.id))[1].state == result
    working.join(20)
    assert max(waited) >= 700


def test_step_writes_what_its_guard_puts_back_and_nothing_else(server):
    guard = arm(server.request())
    with while_armed(server.state_dir, guard.id) as guarded:
        assert guarded == [server.conf]
        refuse_unguarded(guarded, [server.conf])
        with pytest.raises(AdministratorError) as caught:
            refuse_unguarded(guarded, [server.conf, '/etc/other.conf'])
    assert '/etc/other.conf' in str(caught.value) and caught.value.details()['state'] == 'nothing was written'
    refuse_unguarded(None, ['/etc/other.conf'])
