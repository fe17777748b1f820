# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""Build the first message of a TLS client by hand, for one protocol version at a time.

The TLS library of the machine cannot do this: OpenSSL 3 refuses TLS 1.0, many builds lack SSLv3, and old ones lack
TLS 1.3. The server's answer to this first message reveals whether the server would continue with a version, so
no cryptography is needed. Layout: RFC 6101 (SSL 3.0), RFC 5246 (TLS 1.2), RFC 6066 and 8446 (extensions, TLS 1.3).
"""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import os
import struct

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._tls.cipher_suites import suites_for
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._tls.protocols import NUMBER_OF

_SERVER_NAME = 0
_SUPPORTED_GROUPS = 10
_EC_POINT_FORMATS = 11
_SIGNATURE_ALGORITHMS = 13
_PADDING = 21
_EXTENDED_MASTER_SECRET = 23
_SUPPORTED_VERSIONS = 43
_PSK_KEY_EXCHANGE_MODES = 45
_KEY_SHARE = 51
_RENEGOTIATION_INFO = 0xFF01

# Signals secure renegotiation as a cipher suite where there are no extensions (RFC 5746).
_RENEGOTIATION_SUITE = 0x00FF

_X25519 = 0x001D
_SECP256R1 = 0x0017
# x25519, secp256r1, secp384r1, secp521r1, x448, secp256k1, brainpool (TLS 1.2 and 1.3 numbers), smaller and binary curves
# of old servers, finite fields, and today's hybrid groups.
_GROUPS = (
    (_X25519, _SECP256R1, 0x0018, 0x0019, 0x001E, 0x0016, 0x001A, 0x001B, 0x001C, 0x001F, 0x0020, 0x0021)
    + (0x0015, 0x0014, 0x0013, 0x0012, 0x000E, 0x000D, 0x000C, 0x000B, 0x000A, 0x0009, 0x0007, 0x0006)
    + (0x0100, 0x0101, 0x0102, 0x0103, 0x0104, 0x11EC, 0x11EB, 0x11ED)
)
# ECDSA, RSA-PSS, EdDSA, RSA and DSA, each with SHA-2 first; SHA-1 last because old certificates still need it.
_SIGNATURES = (
    (0x0403, 0x0503, 0x0603, 0x0807, 0x0808, 0x0804, 0x0805, 0x0806, 0x0809, 0x080A, 0x080B)
    + (0x081A, 0x081B, 0x081C, 0x0401, 0x0501, 0x0601, 0x0301, 0x0303, 0x0402, 0x0502, 0x0602, 0x0302)
    + (0x0203, 0x0201, 0x0202)
)
# A point that is certainly on the curve P-256: its generator. No secret depends on it, because the handshake ends here.
_P256_POINT = (
    b'\x04\x6b\x17\xd1\xf2\xe1\x2c\x42\x47\xf8\xbc\xe6\xe5\x63\xa4\x40\xf2\x77\x03\x7d\x81\x2d\xeb\x33\xa0'
    b'\xf4\xa1\x39\x45\xd8\x98\xc2\x96\x4f\xe3\x42\xe2\xfe\x1a\x7f\x9b\x8e\xe7\xeb\x4a\x7c\x0f\x9e\x16\x2b'
    b'\xce\x33\x57\x6b\x31\x5e\xce\xcb\xb6\x40\x68\x37\xbf\x51\xf5'
)

# Some load balancers hang on a ClientHello of 256 to 511 bytes; RFC 7685 pads it to 512.
_HANG_FROM, _HANG_TO = 256, 512


def client_hello(protocol, server_name=b'', random_bytes=os.urandom):
    """Return the record with a ClientHello that offers one protocol version.

    :param protocol: SSLv3, TLSv1, TLSv1.1, TLSv1.2 or TLSv1.3
    :param server_name: bytes for the server name indication, empty for none; SSLv3 has no SNI
    :param random_bytes: function that returns a number of random bytes; for tests
    :returns: the first bytes to send on a connection
    """
    number = NUMBER_OF[protocol]
    modern = protocol == 'TLSv1.3'
    suites = suites_for(protocol)
    if protocol == 'SSLv3':
        suites = suites + [_RENEGOTIATION_SUITE]
    body = struct.pack('>H', min(number, NUMBER_OF['TLSv1.2'])) + random_bytes(32)
    # A session id makes TLS 1.3 look like a resumed TLS 1.2, which old middleboxes let pass (RFC 8446, D.4).
    body += _short(random_bytes(32) if modern else b'')
    body += _long(_numbers(suites))
    body += _short(b'\x00')
    if protocol != 'SSLv3':
        extensions = _extensions(protocol, server_name, random_bytes)
        body += _long(_padded(extensions, len(body)))
    message = b'\x01' + struct.pack('>I', len(body))[1:] + body
    record_version = min(number, NUMBER_OF['TLSv1'])
    return b'\x16' + struct.pack('>HH', record_version, len(message)) + message


def _extensions(protocol, server_name, random_bytes):
    made = b''
    if server_name:
        made += _extension(_SERVER_NAME, _long(b'\x00' + _long(server_name)))
    made += _extension(_RENEGOTIATION_INFO, b'\x00')
    made += _extension(_SUPPORTED_GROUPS, _long(_numbers(_GROUPS)))
    made += _extension(_EC_POINT_FORMATS, _short(b'\x00\x01\x02'))
    made += _extension(_EXTENDED_MASTER_SECRET, b'')
    if protocol in ('TLSv1.2', 'TLSv1.3'):
        made += _extension(_SIGNATURE_ALGORITHMS, _long(_numbers(_SIGNATURES)))
    if protocol == 'TLSv1.3':
        shares = struct.pack('>H', _X25519) + _long(random_bytes(32))
        shares += struct.pack('>H', _SECP256R1) + _long(_P256_POINT)
        made += _extension(_SUPPORTED_VERSIONS, _short(_numbers([NUMBER_OF['TLSv1.3']])))
        made += _extension(_PSK_KEY_EXCHANGE_MODES, _short(b'\x01'))
        made += _extension(_KEY_SHARE, _long(shares))
    return made


def _padded(extensions, before):
    # Four bytes of message header, two of the length of the extensions.
    length = 4 + before + 2 + len(extensions)
    if _HANG_FROM <= length < _HANG_TO:
        extensions += _extension(_PADDING, b'\x00' * max(_HANG_TO - length - 4, 1))
    return extensions


def _extension(number, value):
    return struct.pack('>H', number) + _long(value)


def _numbers(values):
    return struct.pack('>%dH' % len(values), *values)


def _short(value):
    return struct.pack('>B', len(value)) + value


def _long(value):
    return struct.pack('>H', len(value)) + value
