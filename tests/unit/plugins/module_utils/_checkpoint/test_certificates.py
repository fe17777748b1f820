# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type
import os
import subprocess

import pytest

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._checkpoint.certificates import (
    authority_certificate,
    own_certificate,
    parse_certificates,
    read_container,
    read_sic_certificate,
    read_web_certificate,
)
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._tls.x509 import CertificateError


def test_the_certificate_of_the_ca_and_the_own_one_are_told_apart(management):
    environment = management.environment()
    own = read_container(environment, str(management.cp.join('conf', 'sic_cert.p12')))
    assert len(own) == 2
    for order in (own, own[::-1]):
        assert own_certificate(order)['subject'] == 'CN=cp_mgmt,O=mgmt..x7k2a9'
        assert authority_certificate(order)['subject'] == 'O=mgmt..x7k2a9'
    alone = read_container(environment, str(management.fw.join('conf', 'InternalCA.p12')))
    assert own_certificate(alone) == authority_certificate(alone) == alone[0]


def test_the_sic_certificate_with_dates_and_hash(management):
    found = read_sic_certificate(management.environment())
    assert found['path'] == str(management.cp.join('conf', 'sic_cert.p12'))
    assert (found['role'], found['hash'], found['signature_algorithm']) == ('sic', 'sha1', 'sha1WithRSAEncryption')
    assert found['issuer'] == 'O=mgmt..x7k2a9' and int(found['serial'], 16) == 30287
    assert found['not_before'].endswith('Z') and found['not_before'][4] == '-' and found['not_before'] < found['not_after']
    assert set(found) == set(
        ['role', 'path', 'subject', 'issuer', 'serial', 'not_before', 'not_after', 'signature_algorithm', 'hash', 'fingerprint_sha256']
    )


# 0x9858 begins with a set bit, so DER has a zero before it.
@pytest.mark.parametrize('number,serial', [(30287, '764f'), (39000, '9858')])
def test_serial_numbers_of_both_kinds(management, authorities, number, serial):
    target = management.cp.join('conf', 'sic_cert.p12')
    authorities['sha256'].issue('serial%d' % number, target, serial=number)
    assert read_sic_certificate(management.environment())['serial'] == serial


def test_the_registry_says_where_the_sic_certificate_is(management, authorities):
    other = management.folder.join('with space.p12')
    authorities['sha256'].folder.join('sic_cert.p12').copy(other)
    management.tool('cpprod_util', 'echo "%s"\n' % other)
    found = read_sic_certificate(management.environment())
    assert (found['path'], found['hash']) == (str(other), 'sha256')


def test_no_private_key_leaves_openssl(management):
    journal = management.folder.join('journal')
    management.tool('cpopenssl', 'echo "$@" >> %s; exec openssl "$@"\n' % journal)
    read_sic_certificate(management.environment())
    assert '-nokeys' in journal.read() and '-nodes' not in journal.read()


@pytest.mark.parametrize('contents', [b'', b'nonsense', b'\x30\x82', None])
def test_a_container_that_cannot_be_read_is_an_error_with_its_path(management, contents):
    path = management.cp.join('conf', 'sic_cert.p12')
    if contents is None:
        path.remove()
    else:
        path.write_binary(contents)
    with pytest.raises(AdministratorError) as caught:
        read_sic_certificate(management.environment())
    assert caught.value.path == str(path) and caught.value.found


@pytest.mark.parametrize('script', ['exit 0', 'echo "-----BEGIN CERTIFICATE-----"; echo "MII="; echo "-----END CERTIFICATE-----"', 'openssl "$@"; exit 1'])
def test_success_of_openssl_alone_is_not_believed_and_neither_is_output_alone(management, script):
    management.tool('cpopenssl', script + '\n')
    with pytest.raises(AdministratorError, match='the certificate cannot be read'):
        read_sic_certificate(management.environment())


def test_a_container_from_an_old_ca_is_read_by_an_openssl_3(management, authorities):
    path = management.fw.join('conf', 'InternalCA.p12')
    authorities['sha1'].contain_with_rc2('ca', path)
    plain = subprocess.Popen(['openssl', 'pkcs12', '-in', str(path), '-nokeys', '-passin', 'pass:'], stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert b'RC2-40-CBC' in plain.communicate()[1] and plain.returncode == 1
    found = read_container(management.environment(), str(path))
    assert authority_certificate(found)['subject'] == 'O=mgmt..x7k2a9'


def test_a_container_that_no_way_reads_is_told_with_what_each_said(management):
    management.tool('cpopenssl', 'case "$*" in *-legacy*) echo "no legacy provider" >&2;; *) echo "RC2-40-CBC" >&2;; esac; exit 1\n')
    with pytest.raises(AdministratorError) as caught:
        read_container(management.environment(), str(management.cp.join('conf', 'sic_cert.p12')))
    assert caught.value.found == 'RC2-40-CBC; with -legacy: no legacy provider'


def test_a_container_that_openssl_reads_is_asked_for_once(management):
    journal = management.folder.join('journal')
    management.tool('cpopenssl', 'echo "$@" >> %s; exec openssl "$@"\n' % journal)
    read_container(management.environment(), str(management.cp.join('conf', 'sic_cert.p12')))
    assert len(journal.readlines()) == 1


def test_an_openssl_that_hangs_is_an_error(management):
    management.tool('cpopenssl', 'sleep 600\n')
    with pytest.raises(AdministratorError, match='did not end within 0.3 s'):
        read_container(management.environment(), str(management.cp.join('conf', 'sic_cert.p12')), timeout=0.3)


def test_a_web_certificate_is_the_first_in_its_file(management, authorities):
    folder = authorities['sha256'].folder
    leaf, chain, key = (folder.join(name).read_binary() for name in ('cp_mgmt.crt', 'ca.crt', 'cp_mgmt.key'))
    path = management.folder.join('server.crt')
    for contents in (leaf, leaf + chain, key + leaf + chain, b'text before\r\n' + leaf.replace(b'\n', b'\r\n')):
        path.write_binary(contents)
        found = read_web_certificate(str(path))
        assert (found['role'], found['hash'], found['path'], found['subject']) == ('web', 'sha256', str(path), 'CN=cp_mgmt,O=mgmt..x7k2a9')
        assert 'PRIVATE' not in repr(found)


def test_a_web_certificate_in_der(management, authorities):
    path = management.folder.join('server.der')
    os.system('openssl x509 -in %s -outform DER -out %s' % (authorities['sha1'].folder.join('cp_mgmt.crt'), path))
    assert read_web_certificate(str(path))['hash'] == 'sha1'


@pytest.mark.parametrize(
    'contents', [b'', b'-----BEGIN CERTIFICATE-----\nnonsense\n-----END CERTIFICATE-----\n', b'-----BEGIN PRIVATE KEY-----\n', b'\x30\x03']
)
def test_a_web_certificate_that_cannot_be_read_is_an_error(management, contents):
    path = management.folder.join('server.crt')
    path.write_binary(contents)
    with pytest.raises(AdministratorError) as caught:
        read_web_certificate(str(path))
    assert caught.value.path == str(path)


def test_what_is_no_file_is_not_waited_for(management):
    path = management.folder.join('pipe')
    os.mkfifo(str(path))
    for name in (str(path), str(management.folder), str(management.folder.join('none'))):
        with pytest.raises(AdministratorError):
            read_web_certificate(name)


def test_one_damaged_certificate_among_others_is_an_error(authorities):
    leaf = authorities['sha1'].folder.join('cp_mgmt.crt').read_binary()
    damaged = leaf.replace(b'BEGIN CERTIFICATE-----\n', b'BEGIN CERTIFICATE-----\nAAAA')
    with pytest.raises(CertificateError):
        parse_certificates(leaf + damaged)
