# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import socket
import struct
import time

import pytest

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._tls.probe import accepted_protocols, probe
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._tls.protocols import PROBED

HELLO_12 = b'\x02\x00\x00\x26\x03\x03' + b'r' * 32 + b'\x00\x00\x2f\x00'


def record(kind, payload, version=0x0303):
    return struct.pack('>BHH', kind, version, len(payload)) + payload


def server_hello(version):
    return record(22, b'\x02\x00\x00\x26' + struct.pack('>H', version) + b'r' * 32 + b'\x00\x00\x2f\x00', version)


ALERT_70 = record(21, b'\x02\x46')
DONE = record(22, b'\x0e\x00\x00\x00')


def only_tls12(talk, otherwise):
    """A peer that accepts TLSv1.2 and does ``otherwise`` for every other version."""

    def treat(link, number):
        _data, version = talk.read_hello(link)
        if version == 0x0303:
            link.sendall(server_hello(version) + DONE)
        else:
            otherwise(link)

    return treat


def outcome(results, protocol, at=0):
    return results[at]['protocols'][protocol]


def test_each_version_has_a_connection_of_its_own(peer, talk):
    server = peer(only_tls12(talk, lambda link: link.sendall(ALERT_70)))
    results = probe([server.endpoint()], timeout=3)
    assert accepted_protocols(results) == {'127.0.0.1:%d/' % server.port: ['TLSv1.2']}
    assert [outcome(results, name)['alert'] for name in PROBED] == [70, 70, 70, None, 70]
    assert outcome(results, 'TLSv1')['alert_name'] == 'protocol_version'
    assert server.connections == 5
    assert results[0]['certificate'] is None
    assert results[0]['certificate_reason']


def test_names_and_their_order(peer, talk):
    names = []

    def treat(link, number):
        data, version = talk.read_hello(link)
        names.append((version, b'a.example' in data))
        link.sendall(ALERT_70)

    server = peer(treat)
    results = probe([server.endpoint('', 'a.example', '127.0.0.1')], ['SSLv3', 'TLSv1.2'], timeout=3)
    assert [item['server_name'] for item in results] == ['', 'a.example', '127.0.0.1']
    # SSLv3 cannot say a name and an address is none, so each of them is asked once.
    assert sorted(names) == [(0x0300, False), (0x0303, False), (0x0303, True)]
    assert results[0]['protocols'] == results[2]['protocols']


def test_a_name_beyond_ascii_is_sent_as_dns_has_it(peer, talk):
    seen = []

    def treat(link, number):
        seen.append(talk.read_hello(link)[0])
        link.sendall(ALERT_70)

    server = peer(treat)
    for name in (u'b\u00fccher.example', u'b\u00fccher.example'.encode('utf-8')):
        results = probe([server.endpoint(name)], ['TLSv1.2'], timeout=3)
        assert results[0]['server_name'] == u'b\u00fccher.example'
    assert len(seen) == 2
    assert all(b'xn--bcher-kva.example' in data for data in seen)


def test_a_reset_is_tried_again(peer, talk):
    def treat(link, number):
        _data, version = talk.read_hello(link)
        if number == 1:
            talk.reset(link)
        else:
            link.sendall(server_hello(version) + DONE)

    server = peer(treat)
    found = outcome(probe([server.endpoint()], ['TLSv1.2'], timeout=3), 'TLSv1.2')
    assert (found['result'], found['tries']) == ('accepted', 2)


def test_resets_stay_inconclusive_even_beside_an_accepted_version(peer, talk):
    server = peer(only_tls12(talk, talk.reset))
    results = probe([server.endpoint()], ['TLSv1', 'TLSv1.2'], timeout=3, retries=2)
    found = outcome(results, 'TLSv1')
    assert (found['result'], found['tries'], found['alert']) == ('inconclusive', 3, None)
    assert 'reset' in found['reason']
    assert accepted_protocols(results) == {'127.0.0.1:%d/' % server.port: ['TLSv1.2']}


def test_a_repeated_orderly_close_beside_an_accepted_version_is_a_refusal(peer, talk):
    server = peer(only_tls12(talk, lambda link: None))
    found = outcome(probe([server.endpoint()], ['TLSv1', 'TLSv1.2'], timeout=3), 'TLSv1')
    assert (found['result'], found['alert'], found['latent'], found['tries']) == ('refused', None, False, 2)
    assert 'OpenSSL before 1.1.0' in found['reason']


def test_one_close_is_not_enough_for_a_refusal(peer, talk):
    server = peer(only_tls12(talk, lambda link: None))
    found = outcome(probe([server.endpoint()], ['TLSv1', 'TLSv1.2'], timeout=3, retries=0), 'TLSv1')
    assert (found['result'], found['tries']) == ('inconclusive', 1)


@pytest.mark.parametrize('suite', [0xC0A0, 0x00BA, 0x003B, 0xC076, 0x00A2])
def test_a_server_before_tls13_with_rare_suites_alone_holds_nothing_back(peer, talk, suite):
    """As measured with OpenSSL 1.1.0g: it takes the hello for one of TLSv1.2, and without a suite in common its alert is 40."""

    def treat(link, number):
        data, _version = talk.read_hello(link)
        at = 44 + bytearray(data)[43]
        count = struct.unpack('>H', data[at : at + 2])[0] // 2
        if suite in struct.unpack('>%dH' % count, data[at + 2 : at + 2 + 2 * count]):
            body = b'\x03\x03' + b'r' * 32 + struct.pack('>BHB', 0, suite, 0)
            link.sendall(record(22, b'\x02\x00' + struct.pack('>H', len(body)) + body) + DONE)
        else:
            link.sendall(record(21, b'\x02\x28'))

    results = probe([peer(treat).endpoint()], ['TLSv1.2', 'TLSv1.3'], timeout=3)
    assert outcome(results, 'TLSv1.2')['result'] == 'accepted'
    found = outcome(results, 'TLSv1.3')
    assert (found['result'], found['negotiated'], found['latent']) == ('refused', 'TLSv1.2', False)


def test_a_server_that_closes_on_everything_refuses_nothing(peer, talk):
    server = peer(lambda link, number: talk.read_hello(link))
    results = probe([server.endpoint()], timeout=3)
    assert set(outcome(results, name)['result'] for name in PROBED) == set(['inconclusive'])
    assert results[0]['certificate_reason'] == 'no protocol was accepted'


def test_silence_ends_in_time(peer):
    server = peer(lambda link, number: time.sleep(3))
    started = time.time()
    found = outcome(probe([server.endpoint()], ['TLSv1.2'], timeout=0.4), 'TLSv1.2')
    assert time.time() - started < 2
    assert (found['result'], found['tries']) == ('inconclusive', 1)
    assert '0.4 seconds' in found['reason']


def test_a_slow_drip_ends_in_time(peer, talk):
    def treat(link, number):
        talk.read_hello(link)
        for byte in bytearray(record(22, HELLO_12 + b'\x0b\xff\xff\xff' * 100)):
            link.sendall(bytes(bytearray([byte])))
            time.sleep(0.05)

    server = peer(treat)
    started = time.time()
    found = outcome(probe([server.endpoint()], ['TLSv1.2'], timeout=0.5), 'TLSv1.2')
    assert time.time() - started < 2
    assert found['result'] == 'inconclusive'


def test_a_hello_in_single_bytes_is_accepted(peer, talk):
    def treat(link, number):
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        talk.read_hello(link)
        for byte in bytearray(record(22, HELLO_12) + DONE):
            link.sendall(bytes(bytearray([byte])))

    assert outcome(probe([peer(treat).endpoint()], ['TLSv1.2'], timeout=3), 'TLSv1.2')['result'] == 'accepted'


def test_a_flood_ends(peer, talk):
    sent = []

    def treat(link, number):
        talk.read_hello(link)
        while True:
            sent.append(link.send(record(21, b'\x01\x70') * 5000))

    found = outcome(probe([peer(treat).endpoint()], ['TLSv1.2'], timeout=3), 'TLSv1.2')
    assert found['result'] == 'inconclusive'
    assert 'longer than' in found['reason']


@pytest.mark.parametrize(
    'greeting, words',
    [(b'HTTP/1.1 400 Bad Request\r\n\r\n', 'plaintext HTTP'), (b'SSH-2.0-OpenSSH_9\r\n', 'SSH'), (b'\x00\x01\x02\x03\x04', 'not TLS')],
)
def test_a_peer_that_speaks_first(peer, talk, greeting, words):
    def treat(link, number):
        link.sendall(greeting)
        talk.read_hello(link)

    found = outcome(probe([peer(treat).endpoint()], ['TLSv1.2'], timeout=3), 'TLSv1.2')
    assert found['result'] == 'inconclusive'
    assert words in found['reason']


def test_a_full_queue_is_unreachable_in_time():
    server = socket.socket()
    server.bind(('127.0.0.1', 0))
    server.listen(0)
    fillers = []
    for _turn in range(4):
        filler = socket.socket()
        filler.setblocking(False)
        filler.connect_ex(server.getsockname())
        fillers.append(filler)
    started = time.time()
    results = probe([{'host': '127.0.0.1', 'port': server.getsockname()[1]}], ['TLSv1.2', 'TLSv1.3'], timeout=0.5)
    assert time.time() - started < 2
    assert outcome(results, 'TLSv1.2')['result'] == 'unreachable'
    assert '0.5 seconds' in outcome(results, 'TLSv1.2')['reason']
    for link in fillers + [server]:
        link.close()


def test_a_name_that_does_not_resolve():
    found = outcome(probe([{'host': 'a..b', 'port': 443}], ['TLSv1.2']), 'TLSv1.2')
    assert found['result'] == 'unreachable'
    assert 'could not be resolved' in found['reason']


def test_ipv6_with_and_without_brackets(peer, talk):
    try:
        server = peer(only_tls12(talk, lambda link: link.sendall(ALERT_70)), socket.AF_INET6)
    except (OSError, IOError):
        # A machine without IPv6 cannot show it.
        return
    for host in ('::1', '[::1]'):
        results = probe([{'host': host, 'port': server.port}], ['TLSv1', 'TLSv1.2'], timeout=3)
        assert results[0]['host'] == host
        assert accepted_protocols(results) == {'[::1]:%d/' % server.port: ['TLSv1.2']}


def test_connections_to_one_endpoint_are_bounded(peer, talk):
    def treat(link, number):
        talk.read_hello(link)
        time.sleep(0.05)
        server.leave(number)
        link.sendall(ALERT_70)

    server = peer(treat)
    names = ['n%d.example' % number for number in range(6)]
    probe([server.endpoint(*names)], ['TLSv1.1', 'TLSv1.2'], timeout=5, per_endpoint=2)
    assert server.connections == 12
    assert server.most_open <= 2


def test_connections_are_bounded_in_all_and_run_beside_each_other(peer, talk):
    def treat(link, number):
        talk.read_hello(link)
        time.sleep(0.1)
        link.sendall(ALERT_70)

    servers = [peer(treat) for _turn in range(12)]
    started = time.time()
    probe([server.endpoint() for server in servers], ['TLSv1.1', 'TLSv1.2'], timeout=5, concurrency=24)
    assert time.time() - started < 24 * 0.1
    assert max(server.most_open for server in servers) == 2


@pytest.mark.parametrize(
    'endpoints, protocols',
    [
        ([{'host': '', 'port': 443}], ['TLSv1.2']),
        ([{'host': 'a', 'port': 0}], ['TLSv1.2']),
        ([{'host': 'a', 'port': 65536}], ['TLSv1.2']),
        ([{'host': 'a', 'port': 443, 'server_names': ['x' * 256]}], ['TLSv1.2']),
        ([{'host': 'a', 'port': 443, 'server_names': [u'\u00fc' * 64]}], ['TLSv1.2']),
        ([{'host': 'a', 'port': 443}], ['SSLv2']),
        ([{'host': 'a', 'port': 443}], []),
    ],
)
def test_what_cannot_be_probed_is_said(endpoints, protocols):
    with pytest.raises(AdministratorError):
        probe(endpoints, protocols)


def test_nothing_to_probe_is_nothing_found():
    assert probe([]) == []
