# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""Ending a guard: confirm the change, or undo it now."""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import os

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._checkpoint.environment import read_environment
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._checkpoint.services import read_services
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guarding import processes
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guarding.rollback import (
    FOREGROUND_ATTEMPTS,
    LOOK_SECONDS,
    act,
    differs,
    keep_backups,
    patience,
)
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guarding.store import Store, held_by, judge, now_text


def disarm(settings):
    """Confirm the change: the guard process ends and nothing is put back.

    :param settings: dictionary with id (None: whichever), acknowledge, profile and state_dir
    :returns: (changed, what ``read_guard`` says afterwards)
    :raises AdministratorError: when the guard has acted already, or is stale on a server that is not as it was
    """
    store = Store(settings['state_dir'])
    told = judge(store.load())
    if told['state'] == 'none':
        return False, told
    # A step of the change whose controller has given up waiting for it is waited for.
    with store.locked(patience(told, 1)):
        record = store.load()
        told = judge(record)
        changed = check_disarm(told, settings)
        if changed:
            record.update(state='disarmed', acting=None, finished_at=now_text(), message='The change was confirmed.', next_step=None)
            store.save(record)
    if changed:
        processes.end(record['process'])
    return changed, judge(store.load())


def check_disarm(told, settings):
    """Whether disarming changes something.

    :param told: what ``judge`` says
    :raises AdministratorError: when it is refused
    """
    if told['state'] == 'none':
        return False
    _refuse_other(told, settings['id'])
    if told['state'] == 'disarmed':
        return False
    if told['state'] == 'armed':
        return True
    if told['state'] != 'stale' and not settings['acknowledge']:
        raise AdministratorError(
            'the guard has acted already', found='%s at %s: %s' % (told['state'], told.get('finished_at'), told.get('message')),
            state='the change is not confirmed', next_step=told.get('next_step'),
        )
    _refuse_unknown(told, settings)
    return True


def _refuse_other(told, identifier):
    if identifier and told['id'] != identifier:
        raise AdministratorError(
            'the guard is not the one that was named', expected='id %s' % identifier,
            found='id %s, held by %s, %s' % (told['id'], held_by(told), told['state']), state='this run changed nothing',
        )


def _refuse_unknown(told, settings):
    """A guard that did not end well is put away only when the services run and, unless somebody vouches for them, the files are the old ones."""
    services = read_services(read_environment(settings['profile'] or told.get('profile')), told.get('ports') or (), LOOK_SECONDS)
    other = [] if settings['acknowledge'] else [backup.path for backup, data in keep_backups(told['restore']) if differs(backup, data)]
    if services.state == 'started' and not other:
        return
    raise AdministratorError(
        'the server is not in a known state',
        expected='running services, and the files as they were before the change',
        found='services %s; other than before: %s' % (services.state, ', '.join(other) or 'no file'),
        state='the guard is left as it is (%s)' % told['state'],
        next_step='put everything back with state=triggered; or, when the files are right as they are, start the services and give acknowledge=true',
    )


# -- triggered


def check_trigger(told, settings):
    """Whether triggering has anything to act on.

    :raises AdministratorError: when there is no guard, or its change was confirmed
    """
    if told['state'] == 'none':
        raise AdministratorError(
            'there is no guard on this server', expected='one that was armed', state='nothing was changed',
            next_step='to go back to a backup, use config_restore',
        )
    _refuse_other(told, settings['id'])
    if told['state'] == 'disarmed' and not settings['id']:
        raise AdministratorError(
            'the change was confirmed already', found='disarmed at %s' % told.get('finished_at'), state='nothing was changed',
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
        record.update(state='triggered', acting=processes.identify(os.getpid()))
        store.save(record)
        worker, descriptor = processes.detach(lambda: act(store, record, environment, record['reason'], attempts=FOREGROUND_ATTEMPTS))
    seconds = patience(record, FOREGROUND_ATTEMPTS)
    ended = processes.wait_readable(descriptor, seconds)
    os.close(descriptor)
    told = judge(store.load())
    if told['state'] == 'rolled_back':
        processes.end(told['process'])
        return True, told
    raise AdministratorError(
        'the server could not be put back' if ended else 'putting the server back takes longer than %d s (process %d)' % (seconds, worker['pid']),
        found='%s: %s' % (told['state'], told.get('message')), state='look at the server itself: %s tells what was done' % store.path,
        next_step=told.get('next_step') or 'run state=triggered again',
    )
