# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""What the kernel's errors mean to an administrator."""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import errno
import os

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError, UNCHANGED
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._text import name_bytes, native

_NEXT = {
    errno.ENOSPC: 'free space on this file system, then run again',
    errno.EDQUOT: 'raise the quota or free space, then run again',
    errno.EFBIG: 'raise the limit for file sizes (ulimit -f), then run again',
    errno.EROFS: 'find out why the file system is mounted read-only (often an I/O error, see dmesg), then mount it writable',
    errno.EACCES: 'run as the user who owns the directory, usually root',
    errno.EPERM: 'look for the immutable or append-only attribute with lsattr, on the file and on its directory, and run as root',
    errno.EBUSY: 'the file is mounted by itself (see /proc/self/mountinfo); change the file that is mounted there, or unmount it first',
    errno.EIO: 'the disk reports an error; see dmesg before anything else',
}


def uninterrupted(call, *arguments):
    """Call the system again as long as a signal interrupts it, which Python does itself from 3.5 on."""
    while True:
        try:
            return call(*arguments)
        except (OSError, IOError) as error:
            if error.errno != errno.EINTR:
                raise


def problem(error, path, message, state=UNCHANGED, kind=AdministratorError):
    """Return an OSError as an AdministratorError.

    :param message: what could not be done, a sentence
    :param state: what is the case after it
    :param kind: class of the error
    """
    found = os.strerror(error.errno) if error.errno else str(error)
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        found = '%s (%s)' % (found, _free(path))
    return kind(message, path=native(path), found=found, state=state, next_step=_NEXT.get(error.errno))


def _free(path):
    try:
        space = os.statvfs(os.path.dirname(name_bytes(path)))
    except (OSError, IOError):
        return 'free space unknown'
    return '%d KiB and %d inodes are free' % (space.f_bavail * space.f_frsize // 1024, space.f_favail)
