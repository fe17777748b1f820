# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""Leave the SSH session for good: systemd can end whatever is in it when the session ends (``KillUserProcesses=yes``).

A process is in the session by its control group. It leaves either through systemd, which makes a scope of its own for it, or by the file system of the
control groups. Where there is no systemd, sessions end nothing.
"""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import os
import re

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._commands import run_command
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError

_OWN_GROUP = '/proc/self/cgroup'
_SESSION = re.compile(r'/user\.slice/|/session-[^/]*\.scope')
# The roots of systemd's hierarchy: of version 1, of both together, of version 2.
_ROOTS = ('/sys/fs/cgroup/systemd', '/sys/fs/cgroup/unified', '/sys/fs/cgroup')
_SECONDS = 10.0


def leave_session():
    """Move this process out of its session's control group.

    :returns: whether it is in none now
    """
    if not _in_session():
        return True
    _ask_systemd()
    for root in _ROOTS if _in_session() else ():
        _enter(root)
        if not _in_session():
            break
    return not _in_session()


def _in_session():
    try:
        with open(_OWN_GROUP) as groups:
            return any(_SESSION.search(line) for line in groups if line.startswith('0::') or ':name=systemd:' in line)
    except (OSError, IOError):
        return False


def _ask_systemd():
    """Ask systemd for a scope that belongs to the system; daemons that are started from here belong to it, too."""
    pid = str(os.getpid())
    argv = [
        'busctl', 'call', 'org.freedesktop.systemd1', '/org/freedesktop/systemd1', 'org.freedesktop.systemd1.Manager', 'StartTransientUnit',
        'ssa(sv)a(sa(sv))', 'checkpoint-endpoint-guard-%s.scope' % pid, 'fail', '2', 'PIDs', 'au', '1', pid, 'Slice', 's', 'system.slice', '0',
    ]
    try:
        run_command(argv, timeout=_SECONDS)
    except AdministratorError:
        # An older systemd, or none that can be asked.
        pass


def _enter(root):
    try:
        with open(os.path.join(root, 'cgroup.procs'), 'w') as processes:
            processes.write('%d\n' % os.getpid())
    except (OSError, IOError):
        pass
