# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""The processes that hold sockets, as /proc tells them. A command line may hold secrets, so of it only words that are asked for are compared."""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import os
import re

PROC = '/proc'
_SOCKET = re.compile(r'socket:\[([0-9]+)\]\Z')
_DELETED = ' (deleted)'


class Process(object):
    """One process of this host. Nothing is read before it is asked for; what cannot be read, or is gone meanwhile, is None or empty.

    :ivar pid: its number
    """

    def __init__(self, pid, proc=PROC):
        self.pid = pid
        self._folder = os.path.join(proc, str(pid))

    def _read(self, name):
        try:
            with open(os.path.join(self._folder, name), 'rb') as stream:
                return stream.read()
        except (OSError, IOError):
            return b''

    def name(self):
        """Return its short name, bytes of which there are at most 15."""
        return self._read('comm').strip()

    def program(self):
        """Return the absolute path of its program, None for a process of the kernel or of another user."""
        try:
            path = os.readlink(os.path.join(self._folder, 'exe'))
        except OSError:
            return None
        return path[:-len(_DELETED)] if path.endswith(_DELETED) else path

    def parent(self):
        """Return the number of the process that started it."""
        # The name in parentheses may hold anything; the fields after the last one are numbers.
        fields = self._read('stat').rpartition(b')')[2].split()
        return int(fields[1]) if len(fields) > 1 else None

    def user_id(self):
        """Return the number of the user that it runs as, None when it is gone."""
        try:
            return os.stat(self._folder).st_uid
        except OSError:
            return None

    def runs(self, path):
        """Return whether its program is the file at this path (device and inode), or was when the file was replaced."""
        try:
            status, own = os.stat(path), os.stat(os.path.join(self._folder, 'exe'))
        except (OSError, TypeError):
            return path is not None and self.program() == os.path.realpath(path)
        return (status.st_dev, status.st_ino) == (own.st_dev, own.st_ino)

    def words(self):
        """Return its command line, a list of bytes."""
        return self._read('cmdline').split(b'\0')

    def carries(self, mark):
        """Return whether ``NAME=value`` (bytes) is in the environment that it was started with."""
        return mark in self._read('environ').split(b'\0')

    def inodes(self):
        """Return the inodes of its sockets, none where they may not be read."""
        folder = os.path.join(self._folder, 'fd')
        try:
            names = os.listdir(folder)
        except OSError:
            return set()
        found = set()
        for name in names:
            try:
                match = _SOCKET.match(os.readlink(os.path.join(folder, name)))
            except OSError:
                # Closed meanwhile.
                continue
            if match:
                found.add(int(match.group(1)))
        return found


def find_owners(inodes, mark=None, proc=PROC):
    """Return the processes that hold sockets.

    :param inodes: the sockets that are asked about
    :param mark: bytes ``NAME=value``: only processes with it in their environment are looked at
    :returns: dictionary of inode to Process. Of several that share a socket it is the one that the others come from: the first one that
        is no child of another of them. A socket whose process is not seen is not in it.
    """
    wanted, holders = set(inodes), {}
    for pid in [int(name) for name in os.listdir(proc) if name.isdigit()] if wanted else []:
        process = Process(pid, proc)
        if mark is not None and not process.carries(mark):
            continue
        for inode in wanted & process.inodes():
            holders.setdefault(inode, []).append(process)
    return dict((inode, _eldest(sorted(processes, key=lambda process: process.pid))) for inode, processes in holders.items())


def _eldest(processes):
    pids = set(process.pid for process in processes)
    return next((process for process in processes if process.parent() not in pids), processes[0])
