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
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._text import absolute, name_text, native

_OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH


def private_directory(path):
    """Make a directory 0700 unless it exists, and make sure that nobody else can put anything into it.

    :returns: its resolved path
    :raises AdministratorError: when somebody else owns it or may write to it or to a directory above it
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
    status = _status(name)
    if not stat.S_ISDIR(status.st_mode):
        raise AdministratorError('this is not a directory', path=native(name), state=UNCHANGED)
    if status.st_uid != os.geteuid() or status.st_mode & _OTHERS_WRITE:
        raise _distrusted(name, status, 'user %d, writable for nobody else' % os.geteuid())
    _check_above(os.path.dirname(name))


def _check_above(name):
    """Whoever can rename a directory on the way can put another one in its place."""
    while True:
        status = _status(name)
        others = status.st_mode & stat.S_IWOTH or (status.st_mode & stat.S_IWGRP and status.st_gid not in (0, os.getegid()))
        if status.st_uid not in (0, os.geteuid()) or (others and not status.st_mode & stat.S_ISVTX):
            raise _distrusted(name, status, 'root or user %d, not writable for others' % os.geteuid())
        if name == os.path.dirname(name):
            return
        name = os.path.dirname(name)


def _status(name):
    try:
        return os.lstat(name)
    except (OSError, IOError) as error:
        raise problem(error, name, 'the directory could not be read')


def _distrusted(name, status, expected):
    return AdministratorError(
        'what is kept here cannot be trusted, somebody else could have written it', path=native(name), expected=expected,
        found='user %d, mode %04o' % (status.st_uid, stat.S_IMODE(status.st_mode)), state=UNCHANGED,
        next_step='look at what is in it, then correct owner and mode, or use another state_dir',
    )


def write_record(path, record):
    """Write a dictionary as JSON that a person can read, 0600, in one step; its directory must be private."""
    target = absolute(path)
    check_private(os.path.realpath(os.path.dirname(target)))
    remove_leftovers(os.path.dirname(target))
    text = json.dumps(_textual(record), indent=2, sort_keys=True, separators=(',', ': ')) + '\n'
    put(target, text.encode('utf-8'), 0o600, os.geteuid(), None, {})


def read_record(path):
    """Read what ``write_record`` wrote.

    :returns: dictionary, None when there is none
    :raises AdministratorError: when somebody else could have written it, or it is damaged
    """
    target = absolute(path)
    if _missing(target):
        return None
    check_private(os.path.realpath(os.path.dirname(target)))
    descriptor = open_regular(target)
    try:
        status = os.fstat(descriptor)
        if status.st_uid != os.geteuid() or status.st_mode & _OTHERS_WRITE:
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
    return _native_values(record)


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
    """The value with every name as text, because JSON knows no bytes."""
    if isinstance(value, dict):
        return dict((name_text(key), _textual(item)) for key, item in value.items())
    if isinstance(value, (list, tuple)):
        return [_textual(item) for item in value]
    return name_text(value) if isinstance(value, bytes) else value


def _native_values(value):
    """The value with every text as ``str``, which Python 2 does not give."""
    if isinstance(value, dict):
        return dict((native(key), _native_values(item)) for key, item in value.items())
    if isinstance(value, list):
        return [_native_values(item) for item in value]
    return native(value) if isinstance(value, type(u'')) else value
