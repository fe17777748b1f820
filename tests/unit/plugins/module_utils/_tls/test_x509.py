# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import base64
import hashlib
import random
import ssl
import subprocess

import pytest

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._tls.x509 import (
    CertificateError,
    read_certificate,
)

# Made for these tests with openssl and the Python package cryptography; the private keys were thrown away. The times and the
# UTF-16 name of OLD_SHA1 were put in by hand, so its signature is wrong, which nobody checks.
PLAIN = base64.b64decode(
    'MIIBkDCCATagAwIBAgICXwEwCgYIKoZIzj0EAwIwFzEVMBMGA1UECgwMbWdtdC4ueDdrMmE5MCAXDTI2MDEwMTAwMDAwMFoYDzIw'
    'NTYwMTAyMDMwNDA1WjAsMRUwEwYDVQQKDAxtZ210Li54N2syYTkxEzARBgNVBAMMCmEsICJiIitjw7wwWTATBgcqhkjOPQIBBggq'
    'hkjOPQMBBwNCAARtk9DnX457VDpJQLIwLhy6IYZF3jkkeX74K2CvT3s+OvnD1kst5MTxg+ckxTvrmEXq8myh18keLQi1+OtnOG6R'
    'o1swWTAPBgNVHRMBAf8EBTADAQH/MEYGA1UdEQQ/MD2CCWEuZXhhbXBsZYILKi5iLmV4YW1wbGWHBMAAAgeHECABDbgAAAAAAAAA'
    'AAAAAAeBC3hAeS5leGFtcGxlMAoGCCqGSM49BAMCA0gAMEUCIQDQvy/skwSTv6uwhi4TFrOUiMD2o/jJFfZqzAu16tpmEAIgOXNM'
    'VVdyaiFwFQFCB9S0LkfUQHyjwlbOeMkAnjwidzc='
)
OLD_SHA1 = base64.b64decode(
    'MIIB5zCCAVCgAwIBAgIBATANBgkqhkiG9w0BAQUFADAPMQ0wCwYDVQQDHgQAcgA3MB4XDTk5MTIzMTIzNTk1OFoXDTI3MDEwMTAw'
    'MDAwMFowDzENMAsGA1UEAx4EAHIANzCBnzANBgkqhkiG9w0BAQEFAAOBjQAwgYkCgYEA0Onm0JcQT08Xp2d5ldC8VJSLUlPtpxaL'
    'fgQHsnBkIgnephueg3Yyjxd2tWIakhfRRsd3vIMbeoRsz3zQGekugjM+tUJcdLs1neYmT1GROigRITkN8KRr7HXTl2H27dDrcXSF'
    'rZY53GVHXU7cK5eAE2EzHryEpga5JwYEGqUVSAMCAwEAAaNTMFEwHQYDVR0OBBYEFKNkdLp1IG1tRpaij7kOX29s7kx3MB8GA1Ud'
    'IwQYMBaAFKNkdLp1IG1tRpaij7kOX29s7kx3MA8GA1UdEwEB/wQFMAMBAf8wDQYJKoZIhvcNAQEFBQADgYEAeOP4pou8bFUXUU7K'
    '7tr/FrMRiSBaRMOyJ9mDmNSbuxZoQmjK5IG8++zPCTn4wwYWt6duBO9Xq6X5u8XbjOPerY9c+APEHmzCgJe7ExmDEAKFC8VwHwrk'
    'pcwOkssK96otxJGvnnMohvm+0p329DjKDvNKtoYYTd+LNjwcrOH0li8='
)
PSS = base64.b64decode(
    'MIICATCCATagAwIBAgIBAjBBBgkqhkiG9w0BAQowNKAPMA0GCWCGSAFlAwQCAgUAoRwwGgYJKoZIhvcNAQEIMA0GCWCGSAFlAwQC'
    'AgUAogMCATAwFzEVMBMGA1UECgwMbWdtdC4ueDdrMmE5MB4XDTI2MDEwMTAwMDAwMFoXDTI3MDEwMTAwMDAwMFowDjEMMAoGA1UE'
    'AwwDcHNzMIGfMA0GCSqGSIb3DQEBAQUAA4GNADCBiQKBgQCvJ+1Ezy6mDVo9eFUfl2PVHrDndJTdotC2Rr4MBjFmiR7no4yMJqMR'
    'AdUB6i2O6YvmBgmu2/OCM0z+1LoE6G4gBgj7tuY8oKlHZKyesc8EqsJSp7ol1pp/UsdN+OK5+pIgPZgFtgp/+dgZOImSMqpulkqn'
    'wvD98RBm8AEgsIHOPQIDAQABMEEGCSqGSIb3DQEBCjA0oA8wDQYJYIZIAWUDBAICBQChHDAaBgkqhkiG9w0BAQgwDQYJYIZIAWUD'
    'BAICBQCiAwIBMAOBgQBTgLTbhFuoD6sy7fARd/q5T1OoWM+CkuhY3xMZZGabtziD/Jw6/hDlAlmZO6Z2Rf051yOOEqSbWxv20/zl'
    'bhU7bQATgouTbVbyMGMIPWk26UkiP5hKgZHxXb5Sf/c8ywpEBIpN86lhN6d4VNWbfu28rhJVBTaFjWnhhvK+G/IloA=='
)
EDWARDS = base64.b64decode(
    'MIHPMIGCoAMCAQICAQMwBQYDK2VwMBcxFTATBgNVBAoMDG1nbXQuLng3azJhOTAeFw0yNjAxMDEwMDAwMDBaFw0yNzAxMDEwMDAw'
    'MDBaMAwxCjAIBgNVBAMMAWUwKjAFBgMrZXADIQClRZI6awRuxpoAqek3K7HgWxNEDQbroB03zRA8ZP7DXjAFBgMrZXADQQD/LMcL'
    'N6/2xhlbgaWYfQ80H4L8gRiHoa+ID0VoPajQJ7bxoN5Rvrdg5+J6hfO1viMj+P4u0p1vzQQsxMyfSMYN'
)


def test_the_facts_of_a_certificate():
    assert read_certificate(PLAIN) == {
        'subject': u'CN=a\\, \\"b\\"\\+c\u00fc,O=mgmt..x7k2a9',
        'issuer': 'O=mgmt..x7k2a9',
        'names': ['a.example', '*.b.example', '192.0.2.7', '2001:0db8:0000:0000:0000:0000:0000:0007'],
        'serial': '5f01',
        'not_before': '2026-01-01T00:00:00Z',
        # Beyond 2049 a time has four digits of the year.
        'not_after': '2056-01-02T03:04:05Z',
        'signature_algorithm': 'ecdsa-with-SHA256',
        'hash': 'sha256',
        'fingerprint_sha256': hashlib.sha256(PLAIN).hexdigest(),
    }


def test_an_old_certificate():
    facts = read_certificate(OLD_SHA1)
    assert (facts['subject'], facts['signature_algorithm'], facts['hash']) == ('CN=r7', 'sha1WithRSAEncryption', 'sha1')
    assert (facts['not_before'], facts['not_after']) == ('1999-12-31T23:59:58Z', '2027-01-01T00:00:00Z')
    assert facts['names'] == []
    assert facts['issuer'] == facts['subject']


def test_the_hash_of_pss_stands_in_its_parameters():
    facts = read_certificate(PSS)
    assert (facts['signature_algorithm'], facts['hash']) == ('RSASSA-PSS', 'sha384')


def test_an_algorithm_without_a_hash_of_its_own():
    facts = read_certificate(EDWARDS)
    assert (facts['signature_algorithm'], facts['hash']) == ('Ed25519', None)


@pytest.mark.parametrize('whole', [PLAIN, OLD_SHA1, PSS, EDWARDS])
def test_a_certificate_that_is_cut_off_is_an_error(whole):
    for length in range(len(whole)):
        with pytest.raises(CertificateError):
            read_certificate(whole[:length])


@pytest.mark.parametrize(
    'data',
    [b'', b'0', b'\x30\x80', b'\x30\x85\x01\x00\x00\x00\x00', b'\x1f\x81\x01\x00', b'\x30\x00', b'\x30\x04\x30\x00\x30\x00'],
)
def test_garbage_is_an_error(data):
    with pytest.raises(CertificateError):
        read_certificate(data)


@pytest.mark.parametrize('seed', range(400))
def test_damage_is_an_error_or_a_reading_but_nothing_else(seed):
    chance = random.Random(seed)
    data = bytearray(chance.choice([PLAIN, OLD_SHA1, PSS, EDWARDS]))
    for _turn in range(chance.randrange(1, 4)):
        data[chance.randrange(len(data))] = chance.randrange(256)
    try:
        facts = read_certificate(bytes(data))
    except CertificateError:
        return
    assert facts['not_after'].endswith('Z')


# Small and of the full 20 bytes, with the first bit clear and set: then DER puts a zero before it. A negative one is against RFC 5280, and yet there are such.
@pytest.mark.parametrize('serial', ['0', '1', '127', '128', '255', '256', '0x5f01', '0x93a5', '0x7fff', '0x8000', '-1', '-5', '-128', '-129'] + [
    '0x93a548b7c8d9e0f1029384756afbecdd01020304', '0x13a548b7c8d9e0f1029384756afbecdd01020304', '0x' + 'f' * 40])
def test_a_serial_number_is_what_openssl_shows(tmpdir, serial):
    certificate = str(tmpdir.join('x.crt'))
    command = ['openssl', 'req', '-x509', '-nodes', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-subj', '/CN=x', '-set_serial', serial]
    subprocess.check_output(command + ['-keyout', str(tmpdir.join('x.key')), '-out', certificate], stderr=subprocess.STDOUT)
    shown = subprocess.check_output(['openssl', 'x509', '-in', certificate, '-noout', '-serial']).decode('ascii').strip()
    with open(certificate) as file:
        found = read_certificate(ssl.PEM_cert_to_DER_cert(file.read()))['serial']
    assert 'serial=' + found.upper() == shown
    assert int(found, 16) == int(serial, 0)


def test_a_serial_number_of_no_bytes_is_an_error():
    assert PLAIN.startswith(b'\x30\x82\x01\x90\x30\x82\x01\x36')
    data = PLAIN.replace(b'\x02\x02\x5f\x01', b'\x02\x00')
    data = b'\x30\x82\x01\x8e\x30\x82\x01\x34' + data[8:]
    with pytest.raises(CertificateError) as caught:
        read_certificate(data)
    assert 'serial number' in str(caught.value)


def test_control_characters_of_a_name_are_shown_as_numbers():
    at = PLAIN.index(b'a, "b"')
    data = PLAIN[:at] + b'\x1b' + PLAIN[at + 1 :]
    assert '\\1B\\, ' in read_certificate(data)['subject']
