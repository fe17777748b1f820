# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""The numbers of TLS versions and alerts, and what an alert says about a version."""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

from collections import namedtuple

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._protocols import sort_protocols

# RFC 6101, 2246, 4346, 5246, 8446. SSLv2 has a different ClientHello and is not probed.
NUMBER_OF = {'SSLv3': 0x0300, 'TLSv1': 0x0301, 'TLSv1.1': 0x0302, 'TLSv1.2': 0x0303, 'TLSv1.3': 0x0304}
NAME_OF = dict((number, name) for name, number in NUMBER_OF.items())
PROBED = tuple(sort_protocols(NUMBER_OF))

ALERT_NAMES = {
    0: 'close_notify',
    10: 'unexpected_message',
    20: 'bad_record_mac',
    21: 'decryption_failed',
    22: 'record_overflow',
    30: 'decompression_failure',
    40: 'handshake_failure',
    41: 'no_certificate',
    42: 'bad_certificate',
    43: 'unsupported_certificate',
    44: 'certificate_revoked',
    45: 'certificate_expired',
    46: 'certificate_unknown',
    47: 'illegal_parameter',
    48: 'unknown_ca',
    49: 'access_denied',
    50: 'decode_error',
    51: 'decrypt_error',
    60: 'export_restriction',
    70: 'protocol_version',
    71: 'insufficient_security',
    80: 'internal_error',
    86: 'inappropriate_fallback',
    90: 'user_canceled',
    100: 'no_renegotiation',
    109: 'missing_extension',
    110: 'unsupported_extension',
    111: 'certificate_unobtainable',
    112: 'unrecognized_name',
    113: 'bad_certificate_status_response',
    115: 'unknown_psk_identity',
    116: 'certificate_required',
    120: 'no_application_protocol',
}

# ``negotiated``: the version that the server had chosen when it sent the alert, None if unknown.
AlertMeaning = namedtuple('AlertMeaning', ['result', 'latent', 'negotiated', 'reason'])

_REFUSALS = {
    70: 'the server does not allow this protocol version',
    86: 'the server wants a newer protocol version',
}
# OpenSSL chooses the version of a connection before anything else, so an alert about ciphers or keys proves that the
# version itself is allowed: the protocol setting enables it, and it will be accepted once nothing else holds it back.
_HELD_BACK = {
    40: 'there is no common cipher suite or key exchange',
    71: 'every offered cipher suite was too weak for the server',
    80: 'the security level of OpenSSL holds it back',
}


def alert_name(number):
    """Return the name of an alert according to the standards, ``unknown`` for other numbers."""
    return ALERT_NAMES.get(number, 'unknown')


def version_name(number):
    """Return the name of a version on the wire, or its number if no standard names it."""
    return NAME_OF.get(number, 'unknown (0x%04x)' % number)


def alert_meaning(protocol, number, record_version):
    """Return what a fatal alert says about the protocol version of the ClientHello that it answers.

    :param protocol: the version that the ClientHello offered
    :param number: the alert
    :param record_version: number of the version in the header of the alert's record: OpenSSL writes there the version that it
        has chosen, which distinguishes a TLSv1 that is held back from a TLSv1.1 that is, although both get the same alert
    :returns: AlertMeaning; ``latent`` is true if the version itself is allowed and only something else holds it back
    """
    if number in _REFUSALS:
        return AlertMeaning('refused', False, None, _REFUSALS[number])
    if number not in _HELD_BACK:
        words = 'the alert %d (%s) says nothing about the version' % (number, alert_name(number))
        return AlertMeaning('inconclusive', False, None, words)
    if protocol == 'SSLv3' and number == 40:
        return AlertMeaning('refused', False, None, 'the usual answer of a server without SSLv3')
    # TLS 1.3 uses the number of TLS 1.2 there.
    asked = min(NUMBER_OF[protocol], NUMBER_OF['TLSv1.2'])
    if record_version < asked and record_version in NAME_OF:
        lower = NAME_OF[record_version]
        words = 'the server would only continue with the lower version %s, and then %s' % (lower, _HELD_BACK[number])
        return AlertMeaning('refused', False, lower, words)
    words = 'the protocol setting still allows this version, but %s' % _HELD_BACK[number]
    return AlertMeaning('refused', True, None, words)
