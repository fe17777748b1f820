# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""Put a server back and go on until it runs: by itself, without a lock, a record or a directory where it must.

What is tried is in attempt.py. Between two tries the lock is free, so that an administrator can look, help, and confirm.
"""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import os
import syslog
import threading
import time
from contextlib import contextmanager

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._checkpoint.listening import running_tools
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._checkpoint.services import look
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._checkpoint.transitions import STOP_GRACE_SECONDS, STOP_KILL_SECONDS
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._commands import end_members, members
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.change_journal import written_digests
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.locks import Busy
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.attempt import LOOK_SECONDS, Attempt
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.daemon import (
    asked_to_end,
    identify,
    lives,
    seconds_of_life,
    seconds_since_boot_of,
    was_replaced,
)
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._time import now_text, seconds_up

# The pause between two tries, in seconds; it doubles up to the longest.
PAUSE = 5.0
LONGEST_PAUSE = 900.0
# How often a run that waits for a rollback sees it fail before it is told so.
FOREGROUND_ATTEMPTS = 3
# What one try may take beyond its stop and start: the end of a late cpstop, looks and tests; in seconds.
SLACK = 240.0
_TICK = 0.5
# How long the services must stay up before a rollback is over, in seconds.
CONFIRM_SECONDS = 3.0
_SYSLOG_SECONDS = 2.0
# Tools that must not be started beside: those of the services, and those that install.
TOOLS = ('cpstop', 'cpstart')
INSTALLERS = ('UnixInstallScript', 'install_hotfix', 'migrate', 'migrate_server', 'upgrade_import')

BY_HAND = 'log in to this server, compare the files named in restore with their backups, run cpstart, then state=disarmed with acknowledge=true'


class Ended(Exception):
    """The guard was told to end."""


def patience(record, attempts=1):
    """Return the most that some tries take, in seconds."""
    return (record.stop_timeout + record.start_timeout + SLACK) * attempts


def pause_after(number):
    """Return the seconds between a try with this number, counted from 1, and the next one."""
    return min(PAUSE * 2 ** (min(number, 30) - 1), LONGEST_PAUSE)


class Recovery(object):
    """The work of a guard from its deadline, or from being triggered, to its end.

    :param store: Store
    :param record: GuardRecord as this process knows it; the one in the store counts where it can be read
    :param environment: Environment, read at the time of arming
    :param kept: list of Kept
    :param written: dictionary of path to list of SHA-256: what the run was seen to announce
    :param tell: function that is called with the record after each change of it
    """

    def __init__(self, store, record, environment, kept, written=None, tell=None):
        self._store, self._record, self._environment, self._kept = store, record, environment, kept
        self._written = written or {}
        self._tell = tell or (lambda record: None)
        self._began = seconds_up()

    def run(self, reason):
        """Try until the services run, the guard was ended, or this process is told to end."""
        number = 0
        try:
            while True:
                number += 1
                if self._try_whatever_happens(number, reason):
                    return
                self._sleep(pause_after(number))
        except Ended:
            self._end_by_signal()

    def _try_whatever_happens(self, number, reason):
        """Try once; an error that nobody has foreseen ends the try and not the guard."""
        try:
            return self._try(number, reason)
        except Ended:
            raise
        except Exception as error:
            self._say('an unforeseen error: %r' % error)
            return False

    def _try(self, number, reason):
        """Try once; True when nothing is left to do."""
        with self._alone():
            if self._has_ended():
                return True
            self._take_over(number, reason)
            try:
                self._wait_for_tools()
                self._end_late_stop()
                attempt = self._attempt()
                attempt.run()
                if not self._stays():
                    # Something that stops them was at work beside; it has ended now.
                    attempt.run()
            except Ended:
                raise
            except Exception as error:
                # Not only what we expect: a server that has no process left for us may have one after the pause.
                self._note_failure(number, error)
                return False
            self._finish(attempt)
            return True

    @contextmanager
    def _alone(self):
        """Hold the lock, or go on without it: where it cannot be used, or where whoever holds it is late and no guard."""
        until = seconds_up() + patience(self._record)
        while True:
            self._cancelled()
            lock = self._store.locked(_TICK)
            try:
                lock.__enter__()
            except Busy:
                if seconds_up() < until or self._other_guard_acts():
                    continue
                self._say('the lock is held for too long; this goes on without it')
            except Exception as error:
                self._say('the lock cannot be used, this goes on without it: %s' % error)
            else:
                try:
                    yield
                finally:
                    lock.__exit__(None, None, None)
                return
            yield
            return

    def _records(self):
        """Return the records that can be read; whatever is the matter with the state, it keeps nobody from starting the services."""
        try:
            return self._store.records()
        except Exception as error:
            self._say('an unforeseen error: %r' % error)
            return []

    def _has_ended(self):
        """Return whether the guard was ended by its owner."""
        return any(self._record.is_ended_by(other) for other in self._records())

    def _other_guard_acts(self):
        acting = [record.acting for record in self._records() if record.id == self._record.id and record.acting]
        return any(process.get('pid') != os.getpid() and lives(process) for process in acting)

    def _take_over(self, number, reason):
        """Bring the record up to what another process may have done, and say that this one acts now."""
        for record in self._records():
            if record.id == self._record.id and record.state == 'triggered':
                self._record.update(restart_needed=record.restart_needed or self._record.restart_needed, stop=record.stop or self._record.stop)
        first = number == 1
        self._record.update(state='triggered', acting=identify(os.getpid()), reason=reason)
        if first:
            self._record.update(restored=[], restarted=False, attempts=[], begun_at=now_text())
        failed = (self._record.attempts or [{}])[-1].get('failed')
        self._record.message = '%s. The files are being put back and the services started%s.' % (
            reason, '; try %d, the one before failed: %s' % (number, str(failed).rstrip('.')) if failed else '',
        )
        self._note()

    def _attempt(self):
        place = self._store.place
        directories = [os.path.join(self._store.state_dir, 'kept')] + ([os.path.join(place.directory, 'kept')] if place else [])
        return Attempt(self._record, self._note, self._environment, self._kept, self._digests, directories, self._cancelled)

    def _digests(self, path):
        """Return the SHA-256 of everything that the guard knows of a file: from its arming, from memory, and from what was announced since."""
        announced = self._store.place.announced(self._record.id) if self._store.place else {}
        # Release 1.0.0 announced nothing, but recorded its changes before it made them.
        recorded = written_digests(self._store.state_dir, path)
        return self._record.digests(path) + self._written.get(path, []) + announced.get(path, []) + recorded

    def _wait_for_tools(self):
        """Wait while another process stops, starts or installs; a cpstop or cpstart that is later than its limit is not waited for."""
        said = False
        while True:
            busy = [(pid, name) for pid, name in running_tools(self._environment, TOOLS + INSTALLERS) if self._is_waited_for(pid, name)]
            if not busy:
                return
            if not said:
                said = True
                names = ', '.join('%s (process %d)' % (name, pid) for pid, name in busy)
                self._record.message = '%s. Waiting for the end of %s.' % (self._record.reason, names)
                self._note()
            self._sleep(_TICK)

    def _end_late_stop(self):
        """End what is left of a cpstop that the run has started and that is later than its limit: it would stop the services again at any time."""
        tool = self._store.place.tool(self._record.id) if self._store.place else None
        if tool is None or tool['name'] != 'cpstop' or was_replaced(tool['process']):
            return
        pid = tool['process']['pid']
        until = seconds_since_boot_of(tool['process']) + self._record.stop_timeout
        while members(pid) and seconds_up() < until:
            self._sleep(_TICK)
        if members(pid):
            self._say('cpstop (process %d) is later than its limit and is ended' % pid)
            left = end_members(pid, STOP_GRACE_SECONDS, STOP_KILL_SECONDS)
            if left:
                self._record.attempts = (self._record.attempts or []) + [{'at': now_text(), 'failed': 'parts of cpstop live on: %s' % left}]

    def _is_waited_for(self, pid, name):
        limit = {'cpstop': self._record.stop_timeout, 'cpstart': self._record.start_timeout}.get(name)
        return limit is None or seconds_of_life(pid) < limit

    def _stays(self):
        """Return whether the services still run after a moment: what another process had begun to stop may have run to the last."""
        self._sleep(CONFIRM_SECONDS)
        self._wait_for_tools()
        return look(self._environment, self._record.ports or (), LOOK_SECONDS, self._record.processes or ()).state == 'started'

    def _note_failure(self, number, error):
        self._record.attempts = (self._record.attempts or [])[-20:] + [{'at': now_text(), 'number': number, 'failed': str(error)}]
        self._record.message = '%s. The services do not run yet; the next try is in %d s: %s' % (self._record.reason, pause_after(number), error)
        self._record.next_step = 'remove the cause; this goes on until the services run. To end it: kill %d, then do the rest by hand' % os.getpid()
        self._note()

    def _finish(self, attempt):
        record = self._record
        problems = list(attempt.problems)
        if record.left:
            problems.append('Left as it is, because neither the guard nor its run wrote it: %s.' % ', '.join(record.left))
        done = '%s; %s' % (
            'put back: %s' % ', '.join(record.restored) if record.restored else 'the files were as before' if not problems else 'no file was put back',
            'the services were started' if record.restarted else 'the services were running',
        )
        if record.kept:
            done += '; copies of what another party had put there: %s' % ', '.join(item['copy'] for item in record.kept)
        record.update(
            state='failed' if problems else 'rolled_back',
            acting=None,
            finished_at=now_text(),
            seconds=round(seconds_up() - self._began, 1),
            warnings=list(attempt.services.warnings) if attempt.services else [],
            message='%s. %s. %s' % (record.reason, done[0].upper() + done[1:], ' '.join(problems)),
            next_step=BY_HAND if problems else 'find out why the change was not finished, then run it again',
        )
        record.message = record.message.strip()
        self._note()

    def _end_by_signal(self):
        record = self._record
        if not self._has_ended():
            record.update(
                state='disarmed', acting=None, finished_at=now_text(),
                message='The guard was ended by a signal (process %d). Nothing more is put back or started.' % os.getpid(),
                next_step='look at the files and the services of this server',
            )
            self._note()

    def _cancelled(self):
        if asked_to_end():
            raise Ended()

    def _sleep(self, seconds):
        until = seconds_up() + seconds
        while seconds_up() < until:
            self._cancelled()
            if self._has_ended():
                return
            time.sleep(max(0.0, min(_TICK, until - seconds_up())))

    def _note(self):
        """Save the record where that is possible, and tell syslog."""
        self._record.unsaved = None
        try:
            self._store.save(self._record)
        except Exception as error:
            # What cannot be written down does not keep the server down.
            self._record.unsaved = str(error)
        self._tell(self._record)
        self._say('%s %s' % (self._record.state, self._record.message or self._record.reason))

    def _say(self, text):
        say(self._record.id, text)


def say(identifier, text):
    """Tell syslog, with the number of this process."""
    def tell():
        syslog.openlog('change_guard', syslog.LOG_PID, syslog.LOG_DAEMON)
        syslog.syslog(syslog.LOG_NOTICE, ('%s: %s' % (identifier, text)).replace('\0', ' '))

    try:
        # A syslog daemon that hangs keeps whoever talks to it; it does not keep the server down.
        teller = threading.Thread(target=tell)
        teller.daemon = True
        teller.start()
        teller.join(_SYSLOG_SECONDS)
    except Exception:
        # No process left for a thread: then nobody is told.
        pass
