# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""Put back what a change replaced: all files or none, and only what the web server accepts."""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import os
from collections import namedtuple
from functools import partial

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.edit.change import ChangeTransaction, Wording
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError, UNCHANGED
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.atomic_write import link_warning, write_file
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.backups import backup_file, make_again, read_backup
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.change_journal import record_path
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.file_state import read_file
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.records import read_record
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.transaction import Step

WORDING = Wording(
    'the configuration test fails with what was put back', 'every file is as it was before', 'repair the configuration by hand, or choose other backups')

# backup: Backup. data: its bytes. state: FileState of the file as it is now, None when it is gone.
Item = namedtuple('Item', ['backup', 'data', 'state'])


def plan_restore(files, state_dir):
    """Return what is to be put back.

    :param files: list of dictionaries with ``path`` and ``backup``; empty or None: the last change that was recorded
    :returns: list of Item, only of files that are not yet as in their backup
    :raises AdministratorError: when a backup is missing, damaged or of another file, when there is no record, or when another process has
        changed a file since the recorded change
    """
    recorded = not files
    wanted = _last_change(state_dir) if recorded else files
    items = [_item(entry, recorded) for entry in wanted]
    return [item for item in items if item.state is None or item.state.data != item.data]


def _last_change(state_dir):
    path = record_path(state_dir)
    record = read_record(path)
    if record is None:
        raise AdministratorError(
            'no change of this server is recorded', path=path, expected='the record that ssl_protocol writes', state=UNCHANGED,
            next_step='name the files and their backups; the backups are in %s' % os.path.join(state_dir, 'backups'),
        )
    files = record.get('files')
    if not isinstance(files, list) or not all(isinstance(entry, dict) and entry.get('path') and entry.get('sha256_after') for entry in files):
        raise AdministratorError('the record of the last change is damaged', path=path, state=UNCHANGED, next_step='name the files and their backups')
    for entry in files:
        if not entry.get('backup'):
            raise AdministratorError(
                'the last change was made without a backup', path=entry['path'], found='changed at %s' % record.get('at'), state=UNCHANGED,
                next_step='run ssl_protocol with the earlier protocols instead',
            )
    return files


def _item(entry, recorded):
    backup, data = read_backup(entry['backup'])
    state = read_file(entry['path']) if os.path.lexists(entry['path']) else None
    present = state.path if state else os.path.realpath(entry['path'])
    if present != backup.path:
        raise AdministratorError('the backup belongs to another file', path=entry['backup'], expected=present, found=backup.path, state=UNCHANGED)
    if recorded and state and state.sha256 not in (entry['sha256_after'], backup.sha256):
        raise AdministratorError(
            'the file was changed by another process after the recorded change, and that would be lost', path=present,
            expected='SHA-256 %s' % entry['sha256_after'], found=state.sha256, state=UNCHANGED,
            next_step='to put the backup back all the same, name it in files: %s' % backup.backup,
        )
    return Item(backup, data, state)


def restore(items, httpd, state_dir):
    """Put the backups back and let httpd test them; when it objects, everything is as before.

    :param items: from ``plan_restore``
    :param httpd: Httpd; where it has no program, nothing is tested
    :returns: list of dictionaries with ``path``, ``backup`` (what was put back) and ``backup_file`` (what was there, None for nothing)
    """
    backup_dir = os.path.join(state_dir, 'backups')
    kept = ChangeTransaction(httpd, state_dir, WORDING, False).run(
        [_step(item) for item in items],
        lambda: [backup_file(item.state, backup_dir) if item.state else None for item in items])
    return [
        {'path': item.backup.path, 'backup': item.backup.backup, 'backup_file': before}
        for item, before in zip(items, kept)
    ]


def _step(item):
    write = partial(write_file, item.state, item.data) if item.state else partial(make_again, item.backup, item.data)
    return Step(item.backup.path, item.state, item.data, write)


def warnings_of(items):
    """Return warnings about the files that are replaced."""
    return [warning for warning in (link_warning(item.state) for item in items if item.state) if warning]


def differences(items):
    """Return the differences for Ansible's diff mode."""
    return [
        {
            'before_header': item.backup.path,
            'after_header': '%s (%s)' % (item.backup.path, os.path.basename(item.backup.backup)),
            'before': item.state.data.decode('utf-8', 'replace') if item.state else '',
            'after': item.data.decode('utf-8', 'replace'),
        }
        for item in items
    ]
