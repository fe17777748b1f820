# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""A server whose clock is wrong says so itself: its own time comes with what is judged by time."""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type
import calendar
import glob
import os
import subprocess
import sys
import time

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils import _time

LIBRARIES = ('/usr/lib/*/faketime/libfaketime.so.1', '/usr/lib*/faketime/libfaketime.so.1', '/usr/local/lib/faketime/libfaketime.so.1')
ROOT = os.path.abspath(os.path.join(os.path.dirname(_time.__file__), '..', '..'))
ASK = """
import os, sys
sys.path.insert(0, os.getcwd())
import conftest
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._logs.clients import read_clients
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._logs.sources import given_sources
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._server_facts import read_server
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._checkpoint.environment import Environment
print(read_clients(given_sources([]), b'TLSv1.2')['now'])
print(read_server(Environment(None, {}), sys.argv[1])['now'])
"""


def test_a_clock_that_is_eight_days_behind(tmpdir):
    found = [path for pattern in LIBRARIES for path in glob.glob(pattern)]
    assert found, 'install faketime: this test sets the clock of a process back with it'
    variables = dict(os.environ, LD_PRELOAD=found[0], FAKETIME='-8d')
    said = subprocess.check_output([sys.executable, '-c', ASK, str(tmpdir.join('state'))], cwd=ROOT, env=variables)
    moments = [calendar.timegm(time.strptime(line.decode('ascii'), '%Y-%m-%dT%H:%M:%SZ')) for line in said.split()]
    assert len(moments) == 2
    for moment in moments:
        assert abs(time.time() - 8 * 86400 - moment) < 60
