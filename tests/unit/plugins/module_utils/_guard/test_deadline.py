# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import os
import signal
import stat
import time

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard import daemon
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.arm import arm
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.disarm import disarm


def test_deadline_puts_files_back_and_starts_what_is_stopped(server, until, state_of, change):
    guard = arm(server.request(deadline=1))
    assert guard.state == 'armed' and daemon.lives(guard.process)
    server.stop()
    change(server)
    os.chmod(server.conf, 0o640)
    assert until(lambda: state_of(server)['state'] == 'rolled_back'), state_of(server)
    told = state_of(server)
    assert server.read('ssl.conf') == 'old\n' and server.read('running_with') == 'old\n' and server.runs()
    assert server.read('calls').split() == ['start']
    assert told['restored'] == [server.conf] and told['restarted'] is True
    assert 'deadline' in told['reason'] and 'a test' in told['reason'] and told['finished_at'] >= told['armed_at']
    assert until(lambda: not daemon.lives(guard.process))


def test_deadline_restarts_services_that_run_with_what_is_put_back(server, until, state_of, change):
    arm(server.request(deadline=1))
    change(server)
    assert until(lambda: state_of(server)['state'] == 'rolled_back')
    assert server.read('calls').split() == ['stop', 'start'] and server.read('running_with') == 'old\n'


def test_deadline_without_a_change_restarts_nothing(server, until, state_of):
    arm(server.request(deadline=1))
    assert until(lambda: state_of(server)['state'] == 'rolled_back')
    assert server.read('calls') == '' and state_of(server)['restarted'] is False


def test_file_that_is_gone_comes_back_with_its_mode(server, until, state_of):
    arm(server.request(deadline=1))
    os.unlink(server.conf)
    assert until(lambda: state_of(server)['state'] == 'rolled_back')
    assert server.read('ssl.conf') == 'old\n' and stat.S_IMODE(os.stat(server.conf).st_mode) == 0o640


def test_lost_backup_is_put_back_from_memory(server, until, state_of, change):
    guard = arm(server.request(deadline=1))
    os.unlink(guard.restore[0]['backup'])
    change(server)
    assert until(lambda: state_of(server)['state'] == 'rolled_back')
    assert server.read('ssl.conf') == 'old\n'


def test_disarmed_in_time_nothing_happens(server, until, change):
    guard = arm(server.request(deadline=1))
    change(server)
    changed, told = disarm(server.request(id=guard.id))
    assert changed and told.state == 'disarmed'
    assert not daemon.lives(guard.process)
    time.sleep(1.3)
    assert server.read('ssl.conf') == 'new\n' and server.read('calls') == ''
    again = disarm(server.request())
    assert (again[0], again[1].public()) == (False, told.public())


def test_process_that_cannot_be_ended_does_nothing_once_disarmed(server, monkeypatch, until, state_of, change):
    guard = arm(server.request(deadline=2))
    monkeypatch.setattr(daemon, 'end', lambda identity, **options: False)
    change(server)
    disarm(server.request())
    monkeypatch.undo()
    assert until(lambda: not daemon.lives(guard.process), 5)
    assert server.read('ssl.conf') == 'new\n' and state_of(server)['state'] == 'disarmed'


def test_taking_the_state_away_confirms_nothing(server, until, change):
    """And the server is not left stopped because of it."""
    arm(server.request(deadline=2))
    server.stop()
    change(server)
    os.rename(server.state_dir, server.state_dir + '.moved')
    assert until(lambda: server.read('running_with') == 'old\n' and server.runs())
    assert server.read('ssl.conf') == 'old\n'


def test_signal_of_an_administrator_disarms(server, until, state_of, change):
    guard = arm(server.request(deadline=60))
    server.stop()
    change(server)
    os.kill(guard.pid, signal.SIGTERM)
    assert until(lambda: not daemon.lives(guard.process), 5)
    assert state_of(server)['state'] == 'disarmed' and 'signal' in state_of(server)['message']
    assert server.read('calls') == '' and server.read('ssl.conf') == 'new\n'


def test_signal_between_two_tries_disarms(server, until, state_of):
    server.write('start_fails', '99')
    guard = arm(server.request(deadline=1, start_timeout=1))
    server.stop()
    assert until(lambda: 'the next try' in (state_of(server).get('message') or ''))
    os.kill(guard.pid, signal.SIGTERM)
    assert until(lambda: not daemon.lives(guard.process), 5)
    assert state_of(server)['state'] == 'disarmed' and 'Nothing more' in state_of(server)['message']
