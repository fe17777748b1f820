# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""Trigger a guard: undo its change now."""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import os

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._checkpoint.environment import read_environment
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError, UNCHANGED
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard import daemon
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.rollback import (
    FOREGROUND_ATTEMPTS,
    act,
    patience,
)
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.state import Store, judge, refuse_other


def check_trigger(told, settings):
    """Whether triggering has anything to act on.

    :raises AdministratorError: when there is no guard, or its change was confirmed
    """
    if told['state'] == 'none':
        raise AdministratorError(
            'there is no guard on this server', expected='one that was armed', state=UNCHANGED,
            next_step='to go back to a backup, use config_restore',
        )
    refuse_other(told, settings['id'])
    if told['state'] == 'disarmed' and not settings['id']:
        raise AdministratorError(
            'the change was confirmed already', found='disarmed at %s' % told.get('finished_at'), state=UNCHANGED,
            next_step='give the id of this guard to undo its change all the same, or use config_restore',
        )
    return told['state'] != 'rolled_back'


def trigger(settings):
    """Put everything back now, in a process that goes on when this one is ended, and wait for it.

    :param settings: dictionary with id, reason, profile and state_dir
    :returns: (changed, what ``read_guard`` says afterwards)
    :raises AdministratorError: when it did not succeed; the message says how the server is
    """
    store = Store(settings['state_dir'])
    told = judge(store.load())
    check_trigger(told, settings)
    # A guard that is at it already is waited for, and so is a step of the change whose controller has given up waiting for it.
    with store.locked(patience(told, FOREGROUND_ATTEMPTS)):
        record = store.load()
        if not check_trigger(judge(record), settings):
            return False, judge(record)
        environment = read_environment(settings['profile'] or record['profile'])
        record['reason'] = settings['reason'] or 'Triggered by hand'
        # From here on a guard process that waits for its deadline is the second one who would finish this.
        record.update(state='triggered', acting=daemon.identify(os.getpid()))
        store.save(record)
        worker, descriptor = daemon.detach(lambda: act(store, record, environment, record['reason'], attempts=FOREGROUND_ATTEMPTS))
    seconds = patience(record, FOREGROUND_ATTEMPTS)
    ended = daemon.wait_readable(descriptor, seconds)
    os.close(descriptor)
    told = judge(store.load())
    if told['state'] == 'rolled_back':
        daemon.end(told['process'])
        return True, told
    raise AdministratorError(
        'the server could not be put back' if ended else 'putting the server back takes longer than %d s (process %d)' % (seconds, worker['pid']),
        found='%s: %s' % (told['state'], told.get('message')), state='look at the server itself: %s tells what was done' % store.path,
        next_step=told.get('next_step') or 'run state=triggered again',
    )
