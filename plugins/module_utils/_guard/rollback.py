# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""Putting a server back: the old files, then running services. Can be broken off at any point and done again."""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import os
import syslog
import time

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._checkpoint.services import (
    read_services,
    start_services,
    stop_services,
)
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._checkpoint.watchdog import EXECUTING
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.backups import read_backup, restore_file
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.file_state import read_file
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.temporary import remove_leftovers
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.daemon import identify
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._text import name_bytes
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._time import now_text, seconds_up

# How often the services are started before giving up, and the first pause between two tries in seconds; it doubles each time.
ATTEMPTS = 5
FOREGROUND_ATTEMPTS = 3
PAUSE = 5.0
LOOK_SECONDS = 60.0
_LOOK_PAUSE = 0.5
# What a rollback may take beyond its stops and starts, in seconds.
_SLACK = 120.0

BY_HAND = 'log in to this server, compare the files named in restore with their backups, run cpstart, then state=disarmed with acknowledge=true'


def keep_backups(restore):
    """The backups of ``restore`` with their bytes, read and checked: list of (Backup, bytes).

    :raises AdministratorError: when one is missing or damaged
    """
    return [read_backup(item['backup']) for item in restore]


def differs(backup, data):
    """Whether the file of a backup holds other bytes now, or is gone."""
    return not os.path.lexists(name_bytes(backup.path)) or read_file(backup.path).data != data


def patience(record, attempts):
    """The most that a rollback takes, in seconds."""
    return (record['stop_timeout'] + record['start_timeout'] + _SLACK) * attempts


def act(store, record, environment, reason, kept=None, attempts=ATTEMPTS):
    """Roll back unless somebody else ended this guard before; whoever has the lock decides, the others find it done.

    :param record: the guard's record as it was armed; the one in the store counts where it can be read
    """
    with store.locked(patience(record, ATTEMPTS)):
        if not store.still_open(record):
            return
        current = dict(store.load_if_readable() or record, reason=reason)
        try:
            roll_back(current, store.save, environment, kept, attempts)
        except Exception as error:
            # Nobody reads what this process says, so the record must.
            current.update(state='failed', acting=None, finished_at=now_text(), message='%s. The guard itself failed: %r' % (reason, error), next_step=BY_HAND)
            _note(current, store.save)


def roll_back(record, save, environment, kept=None, attempts=ATTEMPTS):
    """Put the files back and have the services started; the caller holds the lock.

    Nothing stops it before the services were tried: a file that cannot be put back does not leave a server stopped, and neither does a disk that
    cannot take the record.

    :param record: the guard's record; brought up to date and saved step by step, at the end ``rolled_back`` or ``failed``
    :param save: function that saves it
    :param environment: Environment
    :param kept: what ``keep_backups`` returned at the time of arming, for the case that a backup is gone now
    """
    began = seconds_up()
    record.update(state='triggered', acting=identify(os.getpid()), restored=[], restarted=False, attempts=[], begun_at=now_text())
    record['message'] = '%s. The files are being put back and the services started.' % record['reason']
    _note(record, save)
    problems = []
    for item, memory in zip(record['restore'], kept or [None] * len(record['restore'])):
        try:
            _put_back(item, memory, record, save)
        except Exception as error:
            # Whatever it is, the services have to be started.
            problems.append('%s: %s' % (item['path'], error))
    try:
        _bring_up(record, save, environment, attempts)
    except Exception as error:
        problems.append(str(error))
    _finish(record, save, problems, seconds_up() - began)


def _put_back(item, memory, record, save):
    try:
        backup, data = read_backup(item['backup'])
    except AdministratorError:
        if memory is None:
            raise
        backup, data = memory
    # What a killed writer left may be read by the web server as if it was configuration.
    remove_leftovers(os.path.dirname(name_bytes(backup.path)))
    if not differs(backup, data):
        return
    # Noted before it is done: when this is broken off after the file, the next one knows that running services have other settings.
    record['restart_needed'] = True
    _note(record, save)
    restore_file(backup, data)
    record['restored'].append(item['path'])
    _note(record, save)


def _bring_up(record, save, environment, attempts):
    for attempt in range(1, attempts + 1):
        try:
            _start(record, environment)
            return
        except Exception as error:
            # Not what we expect alone: a server that has no process left for us may have one after the pause.
            record['attempts'].append({'at': now_text(), 'number': attempt, 'of': attempts, 'failed': str(error)})
            _note(record, save)
            if attempt == attempts:
                raise
            time.sleep(PAUSE * 2 ** (attempt - 1))


def _start(record, environment):
    """One try to have the services run."""
    state = _state(record, environment)
    if state == 'started' and not record.get('restart_needed'):
        return
    record['restarted'] = True
    # What is incomplete serves already, as far as one can tell: started again, it is completed without an outage.
    if state != 'stopped' and (state != 'incomplete' or record.get('restart_needed')):
        try:
            stop_services(environment, record['stop_timeout'], record['ports'])
        except Exception as error:
            # Half stopped is no reason to leave it so.
            record['attempts'].append({'at': now_text(), 'failed': str(error)})
    until = seconds_up() + record['start_timeout']
    found = start_services(environment, record['start_timeout'], record['ports'])
    while absent(record, found.processes):
        if seconds_up() >= until:
            raise AdministratorError(
                'not everything that ran before was started again', path='cpstart', expected=', '.join(record.get('processes') or []),
                found='without %s; %s' % (', '.join(absent(record, found.processes)), found.text()),
            )
        time.sleep(_LOOK_PAUSE)
        found = read_services(environment, record['ports'], LOOK_SECONDS)
    record['restart_needed'] = False


def _state(record, environment):
    try:
        found = read_services(environment, record['ports'], LOOK_SECONDS)
    except Exception as error:
        record['attempts'].append({'at': now_text(), 'failed': str(error)})
        return 'unknown'
    return 'incomplete' if found.state == 'started' and absent(record, found.processes) else found.state


def executing(processes):
    """The names of the processes that execute."""
    return sorted(set(process['name'] for process in processes if process['status'] == EXECUTING))


def absent(record, processes):
    """What executed when the guard was armed and is not even listed now.

    A start that breaks off early lists only what it got to, and all of that executes. One that is listed and has ended may have done so by itself:
    whether it must execute is for ``read_services`` to say.
    """
    return sorted(set(record.get('processes') or []) - set(process['name'] for process in processes))


def _finish(record, save, problems, seconds):
    done = '%s; %s' % (
        'put back: %s' % ', '.join(record['restored']) if record['restored'] else 'the files were as before',
        'the services were started' if record['restarted'] else 'the services were running',
    )
    record.update(
        state='failed' if problems else 'rolled_back',
        acting=None,
        finished_at=now_text(),
        seconds=round(seconds, 1),
        message='%s. %s' % (record['reason'], ' '.join(problems) if problems else done[0].upper() + done[1:] + '.'),
        next_step=BY_HAND if problems else 'find out why the change was not finished, then run it again',
    )
    _note(record, save)


def _note(record, save):
    try:
        save(record)
    except AdministratorError as error:
        # A disk that is full now does not keep the server down.
        record['unsaved'] = str(error)
    syslog.syslog('change_guard %s: %s %s' % (record['id'], record['state'], record.get('message') or record['reason']))
