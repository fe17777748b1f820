# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""Read the few facts about an X.509 certificate that an administrator needs from DER, without any library.

This module only reads and verifies nothing. It checks every length against the enclosing element before it uses the length, the data
cannot control any recursion, and every malformed certificate ends in CertificateError. Layout: RFC 5280, X.690.
"""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import binascii
import hashlib
import re
from collections import namedtuple

Element = namedtuple('Element', ['tag', 'data', 'start', 'stop', 'first'])

_SEQUENCE, _SET, _OID, _OCTETS, _INTEGER = 0x30, 0x31, 0x06, 0x04, 0x02
_VERSION_TAG, _EXTENSIONS_TAG = 0xA0, 0xA3
_UTC_TIME, _GENERALIZED_TIME = 0x17, 0x18
_MAX_NAMES = 1000

# Object identifier -> (name, hash). An algorithm that does not determine its hash has None.
_SIGNATURES = {
    '1.2.840.113549.1.1.2': ('md2WithRSAEncryption', 'md2'),
    '1.2.840.113549.1.1.4': ('md5WithRSAEncryption', 'md5'),
    '1.2.840.113549.1.1.5': ('sha1WithRSAEncryption', 'sha1'),
    '1.3.14.3.2.29': ('sha1WithRSA', 'sha1'),
    '1.2.840.113549.1.1.14': ('sha224WithRSAEncryption', 'sha224'),
    '1.2.840.113549.1.1.11': ('sha256WithRSAEncryption', 'sha256'),
    '1.2.840.113549.1.1.12': ('sha384WithRSAEncryption', 'sha384'),
    '1.2.840.113549.1.1.13': ('sha512WithRSAEncryption', 'sha512'),
    '1.2.840.10045.4.1': ('ecdsa-with-SHA1', 'sha1'),
    '1.2.840.10045.4.3.1': ('ecdsa-with-SHA224', 'sha224'),
    '1.2.840.10045.4.3.2': ('ecdsa-with-SHA256', 'sha256'),
    '1.2.840.10045.4.3.3': ('ecdsa-with-SHA384', 'sha384'),
    '1.2.840.10045.4.3.4': ('ecdsa-with-SHA512', 'sha512'),
    '1.2.840.10040.4.3': ('dsa-with-SHA1', 'sha1'),
    '2.16.840.1.101.3.4.3.2': ('dsa-with-SHA256', 'sha256'),
    '1.3.101.112': ('Ed25519', None),
    '1.3.101.113': ('Ed448', None),
}
_PSS = '1.2.840.113549.1.1.10'
_HASHES = {
    '1.3.14.3.2.26': 'sha1',
    '2.16.840.1.101.3.4.2.4': 'sha224',
    '2.16.840.1.101.3.4.2.1': 'sha256',
    '2.16.840.1.101.3.4.2.2': 'sha384',
    '2.16.840.1.101.3.4.2.3': 'sha512',
}
_ATTRIBUTES = {
    '2.5.4.3': 'CN',
    '2.5.4.5': 'serialNumber',
    '2.5.4.6': 'C',
    '2.5.4.7': 'L',
    '2.5.4.8': 'ST',
    '2.5.4.9': 'street',
    '2.5.4.10': 'O',
    '2.5.4.11': 'OU',
    '0.9.2342.19200300.100.1.1': 'UID',
    '0.9.2342.19200300.100.1.25': 'DC',
    '1.2.840.113549.1.9.1': 'emailAddress',
}
_SUBJECT_ALT_NAME = '2.5.29.17'
_TEXT_ENCODINGS = {0x1E: 'utf-16-be', 0x1C: 'utf-32-be', 0x14: 'latin-1'}


class CertificateError(Exception):
    """Raised for bytes that are not a readable certificate; the text says why."""


def read_certificate(der):
    """Return the facts about a certificate.

    :param der: bytes in DER form
    :returns: dictionary of ``subject`` and ``issuer`` (text, most specific part first), ``names`` (DNS names and
        addresses of subjectAltName), ``serial`` (hexadecimal, as openssl shows it), ``not_before`` and ``not_after`` (ISO 8601, UTC),
        ``signature_algorithm``, ``hash`` and ``fingerprint_sha256``
    :raises CertificateError: if it cannot be read
    """
    data = bytearray(der)
    outer = list(_children(_expect(_element(data, 0, len(data)), _SEQUENCE)))
    if len(outer) < 2:
        raise CertificateError('a certificate without a signature')
    fields = list(_children(_expect(outer[0], _SEQUENCE)))
    if fields and fields[0].tag == _VERSION_TAG:
        del fields[0]
    if len(fields) < 6:
        raise CertificateError('a certificate with only %d fields' % len(fields))
    serial, _inner, issuer, validity, subject = fields[:5]
    times = list(_children(_expect(validity, _SEQUENCE)))
    if len(times) != 2:
        raise CertificateError('a validity without two times')
    algorithm, digest = _signature(outer[1])
    return {
        'subject': _name(subject),
        'issuer': _name(issuer),
        'names': _alternative_names(fields[6:]),
        'serial': _serial(_expect(serial, _INTEGER)),
        'not_before': _time(times[0]),
        'not_after': _time(times[1]),
        'signature_algorithm': algorithm,
        'hash': digest,
        'fingerprint_sha256': hashlib.sha256(bytes(der)).hexdigest(),
    }


# -- DER


def _element(data, at, limit):
    """Return the element that starts at ``at`` and must end at or before ``limit``."""
    if at + 2 > limit:
        raise CertificateError('an element is cut off at byte %d' % at)
    tag, length, start = data[at], data[at + 1], at + 2
    if tag & 0x1F == 0x1F:
        raise CertificateError('a tag of several bytes at byte %d' % at)
    if length & 0x80:
        size = length & 0x7F
        if not 1 <= size <= 4 or start + size > limit:
            raise CertificateError('a length that cannot be read at byte %d' % at)
        length = 0
        for byte in data[start : start + size]:
            length = length << 8 | byte
        start += size
    if start + length > limit:
        raise CertificateError('an element that is longer than the element around it at byte %d' % at)
    return Element(tag, data, start, start + length, at)


def _children(element):
    at = element.start
    while at < element.stop:
        child = _element(element.data, at, element.stop)
        yield child
        at = child.stop


def _content(element):
    return bytes(element.data[element.start : element.stop])


def _expect(element, tag):
    if element.tag != tag:
        raise CertificateError('expected the tag 0x%02x at byte %d, found 0x%02x' % (tag, element.first, element.tag))
    return element


def _oid(element):
    content = bytearray(_content(_expect(element, _OID)))
    if not content or len(content) > 64:
        raise CertificateError('an object identifier of %d bytes' % len(content))
    numbers, value = [], 0
    for byte in content:
        value = value << 7 | byte & 0x7F
        if not byte & 0x80:
            numbers.append(value)
            value = 0
    if not numbers:
        raise CertificateError('an object identifier that does not end')
    first = min(numbers[0] // 40, 2)
    return '.'.join(str(number) for number in [first, numbers[0] - 40 * first] + numbers[1:])


# -- fields


def _serial(element):
    """Return a serial number as openssl shows it: its value in whole bytes, without the byte that DER puts before a set first bit."""
    content = _content(element)
    if not content:
        raise CertificateError('a serial number of no bytes at byte %d' % element.first)
    value = int(binascii.hexlify(content), 16)
    if bytearray(content)[0] & 0x80:
        value -= 1 << 8 * len(content)
    digits = '%x' % abs(value)
    return ('-' if value < 0 else '') + '0' * (len(digits) % 2) + digits


def _signature(element):
    parts = list(_children(_expect(element, _SEQUENCE)))
    if not parts:
        raise CertificateError('a signature algorithm without a name')
    identifier = _oid(parts[0])
    if identifier == _PSS:
        return 'RSASSA-PSS', _pss_hash(parts)
    return _SIGNATURES.get(identifier, (identifier, None))


def _pss_hash(parts):
    """Return the hash of an RSASSA-PSS signature: parameter [0], SHA-1 if it is omitted (RFC 4055, 3.1)."""
    if len(parts) > 1 and parts[1].tag == _SEQUENCE:
        for parameter in _children(parts[1]):
            if parameter.tag == 0xA0:
                algorithm = _expect(_element(parameter.data, parameter.start, parameter.stop), _SEQUENCE)
                return _HASHES.get(_oid(_element(algorithm.data, algorithm.start, algorithm.stop)))
    return 'sha1'


def _name(element):
    """Return a distinguished name as text, most specific part first (RFC 4514), as Check Point displays its own."""
    parts = []
    for group in _children(_expect(element, _SEQUENCE)):
        attributes = []
        for attribute in _children(_expect(group, _SET)):
            pair = list(_children(_expect(attribute, _SEQUENCE)))
            if len(pair) != 2:
                raise CertificateError('a part of a name that is not a pair')
            identifier = _oid(pair[0])
            attributes.append('%s=%s' % (_ATTRIBUTES.get(identifier, identifier), _escaped(_text(pair[1]))))
        parts.append('+'.join(attributes))
        if len(parts) > _MAX_NAMES:
            raise CertificateError('a name of more than %d parts' % _MAX_NAMES)
    return ','.join(reversed(parts))


def _text(element):
    return _content(element).decode(_TEXT_ENCODINGS.get(element.tag, 'utf-8'), 'replace')


def _escaped(text):
    text = re.sub(r'([,+"\\<>;])', r'\\\1', text)
    return ''.join(letter if ord(letter) >= 32 and ord(letter) != 127 else '\\%02X' % ord(letter) for letter in text)


def _alternative_names(fields):
    for field in fields:
        if field.tag != _EXTENSIONS_TAG:
            continue
        for extension in _children(_expect(_element(field.data, field.start, field.stop), _SEQUENCE)):
            parts = list(_children(_expect(extension, _SEQUENCE)))
            if len(parts) >= 2 and _oid(parts[0]) == _SUBJECT_ALT_NAME:
                value = _expect(parts[-1], _OCTETS)
                names = _expect(_element(value.data, value.start, value.stop), _SEQUENCE)
                return [name for name in (_general_name(item) for item in _children(names)) if name][:_MAX_NAMES]
    return []


def _general_name(element):
    content = _content(element)
    if element.tag == 0x82:
        return content.decode('ascii', 'replace')
    if element.tag == 0x87 and len(content) == 4:
        return '.'.join(str(byte) for byte in bytearray(content))
    if element.tag == 0x87 and len(content) == 16:
        return ':'.join(_hexadecimal(content[at : at + 2]) for at in range(0, 16, 2))
    return None


def _time(element):
    text = _content(element).decode('ascii', 'replace')
    if element.tag == _UTC_TIME and re.match(r'[0-9]{10}([0-9]{2})?Z$', text):
        # Two-digit years: 50 to 99 are in the 20th century (RFC 5280, 4.1.2.5.1).
        text = ('19' if text[:2] >= '50' else '20') + text
    elif element.tag != _GENERALIZED_TIME or not re.match(r'[0-9]{12}([0-9]{2})?Z$', text):
        raise CertificateError('a time that cannot be read: %r' % text[:32])
    seconds = text[12:14] if len(text) == 15 else '00'
    return '%s-%s-%sT%s:%s:%sZ' % (text[0:4], text[4:6], text[6:8], text[8:10], text[10:12], seconds)


def _hexadecimal(content):
    return binascii.hexlify(content).decode('ascii')
