# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import os
import socket
import subprocess
import sys
import time

import pytest

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._checkpoint.environment import Environment
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._checkpoint.listening import is_serving, running_tools

LISTEN = """
import socket, sys, time
link = socket.socket()
link.bind(('127.0.0.1', 0))
link.listen(5)
sys.stdout.write('listens\\n')
sys.stdout.flush()
time.sleep(60)
"""


@pytest.fixture
def environment(server):
    return Environment('/profile', {'CPDIR': str(server.cp), 'UEPMDIR': str(server.folder.mkdir('uepm')), 'PATH': str(server.bin)})


@pytest.fixture
def start():
    """Start a program, and end it after the test."""
    started = []

    def run(*argv, **options):
        process = subprocess.Popen(argv, stdout=subprocess.PIPE, close_fds=True, **options)
        started.append(process)
        return process

    yield run
    for process in started:
        process.kill()
        process.wait()


def test_without_an_endpoint_apache_nobody_can_tell(environment):
    assert is_serving(environment) is None
    assert is_serving(Environment('/profile', {'CPDIR': '/opt/CPshrd-R81'})) is None


def test_a_socket_counts_when_a_process_of_the_apache_holds_it(environment, start):
    root = os.path.join(environment.uepm_dir, 'apache22')
    os.makedirs(root)
    front = socket.socket()
    front.bind(('127.0.0.1', 0))
    front.listen(5)
    assert is_serving(environment) is False
    # A log that is followed, or a test of the configuration.
    start(sys.executable, '-c', 'import time; time.sleep(60)', os.path.join(root, 'logs', 'error_log'))
    assert is_serving(environment) is False
    process = start(sys.executable, '-c', LISTEN, '-d', root)
    assert process.stdout.readline() == b'listens\n'
    assert is_serving(environment) is True
    process.kill()
    process.wait()
    assert is_serving(environment) is False
    front.close()


def test_tools_of_this_server_are_found_by_their_place_or_environment(environment, server, start):
    tool = server.tool('cpstop', 'sleep 60\n')
    assert running_tools(environment, ('cpstop', 'cpstart')) == []
    ours = start(str(tool))
    other = server.folder.mkdir('other').join('cpstop')
    tool.copy(other)
    other.chmod(0o755)
    elsewhere = start(str(other))
    named = start(str(other), env={'CPDIR': str(server.cp), 'PATH': os.environ['PATH']})
    time.sleep(0.5)
    found = running_tools(environment, ('cpstop', 'cpstart'))
    assert sorted(found) == sorted([(ours.pid, 'cpstop'), (named.pid, 'cpstop')]) and elsewhere.poll() is None
