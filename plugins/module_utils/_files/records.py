# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""Directories and JSON files that nobody else can have written: what is read from them is obeyed by root."""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import errno
import json
import os
import stat

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError, UNCHANGED
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.atomic_write import put
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.file_state import open_regular, read_all
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.os_errors import problem
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.temporary import remove_leftovers
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.trust import (
    OTHERS_WRITE,
    distrusted_above,
    look_at,
    owner_and_mode,
)
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._text import absolute, name_text, native

# What release 1.0.0 wrote is 1, with or without saying so.
FORMAT = 2


def private_directory(path):
    """Make a directory 0700 unless it exists, and make sure that nobody else can put anything into it.

    :returns: its resolved path
    :raises AdministratorError: when another user owns it or may write to it or to a directory above it
    """
    name = os.path.realpath(absolute(path))
    missing = []
    while not os.path.lexists(name):
        missing.append(os.path.basename(name))
        name = os.path.dirname(name)
    check_private(name) if not missing else _check_above(name)
    while missing:
        name = os.path.join(name, missing.pop())
        _make(name)
    return native(name)


def _make(name):
    try:
        os.mkdir(name, 0o700)
    except (OSError, IOError) as error:
        if error.errno != errno.EEXIST:
            raise problem(error, name, 'the directory could not be made')
        check_private(name)


def check_private(path):
    """Make sure that a directory belongs to this user and that nobody else can write to it; nothing is changed.

    :raises AdministratorError: when it is missing or not like that
    """
    name = absolute(path)
    status = look_at(name)
    if not stat.S_ISDIR(status.st_mode):
        raise AdministratorError('this is not a directory', path=native(name), state=UNCHANGED)
    if status.st_uid != os.geteuid() or status.st_mode & OTHERS_WRITE:
        raise _distrusted(name, status, 'user %d, writable for nobody else' % os.geteuid())
    _check_above(os.path.dirname(name))


def _check_above(name):
    """Whoever can rename a directory on the way can put another one in its place."""
    found = distrusted_above(name)
    if found is not None:
        raise _distrusted(found[0], found[1], 'root or user %d, not writable for others' % os.geteuid())


def _distrusted(name, status, expected):
    return AdministratorError(
        'what is kept here cannot be trusted, another user could have written it', path=native(name), expected=expected,
        found=owner_and_mode(status), state=UNCHANGED,
        next_step='look at what is in it, then correct owner and mode, or use another state_dir',
    )


def write_record(path, record):
    """Write a dictionary as JSON that a person can read, 0600, in one step; its directory must be private.

    The record says its ``format``, so that an older release of this collection can tell that it does not know it.
    """
    target = absolute(path)
    check_private(os.path.realpath(os.path.dirname(target)))
    remove_leftovers(os.path.dirname(target))
    text = json.dumps(_textual(dict(record, format=FORMAT)), indent=2, sort_keys=True, separators=(',', ': ')) + '\n'
    put(target, text.encode('utf-8'), 0o600, os.geteuid(), None, {})


def read_record(path):
    """Read what ``write_record`` wrote.

    :returns: dictionary, None when there is none
    :raises AdministratorError: when another user could have written it, it is damaged, or a newer release of this collection wrote it
    """
    target = absolute(path)
    if _missing(target):
        return None
    check_private(os.path.realpath(os.path.dirname(target)))
    descriptor = open_regular(target)
    try:
        status = os.fstat(descriptor)
        if status.st_uid != os.geteuid() or status.st_mode & OTHERS_WRITE:
            raise _distrusted(target, status, 'user %d, writable for nobody else' % os.geteuid())
        record = json.loads(read_all(descriptor).decode('utf-8'))
    except (OSError, IOError) as error:
        raise problem(error, target, 'the record could not be read')
    except ValueError as error:
        raise _damaged(target, error)
    finally:
        os.close(descriptor)
    if not isinstance(record, dict):
        raise _damaged(target, 'not a dictionary')
    known = record.get('format', 1)
    if not isinstance(known, int) or known > FORMAT:
        raise AdministratorError(
            'a newer release of this collection wrote this record', path=native(target), expected='format %d or lower' % FORMAT, found='format %s' % known,
            state=UNCHANGED, next_step='install that release of the collection on the controller',
        )
    return native_values(record)


def _missing(name):
    """Whether there is nothing at a path; a path that cannot be looked at is not missing."""
    try:
        os.lstat(name)
        return False
    except (OSError, IOError) as error:
        if error.errno not in (errno.ENOENT, errno.ENOTDIR):
            raise problem(error, name, 'the record could not be read')
        return True


def _damaged(target, why):
    return AdministratorError(
        'the record is damaged', path=native(target), expected='a JSON object', found=why, state=UNCHANGED,
        next_step='look at it, then move it away and run again',
    )


def _textual(value):
    """Return the value with every name as text, because JSON knows no bytes."""
    if isinstance(value, dict):
        return dict((name_text(key), _textual(item)) for key, item in value.items())
    if isinstance(value, (list, tuple)):
        return [_textual(item) for item in value]
    return name_text(value) if isinstance(value, bytes) else value


def native_values(value):
    """Return the value with every text as ``str``, which Python 2 does not give."""
    if isinstance(value, dict):
        return dict((native(key), native_values(item)) for key, item in value.items())
    if isinstance(value, list):
        return [native_values(item) for item in value]
    return native(value) if isinstance(value, type(u'')) else value
