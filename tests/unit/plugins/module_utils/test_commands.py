# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type
import os
import signal
import time

import pytest

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils import _commands, _time
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._commands import run_command, tail
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError


def test_output_and_exit_code_come_back():
    found = run_command(['sh', '-c', 'cat; echo error >&2; exit 3'], stdin=b'\xffin')
    assert (found.rc, found.stdout, found.stderr, found.timed_out) == (3, b'\xffin', b'error\n', False)


def test_nothing_is_interpreted_by_a_shell():
    assert run_command(['printf', '%s', '$(id); `id` * "']).stdout == b'$(id); `id` * "'


def test_a_daemon_that_keeps_the_output_open_is_not_waited_for():
    began = time.time()
    assert run_command(['sh', '-c', 'sleep 5 & echo started']).stdout == b'started\n'
    assert time.time() - began < 3


def test_a_program_that_hangs_is_ended_with_its_children():
    began = time.time()
    found = run_command(['sh', '-c', 'trap "" TERM; sleep 600 & echo $!; wait'], timeout=0.3)
    assert found.timed_out and found.rc < 0 and time.time() - began < 20
    # Its parent is gone too, so it takes a moment until the system has buried it.
    until = time.time() + 5
    while os.path.exists('/proc/%d' % int(found.stdout)) and time.time() < until:
        time.sleep(0.1)
    assert not os.path.exists('/proc/%d' % int(found.stdout))


@pytest.mark.parametrize('locale,seen', [('C', b'C'), (None, b'xx')])
def test_the_locale_is_fixed_unless_the_server_s_own_is_asked_for(locale, seen):
    assert run_command(['sh', '-c', 'printf %s "$LC_ALL"'], dict(os.environ, LC_ALL='xx'), locale=locale).stdout == seen


def test_a_broken_pipe_ends_a_child_as_it_does_in_a_shell():
    ignored = run_command(['sh', '-c', 'sed -n "s/^SigIgn:[[:space:]]*//p" /proc/self/status']).stdout
    assert not int(ignored, 16) & 1 << (signal.SIGPIPE - 1)


@pytest.mark.parametrize('program', ['/does/not/exist', '/etc/passwd', '/'])
def test_a_program_that_cannot_be_started_is_an_error(program):
    with pytest.raises(AdministratorError, match='could not be started') as caught:
        run_command([program])
    assert caught.value.path == program


def test_where_one_file_system_is_full_another_serves_and_where_all_are_a_pipe(monkeypatch, tmpdir):
    monkeypatch.setattr(_commands, 'SCRATCH_FOLDERS', ('/proc', '/does/not/exist', str(tmpdir)))
    assert run_command(['echo', 'heard']).stdout == b'heard\n'
    monkeypatch.setattr(_commands, 'SCRATCH_FOLDERS', ('/proc', '/does/not/exist'))
    assert run_command(['sh', '-c', 'cat; echo heard; echo too >&2'], stdin=b'given').stdout == b'givenheard\n'


def test_output_in_memory_is_bounded(monkeypatch):
    monkeypatch.setattr(_commands, 'KEPT_BYTES', 1000)
    said = run_command(['sh', '-c', 'echo first; head -c 100000 /dev/zero; echo last']).stdout
    assert len(said) < 1100 and said.startswith(b'first\n') and said.endswith(b'last\n') and b'bytes left out' in said


def test_a_program_that_prints_without_end_is_ended(monkeypatch):
    monkeypatch.setattr(_commands, 'MOST_BYTES', 1 << 20)
    with pytest.raises(AdministratorError, match='printed more than 1 MiB'):
        run_command(['yes'])


def test_a_worker_that_ignores_the_signal_does_not_outlive_its_leader(monkeypatch):
    monkeypatch.setattr(_commands, 'GRACE_SECONDS', 0.3)
    found = run_command(['sh', '-c', '(trap "" TERM; exec sleep 600) & echo $!; wait'], timeout=0.5)
    assert found.timed_out and not is_alive(int(found.stdout))


def is_alive(pid):
    """A process that is only waiting to be buried by the system is not."""
    try:
        with open('/proc/%d/stat' % pid) as status:
            return status.read().rpartition(')')[2].split()[0] != 'Z'
    except (OSError, IOError):
        return False


def test_the_clock_never_jumps_when_the_uptime_cannot_be_read(monkeypatch):
    """A jump to the time of day would end every limit at once."""
    before = _time.seconds_up()
    monkeypatch.setattr(_time, '_UPTIME', '/does/not/exist')
    time.sleep(0.1)
    assert before < _time.seconds_up() < before + 5
    monkeypatch.undo()
    assert before < _time.seconds_up() < before + 5


def test_the_tail_of_an_output_is_text_whatever_its_bytes_are():
    assert tail(b'1\n2\n\xff\n\n', 2) == u'2\n\ufffd'
