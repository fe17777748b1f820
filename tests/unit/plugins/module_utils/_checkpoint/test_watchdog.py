# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type
import pytest

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._checkpoint import watchdog
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._checkpoint.watchdog import ListError, judge, parse_list

GUIDE = """\
APP        PID    STAT  #START  START_TIME             MON  COMMAND
CPVIEWD    19738  E     1       [17:50:44] 31/5/2019   N    cpviewd
HISTORYD   0      T     0       [17:54:44] 31/5/2019   N    cpview_historyd
CPD        19730  E     1       [17:54:45] 31/5/2019   Y    cpd
SOLR       19935  E     1       [17:50:55] 31/5/2019   N    java_solr /opt/CPrt-R80.40/conf/jetty.xml
RFL        19951  E     1       [17:50:55] 31/5/2019   N    LogCore
SMARTVIEW  19979  E     1       [17:50:55] 31/5/2019   N    SmartView
INDEXER    20032  E     1       [17:50:55] 31/5/2019   N    /opt/CPrt-R80.40/log_indexer/log_indexer
CP3DLOGD   20237  E     1       [17:50:55] 31/5/2019   N    cp3dlogd
EPM        20251  E     1       [17:50:56] 31/5/2019   N    startEngine
DASERVICE  20404  E     1       [17:50:59] 31/5/2019   N    DAService_script
"""
WITH_CONTEXT = """\
APP        CTX        PID    STAT  #START  START_TIME             MON  COMMAND
CPD        0          19730  E     1       [17:54:45] 31/5/2019   Y    cpd -x y
FWM        7          0      T     12      [17:54:45] 1/12/2019   Y    fwm
"""
HEAD = GUIDE.splitlines()[0] + '\n'


def changed(name, **values):
    """The list of the guide with one process otherwise."""
    processes = parse_list(GUIDE)
    for process in processes:
        if process['name'] == name:
            process.update(values)
    return processes


def test_every_column_of_the_list_is_read():
    processes = parse_list(GUIDE)
    assert len(processes) == 10
    assert processes[1] == {
        'name': 'HISTORYD', 'pid': 0, 'status': 'T', 'starts': 0, 'started_at': '[17:54:44] 31/5/2019', 'monitored': False,
        'command': 'cpview_historyd',
    }
    assert processes[3]['command'] == 'java_solr /opt/CPrt-R80.40/conf/jetty.xml'
    assert [process['name'] for process in processes if process['monitored']] == ['CPD']


def test_the_column_of_the_context_is_passed_over():
    cpd, fwm = parse_list(WITH_CONTEXT)
    assert (cpd['name'], cpd['pid'], cpd['status'], cpd['command']) == ('CPD', 19730, 'E', 'cpd -x y')
    assert (fwm['pid'], fwm['status'], fwm['starts'], fwm['monitored'], fwm['command']) == (0, 'T', 12, True, 'fwm')


@pytest.mark.parametrize(
    'row,name,pid,status,started_at,command',
    [
        ('CPD 19730 E 1 [09:01:10] 24/9/2026 Y cpd', 'CPD', 19730, 'E', '[09:01:10] 24/9/2026', 'cpd'),
        ('  CPD\t19730\tE\t1\t[09:01:10]\t24/9/2026\tY\tcpd  ', 'CPD', 19730, 'E', '[09:01:10] 24/9/2026', 'cpd'),
        ('CPD 0 T 0 Y cpd', 'CPD', 0, 'T', None, 'cpd'),
        ('CPD 0 T 0 N', 'CPD', 0, 'T', None, ''),
        ('CPD 0 T 0 [] 0 N', 'CPD', 0, 'T', '[] 0', ''),
        ('VERY_LONG_NAME_OF_A_PROCESS 19730 E 1 [09:01:10] 24/9/2026 Y a "b c" $(d)', 'VERY_LONG_NAME_OF_A_PROCESS', 19730, 'E', '[09:01:10] 24/9/2026',
         'a "b c" $(d)'),
        ('CPM vs0 7 E 1 [09:01:10] 24/9/2026 N /opt/x/cpm.sh -s', 'CPM', 7, 'E', '[09:01:10] 24/9/2026', '/opt/x/cpm.sh -s'),
    ],
)
def test_odd_rows(row, name, pid, status, started_at, command):
    process = parse_list(HEAD + row + '\r\n')[0]
    found = tuple(process[key] for key in ('name', 'pid', 'status', 'started_at', 'command'))
    assert found == (name, pid, status, started_at, command)


def test_talk_around_the_list_is_passed_over():
    assert parse_list('cpwd_admin: \n\nwarning: slow\n' + HEAD + '\nthese were all, 3 of them\ncpwd_admin: done\n') == []
    assert len(parse_list('cpwd_admin:\n' + GUIDE + '\n\n')) == 10


@pytest.mark.parametrize(
    'text',
    ['', '\n', 'Usage: cpwd_admin {list | exist}', 'bash: cpwd_admin: command not found', 'CPD 1 E 1 [09:01:10] 24/9/2026 Y cpd',
     u'cpwd_admin: \ufffd\ufffd unexpected reply (type 0x11) from cpWatchDog', 'cpwd_admin: cpWatchDog is running',
     'Failed to get a reply from cpWatchDog in time'],
)
def test_what_is_no_list_is_an_error_and_not_an_empty_list(text):
    with pytest.raises(ListError, match='no line that starts with'):
        parse_list(text)


@pytest.mark.parametrize(
    'row', ['CPD 19730', 'CPD 19730 E', 'CPD 19730 E 1 [09:01:10] 24/9/2026 ? cpd', 'CPD 19730 executing 1 [09:01:10] 24/9/2026 Y cpd',
            'CPD 0 19730 E 1 [09:01', 'CPD 123456789012345 E 1 [09:01:10] 24/9/2026 Y cpd'],
)
def test_a_row_that_cannot_be_read_is_an_error(row):
    with pytest.raises(ListError, match='a row that cannot be read: CPD'):
        parse_list(GUIDE + row + '\n')


@pytest.mark.parametrize(
    'text',
    ['cpwd_admin: cpWatchDog is not running', 'cpwd_admin: \nFailed to submit request to cpWatchDog ', 'Unable to connect to cpWatchDog',
     'cpwd_admin: could not find cpWatchDog'],
)
def test_without_a_watchdog_nothing_runs(text):
    assert parse_list(text + '\n') == []


@pytest.mark.parametrize(
    'processes,ports,state',
    [
        (parse_list(GUIDE), [], 'started'),
        (parse_list(GUIDE), [True, True], 'started'),
        (parse_list(GUIDE), [True, False], 'partial'),
        (parse_list(GUIDE), [False], 'partial'),
        (changed('CPD', status='T', pid=0), [], 'partial'),
        (changed('EPM', status='T', pid=0), [True], 'partial'),
        (changed('RFL', status='T', pid=0), [True], 'started'),
        (changed('HISTORYD', status='E'), [True], 'started'),
        (changed('CPD', status='X'), [], 'partial'),
        ([dict(process, status='T') for process in parse_list(GUIDE)], [], 'stopped'),
        ([dict(process, status='T') for process in parse_list(GUIDE)], [False, False], 'stopped'),
        ([dict(process, status='T') for process in parse_list(GUIDE)], [False, True], 'partial'),
        ([], [], 'stopped'),
        ([], [True], 'partial'),
        (parse_list(GUIDE)[1:2], [], 'stopped'),
    ],
)
def test_the_state_follows_from_list_and_ports(processes, ports, state):
    assert judge(processes, [{'address': 'a', 'answers': answer} for answer in ports]) == state


@pytest.mark.parametrize(
    'processes,serving,before,state',
    [
        # The watchdog lives on with what it watches passively.
        (parse_list(GUIDE)[-1:], False, (), 'stopped'),
        (parse_list(GUIDE)[-1:], True, (), 'partial'),
        (parse_list(GUIDE)[-1:], None, (), 'stopped'),
        # Without CPD nothing has started.
        (parse_list(GUIDE)[:1], True, (), 'partial'),
        (parse_list(GUIDE), False, (), 'partial'),
        # A management server whose CPM has given up.
        (parse_list(HEAD + 'CPD 7 E 1 Y cpd\nCPM 0 T 5 N cpm\n'), True, (), 'partial'),
        (parse_list(HEAD + 'CPD 7 E 1 Y cpd\n'), True, ('CPD', 'FWM'), 'partial'),
        (parse_list(HEAD + 'CPD 7 E 1 Y cpd\n'), True, ('CPD', 'SMARTVIEW'), 'started'),
        (parse_list(HEAD + 'CPD 7 E 1 Y cpd\nFWD 0 T 5 N fwd\n'), True, (), 'started'),
    ],
)
def test_what_decides_is_the_apache_and_four_processes(processes, serving, before, state):
    assert judge(processes, [{'address': 'a', 'answers': True}] if serving is not None else [], serving, before) == state


def test_a_front_that_answers_does_not_count():
    answering = [{'address': 'a', 'answers': True}]
    assert judge([], answering, False) == 'stopped'
    assert judge(parse_list(GUIDE), answering, False) == 'partial'


def test_what_does_not_decide_is_a_warning():
    processes = parse_list(HEAD + 'CPD 7 E 1 Y cpd\nFWD 0 T 5 N fwd\nRFL 0 T 1 N LogCore\nHISTORYD 0 T 1 N h\nX 0 T 1 Y x\n')
    assert watchdog.warnings(processes, ('CPD', 'RFL', 'SMARTVIEW')) == [
        'FWD was started 5 times, and the watchdog has given up', 'RFL does not execute', 'X does not execute',
        'SMARTVIEW is not in the list of the watchdog any more',
    ]


def test_what_runs_and_what_is_missing_is_named():
    processes = changed('EPM', status='T')
    assert watchdog.missing(processes) == ['EPM']
    assert 'CPD' in watchdog.executing(processes) and 'EPM' not in watchdog.executing(processes)


@pytest.mark.parametrize(
    'text,same',
    [
        (GUIDE, True),
        (GUIDE.replace('19730', '29730'), False),
        (GUIDE.replace('19738', '29738'), True),
        (GUIDE.replace('19730  E', '19730  T'), False),
        (HEAD, False),
    ],
)
def test_a_restart_is_seen_by_the_processes_that_each_restart_renews(text, same):
    assert watchdog.is_same_run(watchdog.run_of(parse_list(GUIDE)), parse_list(text)) is same


def test_one_old_process_of_two_means_that_the_restart_is_not_complete():
    assert watchdog.is_same_run({'CPD': 1, 'FWM': 19}, parse_list(WITH_CONTEXT.replace('FWM        7          0      T', 'FWM        7          19     E')))
