# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""What a server's answer to a ClientHello means: bytes in, verdict out, no sockets.

The verdict is one of three. ``accepted``: a ServerHello with the version that was asked for. ``refused``: the server said
so, with an alert or with a ServerHello of another version. ``inconclusive``: everything else, with the reason; silence,
garbage and broken connections are never taken for a refusal here.
"""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

from collections import namedtuple

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._tls.cipher_suites import (
    suite_name,
    suites_for,
)
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._tls.protocols import (
    NUMBER_OF,
    alert_meaning,
    alert_name,
    version_name,
)

# ``silent``: the peer closed the connection in good order without a single byte. ``again``: worth another try.
Verdict = namedtuple(
    'Verdict', ['result', 'alert', 'negotiated', 'cipher', 'reason', 'latent', 'certificate', 'silent', 'again']
)

# A certificate chain is some 10 KiB; a peer that sends more than this is not worth listening to.
MAX_ANSWER = 128 * 1024
_MAX_RECORD = 16384 + 2048
_MAX_SERVER_HELLO = 4096

_ALERT, _HANDSHAKE = 21, 22
_RECORD_TYPES = (20, _ALERT, _HANDSHAKE, 23)
_SERVER_HELLO, _CERTIFICATE, _SERVER_KEY_EXCHANGE, _SERVER_HELLO_DONE = 2, 11, 12, 14
_HELLO_REQUEST = 0
_SUPPORTED_VERSIONS = 43

# The random of a ServerHello that means HelloRetryRequest: SHA-256 of those words (RFC 8446, 4.1.3).
RETRY_RANDOM = bytearray(
    b'\xcf\x21\xad\x74\xe5\x9a\x61\x11\xbe\x1d\x8c\x02\x1e\x65\xb8\x91'
    b'\xc2\xa2\x11\x16\x7a\xbb\x8c\x5e\x07\x9e\x09\xe2\xc8\xa8\x33\x9c'
)


def verdict(result, reason, alert=None, negotiated=None, cipher=None, latent=False, certificate=None, silent=False,
            again=False):
    """A Verdict with what is not said left empty."""
    return Verdict(result, alert, negotiated, cipher, reason, latent, certificate, silent, again)


# How a connection can end before its answer was complete, as words after "the connection ".
CLOSED = 'was closed'
RESET = 'was reset'


class BadAnswer(Exception):
    """The answer is not what the TLS standards allow; the text says how."""


class AnswerReader(object):
    """Reads one server's answer piece by piece, as it comes from the network.

    Give every piece to ``feed`` until it returns a Verdict, or tell ``end`` why no more will come.
    Memory is bounded by MAX_ANSWER, and each byte is looked at a fixed number of times.
    """

    def __init__(self, protocol):
        self.protocol = protocol
        self._asked = NUMBER_OF[protocol]
        self._raw = bytearray()
        self._messages = bytearray()
        self._alerts = bytearray()
        self._received = 0
        self._warning = None
        self._hello = None

    def feed(self, data):
        """Take received bytes; returns the Verdict as soon as it is certain, else None."""
        self._received += len(data)
        self._raw += bytearray(data)
        try:
            self._judge_start()
            while len(self._raw) >= 5:
                found = self._take_record()
                if found is not None:
                    return found
                if self._raw_incomplete():
                    break
        except BadAnswer as error:
            return self._broken(str(error))
        if self._received > MAX_ANSWER:
            return self._broken('the answer is longer than %d bytes' % MAX_ANSWER)
        return None

    def end(self, how, again):
        """The Verdict when the connection ends early.

        :param how: CLOSED, RESET or other words after "the connection "
        :param again: whether another try may show more
        """
        if self._hello is not None:
            return self._with_hello(None)
        if not self._received:
            return verdict('inconclusive', 'the connection %s before any answer' % how, silent=how == CLOSED, again=again)
        plain = plaintext_kind(self._raw)
        if plain and not _looks_like_record(self._raw):
            return verdict('inconclusive', plain)
        said = ''
        if self._warning is not None:
            said = ', after the warning %d (%s)' % (self._warning, alert_name(self._warning))
        return verdict('inconclusive', 'the connection %s in the middle of the answer%s' % (how, said), again=again)

    # -- records

    def _judge_start(self):
        if len(self._raw) >= 3 and not _looks_like_record(self._raw):
            raise BadAnswer(plaintext_kind(self._raw) or 'the answer is not TLS: it starts with %s' % _hex(self._raw))

    def _raw_incomplete(self):
        self._judge_start()
        return len(self._raw) < 5 or len(self._raw) < 5 + _number(self._raw, 3, 2)

    def _take_record(self):
        kind, version, length = self._raw[0], _number(self._raw, 1, 2), _number(self._raw, 3, 2)
        if length > _MAX_RECORD:
            raise BadAnswer('a record of %d bytes is longer than TLS allows' % length)
        if len(self._raw) < 5 + length:
            return None
        payload = self._raw[5 : 5 + length]
        del self._raw[: 5 + length]
        if kind == _ALERT:
            return self._take_alerts(payload, version)
        if kind == _HANDSHAKE:
            return self._take_messages(payload)
        if self._hello is None:
            raise BadAnswer('a record of type %d came before the ServerHello' % kind)
        return self._with_hello(None)

    def _take_alerts(self, payload, record_version):
        self._alerts += payload
        while len(self._alerts) >= 2:
            level, number = self._alerts[0], self._alerts[1]
            del self._alerts[:2]
            if self._hello is not None:
                return self._with_hello(None)
            if level not in (1, 2):
                raise BadAnswer('an alert has the level %d' % level)
            # A warning such as unrecognized_name comes before a ServerHello; close_notify comes before the end.
            if level == 1 and number != 70:
                self._warning = number
                continue
            meaning = alert_meaning(self.protocol, number, record_version)
            return verdict(
                meaning.result, meaning.reason, alert=number, negotiated=meaning.negotiated, latent=meaning.latent
            )
        return None

    # -- handshake messages

    def _take_messages(self, payload):
        self._messages += payload
        while len(self._messages) >= 4:
            kind, length = self._messages[0], _number(self._messages, 1, 3)
            if self._hello is None:
                if kind not in (_SERVER_HELLO, _HELLO_REQUEST):
                    raise BadAnswer('a handshake message of type %d came before the ServerHello' % kind)
                if length > _MAX_SERVER_HELLO:
                    raise BadAnswer('a ServerHello of %d bytes' % length)
            if len(self._messages) < 4 + length:
                return None
            message = self._messages[4 : 4 + length]
            del self._messages[: 4 + length]
            found = self._take_message(kind, message)
            if found is not None:
                return found
        return None

    def _take_message(self, kind, message):
        if kind == _SERVER_HELLO and self._hello is None:
            self._hello = read_server_hello(message)
            # The certificate of TLS 1.3 is encrypted: nothing more to read.
            return self._with_hello(None) if self._hello.version >= NUMBER_OF['TLSv1.3'] else None
        if kind == _CERTIFICATE and self._hello is not None:
            return self._with_hello(first_certificate(message))
        if kind in (_SERVER_KEY_EXCHANGE, _SERVER_HELLO_DONE):
            return self._with_hello(None)
        return None

    # -- verdicts

    def _with_hello(self, certificate):
        version, suite = self._hello
        cipher, negotiated = suite_name(suite), version_name(version)
        if version != self._asked:
            kind = 'lower' if version < self._asked else 'higher'
            reason = 'the server would only go on with the %s version %s' % (kind, negotiated)
            return verdict('refused', reason, negotiated=negotiated, cipher=cipher)
        if suite not in suites_for(self.protocol):
            return self._broken('the server chose a cipher suite that was not offered: %s' % cipher)
        return verdict('accepted', None, negotiated=negotiated, cipher=cipher, certificate=certificate)

    def _broken(self, reason):
        if self._hello is not None and self._hello.suite in suites_for(self.protocol):
            return self._with_hello(None)
        return verdict('inconclusive', reason)


ServerHello = namedtuple('ServerHello', ['version', 'suite'])


def read_server_hello(body):
    """The version and cipher suite of a ServerHello or HelloRetryRequest.

    :param body: bytearray, the message without its header
    :raises BadAnswer: when it is not well-formed
    """
    if len(body) < 38:
        raise BadAnswer('a ServerHello of only %d bytes' % len(body))
    version, random, session = _number(body, 0, 2), body[2:34], body[34]
    at = 35 + session
    if session > 32 or len(body) < at + 3:
        raise BadAnswer('a ServerHello that ends in its session id')
    suite = _number(body, at, 2)
    selected = _selected_version(body, at + 3)
    if selected is not None:
        version = selected
    elif random == RETRY_RANDOM:
        raise BadAnswer('a HelloRetryRequest without a version')
    if version >> 8 != 3:
        raise BadAnswer('a ServerHello of the version 0x%04x' % version)
    return ServerHello(version, suite)


def _selected_version(body, at):
    """The value of the supported_versions extension, None when there is none."""
    if at == len(body):
        return None
    stop = at + 2 + _number(body, at, 2)
    if stop != len(body):
        raise BadAnswer('a ServerHello whose extensions have another length than it says')
    at += 2
    while at < stop:
        kind, length = _number(body, at, 2), _number(body, at + 2, 2)
        at += 4
        if at + length > stop:
            raise BadAnswer('a ServerHello that ends in an extension')
        if kind == _SUPPORTED_VERSIONS:
            if length != 2:
                raise BadAnswer('a supported_versions extension of %d bytes' % length)
            return _number(body, at, 2)
        at += length
    return None


def first_certificate(body):
    """The server's own certificate (DER, bytes) out of a Certificate message up to TLS 1.2; None when it has none."""
    if len(body) < 6:
        return None
    length = _number(body, 3, 3)
    if not length or 6 + length > len(body):
        return None
    return bytes(body[6 : 6 + length])


def plaintext_kind(data):
    """What kind of plaintext a peer speaks instead of TLS, as a sentence; None when it is no text that is known."""
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


def _looks_like_record(data):
    return data[0] in _RECORD_TYPES and (len(data) < 2 or data[1] == 3)


def _number(data, at, size):
    if at + size > len(data):
        raise BadAnswer('a message that ends too early')
    value = 0
    for byte in data[at : at + size]:
        value = value << 8 | byte
    return value


def _hex(data):
    return ' '.join('%02x' % byte for byte in data[:8])
