# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""The place on a server that belongs to the server itself, whatever state directory a run uses: the lock, and what a guard must not lose.

It is a directory below ``/var/lib/checkpoint_endpoint_hardening_guard`` that is named after the file system and the inode of UEPMDIR, so two runs on one
server meet here. It holds the lock, a copy of the guard's record, and the digests of what the run under the guard is about to write.
"""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import os
from contextlib import contextmanager

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._checkpoint.environment import OWN_DIRECTORY
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.locks import locked
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.os_errors import problem
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.records import private_directory, read_record, write_record
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.daemon import identify
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.record import GuardRecord


def place_of(environment):
    """Return the Place of the server; nothing is made.

    :raises AdministratorError: when UEPMDIR is not known or not there
    """
    product = environment.folder('UEPMDIR')
    try:
        status = os.stat(product)
    except (OSError, IOError) as error:
        raise problem(error, product, 'UEPMDIR cannot be read, so no guard can tell this server from another one')
    return Place(os.path.join(environment.root, 'var', 'lib', OWN_DIRECTORY + '_guard', '%d-%d' % (status.st_dev, status.st_ino)))


def default_state_directory(environment):
    """Return the state directory that runs use which are not told another one."""
    return os.path.join(environment.root, 'var', 'lib', OWN_DIRECTORY)


class Place(object):
    """The directory of one server."""

    def __init__(self, directory):
        self.directory = directory
        self.lock_path = os.path.join(directory, 'lock')
        self.record_path = os.path.join(directory, 'guard.json')
        self.announced_path = os.path.join(directory, 'announced.json')
        self.tool_path = os.path.join(directory, 'tool.json')

    def load(self):
        """Return the GuardRecord of the last guard of this server; None when there is none.

        :raises AdministratorError: when another user could have written it, or it is damaged
        """
        values = read_record(self.record_path)
        return None if values is None else GuardRecord.from_json(values, self.record_path)

    def save(self, record):
        """Keep a copy of the record."""
        private_directory(self.directory)
        write_record(self.record_path, record.to_json())

    @contextmanager
    def locked(self, seconds, busy):
        """A context in which no other process changes this server.

        :param busy: function that returns the error for the case that another process holds the lock all this time
        """
        private_directory(self.directory)
        with locked(self.lock_path, seconds, os.O_RDWR | os.O_CREAT, busy):
            yield

    def announce(self, identifier, digests):
        """Note what a step of a change is about to write, before it writes.

        :param digests: dictionary of path to SHA-256
        """
        known = self.announced(identifier)
        for path, digest in digests.items():
            known[path] = sorted(set(known.get(path, []) + [digest]))
        write_record(self.announced_path, {'id': identifier, 'files': known})

    def note_tool(self, identifier, name, pid):
        """Note a tool that a step of a change has started: when the step is killed, the guard answers for what it left."""
        try:
            write_record(self.tool_path, {'id': identifier, 'name': name, 'process': identify(pid)})
        except AdministratorError:
            # The tool runs already, and its step waits for it.
            pass

    def tool(self, identifier):
        """Return the last tool that a step of a change has started: dictionary of ``name`` and ``process``; None where that is not known."""
        try:
            values = read_record(self.tool_path) or {}
        except AdministratorError:
            return None
        return values if values.get('id') == identifier and values.get('process') else None

    def announced(self, identifier):
        """Return what the steps of a change were about to write: dictionary of path to list of SHA-256; empty where that cannot be read."""
        try:
            values = read_record(self.announced_path) or {}
        except AdministratorError:
            return {}
        return dict(values.get('files') or {}) if values.get('id') == identifier else {}
