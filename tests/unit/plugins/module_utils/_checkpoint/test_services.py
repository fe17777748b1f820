# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type
import os
import signal
import socket
import sys
import time

import pytest

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._checkpoint import transitions
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._checkpoint.services import (
    parse_address,
    read_registry,
    read_services,
)
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._checkpoint.transitions import (
    ensure_services,
    start_services,
    stop_services,
)
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError

HEAD = 'APP        PID    STAT  #START  START_TIME             MON  COMMAND\n'
ROW = 'CPD        19730  E     1       [17:54:45] 31/5/2019   Y    cpd\nEPM        20251  E     1       [17:50:56] 31/5/2019   N    startEngine\n'
DOWN = 'cpwd_admin: \nFailed to submit request to cpWatchDog \n'


@pytest.fixture
def stopped(server):
    """A server whose services are stopped; its cpstart and cpstop write the list and tell that they were run."""
    listed, journal = server.write('list', DOWN), server.write('journal', '')
    server.tool('cpwd_admin', '[ "$1" = list ] && cat %s\n' % listed)
    server.tool('cpstart', 'echo "cpstart $LC_ALL" >> %s; printf "%s" > %s\n' % (journal, (HEAD + ROW).replace('\n', '\\n'), listed))
    server.tool('cpstop', 'echo cpstop >> %s; printf "%s" > %s; echo SVN Foundation stopped\n' % (journal, DOWN.replace('\n', '\\n'), listed))
    return server


@pytest.fixture
def listener():
    """A listening socket, and its port."""
    found = socket.socket()
    found.bind(('127.0.0.1', 0))
    found.listen(5)
    yield found, found.getsockname()[1]
    found.close()


@pytest.fixture
def free_port():
    found = socket.socket()
    found.bind(('127.0.0.1', 0))
    port = found.getsockname()[1]
    found.close()
    return port


def journal(server):
    return [line.split()[0] for line in server.folder.join('journal').read().splitlines()]


def test_start_and_stop_reach_the_state(stopped):
    environment = stopped.environment()
    assert read_services(environment).state == 'stopped'
    found = start_services(environment, 5)
    assert (found.state, [process['name'] for process in found.processes]) == ('started', ['CPD', 'EPM'])
    assert found.facts()['running'] is True
    assert stop_services(environment, 5).facts() == {
        'running': False, 'state': 'stopped', 'processes': [], 'ports': [], 'serving': None, 'warnings': [],
    }
    assert journal(stopped) == ['cpstart', 'cpstop']


def test_what_is_reached_already_runs_nothing_and_restart_always_runs_both(stopped):
    environment = stopped.environment()
    result = ensure_services(environment, 'stopped', 5)
    assert (result['changed'], result['commands'], journal(stopped)) == (False, [], [])
    assert ensure_services(environment, 'started', 5)['commands'] == ['cpstart']
    assert ensure_services(environment, 'started', 5)['changed'] is False
    result = ensure_services(environment, 'restarted', 5)
    assert (result['changed'], result['before'], result['state']) == (True, 'started', 'started')
    assert journal(stopped) == ['cpstart', 'cpstop', 'cpstart']


@pytest.mark.parametrize(
    'state,commands,end', [('started', ['cpstart'], 'started'), ('stopped', [], 'stopped'), ('restarted', ['cpstop', 'cpstart'], 'started')]
)
def test_check_mode_says_what_would_be_and_runs_nothing(stopped, state, commands, end):
    result = ensure_services(stopped.environment(), state, 5, (), True)
    assert (result['changed'], result['commands'], result['state']) == (bool(commands), commands, end)
    assert result['services']['state'] == 'stopped' and journal(stopped) == []


def test_daemons_get_the_locale_of_the_server_and_not_ours(stopped, monkeypatch):
    monkeypatch.setenv('LC_ALL', 'C.UTF-8')
    start_services(stopped.environment(), 5)
    assert stopped.folder.join('journal').read() == 'cpstart C.UTF-8\n'


def test_ports_belong_to_the_state(stopped, listener, free_port):
    environment, port = stopped.environment(), listener[1]
    assert read_services(environment, [port]).state == 'partial'
    assert read_services(environment, [free_port]).state == 'stopped'
    start_services(environment, 5, [port])
    found = read_services(environment, ['127.0.0.1:%d' % port, free_port])
    assert found.state == 'partial'
    assert found.ports == [
        {'address': '127.0.0.1:%d' % port, 'answers': True},
        {'address': '127.0.0.1:%d' % free_port, 'answers': False},
    ]


def test_a_port_that_still_answers_is_not_stopped(stopped, listener):
    start_services(stopped.environment(), 5)
    with pytest.raises(AdministratorError) as caught:
        stop_services(stopped.environment(), 1, [listener[1]])
    assert 'did not stop within 1 s' in caught.value.message
    assert 'SVN Foundation stopped' in caught.value.found and 'exit code 0' in caught.value.found
    assert caught.value.state == 'the services are partial; executing: none; 127.0.0.1:%d answers' % listener[1]
    assert 'cpstart' in caught.value.next_step


def test_a_port_that_comes_late_is_waited_for(stopped, free_port):
    script = stopped.write('listen.py', (
        'import socket, sys, time\ntime.sleep(0.7)\ns = socket.socket()\ns.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)\n'
        's.bind(("127.0.0.1", int(sys.argv[1])))\ns.listen(5)\ntime.sleep(4)\n'))
    start = stopped.bin.join('cpstart').read()
    # A daemon that keeps the output of the tool open, as those of cpstart do.
    stopped.tool('cpstart', start.partition('\n')[2] + '\nsetsid %s %s %d &\n' % (sys.executable, script, free_port))
    began = time.time()
    assert start_services(stopped.environment(), 10, [free_port]).state == 'started'
    assert 0.5 < time.time() - began < 4


def test_exit_codes_do_not_matter(stopped):
    for name in ('cpstart', 'cpstop'):
        tool = stopped.bin.join(name)
        tool.write(tool.read() + '\nexit 3\n')
    environment = stopped.environment()
    assert start_services(environment, 5).state == 'started'
    assert stop_services(environment, 5).state == 'stopped'


def test_success_that_is_only_said_is_a_failure(stopped):
    stopped.tool('cpstart', 'echo everything started; exit 0\n')
    with pytest.raises(AdministratorError) as caught:
        start_services(stopped.environment(), 0.5)
    assert 'everything started' in caught.value.found
    assert caught.value.state == 'the services are stopped; executing: none'
    assert caught.value.path == str(stopped.bin.join('cpstart'))


def test_a_half_start_names_what_is_missing(stopped):
    stopped.tool('cpstart', 'printf "%s" > %s\n' % ((HEAD + ROW.replace('20251  E', '0      T')).replace('\n', '\\n'), stopped.folder.join('list')))
    with pytest.raises(AdministratorError) as caught:
        start_services(stopped.environment(), 0.5)
    assert caught.value.state == 'the services are partial; executing: CPD; terminated: EPM'


def test_a_start_that_is_late_is_never_ended(stopped):
    """It is told, and what it has started so far lives on."""
    number = stopped.folder.join('number')
    stopped.tool('cpstart', 'echo starting; sleep 600 & echo $! > %s; wait\n' % number)
    began = time.time()
    with pytest.raises(AdministratorError) as caught:
        start_services(stopped.environment(), 1)
    child = int(number.read())
    try:
        assert time.time() - began < 10
        assert 'cpstart did not end within 1 s' in caught.value.message and 'was left alone' in caught.value.message
        assert 'starting' in caught.value.found and 'the services are stopped' in caught.value.state
        assert os.path.exists('/proc/%d' % child)
    finally:
        os.killpg(os.getpgid(child), signal.SIGKILL)


def test_a_stop_that_hangs_is_ended_as_a_whole(stopped, monkeypatch):
    """A worker that ignores SIGTERM and outlives its leader would stop the services again later."""
    monkeypatch.setattr(transitions, 'STOP_GRACE_SECONDS', 0.5)
    start_services(stopped.environment(), 5)
    number = stopped.folder.join('number')
    worker = '(trap "" TERM; echo $(exec sh -c \'echo $PPID\') > %s; sleep 30; echo late >> %s) &\nwait\n'
    stopped.tool('cpstop', worker % (number, stopped.folder.join('journal')))
    with pytest.raises(AdministratorError) as caught:
        stop_services(stopped.environment(), 1)
    assert caught.value.message == 'cpstop did not end within 1 s and was killed'
    assert 'the services are started' in caught.value.state
    with open('/proc/%s/stat' % number.read().strip()) if os.path.exists('/proc/%s' % number.read().strip()) else open(os.devnull) as status:
        assert status.read().rpartition(')')[2].split()[:1] in ([], ['Z'])


def test_what_outlives_a_stop_is_named_and_the_state_is_unknown(stopped, monkeypatch):
    monkeypatch.setattr(transitions, 'STOP_GRACE_SECONDS', 0.2)
    monkeypatch.setattr(transitions, 'end_group', lambda process, grace, last: [(process.pid, 'cpstop')])
    start_services(stopped.environment(), 5)
    stopped.tool('cpstop', 'echo $$ > %s; exec sleep 30\n' % stopped.folder.join('number'))
    try:
        with pytest.raises(AdministratorError) as caught:
            stop_services(stopped.environment(), 1)
    finally:
        os.kill(int(stopped.folder.join('number').read()), signal.SIGKILL)
    assert 'could not be killed: cpstop (process ' in caught.value.message
    assert caught.value.state.startswith('unknown') and 'started' not in caught.value.state.partition(':')[0]


def test_a_surviving_watchdog_is_no_reason_for_a_second_stop(stopped):
    start_services(stopped.environment(), 5)
    left = 'DASERVICE  20404  E     1       [17:50:59] 31/5/2019   N    DAService_script\n'
    names = (stopped.folder.join('journal'), (HEAD + left).replace('\n', '\\n'), stopped.folder.join('list'))
    stopped.tool('cpstop', 'echo cpstop >> %s; printf "%s" > %s\n' % names)
    assert stop_services(stopped.environment(), 5).state == 'stopped'
    assert ensure_services(stopped.environment(), 'stopped', 5)['commands'] == []
    assert journal(stopped) == ['cpstart', 'cpstop']


def test_unknown_words_of_the_watchdog_are_told_and_no_reason_for_a_second_stop(stopped, monkeypatch):
    monkeypatch.setattr(transitions, 'UNREADABLE_SECONDS', 0.5)
    start_services(stopped.environment(), 5)
    stopped.tool('cpstop', 'echo cpstop >> %s; echo "No processes are registered" > %s\n' % (stopped.folder.join('journal'), stopped.folder.join('list')))
    found = stop_services(stopped.environment(), 5)
    assert (found.state, 'No processes are registered' in found.problem) == ('unknown', True)
    assert ensure_services(stopped.environment(), 'stopped', 5)['commands'] == ['cpstop']
    assert ensure_services(stopped.environment(), 'started', 5)['before'] == 'unknown'


def test_the_umask_is_that_of_the_product(stopped):
    made = stopped.folder.join('made')
    stopped.tool('cpstart', stopped.bin.join('cpstart').read().partition('\n')[2] + '\ntouch %s\n' % made)
    mask = os.umask(0o077)
    try:
        start_services(stopped.environment(), 5)
    finally:
        os.umask(mask)
    assert made.stat().mode & 0o777 == 0o644


def test_daemons_keep_no_file_without_a_name(stopped):
    number = stopped.folder.join('number')
    stopped.tool('cpstart', stopped.bin.join('cpstart').read().partition('\n')[2] + '\necho a word\nsetsid sleep 60 & echo $! > %s\n' % number)
    start_services(stopped.environment(), 5)
    folder = '/proc/%s/fd' % number.read().strip()
    try:
        opened = [os.readlink(os.path.join(folder, name)) for name in os.listdir(folder)]
    finally:
        os.kill(int(number.read()), signal.SIGKILL)
    assert [name for name in opened if 'deleted' in name] == []
    log = stopped.cp.join('var', 'log', 'checkpoint_endpoint_hardening', 'cpstart.log')
    assert str(log) in opened and 'a word' in log.read()


def test_a_list_out_of_reach_while_stopping_is_asked_again(stopped):
    start_services(stopped.environment(), 5)
    listed = stopped.folder.join('list')
    stopped.tool('cpstop', 'echo nonsense > %s; (sleep 0.5; printf "%s" > %s) >/dev/null 2>&1 &\n' % (listed, DOWN.replace('\n', '\\n'), listed))
    assert stop_services(stopped.environment(), 10).state == 'stopped'


def test_a_list_that_cannot_be_read_is_no_state(stopped):
    stopped.folder.join('list').write('nonsense')
    with pytest.raises(AdministratorError) as caught:
        read_services(stopped.environment())
    assert caught.value.path == 'cpwd_admin list' and caught.value.found == 'nonsense'
    stopped.tool('cpstart', 'true\n')
    with pytest.raises(AdministratorError) as caught:
        start_services(stopped.environment(), 0.5)
    assert caught.value.state.startswith('not known, because cpwd_admin list: ')


def test_a_missing_tool_is_told_before_anything_runs(stopped):
    stopped.bin.join('cpstop').remove()
    start_services(stopped.environment(), 5)
    with pytest.raises(AdministratorError, match='the program is not there'):
        stop_services(stopped.environment(), 5)


@pytest.mark.parametrize('timeout', [0, -5])
def test_a_time_limit_that_kills_at_once_is_refused(stopped, timeout):
    with pytest.raises(AdministratorError, match='the time limit is too short'):
        ensure_services(stopped.environment(), 'started', timeout)
    assert journal(stopped) == []


@pytest.mark.parametrize(
    'port,address',
    [
        (443, ('127.0.0.1', 443)), ('443', ('127.0.0.1', 443)), (' 443 ', ('127.0.0.1', 443)), ('host:443', ('host', 443)),
        ('127.0.0.2:8443', ('127.0.0.2', 8443)), ('[::1]:443', ('::1', 443)), ('[fe80::1%eth0]:65535', ('fe80::1%eth0', 65535)),
        ('server-1.example.com:1', ('server-1.example.com', 1)),
    ],
)
def test_addresses(port, address):
    assert parse_address(port) == address


@pytest.mark.parametrize(
    'port',
    ['', '0', 0, -1, '65536', '::1:443', '::1', 'host', 'host:', ':443', '[::1]', '[host]:443', 'a b:443', 'http://a:443', None, '4 43'],
)
def test_what_is_no_address(port, stopped):
    with pytest.raises(AdministratorError, match='no address'):
        parse_address(port)
    with pytest.raises(AdministratorError, match='no address'):
        start_services(stopped.environment(), 5, [port])
    assert journal(stopped) == []


def test_a_name_that_cannot_be_resolved_does_not_pass_for_a_closed_port(stopped):
    with pytest.raises(AdministratorError, match='cannot be resolved'):
        read_services(stopped.environment(), ['does-not-exist.invalid:443'])


def test_the_registry(server):
    path = server.cp.join('registry', 'HKLM_registry.data')
    assert read_registry(server.environment()) == {'path': str(path), 'size': 0, 'readable': False}
    path.ensure()
    assert read_registry(server.environment()) == {'path': str(path), 'size': 0, 'readable': True}
    path.write(': (SOFTWARE\n')
    assert read_registry(server.environment())['size'] == 12
    path.remove()
    os.mkfifo(str(path))
    assert read_registry(server.environment())['readable'] is False
