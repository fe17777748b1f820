# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""Arming the guard: check everything, keep the files, leave a process behind that waits for the deadline."""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import binascii
import os
import socket
import time

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._checkpoint.environment import read_environment
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._checkpoint.services import read_services
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError, UNCHANGED
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.backups import backup_file, list_backups, read_backup
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.file_state import read_file
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard import daemon
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.rollback import (
    ATTEMPTS,
    LOOK_SECONDS,
    act,
    executing,
    keep_backups,
    patience,
)
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.state import FINISHED, Store, held_by, judge
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._time import format_utc, seconds_up

_TICK = 1.0
_TOOLS = ('cpstop', 'cpstart', 'cpwd_admin')


def plan_arm(settings, write=True):
    """Check everything that arming needs.

    :param settings: dictionary as of the module change_guard
    :param write: False for check mode: no backup is made
    :returns: (Environment, restore list with ``path``, ``backup`` and ``sha256``, names of the processes that must run again afterwards)
    """
    environment = read_environment(settings['profile'])
    for tool in _TOOLS:
        environment.program(tool)
    running = executing(read_services(environment, settings['ports'], LOOK_SECONDS).processes)
    files = [_plan_file(item, settings['state_dir'], write) for item in settings['restore']]
    return environment, [item for number, item in enumerate(files) if item not in files[:number]], running


def _plan_file(item, state_dir, write):
    state = read_file(item['path'])
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
        return {'path': state.path, 'backup': backup_file(state, backup_dir), 'sha256': state.sha256}
    known = [backup.backup for backup in list_backups(state.path, backup_dir)[:1] if backup.sha256 == state.sha256]
    return {'path': state.path, 'backup': known[0] if known else None, 'sha256': state.sha256}


def refuse_open(told):
    """An error when a guard that is not finished is in the way."""
    if told['state'] in FINISHED + ('none',):
        return
    if told['state'] == 'stale':
        raise AdministratorError(
            'an earlier change of this server was left unfinished', found='the guard of %s, deadline %s' % (held_by(told), told['deadline_at']),
            state='this run changed nothing', next_step=told['next_step'],
        )
    raise AdministratorError(
        'another run is changing this server', found='held by %s, %s, deadline %s' % (held_by(told), told['state'], told['deadline_at']),
        state='this run changed nothing',
        next_step='wait until it has ended; if nobody is behind it any more, wait for its deadline, or put everything back with state=triggered',
    )


def arm(settings):
    """Arm the guard.

    :param settings: dictionary with deadline, restore, reason, holder, ports, stop_timeout, start_timeout, profile and state_dir
    :returns: what ``read_guard`` says afterwards
    :raises AdministratorError: when it is armed already, or something is not as it must be; then nothing but backups was made
    """
    store = Store(settings['state_dir'])
    refuse_open(judge(store.load()))
    with store.locked():
        refuse_open(judge(store.load()))
        environment, restore, running = plan_arm(settings)
        record = _new_record(settings, environment, restore, running)
        kept = keep_backups(restore)
        process, descriptor = daemon.detach(lambda: _guard(store, record, environment, kept))
        os.close(descriptor)
        record['process'] = process
        try:
            store.save(record)
        except Exception:
            daemon.end(process)
            raise
    return judge(store.load())


def _new_record(settings, environment, restore, running):
    now = time.time()
    return {
        'format': 1,
        'state': 'armed',
        'id': str(binascii.hexlify(os.urandom(8)).decode('ascii')),
        'holder': settings['holder'] or _holder(),
        'host': socket.gethostname(),
        'purpose': settings['reason'],
        'reason': settings['reason'],
        'armed_at': format_utc(now),
        'deadline': settings['deadline'],
        'deadline_at': format_utc(now + settings['deadline']),
        'due': seconds_up() + settings['deadline'],
        'restore': restore,
        'ports': list(settings['ports']),
        'processes': running,
        'stop_timeout': settings['stop_timeout'],
        'start_timeout': settings['start_timeout'],
        'profile': environment.profile,
        'restart_needed': False,
        'acting': None,
        'message': 'A change is going on. Unless it is disarmed before the deadline, the files are put back and the services started.',
    }


def _holder():
    """Who runs this, as far as the server knows."""
    client = os.environ.get('SSH_CLIENT', '').split(' ')[0]
    user = os.environ.get('SUDO_USER') or os.environ.get('LOGNAME') or os.environ.get('USER') or 'user %d' % os.getuid()
    return '%s from %s' % (user, client) if client else user


def _guard(store, record, environment, kept):
    """The life of the guard process."""
    if not _confirmed(store, record):
        return
    while record['due'] > seconds_up():
        time.sleep(max(0.0, min(record['due'] - seconds_up(), _TICK)))
        if not store.still_open(record):
            return
    reason = 'The deadline passed and the change was not confirmed (%s)' % record['purpose']
    act(store, record, environment, reason, kept)


def _confirmed(store, record):
    """Whether the one who started this process got as far as writing the state; the lock is free when that is decided."""
    # The first step of the change may have the lock by now, and keep it for as long as a stop takes.
    with store.locked(patience(record, ATTEMPTS)):
        return store.still_open(record)
