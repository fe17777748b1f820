# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import os
import signal
import subprocess
import threading

import pytest

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard import attempt, recovery
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.arm import arm
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.state import Store
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.trigger import trigger


def test_start_that_fails_is_tried_again(server, monkeypatch, change):
    monkeypatch.setattr(recovery, 'PAUSE', 0.1)
    server.write('start_fails', '2')
    arm(server.request(start_timeout=1))
    server.stop()
    change(server)
    _changed, told = trigger(server.request())
    assert told.state == 'rolled_back' and server.runs() and len(told.attempts) == 2


@pytest.mark.parametrize('name', ['look', 'start_services'])
def test_error_that_nobody_expects_is_no_reason_to_leave_the_server_stopped(server, monkeypatch, change, name):
    """As when the server has no process left for us just then."""
    monkeypatch.setattr(recovery, 'PAUSE', 0.1)
    really, left = getattr(attempt, name), [1]

    def shortage(*arguments):
        if left:
            left.pop()
            raise RuntimeError("can't start new thread")
        return really(*arguments)

    arm(server.request())
    server.stop()
    change(server)
    monkeypatch.setattr(attempt, name, shortage)
    told = trigger(server.request())[1]
    assert told.state == 'rolled_back' and server.runs() and server.read('ssl.conf') == 'old\n'
    assert "can't start new thread" in told.attempts[0]['failed']


def test_start_that_always_fails_is_told_after_some_tries(server, monkeypatch, state_of, change):
    monkeypatch.setattr(recovery, 'PAUSE', 0.1)
    server.write('start_fails', '99')
    arm(server.request(start_timeout=1))
    server.stop()
    change(server)
    with pytest.raises(AdministratorError, match='could not be put back'):
        trigger(server.request())
    told = state_of(server)
    assert told['state'] == 'triggered' and server.read('calls').split().count('start') >= recovery.FOREGROUND_ATTEMPTS
    assert server.read('ssl.conf') == 'old\n' and 'cpstart' in told['message'] and 'kill' in told['next_step']
    server.write('start_fails', '0')
    assert trigger(server.request())[1].state == 'rolled_back' and server.runs()


def test_start_that_works_again_after_long_is_found_by_the_guard_itself(server, monkeypatch, state_of, until):
    """Ever more slowly, and cpstart alone."""
    monkeypatch.setattr(recovery, 'PAUSE', 0.05)
    monkeypatch.setattr(recovery, 'LONGEST_PAUSE', 0.4)
    server.write('start_fails', '9')
    arm(server.request(deadline=1, start_timeout=1))
    server.stop()
    assert until(lambda: state_of(server)['state'] == 'rolled_back', 60), state_of(server)
    assert server.runs() and server.read('calls').split() == ['start'] * 10


def test_pauses_grow_up_to_a_quarter_of_an_hour():
    assert [recovery.pause_after(number) for number in (1, 2, 3, 4, 7, 8, 9, 20, 10000)] == [5, 10, 20, 40, 320, 640, 900, 900, 900]


def test_start_that_breaks_off_half_way_is_not_taken_for_a_start(server, monkeypatch, state_of):
    """The watchdog then lists only what was started, and all of that runs."""
    monkeypatch.setattr(recovery, 'PAUSE', 0.1)
    arm(server.request(start_timeout=1))
    server.write('half', '')
    server.stop()
    with pytest.raises(AdministratorError, match='not listed: EPM'):
        trigger(server.request())
    assert state_of(server)['state'] == 'triggered' and server.read('calls').split().count('start') >= recovery.FOREGROUND_ATTEMPTS
    assert 'stop' not in server.read('calls'), 'what serves already was stopped'
    os.unlink(os.path.join(server.root, 'half'))
    assert trigger(server.request())[1].state == 'rolled_back'


def test_file_that_cannot_be_put_back_does_not_leave_the_server_stopped(server, until, state_of):
    arm(server.request(deadline=1))
    server.stop()
    os.unlink(server.conf)
    os.mkdir(server.conf)
    assert until(lambda: state_of(server)['state'] == 'failed')
    assert server.runs() and 'directory' in state_of(server)['message']


def test_unreadable_list_of_services_still_starts_them(server, until, state_of):
    arm(server.request(deadline=1, start_timeout=1, stop_timeout=1))
    server.stop()
    server.write('list_fails', '')
    assert until(lambda: 'start' in server.read('calls'))
    os.unlink(os.path.join(server.root, 'list_fails'))
    assert until(lambda: state_of(server)['state'] == 'rolled_back')


def test_rollback_that_was_killed_is_finished_by_the_waiting_guard(server, until, start_trigger, state_of, change):
    guard = arm(server.request(deadline=3))
    server.write('start_seconds', '30')
    server.stop()
    change(server)
    trigger = start_trigger(server.request())
    assert until(lambda: server.read('calls').split() == ['start'])
    worker = Store(server.state_dir).load().acting
    assert state_of(server)['state'] == 'triggered' and worker['pid'] not in (trigger.pid, guard.pid)
    os.kill(worker['pid'], signal.SIGKILL)
    trigger.wait()
    os.unlink(os.path.join(server.root, 'start_seconds'))
    assert until(lambda: state_of(server)['state'] == 'rolled_back'), state_of(server)
    assert server.runs() and server.read('running_with') == 'old\n' and server.read('ssl.conf') == 'old\n'


def test_trigger_goes_on_when_its_session_is_killed(server, until, start_trigger, state_of, change):
    arm(server.request())
    server.write('start_seconds', '1')
    server.stop()
    change(server)
    trigger = start_trigger(server.request(), preexec_fn=os.setsid)
    assert until(lambda: server.read('calls').split() == ['start'])
    os.killpg(trigger.pid, signal.SIGKILL)
    trigger.wait()
    assert until(lambda: state_of(server)['state'] == 'rolled_back')
    assert server.runs()


def test_restart_is_not_forgotten_when_a_rollback_was_broken_off_after_the_files(server, kill):
    kill(arm(server.request()))
    store = Store(server.state_dir)
    record = store.load()
    record.update(state='triggered', restart_needed=True, restored=[server.conf])
    store.save(record)
    trigger(server.request())
    assert server.read('calls').split() == ['stop', 'start']


def test_leftover_of_a_killed_writer_is_gone_before_the_services_start(server):
    arm(server.request())
    server.write('.checkpoint_endpoint_hardening.0123456789abcdef.tmp', '<VirtualHost half a fi')
    trigger(server.request())
    assert [name for name in os.listdir(server.root) if name.endswith('.tmp')] == []


def test_worker_of_a_killed_step_does_not_stop_the_services_again(server, monkeypatch, until, state_of):
    """The step was killed in the middle of its cpstop, which hangs on, with a worker that ignores SIGTERM."""
    monkeypatch.setattr(recovery, 'STOP_GRACE_SECONDS', 0.5)
    worker = '(trap "" TERM; sleep 6; rm -f {root}/running; echo late >> {root}/calls) &\n'
    server.write('bin/cpstop', '#!/bin/bash\necho stop >> {root}/calls\nrm -f {root}/running\n' + worker + 'wait\n')
    guard = arm(server.request(deadline=2, stop_timeout=1))
    tool = subprocess.Popen([os.path.join(server.root, 'bin', 'cpstop')], preexec_fn=os.setsid)
    server.place.note_tool(guard.id, 'cpstop', tool.pid)
    threading.Thread(target=tool.wait).start()
    assert until(lambda: state_of(server)['state'] == 'rolled_back'), state_of(server)
    assert not until(lambda: 'late' in server.read('calls'), 6)
    assert server.runs() and server.read('calls').split() == ['stop', 'start']


def test_services_that_are_being_stopped_unseen_are_started_again(server, monkeypatch, until, state_of):
    """They run when the guard looks, and a moment later they do not."""
    monkeypatch.setattr(recovery, 'CONFIRM_SECONDS', 2.0)
    monkeypatch.setattr(recovery, 'running_tools', lambda environment, names: [])
    arm(server.request(deadline=1))
    threading.Timer(2.0, server.stop).start()
    assert until(lambda: state_of(server)['state'] == 'rolled_back'), state_of(server)
    assert server.runs() and server.read('calls').split() == ['start']


@pytest.mark.parametrize('name', ['has_ended', 'records', 'save', 'locked'])
def test_error_that_nobody_has_foreseen_does_not_end_the_guard(server, monkeypatch, until, change, name):
    arm_with_trouble = getattr(Store, name)
    asked = []

    def trouble(self, *arguments):
        # The state of a mount that goes away, say: none of the errors that are handled.
        asked.append(name)
        if os.getpid() != pid and len(asked) % 2:
            raise RuntimeError('unforeseen')
        return arm_with_trouble(self, *arguments)

    pid = os.getpid()
    monkeypatch.setattr(recovery, 'PAUSE', 0.1)
    monkeypatch.setattr(Store, name, trouble)
    arm(server.request(deadline=1))
    server.stop()
    change(server)
    assert until(lambda: server.runs() and server.read('ssl.conf') == 'old\n')
