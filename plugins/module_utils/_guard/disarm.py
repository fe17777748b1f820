# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""Disarm a guard: confirm the change that it watches over."""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type


from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._checkpoint.environment import read_environment
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._checkpoint.services import read_services
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard import daemon
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.rollback import (
    LOOK_SECONDS,
    differs,
    keep_backups,
    patience,
)
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.state import Store, judge, refuse_other
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._time import now_text


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
        daemon.end(record['process'])
    return changed, judge(store.load())


def check_disarm(told, settings):
    """Whether disarming changes something.

    :param told: what ``judge`` says
    :raises AdministratorError: when it is refused
    """
    if told['state'] == 'none':
        return False
    refuse_other(told, settings['id'])
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
