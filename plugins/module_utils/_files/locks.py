# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""Locks (flock) that end with the process that holds them, however it ends, and that nobody waits for without end."""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import errno
import fcntl
import os
import time
from contextlib import contextmanager

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError, UNCHANGED
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.file_state import CLOEXEC
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.os_errors import problem
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._text import name_bytes, native

_PAUSE = 0.02
_TAKEN = (errno.EWOULDBLOCK, errno.EACCES, errno.EINTR)


class Busy(AdministratorError):
    """Another process holds the lock."""


@contextmanager
def locked(path, seconds, flags=os.O_RDONLY | os.O_DIRECTORY, busy=None):
    """Hold the lock on a file or, as the flags are, on a directory.

    :param seconds: how long to wait for another process
    :param busy: function that returns the error (a Busy) for the case that another process keeps it
    :raises Busy: when another process keeps it
    :raises AdministratorError: when it cannot be used
    """
    name = name_bytes(path)
    try:
        descriptor = _open(name, flags | os.O_NOFOLLOW | CLOEXEC)
    except (OSError, IOError) as error:
        raise problem(error, name, 'the lock could not be opened')
    try:
        _take(descriptor, name, seconds, busy)
        try:
            yield
        finally:
            # Told to the kernel, because a process that was just forked could still have the descriptor.
            fcntl.flock(descriptor, fcntl.LOCK_UN)
    finally:
        os.close(descriptor)


def _open(name, flags):
    try:
        return os.open(name, flags, 0o600)
    except (OSError, IOError) as error:
        # A lock that is there can be taken on a file system that was mounted read-only meanwhile.
        if error.errno not in (errno.EROFS, errno.ENOSPC, errno.EDQUOT):
            raise
        return os.open(name, (flags & ~(os.O_RDWR | os.O_CREAT)) | os.O_RDONLY)


def _take(descriptor, name, seconds, busy):
    for _look in range(int(seconds / _PAUSE) + 1):
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except (OSError, IOError) as error:
            if error.errno not in _TAKEN:
                raise problem(error, name, 'the lock could not be taken')
            time.sleep(_PAUSE)
    if busy is not None:
        raise busy()
    raise Busy('another process is writing here', path=native(name), state=UNCHANGED, next_step='run again later')
