# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""Arm the guard: check everything, keep the files, leave a process behind that waits for the deadline."""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import binascii
import os
import socket
import time

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._checkpoint.environment import read_environment
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._checkpoint.services import read_services
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._checkpoint.watchdog import executing
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError, UNCHANGED
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.backups import backup_file, list_backups, read_backup
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.file_state import read_file
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.records import private_directory
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard import daemon
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.attempt import LOOK_SECONDS
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.earlier_release import refuse_earlier
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.files import keep
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.place import default_state_directory, place_of
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.process import guard
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.record import NO_GUARD, GuardRecord
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.state import Store
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._time import format_utc, seconds_up

_TOOLS = ('cpstop', 'cpstart', 'cpwd_admin')


class _Plan(object):
    """What arming needs: Environment, Store, restore list, SHA-256 of the present contents by path, and names of what executes."""

    def __init__(self, request, write):
        self.environment = read_environment(request.profile)
        for tool in _TOOLS:
            self.environment.program(tool)
        self.store = Store(request.state_dir, place_of(self.environment))
        self.running = sorted(set(executing(read_services(self.environment, request.ports, LOOK_SECONDS).processes)))
        self.armed_for = {}
        files = [self._plan_file(item, request.state_dir, write) for item in request.restore]
        self.restore = [item for number, item in enumerate(files) if item not in files[:number]]

    def _plan_file(self, item, state_dir, write):
        state = read_file(item['path'])
        self.armed_for[state.path] = state.sha256
        wanted = item.get('sha256')
        if wanted and wanted.lower() != state.sha256:
            raise AdministratorError(
                'the file is not the one that the change was planned for', path=state.path, expected='SHA-256 %s' % wanted.lower(),
                found=state.sha256, state=UNCHANGED, next_step='look who changed it, then plan again',
            )
        backup_dir = os.path.join(state_dir, 'backups')
        if item.get('backup'):
            backup = read_backup(item['backup'])[0]
            if backup.path != state.path:
                raise AdministratorError(
                    'the backup belongs to another file', path=item['backup'], expected=state.path, found=backup.path, state=UNCHANGED
                )
            return {'path': state.path, 'backup': backup.backup, 'sha256': backup.sha256}
        if write:
            return {'path': state.path, 'backup': backup_file(state, backup_dir, prune=False), 'sha256': state.sha256}
        known = [backup.backup for backup in list_backups(state.path, backup_dir)[:1] if backup.sha256 == state.sha256]
        return {'path': state.path, 'backup': known[0] if known else None, 'sha256': state.sha256}


def predict_arm(request):
    """Check everything that arming needs, and return the GuardRecord that would come of it; nothing is written."""
    plan = _Plan(request, write=False)
    _refuse_any(plan.store, plan.environment)
    return GuardRecord(state='armed', reason=request.reason, restore=plan.restore)


def arm(request):
    """Arm the guard.

    :param request: GuardRequest
    :returns: GuardRecord
    :raises AdministratorError: when a guard of this server is open already, or something is not as it must be; then nothing but backups was made
    """
    environment = read_environment(request.profile)
    store = Store(request.state_dir, place_of(environment))
    _refuse_any(store, environment)
    private_directory(store.directory)
    with store.locked():
        _refuse_any(store, environment)
        plan = _Plan(request, write=True)
        record = _new_record(request, plan)
        _start(record, plan)
    return record.effective()


def _start(record, plan):
    """Start the guard process and write down that it is armed; only then it counts."""
    kept = keep(record.restore)
    go, tell_go = os.pipe()
    try:
        process, descriptor = daemon.detach(lambda _tell: guard(plan.store, record, plan.environment, kept, go), (go,))
        os.close(descriptor)
        record.process = process
        try:
            plan.store.save(record)
            os.write(tell_go, b'1')
        except Exception:
            daemon.end(process, politely=False)
            raise
    finally:
        os.close(go)
        os.close(tell_go)


def _refuse_any(store, environment):
    """Refuse when a guard of this server is open: here, in the place of the server, or one of release 1.0.0 elsewhere."""
    default = Store(default_state_directory(environment))
    records = [store.load(), store.place.load()] + ([default.load_if_readable()] if default.state_dir != store.state_dir else [])
    for record in records:
        refuse_open((store.latest(record) or NO_GUARD).effective(), store.state_dir)
    refuse_earlier([record.pid for record in records if record is not None])


def refuse_open(record, state_dir):
    """Raise an AdministratorError when a guard that is not finished is in the way.

    :param record: GuardRecord, effective
    :param state_dir: the state directory of this run
    """
    if record.state not in ('armed', 'triggered', 'stale'):
        return
    where = ', state directory %s' % record.state_dir if record.state_dir and record.state_dir != state_dir else ''
    if record.state == 'stale':
        raise AdministratorError(
            'an earlier change of this server was left unfinished', found='the guard of %s, deadline %s%s' % (record.held_by(), record.deadline_at, where),
            state='this run changed nothing', next_step=record.next_step,
        )
    raise AdministratorError(
        'another run is changing this server', found='held by %s, %s, deadline %s%s' % (record.held_by(), record.state, record.deadline_at, where),
        state='this run changed nothing',
        next_step='wait until it has ended; if its controller is gone, wait for its deadline, or put everything back with state=triggered',
    )


def _new_record(request, plan):
    now = time.time()
    return GuardRecord(
        state='armed',
        id=str(binascii.hexlify(os.urandom(8)).decode('ascii')),
        holder=request.holder or _holder(),
        host=socket.gethostname(),
        purpose=request.reason,
        reason=request.reason,
        armed_at=format_utc(now),
        deadline=request.deadline,
        deadline_at=format_utc(now + request.deadline),
        due=seconds_up() + request.deadline,
        restore=plan.restore,
        armed_for=plan.armed_for,
        ports=list(request.ports),
        processes=plan.running,
        stop_timeout=request.stop_timeout,
        start_timeout=request.start_timeout,
        profile=plan.environment.profile,
        state_dir=request.state_dir,
        place=plan.store.place.directory,
        restart_needed=False,
        message='A change is going on. Unless it is confirmed before the deadline, the files that the run wrote are put back and the services started.',
    )


def _holder():
    """Return who runs this, as far as the server knows."""
    client = os.environ.get('SSH_CLIENT', '').split(' ')[0]
    user = os.environ.get('SUDO_USER') or os.environ.get('LOGNAME') or os.environ.get('USER') or 'user %d' % os.getuid()
    return '%s from %s' % (user, client) if client else user
