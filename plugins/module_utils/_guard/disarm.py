# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""Disarm a guard: confirm the change that it watches over."""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import os

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._checkpoint.environment import read_environment
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._checkpoint.services import look
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.backups import prune_backups
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard import daemon
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.attempt import LOOK_SECONDS
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.files import differs, keep
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.place import place_of
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.record import NO_GUARD
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.recovery import patience
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.state import Store, refuse_other
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._time import now_text


def open_store(request):
    """Return the Store of a request, and the GuardRecord that it is about; NO_GUARD where there is none.

    The place of the server is found by the record, or else by the profile, which is not needed otherwise.
    """
    store = Store(request.state_dir)
    try:
        record = store.load_any(request.id)
    except AdministratorError:
        store.place = place_of(read_environment(request.profile))
        record = store.load_any(request.id)
    if record is None and request.profile:
        try:
            store.place = place_of(read_environment(request.profile))
            record = store.load_any(request.id)
        except AdministratorError:
            # What cannot be found out about another state directory is no reason to refuse.
            pass
    return store, record or NO_GUARD


def disarm(request):
    """Confirm the change: the guard process ends and nothing is put back.

    :param request: GuardRequest; id may be None for whichever guard there is
    :returns: (changed, GuardRecord as it is afterwards)
    :raises AdministratorError: when the guard has acted already, or is stale on a server that is not as it was
    """
    store, record = open_store(request)
    if record.state == 'none':
        return False, record
    # A step of the change whose controller has given up waiting for it is waited for.
    with store.locked(patience(record)):
        record = store.load_any(request.id) or NO_GUARD
        changed = check_disarm(record.effective(), request)
        if changed:
            acting = record.acting
            record.update(state='disarmed', acting=None, finished_at=now_text(), message='The change was confirmed.', next_step=None)
            store.save(record)
    if changed:
        daemon.end(record.process)
        daemon.end(acting)
        _prune(record, request.state_dir)
    return changed, record.effective()


def _prune(record, state_dir):
    try:
        for item in record.restore:
            prune_backups(item['path'], os.path.join(state_dir, 'backups'))
    except (AdministratorError, OSError, IOError):
        # The change is confirmed; surplus copies can wait for the next one.
        pass


def check_disarm(record, request):
    """Return whether disarming changes something.

    :param record: GuardRecord, effective
    :raises AdministratorError: when it is refused
    """
    if record.state == 'none':
        return False
    refuse_other(record, request.id)
    if record.state == 'disarmed':
        return False
    if record.state == 'armed':
        return True
    if record.state != 'stale' and not request.acknowledge:
        raise AdministratorError(
            'the guard has acted already', found='%s at %s: %s' % (record.state, record.finished_at or record.begun_at, record.message),
            state='the change is not confirmed', next_step=record.next_step,
        )
    _refuse_unknown(record, request)
    return True


def _refuse_unknown(record, request):
    """A guard that did not end well is put away only when the services run and, unless it is acknowledged, the files are the old ones."""
    services = look(read_environment(request.profile or record.profile), record.ports or (), LOOK_SECONDS, record.processes or ())
    other = [] if request.acknowledge else [kept.backup.path for kept in keep(record.restore) if differs(kept)]
    if services.state == 'started' and not other:
        return
    raise AdministratorError(
        'the server is not in a known state',
        expected='running services, and the files as they were before the change',
        found='services %s; other than before: %s' % (services.state, ', '.join(other) or 'no file'),
        state='the guard is left as it is (%s)' % record.state,
        next_step='put everything back with state=triggered; or, when the files are right as they are, start the services and give acknowledge=true',
    )
