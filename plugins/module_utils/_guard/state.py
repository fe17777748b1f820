# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""Where the guard keeps its state, who may change it at a time, and what the state means now.

``state_dir/guard/state.json`` is written for a person to read and is replaced as a whole. ``state_dir/guard/lock`` is locked (flock) by whoever changes
it, for the whole of a rollback too; the kernel lets go of it when that process ends, however it ends.
"""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import os
from contextlib import contextmanager

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.locks import locked
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.os_errors import problem
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.records import private_directory, read_record, write_record
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.daemon import lives

FINISHED = ('disarmed', 'rolled_back', 'failed')
OPEN = ('armed', 'triggered')
_NEEDED = ('state', 'id', 'holder', 'host', 'armed_at', 'deadline_at', 'process', 'restore')
LOCK_SECONDS = 15.0
# Bytes. Enough for the record and its temporary file.
_ROOM = 64 * 1024


class Store(object):
    """The guard's files under one state directory."""

    def __init__(self, state_dir):
        self.directory = os.path.join(state_dir, 'guard')
        self.path = os.path.join(self.directory, 'state.json')
        self.lock_path = os.path.join(self.directory, 'lock')
        self.room_path = os.path.join(self.directory, 'room')

    def load(self):
        """The record; None when there is none.

        :raises AdministratorError: when somebody else could have written it, or it is damaged
        """
        record = read_record(self.path)
        if record is not None and (any(name not in record for name in _NEEDED) or record['state'] not in FINISHED + OPEN):
            raise AdministratorError(
                'this is no state of the guard', path=self.path, expected='the fields %s' % ', '.join(_NEEDED),
                next_step='look at it and at the server, then move the file away',
            )
        return record

    def save(self, record):
        """Replace the record.

        While the guard is open, room for this is kept in a file of its own. A disk that fills up behind an armed guard would else keep the change from
        being confirmed, and a rollback from being begun before the deadline.
        """
        if record['state'] == 'armed':
            self._keep_room()
            write_record(self.path, record)
            return
        try:
            write_record(self.path, record)
        except AdministratorError:
            if not self._give_room():
                raise
            write_record(self.path, record)
        if record['state'] in FINISHED:
            self._give_room()

    def _keep_room(self):
        try:
            # One that is there was left by a guard that did not come to its end, or planted: not written through.
            self._give_room()
            descriptor = os.open(self.room_path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(descriptor, 'wb') as stream:
                stream.write(os.urandom(_ROOM))
        except (OSError, IOError) as error:
            self._give_room()
            raise problem(error, self.room_path, 'there is no room for the record of the guard')

    def _give_room(self):
        """Whether there was any."""
        try:
            os.unlink(self.room_path)
        except (OSError, IOError):
            return False
        return True

    def load_if_readable(self):
        """The record; None when there is none or it cannot be read."""
        try:
            return self.load()
        except AdministratorError:
            return None

    def still_open(self, record):
        """Whether a guard is still to act. A state file that was taken away means no; one that cannot be read confirms nothing, so yes."""
        try:
            current = self.load()
        except AdministratorError:
            return os.path.isdir(self.directory)
        return current is not None and current['id'] == record['id'] and current['state'] in OPEN

    @contextmanager
    def locked(self, seconds=LOCK_SECONDS):
        """A context in which nobody else changes the state.

        :param seconds: how long to wait for somebody else
        """
        private_directory(self.directory)
        with locked(self.lock_path, seconds, os.O_RDWR | os.O_CREAT, self._busy):
            yield

    def _busy(self):
        record = self.load() or {}
        return AdministratorError(
            'somebody else is working with the guard of this server right now', path=self.path,
            found='state %s, held by %s' % (record.get('state', 'none'), record.get('holder', 'nobody yet')),
            state='this run changed nothing', next_step='wait for its end (it is told in this file), then run again',
        )


def judge(record):
    """What a record means now: the same dictionary, with ``state`` as it really is, ``pid`` and ``message``.

    ``none`` without a record; ``stale`` when the process that should act is gone. Nothing is written.
    """
    if record is None:
        return {'state': 'none'}
    told = dict(record)
    told['pid'] = record['process'].get('pid')
    if record['state'] in OPEN and not lives(record['process']) and not lives(record.get('acting')):
        told['state'] = 'stale'
        told['message'] = (
            'The guard process is gone (the server was restarted, or the process was killed), so nothing is put back by itself. '
            'It guarded: %s.' % (record.get('purpose') or 'no reason given')
        )
        told['next_step'] = 'run change_guard with state=triggered to put the old files back and start the services'
    return told


def held_by(record):
    """Who holds an armed guard, for a message."""
    return '%s on %s since %s (%s)' % (record['holder'], record['host'], record['armed_at'], record.get('purpose') or 'no reason given')


def refuse_other(told, identifier):
    """Raise an AdministratorError when the guard is not the one that was named."""
    if identifier and told['id'] != identifier:
        raise AdministratorError(
            'the guard is not the one that was named', expected='id %s' % identifier,
            found='id %s, held by %s, %s' % (told['id'], held_by(told), told['state']), state='this run changed nothing',
        )


def read_guard(state_dir):
    """Return what the guard of this server says; nothing is written.

    :returns: dictionary; ``state`` is none, armed, triggered (a rollback is going on), disarmed, rolled_back, failed or stale (its process is gone)
    :raises AdministratorError: when it cannot be read or trusted
    """
    return judge(Store(state_dir).load())
