# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import os
import signal
import time

import pytest

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.backups import list_backups
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.file_state import read_file
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard import daemon
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.arm import arm
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.disarm import disarm
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.trigger import trigger


def test_second_run_is_told_who_holds_the_first(server, state_of):
    arm(server.request(holder='Ada from 192.0.2.1', reason='change 4711'))
    with pytest.raises(AdministratorError) as caught:
        arm(server.request(holder='Grace'))
    for word in ('Ada from 192.0.2.1', 'change 4711', state_of(server)['armed_at'], state_of(server)['deadline_at'], state_of(server)['host'], 'triggered'):
        assert word in str(caught.value)
    assert state_of(server)['holder'] == 'Ada from 192.0.2.1'


def test_of_many_that_arm_at_once_exactly_one_wins(server, start_armer, state_of):
    armers = [start_armer(server.request(holder='number %d' % number)) for number in range(6)]
    answers = [armer.communicate()[0].decode().strip() for armer in armers]
    winners = [answer for answer in answers if answer.startswith('armed')]
    assert len(winners) == 1 and winners[0] == 'armed %s' % state_of(server)['id'], answers
    assert guards_left_by_programs(server) == [state_of(server)['pid']]
    assert all('another process' in answer or 'another run' in answer for answer in answers if answer not in winners), answers
    assert daemon.lives(daemon.identify(state_of(server)['pid']))


def test_losers_of_the_race_leave_no_process(server, until, start_armer):
    arm(server.request())
    armers = [start_armer(server.request()) for _number in range(3)]
    for armer in armers:
        armer.communicate()
    assert until(lambda: guards_left_by_programs(server) == [], 5)


def guards_left_by_programs(server):
    """The guard processes of those who were given this server in their arguments; this process was not."""
    found = []
    for name in os.listdir('/proc'):
        try:
            with open('/proc/%s/comm' % name) as comm, open('/proc/%s/cmdline' % name, 'rb') as command:
                if comm.read().strip() == 'endpoint_guard' and server.root.encode('utf-8') in command.read():
                    found.append(int(name))
        except (OSError, IOError):
            continue
    return found


def test_guard_outlives_the_session_that_armed_it(server, until, start_armer, state_of, change):
    armer = start_armer(server.request(deadline=2), seconds=60)
    assert armer.stdout.readline().startswith(b'armed')
    server.stop()
    change(server)
    os.killpg(armer.pid, signal.SIGHUP)
    os.killpg(armer.pid, signal.SIGKILL)
    armer.wait()
    # The pipe to the session is closed by the kernel when nobody holds it: a guard that did would keep the connection open.
    assert armer.stdout.read() == b''
    assert state_of(server)['state'] == 'armed'
    assert until(lambda: state_of(server)['state'] == 'rolled_back')
    assert server.read('ssl.conf') == 'old\n' and server.runs()


def test_guard_holds_nothing_of_its_parent(server):
    guard = arm(server.request())
    time.sleep(0.5)  # it looks once whether it was really armed, and holds the lock for that
    folder = '/proc/%d/fd' % guard.pid
    opened = [os.readlink(os.path.join(folder, name)) for name in os.listdir(folder)]
    assert [name for name in opened if name != os.devnull and not name.startswith('pipe:')] == []
    assert sum(name.startswith('pipe:') for name in opened) == 1, opened
    assert os.readlink('/proc/%d/cwd' % guard.pid) == '/'
    assert os.getsid(guard.pid) != os.getsid(0)


@pytest.mark.parametrize('number', [signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP])
def test_guard_passes_over_the_signals_of_a_session(server, number):
    guard = arm(server.request())
    os.kill(guard.pid, number)
    time.sleep(0.1)
    assert daemon.lives(guard.process)


def test_refused_before_anything_is_done(server, state_of):
    for change_of_settings, word in (
        (dict(restore=[{'path': server.conf, 'sha256': '0' * 64}]), 'planned for'),
        (dict(restore=[{'path': server.conf + '.missing'}]), 'no such file'),
        (dict(restore=[{'path': server.conf, 'backup': server.conf}]), 'no backup'),
        (dict(profile=server.profile + '.missing'), 'profile'),
        (dict(ports=['what:is:this']), 'address'),
    ):
        with pytest.raises(AdministratorError, match=word):
            arm(server.request(**change_of_settings))
        assert state_of(server) == {'state': 'none'}
    os.unlink(os.path.join(server.root, 'bin', 'cpstart'))
    with pytest.raises(AdministratorError, match='cpstart'):
        arm(server.request())


def test_named_backup_is_put_back_and_must_belong_to_the_file(server, change):
    first = arm(server.request()).restore[0]['backup']
    disarm(server.request())
    change(server)
    guard = arm(server.request(restore=[{'path': server.conf, 'backup': first, 'sha256': read_file(server.conf).sha256.upper()}]))
    assert guard.restore[0]['backup'] == first and len(list_backups(server.conf, os.path.join(server.state_dir, 'backups'))) == 1
    trigger(server.request())
    assert server.read('ssl.conf') == 'old\n'
    server.write('other.conf', 'old\n')
    with pytest.raises(AdministratorError, match='another file'):
        arm(server.request(restore=[{'path': os.path.join(server.root, 'other.conf'), 'backup': first}]))


def test_same_file_twice_and_through_a_link_is_one(server):
    link = os.path.join(server.root, 'link.conf')
    os.symlink(server.conf, link)
    guard = arm(server.request(restore=[{'path': server.conf}, {'path': link}]))
    assert [item['path'] for item in guard.restore] == [server.conf]
