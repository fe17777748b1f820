# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""Trigger a guard: undo its change now."""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import json
import os
import signal
import time

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._checkpoint.environment import read_environment
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError, UNCHANGED
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.locks import Busy
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.records import native_values
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard import daemon
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.disarm import open_store
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.files import keep
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.record import FINISHED, NO_GUARD, GuardRecord
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.recovery import FOREGROUND_ATTEMPTS, Recovery, patience
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.state import refuse_other
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._time import seconds_up

_TICK = 0.5


def check_trigger(record, request):
    """Return whether triggering has anything to act on.

    :param record: GuardRecord, effective
    :raises AdministratorError: when there is no guard, or its change was confirmed
    """
    if record.state == 'none':
        raise AdministratorError(
            'there is no guard on this server', expected='one that was armed', state=UNCHANGED,
            next_step='to go back to a backup, use config_restore',
        )
    refuse_other(record, request.id)
    if record.state == 'disarmed' and not request.id:
        raise AdministratorError(
            'the change was confirmed already', found='disarmed at %s' % record.finished_at, state=UNCHANGED,
            next_step='give the id of this guard to undo its change all the same, or use config_restore',
        )
    return record.state != 'rolled_back'


def trigger(request):
    """Put everything back now, in a process that goes on when this one is ended, and wait for it.

    That process goes on trying after this one has given up waiting.

    :param request: GuardRequest
    :returns: (changed, GuardRecord as it is afterwards)
    :raises AdministratorError: when it has not succeeded yet; the message says how the server is
    """
    store, record = open_store(request)
    check_trigger(record.effective(), request)
    # A guard that is at it already is waited for, and so is a step of the change whose controller has given up waiting for it.
    lock = store.locked(patience(record))
    try:
        lock.__enter__()
    except Busy:
        raise
    except AdministratorError:
        # No lock can be had. The guard process does without.
        worker, descriptor = _hand_over(record), None
    else:
        try:
            record = store.load_any(request.id) or NO_GUARD
            if not check_trigger(record.effective(), request):
                return False, record.effective()
            worker, descriptor = _start(store, record, request, request.reason or 'Triggered by hand')
        finally:
            lock.__exit__(None, None, None)
    try:
        record = _follow(store, record, descriptor)
    finally:
        if descriptor is not None:
            os.close(descriptor)
    if record.state == 'rolled_back':
        daemon.end(record.process)
        return True, record.effective()
    raise _failure(store, record, worker)


def _start(store, record, request, reason):
    """Start the process that does it, or ask the guard process, which has everything in memory; returns (identity, descriptor or None)."""
    try:
        environment, kept = read_environment(request.profile or record.profile), keep(record.restore)
    except AdministratorError:
        return _hand_over(record), None
    earlier = record.acting
    if record.state in FINISHED:
        # A new rollback may need a stop of its own.
        record.update(stop=None, round=(record.round or 0) + 1)
    # From here on a guard process that waits for its deadline is the second one who would finish this.
    record.update(state='triggered', acting=daemon.identify(os.getpid()), reason=reason, attempts=[])
    try:
        store.save(record)
    except AdministratorError:
        # The server matters more than its record.
        pass
    # One that pauses between two tries would go on beside the new one.
    if earlier and earlier.get('pid') != record.pid:
        daemon.end(earlier, politely=False)

    def work(tell):
        Recovery(store, record, environment, kept, tell=lambda now: daemon.tell_line(tell, json.dumps(now.to_json()).encode('utf-8'))).run(reason)

    return daemon.detach(work)


def _hand_over(record):
    """Ask the guard process to act now, in place of an error that is being handled; returns its identity."""
    if record.state != 'armed' or not daemon.lives(record.process):
        raise  # pylint: disable=misplaced-bare-raise  # called where an error is handled
    os.kill(record.pid, signal.SIGUSR1)
    return record.process


def _follow(store, record, descriptor):
    """Wait until the rollback has ended, or has failed a few times; returns the GuardRecord as it is then."""
    until, identifier = seconds_up() + patience(record, FOREGROUND_ATTEMPTS), record.id
    while seconds_up() < until and not _is_decided(record):
        if descriptor is None:
            time.sleep(_TICK)
            known = [found for found in store.records() if found.id == identifier]
            record = known[0] if known else record
            if not daemon.lives(record.process):
                break
            continue
        line = daemon.read_line(descriptor, until - seconds_up())
        if line is None:
            break
        record = GuardRecord(**native_values(json.loads(line.decode('utf-8'))))
    return record


def _is_decided(record):
    tries = [attempt for attempt in record.attempts or [] if attempt.get('number')]
    return record.state in FINISHED or (record.state == 'triggered' and len(tries) >= FOREGROUND_ATTEMPTS)


def _failure(store, record, worker):
    goes_on = record.is_open and daemon.lives(worker)
    return AdministratorError(
        'the server could not be put back' + (' yet; process %d goes on trying' % worker['pid'] if goes_on else ''),
        found='%s: %s' % (record.state, record.message), state='look at the server itself: %s tells what was done' % store.path,
        next_step=record.next_step or 'run state=triggered again',
    )
