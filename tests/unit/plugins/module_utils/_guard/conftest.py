# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import os
import signal
import subprocess
import sys

import pytest

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.atomic_write import write_file
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.file_state import digest, read_file
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard import daemon, earlier_release, recovery
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.place import Place
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.state import Store, read_guard

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), '..', '..', '..', '..', '..'))

# Arms from a process of its own, says so, and then stays: what an SSH session with a module in it looks like to the server.
ARM_AND_STAY = """
import os, sys, time
sys.path.insert(0, os.path.join(%(root)r, 'tests', 'support'))
from collection import make_importable
make_importable()
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.record import GuardRequest
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard import earlier_release
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.arm import arm
earlier_release._PROCESSES = %(settings)r['state_dir'].rpartition('/')[0]
try:
    guard = arm(GuardRequest(**%(settings)r))
    guard = guard[1] if isinstance(guard, tuple) else guard
    sys.stdout.write('armed %%s\\n' %% guard.id)
except AdministratorError as error:
    sys.stdout.write('refused %%s\\n' %% error)
sys.stdout.flush()
time.sleep(%(seconds)r)
"""


@pytest.fixture(autouse=True)
def no_process_stays(server, monkeypatch):
    # Release 1.0.0 could be at work on this machine, for another checkout.
    monkeypatch.setattr(earlier_release, '_PROCESSES', server.root)
    monkeypatch.setattr(recovery, 'CONFIRM_SECONDS', 0.3)
    place = server.place.directory
    yield
    for record in Store(server.state_dir, Place(place)).records():
        for process in (record.process, record.acting):
            daemon.end(process, politely=False)


# The tests cannot import this file: its functions come to them as fixtures.


@pytest.fixture
def start_armer():
    def start(settings, seconds=0):
        program = ARM_AND_STAY % {'root': ROOT, 'settings': dict(settings._asdict()), 'seconds': seconds}
        return subprocess.Popen([sys.executable, '-c', program], stdout=subprocess.PIPE, preexec_fn=os.setsid)

    return start


@pytest.fixture
def start_trigger():
    def start(settings, **more):
        program = ARM_AND_STAY % {'root': ROOT, 'settings': dict(settings._asdict()), 'seconds': 0}
        program = program.replace('_guard.arm import arm', '_guard.trigger import trigger as arm')
        return subprocess.Popen([sys.executable, '-c', program], **more)

    return start


@pytest.fixture
def state_of():
    return lambda server: read_guard(server.state_dir)


@pytest.fixture
def change():
    """What a step of the run writes: announced, then written."""
    def write(server, data=b'new\n'):
        record = server.place.load()
        server.place.announce(record.id, {server.conf: digest(data)})
        write_file(read_file(server.conf), data)

    return write


@pytest.fixture
def meddle():
    """What another party writes."""
    return lambda server, data=b'hotfix\n': write_file(read_file(server.conf), data)


@pytest.fixture
def kill():
    def kill_guard(guard):
        os.kill(guard.pid, signal.SIGKILL)
        assert daemon.end(guard.process)

    return kill_guard
