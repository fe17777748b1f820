# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""Reading a file in a way that a later write can be sure what it replaces."""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import errno
import hashlib
import os
import stat
from collections import namedtuple

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError, UNCHANGED
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.os_errors import problem, uninterrupted
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.xattrs import read_attributes
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._text import absolute, native

# asked: the path that was asked for. path: the same with every link resolved. mode: permission bits. attributes: see _files/xattrs.py.
FileState = namedtuple(
    'FileState',
    ['asked', 'path', 'data', 'sha256', 'mode', 'uid', 'gid', 'device', 'inode', 'mtime_ns', 'links', 'attributes'],
)

CLOEXEC = getattr(os, 'O_CLOEXEC', 0o2000000)  # Python 2 does not name it; Linux has it since 2.6.23
_SAFE_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_NOCTTY | CLOEXEC
_BLOCK = 65536
_TRIES = 3

_KINDS = (
    (stat.S_ISDIR, 'a directory'),
    (stat.S_ISFIFO, 'a FIFO'),
    (stat.S_ISSOCK, 'a socket'),
    (stat.S_ISCHR, 'a character device'),
    (stat.S_ISBLK, 'a block device'),
    (stat.S_ISLNK, 'a symbolic link that leads to itself'),
)


def digest(data):
    """The SHA-256 of bytes, in hexadecimal."""
    return hashlib.sha256(data).hexdigest()


def resolve(path):
    """The path with every symbolic link resolved, as bytes."""
    return os.path.realpath(absolute(path))


def kind_of(mode):
    """What a file is, in words; None for a regular file."""
    for test, name in _KINDS:
        if test(mode):
            return name
    return None if stat.S_ISREG(mode) else 'something unknown'


def read_file(path):
    """Read a regular file, through symbolic links.

    :returns: FileState
    :raises AdministratorError: when it is missing, unreadable, no regular file, or does not hold still
    """
    name = resolve(path)
    for _try in range(_TRIES):
        descriptor = open_regular(name)
        try:
            before = os.fstat(descriptor)
            data = read_all(descriptor)
            after = os.fstat(descriptor)
            attributes = read_attributes(descriptor)
        except (OSError, IOError) as error:
            raise problem(error, name, 'the file could not be read')
        finally:
            os.close(descriptor)
        if (before.st_size, before.st_mtime) == (after.st_size, after.st_mtime):
            return make_state(path, name, data, after, attributes)
    raise AdministratorError('the file is being written by someone else', path=native(name), state=UNCHANGED, next_step='run again later')


def make_state(asked, name, data, status, attributes):
    """A FileState from what ``fstat`` says."""
    return FileState(
        asked=native(asked),
        path=native(name),
        data=data,
        sha256=digest(data),
        mode=stat.S_IMODE(status.st_mode),
        uid=status.st_uid,
        gid=status.st_gid,
        device=status.st_dev,
        inode=status.st_ino,
        mtime_ns=getattr(status, 'st_mtime_ns', None) or int(status.st_mtime * 1e9),
        links=status.st_nlink,
        attributes=attributes,
    )


def open_regular(name):
    """Open a regular file for reading; neither a link at the end of the path nor a device is ever opened.

    :returns: the descriptor
    """
    try:
        kind = kind_of(os.lstat(name).st_mode)
        if kind is None:
            descriptor = uninterrupted(os.open, name, _SAFE_READ)
            kind = kind_of(os.fstat(descriptor).st_mode)  # it may have been replaced in between
            if kind is None:
                return descriptor
            os.close(descriptor)
    except (OSError, IOError) as error:
        if error.errno in (errno.ENOENT, errno.ENOTDIR):
            raise AdministratorError('there is no such file', path=native(name), state=UNCHANGED)
        raise problem(error, name, 'the file could not be opened')
    raise AdministratorError(
        'this is not a regular file', path=native(name), expected='a regular file', found=kind, state=UNCHANGED
    )


def read_all(descriptor):
    """Everything from an open file."""
    blocks = []
    while True:
        block = uninterrupted(os.read, descriptor, _BLOCK)
        if not block:
            return b''.join(blocks)
        blocks.append(block)


def refuse_changed(state):
    """Make sure that the file is still what was read.

    Bytes, mode and owner count, and where the links lead. A copy with the same bytes under a new inode number is the same file.
    """
    if native(resolve(state.asked)) != state.path:
        raise AdministratorError(
            'the symbolic link was changed by someone else', path=state.asked, expected=state.path,
            found=native(resolve(state.asked)), state=UNCHANGED, next_step='run again',
        )
    now = read_file(state.path)
    for what, expected, found in (
        ('contents', state.sha256, now.sha256),
        ('mode', '%04o' % state.mode, '%04o' % now.mode),
        ('owner', '%d:%d' % (state.uid, state.gid), '%d:%d' % (now.uid, now.gid)),
    ):
        if expected != found:
            raise AdministratorError(
                'the file was changed by someone else after it was read (%s)' % what, path=state.path,
                expected=expected, found=found, state='this change was not made, the other one is kept', next_step='run again',
            )
