# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""The record of the last change, which config_restore puts back, and the lock by which changes come one after another."""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import os
from contextlib import contextmanager

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError, UNCHANGED
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.file_state import read_file
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.locks import Busy, locked
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.records import private_directory, read_record, write_record
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._text import name_bytes
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._time import now_text

_LOCK_SECONDS = 30.0


def record_path(state_dir):
    """Return the path of the record."""
    return os.path.join(state_dir, 'records', 'last_change.json')


def written_digests(state_dir, path):
    """Return the SHA-256 of what the last recorded change wrote to a file, as a list; empty where that is not known."""
    try:
        files = (read_record(record_path(state_dir)) or {}).get('files')
    except AdministratorError:
        return []
    entries = [entry for entry in files or [] if isinstance(entry, dict)]
    return [entry['sha256_after'] for entry in entries if entry.get('path') == path and entry.get('sha256_after')]


@contextmanager
def alone(state_dir):
    """Hold the lock on changes; the state directory is made when it is missing, so this is not for check mode.

    :raises AdministratorError: when another process keeps it
    """
    directory = private_directory(os.path.dirname(record_path(state_dir)))

    def busy():
        return Busy(
            'another process is changing this web server', path=directory, found='its lock is held', state=UNCHANGED, next_step='run again later')

    with locked(directory, _LOCK_SECONDS, busy=busy):
        yield


@contextmanager
def recorded(state_dir, entries):
    """Keep a record of a change; it is written before the files, so that it is not missing when this is killed between them.

    The caller is ``alone``, and calls what the context gives when every file is written. Where the change was not made after all, the last
    change is the one before.

    :param entries: list of dictionaries with ``path``, ``backup``, ``sha256_before`` and ``sha256_after``
    """
    path = record_path(state_dir)
    earlier = read_record(path)
    record = {
        'at': now_text(),
        'by': 'ssl_protocol',
        'complete': False,
        'files': _with_unfinished(entries, earlier),
    }
    write_record(path, record)
    try:
        yield lambda: _replace(path, dict(record, complete=True))
    except AdministratorError:
        if not any(_is_written(entry) for entry in entries):
            _replace(path, earlier)
        raise


def _with_unfinished(entries, earlier):
    """The entries, and what a run that was killed between its files had changed: undone is all of it or nothing."""
    if earlier is None or earlier.get('complete', True) or not isinstance(earlier.get('files'), list):
        return entries
    known = [entry for entry in earlier['files'] if isinstance(entry, dict) and entry.get('path') and entry.get('sha256_after')]
    written = dict((entry['path'], entry) for entry in known if _is_written(entry))
    if len(written) == len(known):
        return entries  # only the mark is missing
    found = []
    for entry in entries:
        before = written.pop(entry['path'], {})
        kept = before if before.get('backup') else entry
        found.append(dict(entry, backup=kept['backup'], sha256_before=kept.get('sha256_before')))
    return found + [written[path] for path in sorted(written)]


def _is_written(entry):
    try:
        return read_file(entry['path']).sha256 == entry['sha256_after']
    except AdministratorError:
        return False


def _replace(path, record):
    """Write the record, or remove it.

    A failure is not told: of the files there is something more important to tell, and what stays, without the mark of a complete change, is
    still understood: by its digests.
    """
    try:
        if record is None:
            os.unlink(name_bytes(path))
        else:
            write_record(path, record)
    except (AdministratorError, OSError, IOError):
        pass
