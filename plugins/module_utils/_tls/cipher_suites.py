# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""The cipher suites that a probe offers: all that a server of any age may have, the cheapest for the server first.

The order matters for two reasons. Some old servers consider only the first 64 suites, so common suites come before rare ones.
And a server that follows the client's order chooses RSA key transport, which costs it no signature: probing
costs a fleet next to nothing. Names and numbers are those of the IANA registry of TLS cipher suites.
"""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

# Suites of SSL 3.0 to TLS 1.1, which TLS 1.2 can use, too.
OLD_SUITES = (
    (0x002F, 'TLS_RSA_WITH_AES_128_CBC_SHA'),
    (0x0035, 'TLS_RSA_WITH_AES_256_CBC_SHA'),
    (0x000A, 'TLS_RSA_WITH_3DES_EDE_CBC_SHA'),
    (0x0005, 'TLS_RSA_WITH_RC4_128_SHA'),
    (0x0004, 'TLS_RSA_WITH_RC4_128_MD5'),
    (0xC013, 'TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA'),
    (0xC014, 'TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA'),
    (0xC009, 'TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA'),
    (0xC00A, 'TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA'),
    (0x0033, 'TLS_DHE_RSA_WITH_AES_128_CBC_SHA'),
    (0x0039, 'TLS_DHE_RSA_WITH_AES_256_CBC_SHA'),
    (0x0016, 'TLS_DHE_RSA_WITH_3DES_EDE_CBC_SHA'),
    (0xC012, 'TLS_ECDHE_RSA_WITH_3DES_EDE_CBC_SHA'),
    (0xC008, 'TLS_ECDHE_ECDSA_WITH_3DES_EDE_CBC_SHA'),
    (0xC011, 'TLS_ECDHE_RSA_WITH_RC4_128_SHA'),
    (0xC007, 'TLS_ECDHE_ECDSA_WITH_RC4_128_SHA'),
    (0x0041, 'TLS_RSA_WITH_CAMELLIA_128_CBC_SHA'),
    (0x0084, 'TLS_RSA_WITH_CAMELLIA_256_CBC_SHA'),
    (0x0045, 'TLS_DHE_RSA_WITH_CAMELLIA_128_CBC_SHA'),
    (0x0088, 'TLS_DHE_RSA_WITH_CAMELLIA_256_CBC_SHA'),
    (0x0096, 'TLS_RSA_WITH_SEED_CBC_SHA'),
    (0x009A, 'TLS_DHE_RSA_WITH_SEED_CBC_SHA'),
    (0x0007, 'TLS_RSA_WITH_IDEA_CBC_SHA'),
    (0x0032, 'TLS_DHE_DSS_WITH_AES_128_CBC_SHA'),
    (0x0038, 'TLS_DHE_DSS_WITH_AES_256_CBC_SHA'),
    (0x0013, 'TLS_DHE_DSS_WITH_3DES_EDE_CBC_SHA'),
    (0x0009, 'TLS_RSA_WITH_DES_CBC_SHA'),
    (0x0015, 'TLS_DHE_RSA_WITH_DES_CBC_SHA'),
    (0x0012, 'TLS_DHE_DSS_WITH_DES_CBC_SHA'),
    (0x0044, 'TLS_DHE_DSS_WITH_CAMELLIA_128_CBC_SHA'),
    (0x0087, 'TLS_DHE_DSS_WITH_CAMELLIA_256_CBC_SHA'),
    (0x0099, 'TLS_DHE_DSS_WITH_SEED_CBC_SHA'),
    (0xC00E, 'TLS_ECDH_RSA_WITH_AES_128_CBC_SHA'),
    (0xC00F, 'TLS_ECDH_RSA_WITH_AES_256_CBC_SHA'),
    (0xC004, 'TLS_ECDH_ECDSA_WITH_AES_128_CBC_SHA'),
    (0xC005, 'TLS_ECDH_ECDSA_WITH_AES_256_CBC_SHA'),
    (0x0003, 'TLS_RSA_EXPORT_WITH_RC4_40_MD5'),
    (0x0006, 'TLS_RSA_EXPORT_WITH_RC2_CBC_40_MD5'),
    (0x0008, 'TLS_RSA_EXPORT_WITH_DES40_CBC_SHA'),
    (0x0014, 'TLS_DHE_RSA_EXPORT_WITH_DES40_CBC_SHA'),
    (0x0002, 'TLS_RSA_WITH_NULL_SHA'),
    (0x0001, 'TLS_RSA_WITH_NULL_MD5'),
    (0xC010, 'TLS_ECDHE_RSA_WITH_NULL_SHA'),
    (0xC006, 'TLS_ECDHE_ECDSA_WITH_NULL_SHA'),
    (0x0034, 'TLS_DH_anon_WITH_AES_128_CBC_SHA'),
    (0x003A, 'TLS_DH_anon_WITH_AES_256_CBC_SHA'),
    (0x001B, 'TLS_DH_anon_WITH_3DES_EDE_CBC_SHA'),
    (0x0018, 'TLS_DH_anon_WITH_RC4_128_MD5'),
    (0x0046, 'TLS_DH_anon_WITH_CAMELLIA_128_CBC_SHA'),
    (0x0089, 'TLS_DH_anon_WITH_CAMELLIA_256_CBC_SHA'),
    (0x009B, 'TLS_DH_anon_WITH_SEED_CBC_SHA'),
    (0xC018, 'TLS_ECDH_anon_WITH_AES_128_CBC_SHA'),
    (0xC019, 'TLS_ECDH_anon_WITH_AES_256_CBC_SHA'),
    (0xC017, 'TLS_ECDH_anon_WITH_3DES_EDE_CBC_SHA'),
    (0xC016, 'TLS_ECDH_anon_WITH_RC4_128_SHA'),
    (0xC015, 'TLS_ECDH_anon_WITH_NULL_SHA'),
)

# Suites that TLS 1.2 introduced.
TLS12_SUITES = (
    (0x009C, 'TLS_RSA_WITH_AES_128_GCM_SHA256'),
    (0x009D, 'TLS_RSA_WITH_AES_256_GCM_SHA384'),
    (0x003C, 'TLS_RSA_WITH_AES_128_CBC_SHA256'),
    (0x003D, 'TLS_RSA_WITH_AES_256_CBC_SHA256'),
    (0xC02F, 'TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256'),
    (0xC030, 'TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384'),
    (0xC02B, 'TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256'),
    (0xC02C, 'TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384'),
    (0xC027, 'TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA256'),
    (0xC028, 'TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA384'),
    (0xC023, 'TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA256'),
    (0xC024, 'TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA384'),
    (0x009E, 'TLS_DHE_RSA_WITH_AES_128_GCM_SHA256'),
    (0x009F, 'TLS_DHE_RSA_WITH_AES_256_GCM_SHA384'),
    (0x0067, 'TLS_DHE_RSA_WITH_AES_128_CBC_SHA256'),
    (0x006B, 'TLS_DHE_RSA_WITH_AES_256_CBC_SHA256'),
    (0xCCA8, 'TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256'),
    (0xCCA9, 'TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256'),
    (0xCCAA, 'TLS_DHE_RSA_WITH_CHACHA20_POLY1305_SHA256'),
)
# Rare suites of TLS 1.2, offered after all others.
RARE_TLS12_SUITES = (
    (0xC09C, 'TLS_RSA_WITH_AES_128_CCM'),
    (0xC09D, 'TLS_RSA_WITH_AES_256_CCM'),
    (0xC0A0, 'TLS_RSA_WITH_AES_128_CCM_8'),
    (0xC0A1, 'TLS_RSA_WITH_AES_256_CCM_8'),
    (0xC09E, 'TLS_DHE_RSA_WITH_AES_128_CCM'),
    (0xC09F, 'TLS_DHE_RSA_WITH_AES_256_CCM'),
    (0xC0A2, 'TLS_DHE_RSA_WITH_AES_128_CCM_8'),
    (0xC0A3, 'TLS_DHE_RSA_WITH_AES_256_CCM_8'),
    (0xC0AC, 'TLS_ECDHE_ECDSA_WITH_AES_128_CCM'),
    (0xC0AD, 'TLS_ECDHE_ECDSA_WITH_AES_256_CCM'),
    (0xC0AE, 'TLS_ECDHE_ECDSA_WITH_AES_128_CCM_8'),
    (0xC0AF, 'TLS_ECDHE_ECDSA_WITH_AES_256_CCM_8'),
    (0x00BA, 'TLS_RSA_WITH_CAMELLIA_128_CBC_SHA256'),
    (0x00C0, 'TLS_RSA_WITH_CAMELLIA_256_CBC_SHA256'),
    (0x00BE, 'TLS_DHE_RSA_WITH_CAMELLIA_128_CBC_SHA256'),
    (0x00C4, 'TLS_DHE_RSA_WITH_CAMELLIA_256_CBC_SHA256'),
    (0xC076, 'TLS_ECDHE_RSA_WITH_CAMELLIA_128_CBC_SHA256'),
    (0xC077, 'TLS_ECDHE_RSA_WITH_CAMELLIA_256_CBC_SHA384'),
    (0xC072, 'TLS_ECDHE_ECDSA_WITH_CAMELLIA_128_CBC_SHA256'),
    (0xC073, 'TLS_ECDHE_ECDSA_WITH_CAMELLIA_256_CBC_SHA384'),
    (0xC050, 'TLS_RSA_WITH_ARIA_128_GCM_SHA256'),
    (0xC051, 'TLS_RSA_WITH_ARIA_256_GCM_SHA384'),
    (0xC052, 'TLS_DHE_RSA_WITH_ARIA_128_GCM_SHA256'),
    (0xC053, 'TLS_DHE_RSA_WITH_ARIA_256_GCM_SHA384'),
    (0xC060, 'TLS_ECDHE_RSA_WITH_ARIA_128_GCM_SHA256'),
    (0xC061, 'TLS_ECDHE_RSA_WITH_ARIA_256_GCM_SHA384'),
    (0xC05C, 'TLS_ECDHE_ECDSA_WITH_ARIA_128_GCM_SHA256'),
    (0xC05D, 'TLS_ECDHE_ECDSA_WITH_ARIA_256_GCM_SHA384'),
    (0x00A2, 'TLS_DHE_DSS_WITH_AES_128_GCM_SHA256'),
    (0x00A3, 'TLS_DHE_DSS_WITH_AES_256_GCM_SHA384'),
    (0x0040, 'TLS_DHE_DSS_WITH_AES_128_CBC_SHA256'),
    (0x006A, 'TLS_DHE_DSS_WITH_AES_256_CBC_SHA256'),
    (0xC031, 'TLS_ECDH_RSA_WITH_AES_128_GCM_SHA256'),
    (0xC02D, 'TLS_ECDH_ECDSA_WITH_AES_128_GCM_SHA256'),
    (0x003B, 'TLS_RSA_WITH_NULL_SHA256'),
    (0x00A6, 'TLS_DH_anon_WITH_AES_128_GCM_SHA256'),
    (0x00A7, 'TLS_DH_anon_WITH_AES_256_GCM_SHA384'),
    (0x006C, 'TLS_DH_anon_WITH_AES_128_CBC_SHA256'),
    (0x006D, 'TLS_DH_anon_WITH_AES_256_CBC_SHA256'),
)

# The suites of TLS 1.3.
TLS13_SUITES = (
    (0x1301, 'TLS_AES_128_GCM_SHA256'),
    (0x1302, 'TLS_AES_256_GCM_SHA384'),
    (0x1303, 'TLS_CHACHA20_POLY1305_SHA256'),
    (0x1304, 'TLS_AES_128_CCM_SHA256'),
    (0x1305, 'TLS_AES_128_CCM_8_SHA256'),
)

_NAMES = dict(OLD_SUITES + TLS12_SUITES + RARE_TLS12_SUITES + TLS13_SUITES)


def suite_name(number):
    """Return the registry's name of a cipher suite, or its number if it is not offered here."""
    return _NAMES.get(number, 'unknown (0x%04x)' % number)


def suites_for(protocol):
    """Return the numbers of the cipher suites to offer for a protocol, in the order of the ClientHello.

    A TLSv1.3 ClientHello contains all older suites, too. A server that does not know TLS 1.3 (OpenSSL before 1.1.1) then answers with the
    version that it would accept. Otherwise it could only say that it found no suite, as if just that held TLS 1.3 back.
    """
    old = [number for number, _name in OLD_SUITES]
    if protocol not in ('TLSv1.2', 'TLSv1.3'):
        return old
    newest = TLS13_SUITES if protocol == 'TLSv1.3' else ()
    return [number for number, _name in newest + TLS12_SUITES] + old + [number for number, _name in RARE_TLS12_SUITES]
