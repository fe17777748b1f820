# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""Where a guard keeps its state, and who may change it at a time.

``state_dir/guard/state.json`` is written for a person to read and is replaced as a whole; a copy is in the place of the server (place.py), with the lock
that whoever changes the server holds, for the whole of a step or a rollback. ``state_dir/guard/lock`` was the lock of release 1.0.0 and is held beside it
where it can be. The kernel lets go of both when that process ends, however it ends.
"""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import os
from contextlib import contextmanager

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.locks import Busy, locked
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.os_errors import problem
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.records import private_directory, read_record, write_record
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.temporary import remove_leftovers
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.place import Place
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.record import FINISHED, NO_GUARD, GuardRecord
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._text import name_bytes

LOCK_SECONDS = 15.0
# Bytes. Enough for the record and its temporary file.
_ROOM = 64 * 1024


class Store(object):
    """The guard's files: those under a state directory, and those in the place of the server.

    :param place: Place; None where it is not known, as with the guards of release 1.0.0
    """

    def __init__(self, state_dir, place=None):
        self.state_dir = state_dir
        self.directory = os.path.join(state_dir, 'guard')
        self.path = os.path.join(self.directory, 'state.json')
        self.lock_path = os.path.join(self.directory, 'lock')
        self.room_path = os.path.join(self.directory, 'room')
        self.place = place

    def load(self):
        """Return the GuardRecord in the state directory; None when there is none.

        :raises AdministratorError: when another user could have written it, or it is damaged
        """
        values = read_record(self.path)
        return None if values is None else GuardRecord.from_json(values, self.path)

    def load_if_readable(self):
        """Return the record in the state directory; None when there is none or it cannot be read."""
        try:
            return self.load()
        except AdministratorError:
            return None

    def load_any(self, identifier=None):
        """Return the record from the state directory, or its copy where the state directory cannot be used; None when there is none.

        :param identifier: id of the guard that is meant; without one, a copy counts that belongs to this state directory
        :raises AdministratorError: when there is a record that cannot be read, and no copy
        """
        try:
            record, trouble = self.load(), None
        except AdministratorError as error:
            record, trouble = None, error
        if record is None:
            record = self._copy(identifier)
        elif self.place is None and record.place:
            self.place = Place(record.place)
        if record is None and trouble is not None:
            raise trouble
        return self.latest(record)

    def _copy(self, identifier):
        try:
            record = self.place.load() if self.place is not None else None
        except AdministratorError:
            return None
        if record is None or not (record.id == identifier if identifier else record.state_dir == self.state_dir):
            return None
        return record

    def save(self, record):
        """Replace the record, and its copy in the place of the server.

        :raises AdministratorError: when neither could be written, or one of them for a guard that is being armed
        """
        troubles = []
        for write in [self._save] + ([self.place.save] if self.place is not None else []):
            try:
                write(record)
            except AdministratorError as error:
                troubles.append(error)
        if troubles and (record.state == 'armed' or self.place is None or len(troubles) > 1):
            raise troubles[0]

    def _save(self, record):
        """Replace the record.

        While the guard is open, room for this is kept in a file of its own. A disk that fills up behind an armed guard would else keep the change from
        being confirmed, and a rollback from being begun before the deadline.
        """
        if record.state == 'armed':
            self._keep_room()
            write_record(self.path, record.to_json())
            return
        try:
            write_record(self.path, record.to_json())
        except AdministratorError:
            if not self._give_room():
                raise
            write_record(self.path, record.to_json())
        if record.state in FINISHED:
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
        """Remove the file that keeps room; return whether there was one."""
        try:
            os.unlink(self.room_path)
        except (OSError, IOError):
            return False
        return True

    def records(self):
        """Return the records that can be read and trusted: of the state directory, and of the place."""
        found = []
        for load in [self.load] + ([self.place.load] if self.place is not None else []):
            try:
                record = load()
            except AdministratorError:
                continue
            if record is not None:
                found.append(record)
        return found

    def has_ended(self, record):
        """Return whether a guard was ended by its owner. A state that is not there or cannot be read confirms nothing."""
        return any(record.is_ended_by(other) for other in self.records())

    def latest(self, record):
        """Return the record that tells of the end of a guard, where there is one, in place of an open one that was not brought up to date."""
        if record is None or not record.is_open:
            return record
        others = self.records() + (Store(record.state_dir).records() if record.state_dir and record.state_dir != self.state_dir else [])
        return ([other for other in others if record.is_ended_by(other)] + [record])[0]

    @contextmanager
    def locked(self, seconds=LOCK_SECONDS):
        """A context in which no other process changes the state or the server.

        :param seconds: how long to wait for another process
        :raises Busy: when another process holds the lock all this time
        :raises AdministratorError: when the lock cannot be used
        """
        if self.place is None:
            private_directory(self.directory)
            with locked(self.lock_path, seconds, os.O_RDWR | os.O_CREAT, self._busy):
                yield
            return
        with self.place.locked(seconds, self._busy), self._beside(seconds):
            # What a killed writer left of the one record, when the other was written in time.
            for directory in (self.place.directory, self.directory):
                remove_leftovers(name_bytes(directory))
            yield

    @contextmanager
    def _beside(self, seconds):
        """Hold the lock of release 1.0.0 where it can be held."""
        try:
            private_directory(self.directory)
            lock = locked(self.lock_path, seconds, os.O_RDWR | os.O_CREAT, self._busy)
            lock.__enter__()
        except Busy:
            raise
        except AdministratorError:
            yield
            return
        try:
            yield
        finally:
            lock.__exit__(None, None, None)

    def _busy(self):
        record = (self.records() or [NO_GUARD])[0]
        return Busy(
            'another process is working with the guard of this server right now', path=self.path,
            found='state %s, held by %s' % (record.state, record.holder or 'nobody yet'),
            state='this run changed nothing', next_step='wait for its end (this file tells when), then run again',
        )


def refuse_other(record, identifier):
    """Raise an AdministratorError when the guard is not the one that was named."""
    if identifier and record.id != identifier:
        raise AdministratorError(
            'the guard is not the one that was named', expected='id %s' % identifier,
            found='id %s, held by %s, %s' % (record.id, record.held_by(), record.state), state='this run changed nothing',
        )


def read_guard(state_dir, place=None):
    """Return what is known about the guard of this server, as a dictionary; nothing is written.

    :param place: Place of the server, for a guard that is armed under another state directory
    :returns: see GuardRecord.public; ``state`` is none, armed, triggered (a rollback is going on), disarmed, rolled_back, failed or stale (its process
        is gone)
    :raises AdministratorError: when it cannot be read or trusted
    """
    return read_record_of(Store(state_dir, place)).effective().public()


def read_record_of(store):
    """Return the record that counts for a server: an open one under another state directory before one that has ended here."""
    record = store.latest(store.load())
    if store.place is not None and (record is None or not record.is_open):
        other = store.latest(store.place.load())
        record = other if other is not None and (record is None or other.is_open) else record
    return record or NO_GUARD
