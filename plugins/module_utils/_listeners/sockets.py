# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""The TCP sockets on which a host listens, as the kernel lists them (proc(5): /proc/net/tcp and tcp6)."""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import binascii
import errno
import os
import socket
import struct
from collections import namedtuple

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError

TABLES = ('/proc/net/tcp', '/proc/net/tcp6')
_LISTEN = b'0A'
_MAPPED = b'\0' * 10 + b'\xff\xff'

Socket = namedtuple('Socket', ['address', 'port', 'inode'])


def read_sockets(tables=TABLES):
    """Return the listening sockets of this host, by address and port.

    :returns: list of Socket; ``address`` is text, ``0.0.0.0`` or ``::`` for a socket that takes every address
    :raises AdministratorError: when a table cannot be read; a kernel without IPv6 has only the first
    """
    found = set()
    for number, table in enumerate(tables):
        try:
            with open(table, 'rb') as stream:
                found.update(parse_table(stream.read()))
        except (OSError, IOError) as error:
            if number and error.errno == errno.ENOENT:
                continue
            raise AdministratorError(
                'the TCP listeners of this host cannot be read', path=table, expected="the kernel's list of TCP sockets",
                found=os.strerror(error.errno) if error.errno else str(error),
            )
    return sorted(found)


def parse_table(data):
    """Return the listening sockets in the text of a table; a line of another form is passed over.

    :param data: bytes
    """
    found = []
    for line in data.splitlines()[1:]:
        fields = line.split()
        if len(fields) < 10 or fields[3] != _LISTEN:
            continue
        host, dummy, port = fields[1].partition(b':')
        try:
            found.append(Socket(_address(host), int(port, 16), int(fields[9])))
        except (ValueError, TypeError, struct.error, binascii.Error):
            continue
    return found


def _address(digits):
    """Return an address as text. The kernel prints each four bytes of it as a number that it reads in the byte order of the processor."""
    data = binascii.unhexlify(digits)
    words = struct.unpack('>%dI' % (len(data) // 4), data)
    packed = struct.pack('=%dI' % len(words), *words)
    if len(packed) == 16 and packed.startswith(_MAPPED):
        packed = packed[len(_MAPPED):]
    if len(packed) not in (4, 16):
        raise ValueError('no address: %r' % digits)
    return socket.inet_ntop(socket.AF_INET if len(packed) == 4 else socket.AF_INET6, packed)


def is_loopback(address):
    """Return whether only programs on this host reach an address."""
    return address == '::1' or address.startswith('127.')


def is_wildcard(address):
    """Return whether a socket with this address takes connections to every address of the host."""
    return address in ('0.0.0.0', '::')
