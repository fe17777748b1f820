# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""Interpret a server's answer to a ClientHello: bytes in, verdict out, no sockets.

There are three verdicts. ``accepted``: a ServerHello with the offered version. ``refused``: an alert that says so, or a
ServerHello with another version. ``inconclusive``: everything else, with the reason; silence, garbage and broken
connections never count as a refusal here.
"""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

from collections import namedtuple

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._tls.cipher_suites import (
    suite_name,
    suites_for,
)
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._tls.messages import (
    BadAnswer,
    first_certificate,
    looks_like_record,
    not_tls,
    number_at,
    read_server_hello,
)
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._tls.protocols import (
    NUMBER_OF,
    alert_meaning,
    alert_name,
    version_name,
)

# ``silent``: the peer closed the connection properly without sending a byte. ``again``: another attempt may help.
Verdict = namedtuple(
    'Verdict', ['result', 'alert', 'negotiated', 'cipher', 'reason', 'latent', 'certificate', 'silent', 'again']
)

# A certificate chain takes about 10 KiB; a peer that sends more than this is not worth listening to.
MAX_ANSWER = 128 * 1024
_MAX_RECORD = 16384 + 2048
_MAX_SERVER_HELLO = 4096
# So many bytes of a plaintext greeting reveal its kind.
_ENOUGH_TO_TELL = 5

_ALERT, _HANDSHAKE = 21, 22
_SERVER_HELLO, _CERTIFICATE, _SERVER_KEY_EXCHANGE, _SERVER_HELLO_DONE = 2, 11, 12, 14
_HELLO_REQUEST = 0


def verdict(result, reason, alert=None, negotiated=None, cipher=None, latent=False, certificate=None, silent=False,
            again=False):
    """Return a Verdict; values that are not given stay empty."""
    return Verdict(result, alert, negotiated, cipher, reason, latent, certificate, silent, again)


# How a connection can end before the answer is complete, as words after "the connection ".
CLOSED = 'was closed'
RESET = 'was reset'


class AnswerReader(object):
    """Read the answer of one server piece by piece, as it arrives from the network.

    Pass every piece to ``feed`` until that returns a Verdict, or call ``end`` with the reason why there are no more pieces.
    MAX_ANSWER limits the memory, and each byte is examined a fixed number of times.
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
        """Process received bytes, and return the Verdict once it is certain, else None."""
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
        """Return the Verdict for a connection that ends early.

        :param how: CLOSED, RESET or other words after "the connection "
        :param again: whether another attempt may reveal more
        """
        if self._hello is not None:
            return self._with_hello(None)
        if not self._received:
            return verdict('inconclusive', 'the connection %s before any answer' % how, silent=how == CLOSED, again=again)
        if self._raw and not looks_like_record(self._raw):
            return verdict('inconclusive', not_tls(self._raw))
        said = ''
        if self._warning is not None:
            said = ', after the warning %d (%s)' % (self._warning, alert_name(self._warning))
        return verdict('inconclusive', 'the connection %s in the middle of the answer%s' % (how, said), again=again)

    # -- records

    def _judge_start(self):
        if len(self._raw) >= _ENOUGH_TO_TELL and not looks_like_record(self._raw):
            raise BadAnswer(not_tls(self._raw))

    def _raw_incomplete(self):
        self._judge_start()
        return len(self._raw) < 5 or len(self._raw) < 5 + number_at(self._raw, 3, 2)

    def _take_record(self):
        kind, version, length = self._raw[0], number_at(self._raw, 1, 2), number_at(self._raw, 3, 2)
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
            kind, length = self._messages[0], number_at(self._messages, 1, 3)
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
            # TLS 1.3 encrypts the certificate: there is nothing more to read.
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
            reason = 'the server would only continue with the %s version %s' % (kind, negotiated)
            return verdict('refused', reason, negotiated=negotiated, cipher=cipher)
        if suite not in suites_for(self.protocol):
            return self._broken('the server chose a cipher suite that was not offered: %s' % cipher)
        return verdict('accepted', None, negotiated=negotiated, cipher=cipher, certificate=certificate)

    def _broken(self, reason):
        if self._hello is not None and self._hello.suite in suites_for(self.protocol):
            return self._with_hello(None)
        return verdict('inconclusive', reason)
