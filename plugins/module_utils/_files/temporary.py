# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""The file that becomes another one: made beside it, and harmless when its maker is killed.

A web server may load everything in the directory (``Include conf.d/`` takes files that start with a dot as well; ``Include conf.d/*`` does not).
So where the kernel can, the file has no name at all until it is complete; one system call later it has replaced its target. Elsewhere it has a
name while it is written, and a killed writer leaves it behind: the next write in this directory removes it, and so does a rollback before it starts
the services. The lock on it tells the file of a living writer from that of a dead one.
"""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import binascii
import errno
import fcntl
import os
import re
import stat

try:
    import ctypes
except ImportError:  # a Python that was built without it
    ctypes = None

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.file_state import CLOEXEC
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.os_errors import uninterrupted
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.xattrs import write_attributes

_PREFIX = b'.checkpoint_endpoint_hardening.'
_SUFFIX = b'.tmp'
_NAME = re.compile(b'^' + re.escape(_PREFIX) + b'[0-9a-f]{16}' + re.escape(_SUFFIX) + b'$')

_NAMELESS = getattr(os, 'O_TMPFILE', 0o20200000)  # Python 2 does not name it; the number is that of x86, as Gaia's is
_AT_FDCWD = -100
_AT_SYMLINK_FOLLOW = 0x400
_TRIES = 5


class Temporary(object):
    """An empty file of this user in ``directory`` (bytes), 0600, locked; with a name only where it must have one."""

    def __init__(self, directory):
        self._directory = directory
        self.name = None
        # Before anything is replaced: a directory that cannot be opened could not be settled afterwards.
        self._opened = uninterrupted(os.open, directory, os.O_RDONLY | os.O_DIRECTORY | CLOEXEC)
        try:
            self.descriptor = self._open_nameless()
            if self.descriptor is None:
                self.descriptor = self._open_named()
        except (OSError, IOError):
            os.close(self._opened)
            raise

    def _open_nameless(self):
        if ctypes is None or not os.path.isdir('/proc/self/fd'):
            return None
        try:
            descriptor = uninterrupted(os.open, self._directory, _NAMELESS | os.O_RDWR | CLOEXEC, 0o600)
        except (OSError, IOError) as error:
            # What kernels and file systems say that do not have it.
            if error.errno in (errno.EOPNOTSUPP, errno.EISDIR, errno.ENOENT, errno.EINVAL):
                return None
            raise
        _lock(descriptor)
        return descriptor

    def _open_named(self):
        for _try in range(_TRIES):
            name = self._new_name()
            descriptor = uninterrupted(os.open, name, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | CLOEXEC, 0o600)
            _lock(descriptor)
            if os.fstat(descriptor).st_nlink:
                self.name = name
                return descriptor
            os.close(descriptor)  # someone took it for a dead writer's file before it was locked
        raise OSError(errno.EAGAIN, 'the temporary file was removed again and again')

    def _new_name(self):
        return os.path.join(self._directory, _PREFIX + binascii.hexlify(os.urandom(8)) + _SUFFIX)

    def fill(self, data):
        """Write all of the bytes; a full disk is an error here or in ``settle``."""
        rest = memoryview(data)
        while rest:
            rest = rest[uninterrupted(os.write, self.descriptor, rest):]

    def dress(self, mode, uid, gid, attributes):
        """Give it owner, access attributes and mode, in the order in which nobody can read it too early."""
        status = os.fstat(self.descriptor)
        if (status.st_uid, status.st_gid) != (uid, gid):
            os.fchown(self.descriptor, uid, gid)
        write_attributes(self.descriptor, attributes)
        os.fchmod(self.descriptor, mode)

    def settle(self):
        """Have the kernel write it to the disk."""
        uninterrupted(os.fsync, self.descriptor)

    def settle_directory(self):
        """Have the kernel write the directory to the disk, so that a rename in it survives a power failure."""
        try:
            uninterrupted(os.fsync, self._opened)
        except (OSError, IOError) as error:
            if error.errno != errno.EINVAL:  # file systems that have nothing to write
                raise

    def replace(self, target):
        """Become ``target`` (bytes); whatever was there is gone in the same moment."""
        if self.name is None:
            name = self._new_name()
            self._link(name)
            self.name = name
        os.rename(self.name, target)
        self.name = None

    def become(self, target):
        """Become ``target`` (bytes), which must not exist yet (EEXIST)."""
        if self.name is None:
            self._link(target)
        else:
            os.link(self.name, target)
            self._unlink()

    def _link(self, name):
        library = ctypes.CDLL(None, use_errno=True)
        opened = b'/proc/self/fd/%d' % self.descriptor
        if library.linkat(_AT_FDCWD, opened, _AT_FDCWD, name, _AT_SYMLINK_FOLLOW) != 0:
            number = ctypes.get_errno()
            raise OSError(number, os.strerror(number))

    def _unlink(self):
        os.unlink(self.name)
        self.name = None

    def discard(self):
        """Close it, and remove it unless it has become its target."""
        try:
            if self.name is not None:
                self._unlink()
        except (OSError, IOError):
            pass  # the next write removes it; what went wrong before is what must be told
        finally:
            os.close(self.descriptor)
            os.close(self._opened)


def _lock(descriptor):
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except (OSError, IOError) as error:
        if error.errno not in (errno.ENOLCK, errno.EWOULDBLOCK):
            raise


def remove_leftovers(directory):
    """Remove what killed writers of this user left in a directory; a living writer's file stays.

    :param directory: bytes
    :returns: the names removed, bytes
    """
    try:
        names = sorted(name for name in os.listdir(directory) if _NAME.match(name))
    except (OSError, IOError):
        return []
    return [name for name in names if _remove_leftover(os.path.join(directory, name))]


def _remove_leftover(name):
    try:
        descriptor = uninterrupted(os.open, name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | CLOEXEC)
    except (OSError, IOError):
        return False
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            return False
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        os.unlink(name)
        return True
    except (OSError, IOError):
        return False
    finally:
        os.close(descriptor)
