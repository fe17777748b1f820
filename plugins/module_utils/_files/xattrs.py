# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""Extended attributes that decide about access: the SELinux context and the access control list.

Python 2 has no calls for them, so the C library is asked there. Where there is none of it, nothing has to be kept either.
"""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import errno
import os

try:
    import ctypes
except ImportError:  # a Python that was built without it
    ctypes = None

SELINUX = 'security.selinux'
ACCESS_LIST = 'system.posix_acl_access'

_ABSENT = (errno.ENODATA, errno.EOPNOTSUPP, errno.ENOSYS)
_LONGEST = 65536


def _c_call(name, *arguments):
    library = ctypes.CDLL(None, use_errno=True)
    function = getattr(library, name)
    function.restype = ctypes.c_ssize_t
    result = function(*arguments)
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))
    return result


def _get(descriptor, name):
    if hasattr(os, 'getxattr'):
        return os.getxattr(descriptor, name)
    room = ctypes.create_string_buffer(_LONGEST)
    length = _c_call('fgetxattr', descriptor, name.encode('ascii'), room, ctypes.c_size_t(_LONGEST))
    return room.raw[:length]


def _set(descriptor, name, value):
    if hasattr(os, 'setxattr'):
        os.setxattr(descriptor, name, value)
    else:
        _c_call('fsetxattr', descriptor, name.encode('ascii'), value, ctypes.c_size_t(len(value)), 0)


def _remove(descriptor, name):
    if hasattr(os, 'removexattr'):
        os.removexattr(descriptor, name)
    else:
        _c_call('fremovexattr', descriptor, name.encode('ascii'))


def read_attributes(descriptor):
    """The values of an open file by name; None for one that the file does not have."""
    values = {}
    for name in (SELINUX, ACCESS_LIST):
        values[name] = None
        if ctypes is None and not hasattr(os, 'getxattr'):
            continue
        try:
            values[name] = _get(descriptor, name)
        except (OSError, IOError) as error:
            if error.errno not in _ABSENT:
                raise
    return values


def write_attributes(descriptor, values):
    """Give an open file the values; what it has and should not have (an inherited access list) is taken away.

    :param values: as ``read_attributes`` returns them; nothing is touched for a name that is not in it
    """
    present = read_attributes(descriptor)
    for name, value in sorted(values.items()):
        if present.get(name) == value:
            continue
        if value is not None:
            _set(descriptor, name, value)
        elif name == ACCESS_LIST:
            _remove(descriptor, name)
