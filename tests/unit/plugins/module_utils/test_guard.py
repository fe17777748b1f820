# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import os
import signal
import stat
import subprocess
import sys
import time

import pytest

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils import _guard
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files import list_backups, read_file, write_file
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guarding import processes, rollback
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guarding.store import Store

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), '..', '..', '..', '..'))

# Arms from a process of its own, says so, and then stays: what an SSH session with a module in it looks like to the server.
ARM_AND_STAY = """
import os, sys, time
sys.path.insert(0, os.path.join(%(root)r, 'tests', 'support'))
from collection import make_importable
make_importable()
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard import arm
try:
    guard = arm(%(settings)r)
    sys.stdout.write('armed %%s\\n' %% guard['id'])
except AdministratorError as error:
    sys.stdout.write('refused %%s\\n' %% error)
sys.stdout.flush()
time.sleep(%(seconds)r)
"""


def start_armer(settings, seconds=0):
    program = ARM_AND_STAY % {'root': ROOT, 'settings': settings, 'seconds': seconds}
    return subprocess.Popen([sys.executable, '-c', program], stdout=subprocess.PIPE, preexec_fn=os.setsid)


def state_of(server):
    return _guard.read_guard(server.state_dir)


def change(server, data=b'new\n'):
    write_file(read_file(server.conf), data)


def kill(guard):
    os.kill(guard['pid'], signal.SIGKILL)
    assert processes.end(guard['process'])


@pytest.fixture(autouse=True)
def no_process_stays(server):
    yield
    for record in (Store(server.state_dir).load_if_readable(),):
        if record is not None:
            processes.end(record['process'])


def test_without_a_guard_nothing_is_written(server):
    assert state_of(server) == {'state': 'none'}
    assert _guard.disarm(server.settings()) == (False, {'state': 'none'})
    assert not os.path.exists(server.state_dir)


def test_deadline_puts_files_back_and_starts_what_is_stopped(server, until):
    guard = _guard.arm(server.settings(deadline=1))
    assert guard['state'] == 'armed' and processes.lives(guard['process'])
    server.stop()
    change(server)
    os.chmod(server.conf, 0o640)
    assert until(lambda: state_of(server)['state'] == 'rolled_back'), state_of(server)
    told = state_of(server)
    assert server.read('ssl.conf') == 'old\n' and server.read('running_with') == 'old\n' and server.runs()
    assert server.read('calls').split() == ['start']
    assert told['restored'] == [server.conf] and told['restarted'] is True
    assert 'deadline' in told['reason'] and 'a test' in told['reason'] and told['finished_at'] >= told['armed_at']
    assert until(lambda: not processes.lives(guard['process']))


def test_deadline_restarts_services_that_run_with_what_is_put_back(server, until):
    _guard.arm(server.settings(deadline=1))
    change(server)
    assert until(lambda: state_of(server)['state'] == 'rolled_back')
    assert server.read('calls').split() == ['stop', 'start'] and server.read('running_with') == 'old\n'


def test_deadline_without_a_change_restarts_nothing(server, until):
    _guard.arm(server.settings(deadline=1))
    assert until(lambda: state_of(server)['state'] == 'rolled_back')
    assert server.read('calls') == '' and state_of(server)['restarted'] is False


def test_file_that_is_gone_comes_back_with_its_mode(server, until):
    _guard.arm(server.settings(deadline=1))
    os.unlink(server.conf)
    assert until(lambda: state_of(server)['state'] == 'rolled_back')
    assert server.read('ssl.conf') == 'old\n' and stat.S_IMODE(os.stat(server.conf).st_mode) == 0o640


def test_lost_backup_is_put_back_from_memory(server, until):
    guard = _guard.arm(server.settings(deadline=1))
    os.unlink(guard['restore'][0]['backup'])
    change(server)
    assert until(lambda: state_of(server)['state'] == 'rolled_back')
    assert server.read('ssl.conf') == 'old\n'


def test_disarmed_in_time_nothing_happens(server, until):
    guard = _guard.arm(server.settings(deadline=1))
    change(server)
    changed, told = _guard.disarm(server.settings(id=guard['id']))
    assert changed and told['state'] == 'disarmed'
    assert not processes.lives(guard['process'])
    time.sleep(1.3)
    assert server.read('ssl.conf') == 'new\n' and server.read('calls') == ''
    assert _guard.disarm(server.settings()) == (False, told)


def test_process_that_cannot_be_ended_does_nothing_once_disarmed(server, monkeypatch, until):
    guard = _guard.arm(server.settings(deadline=2))
    monkeypatch.setattr(processes, 'end', lambda identity: False)
    change(server)
    _guard.disarm(server.settings())
    monkeypatch.undo()
    assert until(lambda: not processes.lives(guard['process']), 5)
    assert server.read('ssl.conf') == 'new\n' and state_of(server)['state'] == 'disarmed'


def test_taking_the_state_file_away_ends_the_guard(server, until):
    guard = _guard.arm(server.settings(deadline=60))
    os.unlink(Store(server.state_dir).path)
    assert until(lambda: not processes.lives(guard['process']), 5)
    assert server.read('calls') == ''


def test_disarm_after_the_guard_acted_is_an_error(server, until):
    guard = _guard.arm(server.settings(deadline=1))
    change(server)
    assert until(lambda: state_of(server)['state'] == 'rolled_back')
    for identifier in (guard['id'], None):
        with pytest.raises(AdministratorError, match='acted already'):
            _guard.disarm(server.settings(id=identifier))
    assert _guard.disarm(server.settings(acknowledge=True))[1]['state'] == 'disarmed'


def test_second_run_is_told_who_holds_the_first(server):
    _guard.arm(server.settings(holder='Ada from 192.0.2.1', reason='change 4711'))
    with pytest.raises(AdministratorError) as caught:
        _guard.arm(server.settings(holder='Grace'))
    for word in ('Ada from 192.0.2.1', 'change 4711', state_of(server)['armed_at'], state_of(server)['deadline_at'], state_of(server)['host'], 'triggered'):
        assert word in str(caught.value)
    assert state_of(server)['holder'] == 'Ada from 192.0.2.1'


def test_of_many_that_arm_at_once_exactly_one_wins(server):
    armers = [start_armer(server.settings(holder='number %d' % number)) for number in range(6)]
    answers = [armer.communicate()[0].decode().strip() for armer in armers]
    winners = [answer for answer in answers if answer.startswith('armed')]
    assert len(winners) == 1 and winners[0] == 'armed %s' % state_of(server)['id'], answers
    assert guards_left_by_programs(server) == [state_of(server)['pid']]
    assert all('somebody else' in answer or 'another run' in answer for answer in answers if answer not in winners), answers
    assert processes.lives(state_of(server)['process'])


def test_losers_of_the_race_leave_no_process(server, until):
    _guard.arm(server.settings())
    armers = [start_armer(server.settings()) for _number in range(3)]
    for armer in armers:
        armer.communicate()
    assert until(lambda: guards_left_by_programs(server) == [], 5)


def guards_left_by_programs(server):
    """The guard processes of those who were given this server in their arguments; this process was not."""
    found = []
    for name in os.listdir('/proc'):
        try:
            with open('/proc/%s/comm' % name) as comm, open('/proc/%s/cmdline' % name, 'rb') as command:
                if comm.read().strip() == 'change_guard' and server.root.encode('utf-8') in command.read():
                    found.append(int(name))
        except (OSError, IOError):
            continue
    return found


def test_guard_outlives_the_session_that_armed_it(server, until):
    armer = start_armer(server.settings(deadline=2), seconds=60)
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
    guard = _guard.arm(server.settings())
    time.sleep(0.5)  # it looks once whether it was really armed, and holds the lock for that
    folder = '/proc/%d/fd' % guard['pid']
    opened = [os.readlink(os.path.join(folder, name)) for name in os.listdir(folder)]
    assert [name for name in opened if name != os.devnull and not name.startswith('pipe:')] == []
    assert sum(name.startswith('pipe:') for name in opened) == 1, opened
    assert os.readlink('/proc/%d/cwd' % guard['pid']) == '/'
    assert os.getsid(guard['pid']) != os.getsid(0)


@pytest.mark.parametrize('number', [signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGTSTP])
def test_guard_passes_over_the_signals_of_a_session(server, number):
    guard = _guard.arm(server.settings())
    os.kill(guard['pid'], number)
    time.sleep(0.1)
    assert processes.lives(guard['process'])


def test_killed_guard_is_stale_and_nothing_is_written_by_looking(server):
    guard = _guard.arm(server.settings())
    kill(guard)
    path = Store(server.state_dir).path
    before = (open(path, 'rb').read(), os.stat(path).st_mtime, sorted(os.listdir(os.path.dirname(path))))
    told = state_of(server)
    assert told['state'] == 'stale' and 'triggered' in told['next_step'] and told['reason'] == 'a test'
    assert before == (open(path, 'rb').read(), os.stat(path).st_mtime, sorted(os.listdir(os.path.dirname(path))))


@pytest.mark.parametrize('field, value', [('boot_id', 'another start of the server'), ('started', 1)])
def test_guard_of_another_boot_or_with_a_reused_number_is_stale(server, field, value):
    guard = _guard.arm(server.settings())
    store = Store(server.state_dir)
    record = store.load()
    record['process'] = dict(record['process'], **{field: value})
    store.save(record)
    assert state_of(server)['state'] == 'stale'
    processes.end(guard['process'])


def test_stale_guard_refuses_a_new_one_and_names_the_way_out(server):
    kill(_guard.arm(server.settings()))
    change(server)
    with pytest.raises(AdministratorError, match='state=triggered'):
        _guard.arm(server.settings())
    changed, told = _guard.trigger(server.settings(reason='cleaning up'))
    assert changed and told['state'] == 'rolled_back' and told['reason'] == 'cleaning up'
    assert server.read('ssl.conf') == 'old\n' and server.read('running_with') == 'old\n'
    assert _guard.arm(server.settings())['state'] == 'armed'


def test_stale_guard_is_disarmed_only_on_a_server_in_a_known_state(server):
    kill(_guard.arm(server.settings()))
    change(server)
    with pytest.raises(AdministratorError, match='known state') as caught:
        _guard.disarm(server.settings())
    assert server.conf in str(caught.value) and 'triggered' in str(caught.value)
    change(server, b'old\n')
    server.stop()
    with pytest.raises(AdministratorError, match='services stopped'):
        _guard.disarm(server.settings())
    assert state_of(server)['state'] == 'stale'
    server.write('running', '')
    assert _guard.disarm(server.settings())[1]['state'] == 'disarmed'


def test_acknowledged_stale_guard_keeps_the_new_files_of_running_services(server):
    kill(_guard.arm(server.settings()))
    change(server)
    server.stop()
    with pytest.raises(AdministratorError, match='known state'):
        _guard.disarm(server.settings(acknowledge=True))
    server.write('running', '')
    assert _guard.disarm(server.settings(acknowledge=True))[1]['state'] == 'disarmed'
    assert server.read('ssl.conf') == 'new\n'


def test_trigger_acts_at_once_and_once(server):
    guard = _guard.arm(server.settings())
    server.stop()
    change(server)
    changed, told = _guard.trigger(server.settings(reason='it failed'))
    assert changed and told['restored'] == [server.conf] and told['restarted'] and told['message'].startswith('it failed')
    assert server.read('ssl.conf') == 'old\n' and server.runs()
    assert not processes.lives(guard['process'])
    assert _guard.trigger(server.settings())[0] is False
    assert server.read('calls').split() == ['start']


def test_trigger_without_anything_to_do_restarts_nothing(server):
    _guard.arm(server.settings())
    changed, told = _guard.trigger(server.settings())
    assert changed and told['restored'] == [] and told['restarted'] is False and server.read('calls') == ''


def test_trigger_needs_a_guard_and_leaves_a_confirmed_change_alone(server):
    with pytest.raises(AdministratorError, match='no guard'):
        _guard.trigger(server.settings())
    guard = _guard.arm(server.settings())
    change(server)
    _guard.disarm(server.settings())
    with pytest.raises(AdministratorError, match='confirmed already'):
        _guard.trigger(server.settings())
    assert server.read('ssl.conf') == 'new\n'
    assert _guard.trigger(server.settings(id=guard['id']))[1]['restored'] == [server.conf]


@pytest.mark.parametrize('end', [_guard.disarm, _guard.trigger])
def test_guard_of_somebody_else_is_left_alone(server, end):
    _guard.arm(server.settings())
    with pytest.raises(AdministratorError, match='not the one that was named'):
        end(server.settings(id='0123456789abcdef'))
    assert state_of(server)['state'] == 'armed'


def test_start_that_fails_is_tried_again(server, monkeypatch):
    monkeypatch.setattr(rollback, 'PAUSE', 0.1)
    server.write('start_fails', '2')
    _guard.arm(server.settings(start_timeout=1))
    server.stop()
    change(server)
    _changed, told = _guard.trigger(server.settings())
    assert told['state'] == 'rolled_back' and server.runs() and len(told['attempts']) == 2


def test_start_that_always_fails_is_told_after_some_tries(server, monkeypatch):
    monkeypatch.setattr(rollback, 'PAUSE', 0.1)
    server.write('start_fails', '99')
    _guard.arm(server.settings(start_timeout=1))
    server.stop()
    change(server)
    with pytest.raises(AdministratorError, match='could not be put back'):
        _guard.trigger(server.settings())
    told = state_of(server)
    assert told['state'] == 'failed' and server.read('calls').split().count('start') == rollback.FOREGROUND_ATTEMPTS
    assert server.read('ssl.conf') == 'old\n' and 'cpstart' in told['message'] and 'acknowledge' in told['next_step']
    server.write('start_fails', '0')
    assert _guard.trigger(server.settings())[1]['state'] == 'rolled_back' and server.runs()


def test_start_that_breaks_off_half_way_is_not_taken_for_a_start(server, monkeypatch):
    """The watchdog then lists only what was started, and all of that runs."""
    monkeypatch.setattr(rollback, 'PAUSE', 0.1)
    _guard.arm(server.settings(start_timeout=1))
    server.write('half', '')
    server.stop()
    with pytest.raises(AdministratorError, match='without EPM'):
        _guard.trigger(server.settings())
    assert state_of(server)['state'] == 'failed' and server.read('calls').split().count('start') == rollback.FOREGROUND_ATTEMPTS
    assert 'stop' not in server.read('calls'), 'what serves already was stopped'
    os.unlink(os.path.join(server.root, 'half'))
    assert _guard.trigger(server.settings())[1]['state'] == 'rolled_back'


def test_file_that_cannot_be_put_back_does_not_leave_the_server_stopped(server, until):
    _guard.arm(server.settings(deadline=1))
    server.stop()
    os.unlink(server.conf)
    os.mkdir(server.conf)
    assert until(lambda: state_of(server)['state'] == 'failed')
    assert server.runs() and 'directory' in state_of(server)['message']


def test_unreadable_list_of_services_still_starts_them(server, until):
    _guard.arm(server.settings(deadline=1, start_timeout=1, stop_timeout=1))
    server.stop()
    server.write('list_fails', '')
    assert until(lambda: 'start' in server.read('calls'))
    os.unlink(os.path.join(server.root, 'list_fails'))
    assert until(lambda: state_of(server)['state'] == 'rolled_back')


def test_rollback_that_was_killed_is_finished_by_the_waiting_guard(server, until):
    guard = _guard.arm(server.settings(deadline=3))
    server.write('start_seconds', '30')
    server.stop()
    change(server)
    trigger = subprocess.Popen([sys.executable, '-c', (ARM_AND_STAY % {
        'root': ROOT, 'settings': server.settings(), 'seconds': 0}).replace('import arm', 'import trigger as arm')])
    assert until(lambda: server.read('calls').split() == ['start'])
    worker = state_of(server)['acting']
    assert state_of(server)['state'] == 'triggered' and worker['pid'] not in (trigger.pid, guard['pid'])
    os.kill(worker['pid'], signal.SIGKILL)
    trigger.wait()
    os.unlink(os.path.join(server.root, 'start_seconds'))
    assert until(lambda: state_of(server)['state'] == 'rolled_back'), state_of(server)
    assert server.runs() and server.read('running_with') == 'old\n' and server.read('ssl.conf') == 'old\n'


def test_trigger_goes_on_when_its_session_is_killed(server, until):
    _guard.arm(server.settings())
    server.write('start_seconds', '1')
    server.stop()
    change(server)
    trigger = subprocess.Popen([sys.executable, '-c', (ARM_AND_STAY % {
        'root': ROOT, 'settings': server.settings(), 'seconds': 0}).replace('import arm', 'import trigger as arm')], preexec_fn=os.setsid)
    assert until(lambda: server.read('calls').split() == ['start'])
    os.killpg(trigger.pid, signal.SIGKILL)
    trigger.wait()
    assert until(lambda: state_of(server)['state'] == 'rolled_back')
    assert server.runs()


def test_restart_is_not_forgotten_when_a_rollback_was_broken_off_after_the_files(server):
    kill(_guard.arm(server.settings()))
    store = Store(server.state_dir)
    record = store.load()
    record.update(state='triggered', restart_needed=True, restored=[server.conf])
    store.save(record)
    _guard.trigger(server.settings())
    assert server.read('calls').split() == ['stop', 'start']


def test_leftover_of_a_killed_writer_is_gone_before_the_services_start(server):
    _guard.arm(server.settings())
    server.write('.checkpoint_endpoint_hardening.0123456789abcdef.tmp', '<VirtualHost half a fi')
    _guard.trigger(server.settings())
    assert [name for name in os.listdir(server.root) if name.endswith('.tmp')] == []


def test_refused_before_anything_is_done(server):
    for change_of_settings, word in (
        (dict(restore=[{'path': server.conf, 'sha256': '0' * 64}]), 'planned for'),
        (dict(restore=[{'path': server.conf + '.missing'}]), 'no such file'),
        (dict(restore=[{'path': server.conf, 'backup': server.conf}]), 'no backup'),
        (dict(profile=server.profile + '.missing'), 'profile'),
        (dict(ports=['what:is:this']), 'address'),
    ):
        with pytest.raises(AdministratorError, match=word):
            _guard.arm(server.settings(**change_of_settings))
        assert state_of(server) == {'state': 'none'}
    os.unlink(os.path.join(server.root, 'bin', 'cpstart'))
    with pytest.raises(AdministratorError, match='cpstart'):
        _guard.arm(server.settings())


def test_named_backup_is_put_back_and_must_belong_to_the_file(server):
    first = _guard.arm(server.settings())['restore'][0]['backup']
    _guard.disarm(server.settings())
    change(server)
    guard = _guard.arm(server.settings(restore=[{'path': server.conf, 'backup': first, 'sha256': read_file(server.conf).sha256.upper()}]))
    assert guard['restore'][0]['backup'] == first and len(list_backups(server.conf, os.path.join(server.state_dir, 'backups'))) == 1
    _guard.trigger(server.settings())
    assert server.read('ssl.conf') == 'old\n'
    server.write('other.conf', 'old\n')
    with pytest.raises(AdministratorError, match='another file'):
        _guard.arm(server.settings(restore=[{'path': os.path.join(server.root, 'other.conf'), 'backup': first}]))


def test_same_file_twice_and_through_a_link_is_one(server):
    link = os.path.join(server.root, 'link.conf')
    os.symlink(server.conf, link)
    guard = _guard.arm(server.settings(restore=[{'path': server.conf}, {'path': link}]))
    assert [item['path'] for item in guard['restore']] == [server.conf]


def test_state_is_private_and_readable_for_a_person(server):
    _guard.arm(server.settings())
    store = Store(server.state_dir)
    assert stat.S_IMODE(os.stat(store.path).st_mode) == 0o600
    assert stat.S_IMODE(os.stat(store.directory).st_mode) == 0o700
    text = open(store.path).read()
    assert '\n  "holder": "somebody",\n' in text and 'Unless it is disarmed' in text


@pytest.mark.parametrize('name, mode', [('guard', 0o777), ('guard', 0o770), ('guard/state.json', 0o666), ('.', 0o777)])
def test_state_that_others_could_have_written_is_not_obeyed(server, name, mode):
    guard = _guard.arm(server.settings())
    os.chmod(os.path.join(server.state_dir, name), mode)
    for look in (state_of, lambda server: _guard.trigger(server.settings()), lambda server: _guard.arm(server.settings())):
        with pytest.raises(AdministratorError, match='trusted'):
            look(server)
    processes.end(guard['process'])


@pytest.mark.parametrize('name', ['guard', 'guard/state.json'])
def test_state_of_another_owner_is_not_obeyed(server, name):
    if os.geteuid() != 0:
        pytest.skip('only root can give a file away')
    guard = _guard.arm(server.settings())
    os.chown(os.path.join(server.state_dir, name), 12345, 12345)
    with pytest.raises(AdministratorError, match='trusted'):
        state_of(server)
    processes.end(guard['process'])


def test_planted_links_are_not_followed(server, tmpdir):
    guard = _guard.arm(server.settings())
    processes.end(guard['process'])
    store = Store(server.state_dir)
    elsewhere = os.path.join(server.root, 'elsewhere')
    os.rename(store.path, elsewhere)
    os.symlink(elsewhere, store.path)
    with pytest.raises(AdministratorError):
        state_of(server)
    os.unlink(store.path)
    os.unlink(store.lock_path)
    os.symlink(server.conf, store.lock_path)
    with pytest.raises(AdministratorError, match='lock'):
        _guard.arm(server.settings())


def test_damaged_state_is_told_and_nothing_is_done(server):
    guard = _guard.arm(server.settings())
    processes.end(guard['process'])
    for text in ('', '{', '[]', '{"state": "armed"}', '{"state": 5}', '\xff' if str is bytes else '\udcff'):
        with open(Store(server.state_dir).path, 'wb') as stream:
            stream.write(text.encode('utf-8', 'surrogateescape') if str is not bytes else text)
        with pytest.raises(AdministratorError):
            state_of(server)
        with pytest.raises(AdministratorError):
            _guard.arm(server.settings())
