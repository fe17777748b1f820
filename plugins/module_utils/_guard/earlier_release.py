# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""Find guards of release 1.0.0, which knew no place of the server: their lock belongs to a state directory that only they know."""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import os

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError

_PROCESSES = '/proc'
_NAME = b'change_guard'


def earlier_guards():
    """Return the numbers of the guard processes of release 1.0.0 that this user has on this server."""
    return [int(name) for name in sorted(os.listdir(_PROCESSES)) if name.isdigit() and _is_guard(name) and not _is_elsewhere(name)]


def refuse_earlier(known):
    """Refuse to arm while a guard of release 1.0.0 is armed under a state directory that nobody named.

    :param known: numbers of guard processes that are accounted for
    """
    others = [pid for pid in earlier_guards() if pid not in known]
    if others:
        raise AdministratorError(
            'another run is changing this server', found='a guard of release 1.0.0 under another state directory, process %d' % others[0],
            state='this run changed nothing',
            next_step='wait until it has ended: its deadline may be an hour away; ps -fp %d tells since when it runs' % others[0],
        )


def _is_guard(name):
    if _read(name, 'comm').strip() != _NAME:
        return False
    try:
        return os.stat(os.path.join(_PROCESSES, name)).st_uid == os.geteuid()
    except OSError:
        return False


def _is_elsewhere(name):
    """Return whether a process came with a connection to another loopback address: several servers can be rehearsed on one machine."""
    here, there = os.environ.get('SSH_CONNECTION', ''), b''
    for item in _read(name, 'environ').split(b'\0'):
        if item.startswith(b'SSH_CONNECTION='):
            there = item.partition(b'=')[2]
    ours, theirs = _server_address(here), _server_address(there.decode('ascii', 'replace'))
    return ours != theirs and (ours.startswith('127.') or theirs.startswith('127.'))


def _server_address(connection):
    return (connection.split() + ['', '', ''])[2]


def _read(name, what):
    try:
        with open(os.path.join(_PROCESSES, name, what), 'rb') as text:
            return text.read()
    except (OSError, IOError):
        return b''
