# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""Keep copies of files as they were, each with a record of where it belongs.

A backup ``ssl.conf.20260728T101500Z.3f2a9c01d4e5`` has a record ``ssl.conf.20260728T101500Z.3f2a9c01d4e5.json`` beside it. The record is written
first, so a backup without one never exists; a record without its backup is what a killed run leaves, and the next one removes it.
"""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import binascii
import os
import re
import time
from collections import namedtuple

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError, UNCHANGED
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.atomic_write import create_file, put, write_file
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.file_state import read_file
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.locks import locked
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.os_errors import problem
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.records import private_directory, read_record, write_record
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.temporary import remove_leftovers
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._text import absolute, name_bytes, native

# backup: path of the copy. path: the file it is a copy of. number: counts up for each path, newer is higher; the clock may jump.
# attributes: those of the original, see xattrs.py; empty where the record has none.
Backup = namedtuple('Backup', ['backup', 'path', 'number', 'at', 'sha256', 'mode', 'uid', 'gid', 'attributes'])

KEPT = 20
_RECORD = '.json'
_LONGEST_NAME = 180
_LOCK_SECONDS = 30.0
# The backups that this process was asked for.
_ASKED_FOR = set()
_LOST = re.compile(br'.*\.[0-9]{8}T[0-9]{6}Z\.[0-9a-f]{12}(\.[0-9]+)?\.json$', re.DOTALL)


def backup_file(state, backup_dir, prune=True):
    """Keep a copy of a file; the newest one is used again when nothing has changed since.

    :param state: FileState
    :param backup_dir: made when missing, private
    :param prune: False to remove no surplus copy now; a change that is only being prepared may need the oldest one
    :returns: path of the copy
    """
    directory = private_directory(backup_dir)
    with locked(directory, _LOCK_SECONDS):
        remove_leftovers(name_bytes(directory))
        known = list_backups(state.path, directory)
        if known and _same(known[0], state):
            return known[0].backup
        _remove_lost_records(directory)
        made = _make(state, directory, known[0].number + 1 if known else 1)
        if prune:
            _prune(state.path, directory)
    return made


def prune_backups(path, backup_dir):
    """Remove surplus copies of one file: the oldest beyond KEPT, but never one that a guard, a record, or this process was told to use.

    :param path: resolved path of the original
    """
    directory = native(absolute(backup_dir))
    if os.path.isdir(name_bytes(directory)):
        with locked(directory, _LOCK_SECONDS):
            _prune(path, directory)


def _prune(path, directory):
    named = _named(directory)
    for old in list_backups(path, directory)[KEPT:] if named is not None else []:
        if old.backup not in named:
            _remove(old.backup)
            _remove(old.backup + _RECORD)


def _named(directory):
    """Return the paths of the backups that must stay; None where all of them must: a change is open, or nobody can tell."""
    state_dir = os.path.dirname(directory)
    try:
        guard = read_record(os.path.join(state_dir, 'guard', 'state.json')) or {}
        change = read_record(os.path.join(state_dir, 'records', 'last_change.json')) or {}
        if guard.get('state') in ('armed', 'triggered'):
            return None
        entries = (guard.get('restore') or []) + (change.get('files') or [])
        return _ASKED_FOR | set(entry['backup'] for entry in entries if entry.get('backup'))
    except (AdministratorError, AttributeError, KeyError, TypeError):
        return None


def _remove_lost_records(directory):
    names = set(os.listdir(name_bytes(directory)))
    for name in names:
        if _LOST.match(name) and name[:-len(_RECORD)] not in names:
            _remove(os.path.join(directory, native(name)))


def _same(backup, state):
    if (backup.sha256, backup.mode, backup.uid, backup.gid, backup.attributes) != (
            state.sha256, state.mode, state.uid, state.gid, state.attributes):
        return False
    try:
        return read_file(backup.backup).sha256 == backup.sha256
    except AdministratorError:
        return False


def _make(state, directory, number):
    at = time.strftime('%Y%m%dT%H%M%SZ', time.gmtime())
    name = native(name_bytes(os.path.basename(state.path))[:_LONGEST_NAME])
    for suffix in [''] + ['.%d' % count for count in range(2, 1000)]:
        backup = os.path.join(directory, '%s.%s.%s%s' % (name, at, state.sha256[:12], suffix))
        if not os.path.lexists(name_bytes(backup)) and not os.path.lexists(name_bytes(backup + _RECORD)):
            break
    write_record(backup + _RECORD, {
        'path': state.path, 'number': number, 'at': at, 'sha256': state.sha256, 'mode': '%04o' % state.mode, 'uid': state.uid, 'gid': state.gid,
        'attributes': dict((name, None if value is None else native(binascii.hexlify(value))) for name, value in state.attributes.items()),
    })
    create_file(backup, state.data, 0o600)
    try:
        if (state.uid, state.gid) != (os.geteuid(), os.getegid()):
            os.chown(name_bytes(backup), state.uid, state.gid)
    except (OSError, IOError):
        pass  # only root can give a file away; the record has the owner
    try:
        os.chmod(name_bytes(backup), state.mode)
    except (OSError, IOError) as error:
        raise problem(error, backup, 'the backup could not get its mode')
    return backup


def list_backups(path, backup_dir):
    """List the backups of one file, newest first; nothing is written.

    :param path: resolved path of the original
    :returns: list of Backup
    """
    directory = absolute(backup_dir)
    if not os.path.isdir(directory):
        return []
    found = []
    for name in os.listdir(directory):
        if name.endswith(name_bytes(_RECORD)):
            backup = _load(os.path.join(directory, name[:-len(_RECORD)]))
            if backup is not None and backup.path == native(path):
                found.append(backup)
    return sorted(found, key=lambda backup: backup.number, reverse=True)


def _load(name):
    record = read_record(name + name_bytes(_RECORD))
    if record is None or not os.path.isfile(name):
        return None
    try:
        attributes = dict(
            (key, None if value is None else binascii.unhexlify(name_bytes(value))) for key, value in record.get('attributes', {}).items())
        return Backup(
            native(name), record['path'], record['number'], record['at'], record['sha256'], int(record['mode'], 8), record['uid'], record['gid'],
            attributes,
        )
    except (AttributeError, KeyError, TypeError, ValueError):
        return None


def read_backup(path):
    """Read a backup and its bytes, after checking that these are the ones that were kept.

    :returns: (Backup, bytes)
    :raises AdministratorError: when it is missing, damaged or none of this collection's
    """
    name = absolute(path)
    _ASKED_FOR.add(native(name))
    backup = _load(name) if os.path.lexists(name + name_bytes(_RECORD)) else None
    if backup is None:
        raise AdministratorError(
            'this is no backup of this collection', path=native(name), expected='a backup and its record %s%s' % (native(name), _RECORD),
            state=UNCHANGED,
        )
    kept = read_file(name)
    if kept.sha256 != backup.sha256:
        raise AdministratorError(
            'the backup is damaged', path=native(name), expected='SHA-256 %s' % backup.sha256, found=kept.sha256, state=UNCHANGED,
            next_step='choose another backup',
        )
    return backup, kept.data


def restore_file(backup, data):
    """Put the bytes of a backup where they belong; a file that is gone is made again with its old owner, mode, SELinux context and access list.

    :param backup: Backup
    :param data: its bytes
    :returns: True when something was changed
    """
    target = name_bytes(backup.path)
    if not os.path.lexists(target):
        make_again(backup, data)
        return True
    state = read_file(backup.path)
    if state.data == data:
        return False
    write_file(state, data)
    return True


def make_again(backup, data):
    """Make a file that is gone, with owner, mode, SELinux context and access list as its backup knows them.

    :returns: FileState
    :raises AdministratorError: also when there is something at its path
    """
    target = name_bytes(backup.path)
    try:
        return put(target, data, backup.mode, backup.uid, backup.gid, backup.attributes, replace=False)
    except AdministratorError:
        if os.path.lexists(target) or not backup.attributes:
            raise
        # A context of a policy that was replaced cannot be set any more. The file matters more.
        return put(target, data, backup.mode, backup.uid, backup.gid, {}, replace=False)


def _remove(path):
    try:
        os.unlink(name_bytes(path))
    except (OSError, IOError):
        pass  # it is only a surplus copy; the next run tries again
