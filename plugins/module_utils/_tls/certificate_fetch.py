# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""Fetch the certificate of a server that accepts only TLS 1.3, which encrypts it, with the TLS library of this Python."""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import ssl

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._tls.answers import MAX_ANSWER, verdict

# Conversations without a socket came with Python 3.5, TLS 1.3 with OpenSSL 1.1.1.
AVAILABLE = hasattr(ssl, 'MemoryBIO') and getattr(ssl, 'HAS_TLSv1_3', False)
UNAVAILABLE_REASON = 'TLS 1.3 encrypts the certificate, and the TLS library of this Python does not support TLS 1.3'


class CertificateFetch(object):
    """Hold a conversation (see tasks.Task) until the server's certificate is known. Only read the certificate, verify nothing.

    :param server_name: text for the server name indication, empty for none
    """

    def __init__(self, server_name):
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = _context().wrap_bio(self._incoming, self._outgoing, server_hostname=server_name or None)
        self._received = 0

    def start(self):
        """Return the bytes to send first."""
        self._advance()
        return self._outgoing.read()

    def feed(self, data):
        """Process received bytes, and return (bytes to send, Verdict or None)."""
        self._received += len(data)
        if self._received > MAX_ANSWER:
            return b'', verdict('inconclusive', 'the handshake is longer than %d bytes' % MAX_ANSWER)
        self._incoming.write(data)
        try:
            done = self._advance()
        except (ssl.SSLError, ValueError) as error:
            return b'', verdict('inconclusive', 'the TLS library of this Python said: %s' % error)
        if not done:
            return self._outgoing.read(), None
        return b'', verdict('accepted', None, certificate=self._tls.getpeercert(True))

    def end(self, how, again):
        """Return the Verdict for a connection that ends early."""
        return verdict('inconclusive', 'the connection %s before the certificate arrived' % how, again=again)

    def _advance(self):
        try:
            self._tls.do_handshake()
        except ssl.SSLWantReadError:
            return False
        return True


def cannot_ask(server_name):
    """Return a Verdict if the TLS library of this Python cannot even send a ClientHello with this name, else None.

    The probe's own ClientHello can contain a leading dot, an empty label or a label of 64 letters, and a server may have such an alias.
    """
    try:
        CertificateFetch(server_name).start()
    except (ssl.SSLError, ValueError) as error:
        return verdict('inconclusive', 'the TLS library of this Python cannot ask for the certificate: %s' % error)
    return None


def _context():
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    # The probe only reads the certificate, whether it is trusted or not.
    context.verify_mode = ssl.CERT_NONE
    try:
        context.set_ciphers('ALL:@SECLEVEL=0')
    except ssl.SSLError:
        # A library without security levels accepts weak certificates anyway.
        pass
    return context
