# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""The files that a guard puts back: what it may write to, and what it must leave or keep a copy of.

A guard owns a file as long as the file holds bytes that the guard knows: those from the time of arming, and those that the run was about to write.
Anything else (a hotfix, a link that appeared) belongs to another party.
"""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import binascii
import os
import stat
import tempfile
import time
from collections import namedtuple

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.atomic_write import NotDurable, create_file, put, write_file
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.backups import make_again, read_backup
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.file_state import read_file
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.os_errors import problem
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.records import private_directory
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.temporary import remove_leftovers
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._text import name_bytes, native

# What a file can be: as it is to be, written by the run, gone, or of another party.
OLD, OWN, GONE, FOREIGN = 'old', 'own', 'gone', 'foreign'
_SCRATCH = ('/var/tmp', '/tmp', '/dev/shm')

# backup: Backup. data: its bytes, held in memory.
Kept = namedtuple('Kept', ['backup', 'data'])


def keep(restore):
    """Read the backups of a record into memory.

    :param restore: list of dictionaries with ``backup``
    :returns: list of Kept
    :raises AdministratorError: when one is missing or damaged
    """
    return [Kept(*read_backup(item['backup'])) for item in restore]


def differs(kept):
    """Return whether the file of a backup holds other bytes now, or is gone."""
    return classify(kept, ()) != OLD


def classify(kept, digests):
    """Return what a file is now: OLD, OWN, GONE or FOREIGN.

    :param digests: SHA-256 of the contents that the guard knows
    """
    name = name_bytes(kept.backup.path)
    if not os.path.lexists(name):
        return GONE
    if os.path.realpath(name) != name:
        return FOREIGN
    try:
        state = read_file(kept.backup.path)
    except AdministratorError:
        return FOREIGN
    if state.data == kept.data:
        return OLD
    return OWN if state.sha256 in digests else FOREIGN


def describe(kept):
    """Return what is at the path of a file, for a message."""
    name = name_bytes(kept.backup.path)
    try:
        if os.path.islink(name):
            return '%s (a link to %s)' % (kept.backup.path, native(os.readlink(name)))
        return '%s (SHA-256 %s)' % (kept.backup.path, read_file(kept.backup.path).sha256)
    except (AdministratorError, OSError, IOError) as error:
        return '%s (%s)' % (kept.backup.path, error)


def put_back(kept, digests):
    """Put the old bytes into a file that the guard owns; return what the file was before.

    :raises AdministratorError: when it cannot be written
    """
    name = name_bytes(kept.backup.path)
    # What a killed writer left may be read by the web server as if it was configuration.
    remove_leftovers(os.path.dirname(name))
    found = classify(kept, digests)
    try:
        if found == GONE:
            make_again(kept.backup, kept.data)
        elif found == OWN:
            state = read_file(kept.backup.path)
            # Between the two looks another party may have come.
            if state.sha256 not in digests:
                return FOREIGN
            write_file(state, kept.data)
    except NotDurable:
        # In place is in place; whether a power failure undoes it nobody can help now.
        pass
    return found


def replace_foreign(kept, directories):
    """Keep a copy of what is at the path of a file, then put the old file there. A link is replaced itself, never what it leads to.

    :param directories: where the copy may be kept, the best first
    :returns: path of the copy
    :raises AdministratorError: when it cannot be replaced; then nothing was lost
    """
    name = name_bytes(kept.backup.path)
    parent = os.path.dirname(name)
    if os.path.realpath(parent) != parent:
        raise AdministratorError(
            'the directory of the file is not the one that it was', path=native(parent),
            expected='a directory without links', found=native(os.path.realpath(parent)),
        )
    try:
        is_link = stat.S_ISLNK(os.lstat(name).st_mode)
        leads_to = os.readlink(name) if is_link else None
    except (OSError, IOError) as error:
        raise problem(error, name, 'the file cannot be looked at')
    if is_link:
        copy = _aside(kept, directories, lambda path: os.symlink(leads_to, path))
        put(name, kept.data, kept.backup.mode, kept.backup.uid, kept.backup.gid, kept.backup.attributes, lambda: _still_leads(name, leads_to))
        return copy
    state = read_file(kept.backup.path)
    copy = _aside(kept, directories, lambda path: create_file(path, state.data))
    write_file(state, kept.data)
    return copy


def _still_leads(name, leads_to):
    if not os.path.islink(name) or os.readlink(name) != leads_to:
        raise AdministratorError('the link was changed by another process meanwhile', path=native(name))


def _aside(kept, directories, make):
    """Make a copy in the first directory that takes one."""
    trouble = None
    name = '%s.%s.%s' % (
        os.path.basename(kept.backup.path)[:150], time.strftime('%Y%m%dT%H%M%SZ', time.gmtime()), native(binascii.hexlify(os.urandom(4))),
    )
    for directory in list(directories) + [None]:
        try:
            path = os.path.join(private_directory(directory) if directory else _scratch_directory(), name)
            make(name_bytes(path))
            return path
        except (AdministratorError, OSError, IOError) as error:
            trouble = error
    raise AdministratorError(
        'no copy of this file can be kept, so it is left as it is', path=kept.backup.path, found=str(trouble), next_step='free space in %s' % directories[0],
    )


def _scratch_directory():
    for folder in _SCRATCH:
        try:
            return tempfile.mkdtemp(prefix='checkpoint_endpoint_hardening.', dir=folder)
        except (OSError, IOError):
            continue
    raise AdministratorError('no directory takes a copy', found='full or read-only: %s' % ', '.join(_SCRATCH))
