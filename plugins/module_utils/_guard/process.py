# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""The life of the guard process: wait for the deadline with everything in memory, then put the server back."""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import os
import time

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.daemon import asked_to_act, asked_to_end, identify, lives
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.recovery import Recovery, say
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.session import leave_session
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._time import now_text, seconds_up

_TICK = 1.0


def guard(store, record, environment, kept, go):
    """Wait until the change is confirmed or its deadline passes.

    :param go: descriptor that gives one byte when arming has succeeded, and its end when it has not
    """
    record.process = identify(os.getpid())
    if not leave_session():
        say(record.id, 'this process could not leave its session; systemd may end it when the session ends (KillUserProcesses)')
    if not _is_armed(store, record, go):
        return
    written = {}
    while not _is_due(store, record):
        time.sleep(max(0.1, min(record.due - seconds_up(), _TICK)))
        if asked_to_end():
            _disarm(store, record)
            return
        if _has_ended(store, record, written):
            return
    cause = 'The deadline passed' if record.due <= seconds_up() else 'The run asked for it'
    reason = '%s and the change was not confirmed (%s)' % (cause, record.purpose)
    Recovery(store, record, environment, kept, written).run(reason)


def _is_due(store, record):
    """Return whether this process has to act: its time has come, and no process that was triggered is at it already.

    When that one is killed, this one takes over.
    """
    if record.due > seconds_up() and not asked_to_act():
        return False
    try:
        return not any(known.id == record.id and known.is_open and known.acting and lives(known.acting) for known in store.records())
    except Exception as error:
        say(record.id, 'an unforeseen error: %r' % error)
        return True


def _has_ended(store, record, written):
    """Return whether the guard was ended by its owner; learn what the run is about to write on the way."""
    try:
        if store.has_ended(record):
            return True
        _learn(written, store.place.announced(record.id))
    except Exception as error:
        # Whatever is the matter with the state, it confirms nothing.
        say(record.id, 'an unforeseen error: %r' % error)
    return False


def _is_armed(store, record, go):
    """Return whether the one who started this process got as far as writing the state."""
    try:
        if os.read(go, 1):
            return True
    except OSError:
        pass
    finally:
        os.close(go)
    # Killed between the two: what it wrote down counts.
    return any(known.id == record.id for known in store.records())


def _learn(written, announced):
    """Keep in memory what the run is about to write."""
    for path, digests in announced.items():
        written[path] = sorted(set(written.get(path, []) + list(digests)))


def _disarm(store, record):
    """End because of SIGTERM, which an administrator sends to be left alone."""
    if store.has_ended(record):
        return
    record.update(
        state='disarmed', finished_at=now_text(),
        message='The guard was ended by a signal (process %d) before its deadline. Nothing was put back.' % os.getpid(),
        next_step='look at the files and the services of this server',
    )
    try:
        store.save(record)
    except Exception as error:
        say(record.id, 'the end of this guard could not be written down: %s' % error)
    say(record.id, record.message)
