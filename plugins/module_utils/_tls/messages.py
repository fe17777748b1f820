# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""Parse the few messages that can answer a ClientHello, and recognize other answers."""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

from collections import namedtuple

# change_cipher_spec, alert, handshake, application_data
_RECORD_TYPES = (20, 21, 22, 23)
_SUPPORTED_VERSIONS = 43

# The random value that turns a ServerHello into a HelloRetryRequest: SHA-256 of "HelloRetryRequest" (RFC 8446, 4.1.3).
RETRY_RANDOM = bytearray(
    b'\xcf\x21\xad\x74\xe5\x9a\x61\x11\xbe\x1d\x8c\x02\x1e\x65\xb8\x91'
    b'\xc2\xa2\x11\x16\x7a\xbb\x8c\x5e\x07\x9e\x09\xe2\xc8\xa8\x33\x9c'
)


class BadAnswer(Exception):
    """Raised for an answer that the TLS standards do not allow; the text says why."""


ServerHello = namedtuple('ServerHello', ['version', 'suite'])


def read_server_hello(body):
    """Return the version and the cipher suite of a ServerHello or HelloRetryRequest.

    :param body: bytearray, the message without its header
    :raises BadAnswer: if the message is malformed
    """
    if len(body) < 38:
        raise BadAnswer('a ServerHello of only %d bytes' % len(body))
    version, random, session = number_at(body, 0, 2), body[2:34], body[34]
    at = 35 + session
    if session > 32 or len(body) < at + 3:
        raise BadAnswer('a ServerHello that ends in its session id')
    suite = number_at(body, at, 2)
    selected = _selected_version(body, at + 3)
    if selected is not None:
        version = selected
    elif random == RETRY_RANDOM:
        raise BadAnswer('a HelloRetryRequest without a version')
    if version >> 8 != 3:
        raise BadAnswer('a ServerHello of the version 0x%04x' % version)
    return ServerHello(version, suite)


def _selected_version(body, at):
    """Return the value of the supported_versions extension, None if there is none."""
    if at == len(body):
        return None
    stop = at + 2 + number_at(body, at, 2)
    if stop != len(body):
        raise BadAnswer('a ServerHello whose extensions do not have the length that it states')
    at += 2
    while at < stop:
        kind, length = number_at(body, at, 2), number_at(body, at + 2, 2)
        at += 4
        if at + length > stop:
            raise BadAnswer('a ServerHello that ends in an extension')
        if kind == _SUPPORTED_VERSIONS:
            if length != 2:
                raise BadAnswer('a supported_versions extension of %d bytes' % length)
            return number_at(body, at, 2)
        at += length
    return None


def first_certificate(body):
    """Return the server's own certificate (DER, bytes) from a Certificate message up to TLS 1.2, None if it contains none."""
    if len(body) < 6:
        return None
    length = number_at(body, 3, 3)
    if not length or 6 + length > len(body):
        return None
    return bytes(body[6 : 6 + length])


def plaintext_kind(data):
    """Return a sentence about the plaintext protocol that a peer uses instead of TLS, None if it is unknown."""
    start = bytes(data[:16])
    for mark, meaning in (
        (b'HTTP/', 'the server answered in plaintext HTTP: TLS is not switched on for this address'),
        (b'<', 'the server answered with a plaintext page: TLS is not switched on for this address'),
        (b'SSH-', 'an SSH server answered'),
        (b'220', 'a server that greets in plaintext (SMTP or FTP) answered'),
        (b'* OK', 'an IMAP server answered in plaintext'),
        (b'+OK', 'a POP3 server answered in plaintext'),
    ):
        if start.startswith(mark):
            return meaning
    if len(data) >= 3 and all(byte in (9, 10, 13) or 32 <= byte < 127 for byte in bytearray(start)):
        return 'the server answered in plaintext that is not TLS'
    return None


def not_tls(data):
    """Return a sentence about an answer that does not start like TLS."""
    return plaintext_kind(data) or 'the answer is not TLS: it starts with %s' % ' '.join('%02x' % byte for byte in data[:8])


def looks_like_record(data):
    """Return whether the first bytes (at least one) can be the start of a TLS record."""
    return data[0] in _RECORD_TYPES and (len(data) < 2 or data[1] == 3)


def number_at(data, at, size):
    """Return the number of ``size`` bytes at an offset of a bytearray.

    :raises BadAnswer: if the data ends too early
    """
    if at + size > len(data):
        raise BadAnswer('a message that ends too early')
    value = 0
    for byte in data[at : at + size]:
        value = value << 8 | byte
    return value
