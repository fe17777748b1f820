# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type
import json
import os

import pytest

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._checkpoint.internal_ca import (
    ensure_sign_hash,
    record_path,
    weigh,
)
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError

CA = {'subject': 'O=ca', 'issuer': 'O=ca', 'fingerprint_sha256': 'f1', 'hash': 'sha1'}
NOW = [{'name': 'CPD', 'pid': 20, 'status': 'E'}]


def sic(digest='sha1', fingerprint='c1', issuer='O=ca', not_before='2020-01-01T00:00:00Z'):
    return {
        'role': 'sic', 'path': '/sic.p12', 'subject': 'CN=cp_mgmt', 'issuer': issuer, 'serial': '01', 'not_before': not_before, 'hash': digest,
        'signature_algorithm': '%sWithRSAEncryption' % digest, 'fingerprint_sha256': fingerprint,
    }


def record(**changes):
    known = {'algorithm': 'sha256', 'at': '2026-01-01T00:00:00Z', 'ca_fingerprint_sha256': 'f1', 'certificate': 'c1', 'processes': {'CPD': 10}}
    return dict(known, **changes)


@pytest.mark.parametrize(
    'kept,certificates,value,kind',
    [
        (None, [sic()], 'sha1', 'certificate'),
        (None, [sic('sha256')], 'sha256', 'certificate'),
        (None, [sic(), sic('sha512', not_before='2021-01-01T00:00:00Z')], 'sha512', 'certificate'),
        (None, [], 'unknown', 'none'),
        (None, [sic(issuer='O=another ca')], 'unknown', 'none'),
        (None, [sic('md5')], 'unknown', 'none'),
        (None, [sic(None)], 'unknown', 'none'),
        (record(), [sic()], 'sha256', 'record'),
        (record(), [], 'sha256', 'record'),
        (record(), [sic('sha256', 'c2')], 'sha256', 'record'),
        # Somebody else has changed it since, and this certificate shows it.
        (record(), [sic('sha1', 'c2')], 'sha1', 'certificate'),
        (record(certificate=None), [sic('sha1')], 'sha1', 'certificate'),
        (record(ca_fingerprint_sha256='f2'), [sic()], 'sha1', 'certificate'),
        (record(ca_fingerprint_sha256='f2'), [], 'unknown', 'none'),
        (record(algorithm='unknown', asked_for='sha256'), [sic('sha256')], 'unknown', 'none'),
        (record(algorithm='unknown', asked_for='sha256'), [sic('sha256', 'c2')], 'sha256', 'certificate'),
        (record(algorithm='rot13'), [sic()], 'sha1', 'certificate'),
        (record(at=None), [sic()], 'sha1', 'certificate'),
        (record(processes=None), [sic()], 'sha1', 'certificate'),
        ({}, [sic()], 'sha1', 'certificate'),
    ],
)
def test_the_best_evidence_counts(kept, certificates, value, kind):
    found = weigh(CA, kept, certificates, NOW)
    assert (found['value'], found['evidence']['kind']) == (value, kind)
    assert found['evidence']['reason'] if kind == 'none' else True


@pytest.mark.parametrize('processes,waiting', [({'CPD': 10}, False), ({'CPD': 20}, True), ({}, False)])
def test_a_hash_that_was_set_in_this_run_of_the_services_needs_a_restart(processes, waiting):
    assert weigh(CA, record(processes=processes), [], NOW)['restart_required'] is waiting


class Fixture(object):
    def __init__(self, server):
        self.server = server
        self.state = str(server.state)
        self.journal = server.write('journal', '')
        self.tool()

    def tool(self, end='exit 0'):
        self.server.tool('cpca_client', (
            'echo "$@" >> %s\n[ $1 = lscert ] && exit 0\necho "You have selected the signature hash function SHA-${2#sha}"\n'
            'echo "Are you sure? (y/n)"\nread answer\necho "answer $answer" >> %s\n'
            'echo "Internal CA signature hash changed successfully."\n%s\n') % (self.journal, self.journal, end))

    def run(self, algorithm='sha256', check_mode=False):
        return ensure_sign_hash(self.server.environment(), self.state, algorithm, 10.0, check_mode)

    def asked(self):
        return [line for line in self.journal.read().splitlines() if not line.startswith('lscert')]

    def record(self):
        with open(record_path(self.state)) as stream:
            return json.load(stream)


@pytest.fixture
def ca(management):
    return Fixture(management)


def test_set_once_known_afterwards(ca):
    first = ca.run()
    assert (first['changed'], first['before'], first['algorithm'], first['restart_required']) == (True, 'sha1', 'sha256', True)
    assert first['evidence']['kind'] == 'record' and first['ca_certificate']['hash'] == 'sha1'
    assert ca.asked() == ['set_sign_hash sha256', 'answer y']
    assert ca.record()['algorithm'] == 'sha256' and ca.record()['ca_fingerprint_sha256'] == first['ca_certificate']['fingerprint_sha256']
    second = ca.run()
    assert (second['changed'], second['before'], second['restart_required']) == (False, 'sha256', True)
    assert ca.asked() == ['set_sign_hash sha256', 'answer y']
    listed = ca.server.folder.join('list')
    listed.write(listed.read().replace('19730', '29730'))
    assert ca.run()['restart_required'] is False


def test_what_the_certificate_shows_already_is_not_asked_for(ca):
    result = ca.run('sha1')
    assert (result['changed'], result['evidence']['kind'], result['evidence']['newest'], result['restart_required']) == (False, 'certificate', None, False)
    assert ca.asked() == [] and not os.path.exists(ca.state)


def test_check_mode_says_the_same_and_writes_nothing(ca):
    result = ca.run(check_mode=True)
    assert (result['changed'], result['before'], result['algorithm'], result['restart_required']) == (True, 'sha1', 'sha256', True)
    assert ca.asked() == [] and not os.path.exists(ca.state)


def test_after_a_failure_the_hash_is_unknown_until_it_is_set_again(ca):
    ca.run()
    ca.tool('exit 1')
    with pytest.raises(AdministratorError, match='not known which hash'):
        ca.run('sha512')
    assert ca.record()['algorithm'] == 'unknown'
    result = ca.run(check_mode=True)
    assert (result['before'], result['evidence']['kind'], result['changed']) == ('unknown', 'none', True)
    assert 'sha512' in result['evidence']['reason']
    ca.tool()
    assert ca.run()['changed'] is True
    assert ca.run()['before'] == 'sha256'


def test_a_tool_that_never_asked_leaves_what_is_known(ca):
    ca.run()
    ca.server.tool('cpca_client', 'echo "Operation failed. rc=-1"; exit 1\n')
    with pytest.raises(AdministratorError, match='as it was before'):
        ca.run('sha512')
    assert ca.record()['algorithm'] == 'sha256'


@pytest.mark.parametrize('roles,found', [('FwIsFirewallMgmt', 'a secondary management server'), ('UepmIsPolicyServer', 'no management server')])
def test_another_server_is_refused_before_anything_is_asked(ca, roles, found):
    ca.server.tool('cpprod_util', 'case $1 in %s) echo 1;; *) echo 0;; esac\n' % roles)
    with pytest.raises(AdministratorError, match='does not own the internal CA') as caught:
        ca.run()
    assert caught.value.found == found and ca.journal.read() == '' and not os.path.exists(ca.state)


@pytest.mark.parametrize('missing', ['fw1/conf/InternalCA.p12', 'CPshrd-R81.20/conf/sic_cert.p12', 'list', 'bin/cpprod_util', 'bin/cpca_client'])
def test_what_cannot_be_read_stops_it_before_the_question(ca, missing):
    ca.server.folder.join(missing).remove()
    with pytest.raises(AdministratorError):
        ca.run()
    assert ca.asked() == [] and not os.path.exists(record_path(ca.state))


def test_a_record_that_others_could_have_written_is_not_obeyed(ca):
    ca.run()
    os.chmod(record_path(ca.state), 0o666)
    with pytest.raises(AdministratorError, match='cannot be trusted'):
        ca.run()


def test_a_state_directory_that_others_can_write_stops_it_before_the_question(ca):
    os.mkdir(ca.state)
    os.chmod(ca.state, 0o777)
    with pytest.raises(AdministratorError):
        ca.run()
    assert ca.asked() == []


def test_a_certificate_renewed_with_another_hash_tells_that_somebody_else_changed_it(ca, authorities):
    ca.run()
    for digest, value in (('sha256', 'sha256'), ('sha1', 'sha1')):
        target = ca.server.cp.join('conf', 'sic_cert.p12')
        target.remove()
        authorities['sha1'].issue('renewed', target, digest)
        assert ca.run(value, check_mode=True)['changed'] is False
    result = ca.run()
    assert (result['changed'], result['before']) == (True, 'sha1')
    assert ca.run()['changed'] is False


def test_another_ca_makes_the_record_worthless(ca, authorities):
    ca.run()
    for name, place in (('InternalCA.p12', ca.server.fw), ('sic_cert.p12', ca.server.cp)):
        authorities['sha256'].folder.join(name).copy(place.join('conf', name))
    result = ca.run('sha256', check_mode=True)
    assert (result['changed'], result['evidence']['kind']) == (False, 'certificate')
