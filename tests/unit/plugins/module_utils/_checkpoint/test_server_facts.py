# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type
import calendar
import os
import socket
import time

import pytest

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils import _server_facts
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._server_facts import PARTS, Handshakes, read_server

SSL_CONF = """\
Listen 127.0.0.1:%d
<VirtualHost 127.0.0.1:%d>
SSLEngine on
SSLProtocol +TLSv1 +TLSv1.2
SSLCertificateFile %s
</VirtualHost>
"""

# A listener of these tests takes connections and says nothing; no listener of this machine is asked.
HANDSHAKES = Handshakes(0.1, 'none', '', ())
CPSTAT = 'echo; echo "Product Name:                     CP Internal CA"; echo "Up and Running:                   %s"; echo\n'


@pytest.fixture
def listener():
    found = socket.socket()
    found.bind(('127.0.0.1', 0))
    found.listen(64)
    yield found.getsockname()[1]
    found.close()


@pytest.fixture
def whole(management, authorities, listener):
    """A primary management server with every part. Its Apache has no program: the configuration is read as it is."""
    certificate = management.folder.join('server.crt')
    authorities['sha256'].folder.join('cp_mgmt.crt').copy(certificate)
    conf = management.folder.ensure('uepm', 'apache22', 'conf', 'ssl.conf')
    conf.write(SSL_CONF % (listener, listener, certificate))
    management.cp.ensure('registry', 'HKLM_registry.data').write(': (SOFTWARE\n')
    management.profile.write('UEPMDIR=%s; export UEPMDIR\n' % management.folder.join('uepm'), mode='a')
    management.tool('cpca_client', 'echo "Operation failed. rc=-1"; exit 1\n')
    management.tool('cpstat', CPSTAT % 1)
    return management


def facts(server):
    return read_server(server.environment(), str(server.state), 5.0, HANDSHAKES)


def unreadable(server):
    """Names of the parts that cannot be read; each is null, and no other is."""
    found = facts(server)
    names = [entry['part'] for entry in found['unreadable']]
    assert names == [name for name in PARTS if found[name] is None]
    assert all(entry['reason'] for entry in found['unreadable'])
    return names


def test_a_whole_server(whole, listener, monkeypatch):
    # What listens here is this test, and no Apache.
    monkeypatch.setattr(_server_facts, 'is_serving', lambda environment: True)
    found = facts(whole)
    assert found['unreadable'] == []
    assert found['product']['release'] == 'R81.20'
    assert found['services']['state'] == 'started' and found['services']['running'] is True
    assert found['services']['ports'] == [{'address': '127.0.0.1:%d' % listener, 'answers': True}]
    assert found['services']['registry']['size'] == 12
    assert found['ica']['present'] is True and found['ica']['running'] is True and found['ica']['sign_hash']['value'] == 'sha1'
    assert found['ica']['sign_hash']['evidence'] == dict(found['ica']['sign_hash']['evidence'], kind='certificate', role='sic', newest=None)
    assert found['ica']['ca_certificate']['role'] == 'ica'
    assert [(entry['role'], entry['hash']) for entry in found['certificates']] == [('ica', 'sha1'), ('sic', 'sha1'), ('web', 'sha256')]
    assert found['guard']['state'] == 'none'
    assert [entry['arguments'] for entry in found['tls']['directives']] == ['+TLSv1 +TLSv1.2']
    assert found['paths']['ssl_conf'] == str(whole.folder.join('uepm', 'apache22', 'conf', 'ssl.conf'))
    assert found['paths']['httpd'] is None


def test_the_own_endpoints_are_tried_in_the_same_call(whole, listener):
    found = facts(whole)
    assert [(result['host'], result['port'], result['server_name']) for result in found['probe']] == [
        ('127.0.0.1', listener, ''), ('127.0.0.1', listener, 'unknown.invalid')]
    assert set(answer['result'] for result in found['probe'] for answer in result['protocols'].values()) == set(['inconclusive'])
    assert [entry['accepted'] for entry in found['tls']['endpoints']] == [{'': [], 'unknown.invalid': []}]


def test_further_endpoints_are_tried_too(whole, listener):
    extra = [{'host': '127.0.0.1', 'port': listener, 'server_names': ['portal.example']}]
    found = read_server(whole.environment(), str(whole.state), 5.0, HANDSHAKES._replace(extra_endpoints=extra))
    assert [(result['port'], result['server_name']) for result in found['extra_endpoints']] == [(listener, 'portal.example')]


def test_a_further_endpoint_that_cannot_be_tried_is_no_obstacle_for_the_own_ones(whole, listener):
    extra = [{'host': '127.0.0.1', 'port': listener, 'server_names': ['x' * 300]}]
    found = read_server(whole.environment(), str(whole.state), 5.0, HANDSHAKES._replace(extra_endpoints=extra))
    assert [entry['part'] for entry in found['unreadable']] == ['extra_endpoints'] and len(found['probe']) == 2


def test_the_listeners_of_the_host_are_told(whole, listener):
    found = [entry for entry in facts(whole)['listeners'] if entry['port'] == listener]
    assert [(entry['address'], entry['owner']['pid'], entry['ours']) for entry in found] == [('127.0.0.1', os.getpid(), False)]


def test_the_time_is_that_of_the_server(whole):
    before = int(time.time())
    now = calendar.timegm(time.strptime(facts(whole)['now'], '%Y-%m-%dT%H:%M:%SZ'))
    assert before <= now <= time.time()


def test_nothing_is_written(whole):
    def everything():
        return dict(
            (os.path.join(folder, name), os.lstat(os.path.join(folder, name))[:9])
            for folder, folders, files in os.walk(str(whole.folder)) for name in folders + files
        )

    before = everything()
    facts(whole)
    after = everything()
    # Reading a file may renew its time of access, which is no change: index 7.
    assert dict((name, status[:7] + status[8:]) for name, status in before.items()) == dict(
        (name, status[:7] + status[8:]) for name, status in after.items()
    )


def test_a_server_without_the_ca(whole):
    whole.tool('cpprod_util', 'case $1 in UepmIs*) echo 1;; Fw*) echo 0;; *) echo;; esac\n')
    found = facts(whole)
    assert found['unreadable'] == []
    assert found['ica'] == {'present': False, 'running': None, 'sign_hash': None, 'ca_certificate': None}
    assert [entry['role'] for entry in found['certificates']] == ['sic', 'web']


@pytest.mark.parametrize(
    'script,running',
    [
        (CPSTAT % 0, False),
        ('echo "Up and Running:  1"; exit 1\n', True),
        ('echo "Up and Running: yes"\n', None),
        ('echo "cpstat: no such application flag"; exit 1\n', None),
        ('sleep 30\n', None),
    ],
)
def test_whether_the_ca_runs_is_what_cpstat_says(whole, script, running):
    whole.tool('cpstat', script)
    assert facts(whole)['ica']['running'] is running
    assert facts(whole)['unreadable'] == []


def test_a_secondary_has_a_copy_that_is_not_its_own(whole):
    whole.tool('cpprod_util', 'case $1 in FwIsPrimary) echo 0;; UepmIs*|Fw*) echo 1;; *) echo;; esac\n')
    assert facts(whole)['ica']['present'] is False


@pytest.mark.parametrize(
    'missing,parts',
    [
        ('fw1/conf/InternalCA.p12', ['ica']),
        ('CPshrd-R81.20/conf/sic_cert.p12', ['ica', 'certificates']),
        ('server.crt', ['certificates']),
        ('uepm/apache22/conf/ssl.conf', ['tls', 'certificates', 'space', 'probe']),
        ('bin/cpprod_util', ['product', 'ica', 'certificates']),
        ('bin/cpopenssl', ['ica', 'certificates']),
        ('list', ['services', 'ica']),
        ('CPshrd-R81.20/registry/HKLM_registry.data', []),
        ('bin/cpca_client', []),
        ('bin/cpstat', []),
    ],
)
def test_what_is_missing_makes_its_part_unreadable(whole, missing, parts):
    whole.folder.join(missing).remove()
    assert unreadable(whole) == parts


def test_tools_that_hang_make_their_part_unreadable(whole):
    whole.tool('cpwd_admin', 'sleep 600\n')
    found = read_server(whole.environment(), str(whole.state), 1.0, HANDSHAKES)
    assert [entry['part'] for entry in found['unreadable']] == ['services', 'ica']
    assert 'did not end within 1 s' in found['unreadable'][0]['reason']


def test_a_guard_that_others_could_have_written_is_unreadable(whole):
    guard = whole.state.ensure('guard', 'state.json')
    guard.write('{}')
    os.chmod(str(guard), 0o666)
    assert 'guard' in unreadable(whole)


def test_each_certificate_that_cannot_be_read_is_named(whole):
    for path in (whole.cp.join('conf', 'sic_cert.p12'), whole.folder.join('server.crt')):
        path.write('nonsense')
    reason = [entry['reason'] for entry in facts(whole)['unreadable'] if entry['part'] == 'certificates'][0]
    assert '2 of 3 certificates' in reason and 'sic_cert.p12' in reason and 'server.crt' in reason


def test_an_endpoint_that_does_not_answer_is_not_started(whole, listener):
    conf = whole.folder.join('uepm', 'apache22', 'conf', 'ssl.conf')
    closed = socket.socket()
    closed.bind(('127.0.0.1', 0))
    conf.write(conf.read().replace('Listen', 'Listen 127.0.0.1:%d\nListen' % closed.getsockname()[1]).replace(
        '<VirtualHost', '<VirtualHost 127.0.0.1:%d' % closed.getsockname()[1]))
    assert facts(whole)['services']['state'] == 'partial'
    closed.close()
