# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import os
import time

import pytest

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._checkpoint.environment import read_environment
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.place import place_of
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.record import GuardRequest

# Small but real programs: what they do is kept in files, so that a test can look at it and break it.
PROFILE = """CPDIR={root}; FWDIR={root}; UEPMDIR={root}/uepm
PATH={root}/bin:/usr/bin:/bin
export CPDIR FWDIR UEPMDIR PATH
"""
START = """#!/bin/bash
echo start >> {root}/calls
cp {conf} {root}/running_with
if [ -e {root}/start_fails ]; then
    left=$(cat {root}/start_fails)
    if [ "$left" -gt 0 ]; then echo $((left - 1)) > {root}/start_fails; echo 'cpstart: failed'; exit 1; fi
fi
[ -e {root}/start_seconds ] && sleep $(cat {root}/start_seconds)
touch {root}/running
"""
STOP = """#!/bin/bash
echo stop >> {root}/calls
rm -f {root}/running
"""
LIST = """#!/bin/bash
[ -e {root}/list_fails ] && exit 1
echo 'APP        PID    STAT  #START  START_TIME             MON  COMMAND'
if [ -e {root}/running ]; then
    echo 'CPD        1001   E     1       [10:00:00] 1/1/2026    Y    cpd'
    [ -e {root}/half ] || echo 'EPM        1002   E     1       [10:00:00] 1/1/2026    Y    epm'
else
    echo 'CPD        0      T     0       [10:00:00] 1/1/2026    Y    cpd'
fi
"""


class Server(object):
    """A folder that looks like a Check Point server with one service, which reads one file when it starts."""

    def __init__(self, root):
        self.root = root
        self.conf = os.path.join(root, 'ssl.conf')
        self.state_dir = os.path.join(root, 'state')
        self.profile = os.path.join(root, 'profile.sh')
        os.mkdir(os.path.join(root, 'bin'))
        os.mkdir(os.path.join(root, 'uepm'))
        self.write('profile.sh', PROFILE)
        for name, text in (('cpstart', START), ('cpstop', STOP), ('cpwd_admin', LIST)):
            self.write(os.path.join('bin', name), text)
            os.chmod(os.path.join(root, 'bin', name), 0o755)
        self.write('ssl.conf', 'old\n')
        os.chmod(self.conf, 0o640)
        self.write('running', '')

    def write(self, name, text):
        with open(os.path.join(self.root, name), 'w') as stream:
            stream.write(text.replace('{root}', self.root).replace('{conf}', self.conf))

    def read(self, name):
        try:
            with open(os.path.join(self.root, name)) as stream:
                return stream.read()
        except (OSError, IOError):
            return ''

    @property
    def place(self):
        """What belongs to this server whatever the state directory is."""
        return place_of(read_environment(self.profile))

    def runs(self):
        return os.path.exists(os.path.join(self.root, 'running'))

    def stop(self):
        os.unlink(os.path.join(self.root, 'running'))

    def request(self, **changes):
        """What the module change_guard would be given."""
        values = dict(
            deadline=60, restore=[{'path': self.conf}], reason='a test', holder='somebody', id=None, acknowledge=False, ports=[],
            stop_timeout=5, start_timeout=5, profile=self.profile, state_dir=self.state_dir,
        )
        values.update(changes)
        return GuardRequest(**values)


def until(condition, seconds=20.0):
    """Wait for something; False when it does not come."""
    end = time.time() + seconds
    while time.time() < end:
        if condition():
            return True
        time.sleep(0.02)
    return bool(condition())


@pytest.fixture
def server(tmpdir):
    root = tmpdir.mkdir('server')
    root.chmod(0o755)
    return Server(str(root))


@pytest.fixture(name='until')
def until_fixture():
    return until
