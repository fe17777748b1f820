# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type
import errno
import socket
import struct

import pytest

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._tls import event_loop
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._tls.probe import probe
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._tls.protocols import PROBED

# Nobody listens there.
DEAD = (socket.AF_INET, 1, 6, '', '127.0.0.2')


def alert_70(link):
    link.sendall(b'\x15\x03\x01\x00\x02\x02\x46')


def server_hello(version):
    body = b'\x02\x00\x00\x26' + struct.pack('>H', version) + b'r' * 32 + b'\x00\x00\x2f\x00'
    return struct.pack('>BHH', 22, version, len(body)) + body


@pytest.fixture
def named(monkeypatch):
    """Function that gives the name ``dual.example`` its addresses: ``named(port, (family, ..., host) ...)``."""

    def name(port, *places):
        found = [place[:4] + ((place[4], port),) for place in places]
        monkeypatch.setattr(socket, 'getaddrinfo', lambda *arguments: list(found))
        return {'host': 'dual.example', 'port': port}

    return name


def alive(peer):
    return (socket.AF_INET, 1, 6, '', peer.host)


@pytest.mark.parametrize('per_endpoint', [1, 2, 4, 64])
def test_all_names_are_asked_at_the_address_that_answers(peer, talk, named, per_endpoint):
    """As ``::1`` and ``127.0.0.1`` of one name, with ``Listen 0.0.0.0:443``."""

    def treat(link, number):
        talk.read_hello(link)
        alert_70(link)

    server = peer(treat)
    asked = dict(named(server.port, DEAD, DEAD[:4] + ('127.0.0.3',), alive(server)))
    asked['server_names'] = ['', 'a.example', 'b.example', 'c.example']
    results = probe([asked], timeout=3, per_endpoint=per_endpoint)
    found = [answer for item in results for answer in item['protocols'].values()]
    assert set((answer['result'], answer['alert'], answer['tries']) for answer in found) == set([('refused', 70, 1)])
    # SSLv3 cannot say a name.
    assert server.connections == 1 + 4 * 4


def test_nobody_there_is_found_out_once(monkeypatch):
    taken = socket.socket()
    taken.bind(('127.0.0.1', 0))
    real, opened = socket.socket, []

    def count(*arguments):
        opened.append(arguments)
        return real(*arguments)

    monkeypatch.setattr(socket, 'socket', count)
    results = probe([{'host': '127.0.0.1', 'port': taken.getsockname()[1]}], timeout=3, per_endpoint=1)
    taken.close()
    answers = results[0]['protocols'].values()
    assert set((answer['result'], answer['tries']) for answer in answers) == set([('unreachable', 0)])
    assert len(opened) == 1


def test_a_dead_address_takes_no_try_from_a_dropped_connection(peer, talk, named):
    dropped = []

    def treat(link, number):
        _data, version = talk.read_hello(link)
        if version == 0x0303 or dropped:
            link.sendall(server_hello(version))
        else:
            dropped.append(version)

    server = peer(treat)
    results = probe([named(server.port, DEAD, alive(server))], ['TLSv1', 'TLSv1.2'], timeout=3, per_endpoint=1)
    answers = results[0]['protocols']
    assert dropped == [0x0301]
    assert [(answers[name]['result'], answers[name]['tries']) for name in ('TLSv1', 'TLSv1.2')] == [('accepted', 2), ('accepted', 1)]


def test_a_reset_and_one_close_are_no_refusal(peer, talk):
    seen = []

    def treat(link, number):
        _data, version = talk.read_hello(link)
        if version == 0x0303:
            link.sendall(server_hello(version))
            return
        seen.append(version)
        if len(seen) == 1:
            talk.reset(link)

    server = peer(treat)
    found = probe([server.endpoint()], ['TLSv1', 'TLSv1.2'], timeout=3)[0]['protocols']['TLSv1']
    assert (found['result'], found['tries']) == ('inconclusive', 2)


def test_an_address_that_stops_answering_is_given_up(peer, talk):
    def treat(link, number):
        talk.read_hello(link)
        server.close()
        alert_70(link)

    server = peer(treat)
    answers = probe([server.endpoint()], timeout=3, per_endpoint=1)[0]['protocols']
    assert [(answers[name]['result'], answers[name]['tries']) for name in PROBED] == [('refused', 1)] + [('unreachable', 0)] * 4


def test_a_machine_without_ipv6_asks_the_other_address(peer, talk, named, monkeypatch):
    def treat(link, number):
        talk.read_hello(link)
        alert_70(link)

    server = peer(treat)
    asked = named(server.port, (socket.AF_INET6, 1, 6, '', '::1'), alive(server))
    real = socket.socket

    def only_ipv4(family=socket.AF_INET, *rest, **more):
        if family == socket.AF_INET6:
            raise socket.error(errno.EAFNOSUPPORT, 'Address family not supported by protocol')
        return real(family, *rest, **more)

    monkeypatch.setattr(event_loop.socket, 'socket', only_ipv4)
    answers = probe([asked], ['TLSv1.2'], timeout=3)[0]['protocols']
    assert (answers['TLSv1.2']['result'], answers['TLSv1.2']['alert']) == ('refused', 70)
    asked = named(server.port, (socket.AF_INET6, 1, 6, '', '::1'))
    found = probe([asked], ['TLSv1.2'], timeout=3)[0]['protocols']['TLSv1.2']
    assert (found['result'], 'cannot create a socket' in found['reason']) == ('inconclusive', True)
