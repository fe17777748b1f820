# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""Find out from /proc whether the Endpoint Apache listens, and which tools of the product are running now.

A connection to a port tells only that something answers there, which may be a front that does not stop with the product.
"""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import glob
import os

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._text import name_bytes, native

# Tables of sockets, and the state of one that listens (include/net/tcp_states.h).
_TABLES = ('/proc/net/tcp', '/proc/net/tcp6')
_LISTENS = b'0A'
# How many words of a command line can be the name of the script, and the beginnings of the names of what runs scripts.
_PROGRAM_WORDS = 6
_INTERPRETERS = (b'sh', b'bash', b'ksh', b'csh', b'tcsh', b'dash', b'env', b'perl', b'python')


def is_serving(environment):
    """Return whether a process of the Endpoint Apache holds a listening TCP socket; None where nobody can tell."""
    roots = _apache_roots(environment.uepm_dir)
    sockets = _listening_sockets()
    if not roots or sockets is None:
        return None
    return any(_holds(pid, sockets) for pid in process_numbers() if _belongs(pid, roots))


def _apache_roots(uepm_dir):
    found = glob.glob(os.path.join(uepm_dir, 'apache*')) if uepm_dir else []
    return set(name_bytes(path) for root in found if os.path.isdir(root) for path in (root, os.path.realpath(root)))


def _listening_sockets():
    """Return the inode numbers of all listening TCP sockets as bytes; None where the kernel does not show them."""
    found, read = set(), False
    for table in _TABLES:
        try:
            with open(table, 'rb') as lines:
                rows = [line.split() for line in lines.readlines()[1:]]
        except (OSError, IOError):
            continue
        read = True
        found.update(row[9] for row in rows if len(row) > 9 and row[3] == _LISTENS)
    return found if read else None


def process_numbers():
    """Return the numbers of all processes."""
    return [int(name) for name in os.listdir('/proc') if name.isdigit()]


def _belongs(pid, roots):
    """Return whether a process runs a program of one of the directories, or was started with a path below one."""
    words = arguments(pid)
    try:
        words = words + [name_bytes(os.readlink('/proc/%d/exe' % pid))]
    except (OSError, IOError):
        pass  # of another user, or gone; the arguments can be read all the same
    return any(word == root or word.startswith(root + b'/') for word in words for root in roots)


def _holds(pid, sockets):
    folder = '/proc/%d/fd' % pid
    try:
        names = os.listdir(folder)
    except (OSError, IOError):
        return False
    for name in names:
        try:
            target = name_bytes(os.readlink(os.path.join(folder, name)))
        except (OSError, IOError):
            continue
        if target.startswith(b'socket:[') and target[8:-1] in sockets:
            return True
    return False


def arguments(pid):
    """Return the command line of a process as a list of bytes; empty when it is gone."""
    try:
        with open('/proc/%d/cmdline' % pid, 'rb') as text:
            return text.read().split(b'\0')[:-1]
    except (OSError, IOError):
        return []


def running_tools(environment, names):
    """Return the running programs of some names that belong to this server.

    :param names: names of programs, such as ``cpstop``; a script counts by its own name, not by its interpreter's
    :returns: list of (process number, name)
    """
    wanted = set(name_bytes(name) for name in names)
    places = [name_bytes(os.path.join(directory, name)) for directory in environment.search_path() for name in names]
    found = []
    for pid in process_numbers():
        words = arguments(pid)
        named = [word for word in words[:_PROGRAM_WORDS if _is_interpreter(words) else 1] if os.path.basename(word) in wanted]
        if named and pid != os.getpid() and (named[0] in places or _has_variable(pid, 'CPDIR', environment.cp_dir)):
            found.append((pid, native(os.path.basename(named[0]))))
    return found


def _is_interpreter(words):
    return bool(words) and os.path.basename(words[0]).startswith(_INTERPRETERS)


def _has_variable(pid, name, value):
    """Return whether a process was started with a value in its environment."""
    try:
        with open('/proc/%d/environ' % pid, 'rb') as text:
            return name_bytes('%s=%s' % (name, value)) in text.read().split(b'\0')
    except (OSError, IOError):
        return False
