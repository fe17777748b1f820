# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type
import os
import signal
import time

import pytest

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils import _commands
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


def test_where_one_file_system_is_full_another_serves(monkeypatch, tmpdir):
    monkeypatch.setattr(_commands, 'SCRATCH_FOLDERS', ('/proc', '/does/not/exist', str(tmpdir)))
    assert run_command(['echo', 'heard']).stdout == b'heard\n'
    monkeypatch.setattr(_commands, 'SCRATCH_FOLDERS', ('/proc', '/does/not/exist'))
    with pytest.raises(AdministratorError, match='free space') as caught:
        run_command(['echo', 'heard'])
    assert '/proc or /does/not/exist' in caught.value.expected


def test_the_tail_of_an_output_is_text_whatever_its_bytes_are():
    assert tail(b'1\n2\n\xff\n\n', 2) == u'2\n\ufffd'
