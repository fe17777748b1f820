# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""What a run asks of the guard, and what a guard writes down about itself."""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import copy
from collections import namedtuple

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.daemon import lives

FINISHED = ('disarmed', 'rolled_back', 'failed')
OPEN = ('armed', 'triggered')
# What every record of a guard has, those of release 1.0.0 included.
_NEEDED = ('state', 'id', 'holder', 'host', 'armed_at', 'deadline_at', 'process', 'restore')

# Everything that a record can hold. These mean something to whoever reads the state.
_PUBLIC = (
    'state', 'id', 'holder', 'host', 'purpose', 'reason', 'armed_at', 'deadline', 'deadline_at', 'restore', 'ports', 'stop_timeout', 'start_timeout',
    'profile', 'state_dir', 'message', 'next_step', 'begun_at', 'finished_at', 'seconds', 'restored', 'restarted', 'attempts', 'left', 'kept', 'warnings',
    'unsaved',
)
# due: see seconds_up. stop: None until cpstop was tried, then what came of it. process, acting: see daemon.identify. processes: names of what executed
# at the time of arming. armed_for: SHA-256 by path. place: path of the Place. round: counts the rollbacks
# that were begun after the guard had ended.
_INNER = ('due', 'process', 'acting', 'processes', 'restart_needed', 'armed_for', 'place', 'stop', 'round')

# The options of the module change_guard, see its documentation.
GuardRequest = namedtuple('GuardRequest', [
    'deadline', 'restore', 'reason', 'holder', 'id', 'acknowledge', 'ports', 'stop_timeout', 'start_timeout', 'profile', 'state_dir',
])


class GuardRecord(object):
    """The state of one guard. Fields that a record does not have are None; see the module change_guard for their meaning."""

    __slots__ = _PUBLIC + _INNER

    def __init__(self, **fields):
        for name in self.__slots__:
            setattr(self, name, fields.get(name))

    @classmethod
    def from_json(cls, values, path):
        """Make a record from what was read.

        :param path: of the file, for the message
        :raises AdministratorError: when it is no record of a guard
        """
        if any(name not in values for name in _NEEDED) or values['state'] not in FINISHED + OPEN:
            raise AdministratorError(
                'this is no state of the guard', path=path, expected='the fields %s' % ', '.join(_NEEDED),
                next_step='look at it and at the server, then move the file away',
            )
        return cls(**dict((name, values[name]) for name in values if name in cls.__slots__))

    def to_json(self):
        """Return the fields that are known, for the file."""
        return self._known(self.__slots__)

    def public(self):
        """Return what the module and the facts tell about this guard."""
        told = self._known(_PUBLIC)
        if self.process:
            told['pid'] = self.process.get('pid')
        return told

    def _known(self, names):
        return dict((name, getattr(self, name)) for name in names if getattr(self, name) is not None)

    def update(self, **fields):
        """Set fields."""
        for name, value in fields.items():
            setattr(self, name, value)

    def copy(self, **fields):
        """Return a copy with some fields set."""
        twin = copy.deepcopy(self)
        twin.update(**fields)
        return twin

    @property
    def pid(self):
        """The number of the guard process."""
        return self.process.get('pid') if self.process else None

    @property
    def is_open(self):
        """Whether this guard is still to act."""
        return self.state in OPEN

    def is_ended_by(self, other):
        """Return whether another record tells of the end of this guard: its own copy may be older, when a process was killed between the two."""
        return other.id == self.id and not other.is_open and (other.round or 0) >= (self.round or 0)

    def held_by(self):
        """Return who holds the guard, for a message."""
        return '%s on %s since %s (%s)' % (self.holder, self.host, self.armed_at, self.purpose or 'no reason given')

    def digests(self, path):
        """Return the SHA-256 of the contents that this guard knew of a file when it was armed."""
        return [item['sha256'] for item in self.restore if item['path'] == path] + [(self.armed_for or {}).get(path)]

    def effective(self):
        """Return a copy with the state as it really is: ``stale`` when the process that should act is gone. Nothing is written."""
        if not self.is_open or lives(self.process) or lives(self.acting):
            return self.copy()
        return self.copy(
            state='stale',
            message='The guard process is gone (the server was restarted, or the process was killed), so nothing is put back by itself. '
                    'It guarded: %s.' % (self.purpose or 'no reason given'),
            next_step='run change_guard with state=triggered to put the old files back and start the services',
        )


# What there is on a server without a guard.
NO_GUARD = GuardRecord(state='none')
