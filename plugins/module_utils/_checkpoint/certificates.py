# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""Read the certificates of a server: those in Check Point's own containers, and those that its web server serves. Never read a private key."""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import binascii
import os
import re

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._checkpoint.product import registry_value
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._commands import tail
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.file_state import read_file
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._tls.x509 import CertificateError, read_certificate

_MARK = re.compile(br'-----(BEGIN|END) (?:X509 )?CERTIFICATE-----')
_SEQUENCE = b'\x30'


def parse_certificates(data):
    """Return the facts of all certificates in a text, in their order; skip keys and everything else.

    :param data: bytes with PEM blocks, or one certificate in DER
    :returns: list of dictionaries, see _tls/x509.read_certificate
    :raises CertificateError: when there is none, or one of them cannot be read
    """
    blocks = _blocks(data)
    if not blocks and data.startswith(_SEQUENCE):
        return [read_certificate(data)]
    if not blocks:
        raise CertificateError('no certificate in it')
    return [read_certificate(_decoded(block)) for block in blocks]


def _blocks(data):
    """Return the text between each begin mark and the next end mark."""
    found, begin = [], None
    for mark in _MARK.finditer(data):
        if mark.group(1) == b'BEGIN':
            begin = mark.end() if begin is None else begin
        elif begin is not None:
            found.append(data[begin:mark.start()])
            begin = None
    return found


def _decoded(block):
    try:
        return binascii.a2b_base64(block)
    except (binascii.Error, ValueError) as error:
        raise CertificateError('a certificate that is not base64: %s' % error)


def read_container(environment, path, timeout=60.0):
    """Read the certificates in a PKCS #12 container without a password, as Check Point keeps its own.

    ``-nokeys``: a private key never leaves openssl. A CA made before OpenSSL 3.0 may keep its certificate under RC2, which OpenSSL 3 reads
    with ``-legacy`` alone; an older openssl does not know that option, so it is given second.

    :returns: list of dictionaries as in ``parse_certificates``
    :raises AdministratorError: when the container is missing or cannot be read
    """
    if not os.path.isfile(path):
        raise AdministratorError('the certificate is not there', path=path, expected='a PKCS #12 file', found='no such file')
    argv = ['cpopenssl', 'pkcs12', '-in', path, '-nokeys', '-nomacver', '-passin', 'pass:']
    found, reason = _container_certificates(environment, argv, timeout)
    if found is None:
        found, legacy_reason = _container_certificates(environment, argv + ['-legacy'], timeout)
    if found is not None:
        return found
    raise AdministratorError(
        'the certificate cannot be read',
        path=path,
        expected='a PKCS #12 file with an empty password that "%s" reads' % ' '.join(argv),
        found='%s; with -legacy: %s' % (reason, legacy_reason),
        next_step='run this command by hand on the server, as root',
    )


def _container_certificates(environment, argv, timeout):
    """Return (certificates, None), or (None, why there are none)."""
    result = environment.output(argv, timeout)
    reason = tail(result.stderr, 3) or 'exit code %d' % result.rc
    if result.rc == 0:
        try:
            return parse_certificates(result.stdout), None
        except CertificateError as error:
            reason = str(error)
    return None, reason


def own_certificate(certificates):
    """Return the certificate that a container is about: the first one that another issued, not that of the authority itself."""
    return next((entry for entry in certificates if entry['subject'] != entry['issuer']), certificates[0])


def authority_certificate(certificates):
    """Return the certificate of the authority in a container: the one that issued itself."""
    return next((entry for entry in certificates if entry['subject'] == entry['issuer']), certificates[0])


def read_sic_certificate(environment, timeout=60.0):
    """Return the facts of the certificate with which this server identifies itself to other Check Point servers.

    :raises AdministratorError: when it cannot be read
    """
    default = os.path.join(environment.folder('CPDIR'), 'conf', 'sic_cert.p12')
    path = registry_value(environment, 'SIC', 'CertPath', '', timeout)
    if not os.path.isabs(path):
        path = default
    return describe('sic', path, own_certificate(read_container(environment, path, timeout)))


def read_web_certificate(path):
    """Return the facts of the certificate in a file that the web server serves: the first one; its chain may follow.

    :raises AdministratorError: when it cannot be read
    """
    try:
        return describe('web', path, parse_certificates(read_file(path).data)[0])
    except CertificateError as error:
        raise AdministratorError(
            'the certificate cannot be read',
            path=path,
            expected='a certificate in PEM or DER form',
            found=str(error),
            next_step='look at the file, the web server needs it too',
        )


def describe(role, path, certificate):
    """Return the facts of a certificate in the form that modules return.

    :param role: ``ica``, ``sic`` or ``web``
    """
    keys = ('subject', 'issuer', 'serial', 'not_before', 'not_after', 'signature_algorithm', 'hash', 'fingerprint_sha256')
    return dict([(key, certificate[key]) for key in keys], role=role, path=path)
