# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""Convert file names between programs, JSON and the kernel: the same bytes on every Python and in every locale."""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import os
import re
import sys

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError, UNCHANGED

PYTHON_2 = sys.version_info[0] == 2

# The code points that stand for single bytes that are not UTF-8 (PEP 383). Python 2 has neither the error handler nor its name.
_ESCAPED = re.compile(u'[\udc80-\udcff]') if PYTHON_2 else None


def name_bytes(path):
    """Return the bytes of a path as the kernel gets them, whatever the locale."""
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
    """Return a path as Unicode text for JSON; ``name_bytes`` reverses this."""
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
    """Return a path as the native ``str`` of this Python."""
    return name_bytes(path) if PYTHON_2 else name_text(path)


def absolute(path):
    """Return an absolute path as bytes.

    :raises AdministratorError: for a relative path, an empty one, or one with a NUL
    """
    name = name_bytes(path)
    if b'\0' in name:
        raise AdministratorError('a path cannot contain a NUL', path=repr(name), state=UNCHANGED)
    if not os.path.isabs(name):
        raise AdministratorError('the path is not absolute', path=native(path) or '(empty)', state=UNCHANGED)
    return name


def display(data):
    """Return bytes as native text for a message, whatever the bytes are; the result can be combined with native paths."""
    return native(data.decode('utf-8', 'replace'))
