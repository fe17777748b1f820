# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""File names between programs, JSON and the kernel: on every Python and in every locale the same bytes."""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import os
import re
import sys

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError, UNCHANGED

PYTHON_2 = sys.version_info[0] == 2

# The code points that stand for single bytes which are not UTF-8 (PEP 383). Python 2 knows neither the scheme nor the name.
_ESCAPED = re.compile(u'[\udc80-\udcff]') if PYTHON_2 else None


def name_bytes(path):
    """The bytes that the kernel gets for a path; the locale has no say."""
    if isinstance(path, bytes):
        return path
    if not PYTHON_2:
        return path.encode('utf-8', 'surrogateescape')
    pieces, end = [], 0
    for escaped in _ESCAPED.finditer(path):
        pieces.append(path[end:escaped.start()].encode('utf-8'))
        pieces.append(chr(ord(escaped.group()) - 0xDC00))
        end = escaped.end()
    pieces.append(path[end:].encode('utf-8'))
    return b''.join(pieces)


def name_text(path):
    """A path as Unicode text for JSON; ``name_bytes`` gives the same bytes back."""
    if not isinstance(path, bytes):
        return path
    if not PYTHON_2:
        return path.decode('utf-8', 'surrogateescape')
    try:
        return path.decode('utf-8')
    except UnicodeDecodeError as error:
        escaped = u''.join(unichr(0xDC00 + ord(byte)) for byte in path[error.start:error.end])  # noqa: F821  # pylint: disable=undefined-variable
        return path[:error.start].decode('utf-8') + escaped + name_text(path[error.end:])


def native(path):
    """A path as the ``str`` of the Python in use."""
    return name_bytes(path) if PYTHON_2 else name_text(path)


def absolute(path):
    """The path as bytes, when it is one that can be worked with.

    :raises AdministratorError: for a relative path, an empty one, or one with a NUL
    """
    name = name_bytes(path)
    if b'\0' in name:
        raise AdministratorError('a path cannot contain a NUL', path=repr(name), state=UNCHANGED)
    if not os.path.isabs(name):
        raise AdministratorError('the path is not absolute', path=native(path) or '(empty)', state=UNCHANGED)
    return name


def display(data):
    """Bytes as native text for a message: never fails, whatever the bytes are, and goes together with native paths."""
    return native(data.decode('utf-8', 'replace'))
