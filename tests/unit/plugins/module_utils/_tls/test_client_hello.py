# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import struct

import pytest

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._tls.cipher_suites import (
    OLD_SUITES,
    RARE_TLS12_SUITES,
    TLS12_SUITES,
    TLS13_SUITES,
    suite_name,
    suites_for,
)
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._tls.client_hello import client_hello
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._tls.protocols import PROBED

WIRE = {'SSLv3': 0x0300, 'TLSv1': 0x0301, 'TLSv1.1': 0x0302, 'TLSv1.2': 0x0303, 'TLSv1.3': 0x0303}


class Cursor(object):
    """Reads a hello independently of the code that made it."""

    def __init__(self, data):
        self.data = data

    def take(self, count):
        assert count <= len(self.data), 'the hello is cut off'
        taken, self.data = self.data[:count], self.data[count:]
        return taken

    def number(self, size):
        return struct.unpack('>I', b'\0' * (4 - size) + self.take(size))[0]

    def vector(self, size):
        return Cursor(self.take(self.number(size)))


def parse(hello):
    record = Cursor(hello)
    assert record.number(1) == 22
    parsed = {'record_version': record.number(2)}
    fragment = record.vector(2)
    assert not record.data
    assert fragment.number(1) == 1
    body = fragment.vector(3)
    assert not fragment.data
    parsed['version'], parsed['random'] = body.number(2), body.take(32)
    parsed['session'] = body.vector(1).data
    suites = body.vector(2).data
    parsed['suites'] = list(struct.unpack('>%dH' % (len(suites) // 2), suites))
    assert body.vector(1).data == b'\x00'
    parsed['extensions'] = []
    if body.data:
        extensions = body.vector(2)
        assert not body.data
        while extensions.data:
            number = extensions.number(2)
            parsed['extensions'].append((number, extensions.vector(2).data))
    return parsed


@pytest.mark.parametrize('protocol', PROBED)
@pytest.mark.parametrize('name', [b'', b'a.example', b'x' * 255])
def test_every_hello_is_well_formed(protocol, name):
    parsed = parse(client_hello(protocol, name))
    assert parsed['version'] == WIRE[protocol]
    assert parsed['record_version'] == (0x0300 if protocol == 'SSLv3' else 0x0301)
    numbers = [number for number, _value in parsed['extensions']]
    assert len(numbers) == len(set(numbers))
    assert len(parsed['suites']) == len(set(parsed['suites']))


def test_sslv3_has_no_extensions_but_says_that_it_renegotiates_securely():
    parsed = parse(client_hello('SSLv3', b'a.example'))
    assert parsed['extensions'] == []
    assert 0x00FF in parsed['suites']


@pytest.mark.parametrize('protocol', [name for name in PROBED if name != 'SSLv3'])
def test_server_name_is_sent_only_when_there_is_one(protocol):
    assert dict(parse(client_hello(protocol, b'a.example'))['extensions'])[0] == b'\x00\x0c\x00\x00\x09a.example'
    assert 0 not in dict(parse(client_hello(protocol))['extensions'])


def test_tls13_offers_one_version_and_two_key_shares():
    extensions = dict(parse(client_hello('TLSv1.3'))['extensions'])
    assert extensions[43] == b'\x02\x03\x04'
    shares = Cursor(extensions[51]).vector(2)
    assert (shares.number(2), len(shares.vector(2).data)) == (0x001D, 32)
    assert shares.number(2) == 0x0017
    point = shares.vector(2).data
    assert not shares.data
    assert point[:1] == b'\x04'


def test_the_p256_share_is_a_point_of_the_curve():
    shares = Cursor(dict(parse(client_hello('TLSv1.3'))['extensions'])[51]).vector(2)
    shares.take(4 + 32 + 4)
    prime = 2**256 - 2**224 + 2**192 + 2**96 - 1
    constant = 0x5AC635D8AA3A93E7B3EBBD55769886BC651D06B0CC53B0F63BCE3C3E27D2604B
    words = struct.unpack('>16I', shares.data[1:])
    x = sum(word << 32 * (7 - place) for place, word in enumerate(words[:8]))
    y = sum(word << 32 * (7 - place) for place, word in enumerate(words[8:]))
    assert (y * y - (x**3 - 3 * x + constant)) % prime == 0


@pytest.mark.parametrize('protocol', PROBED)
@pytest.mark.parametrize('length', [0, 1, 50, 200, 255])
def test_no_hello_has_a_length_that_hangs_some_load_balancers(protocol, length):
    message = len(client_hello(protocol, b'n' * length)) - 5
    assert not 256 <= message < 512


@pytest.mark.parametrize('protocol', PROBED)
def test_common_suites_stand_among_the_first_64(protocol):
    first = suites_for(protocol)[:64]
    for suite in (0x002F, 0x0035, 0xC013, 0xC009):
        assert suite in first
    if protocol == 'TLSv1.2':
        assert 0xC02F in first and 0xC02B in first and 0x009C in first


def test_old_versions_are_not_offered_suites_of_newer_ones():
    newer = set(number for number, _name in TLS12_SUITES + RARE_TLS12_SUITES + TLS13_SUITES)
    for protocol in ('SSLv3', 'TLSv1', 'TLSv1.1'):
        assert not newer & set(suites_for(protocol))


def test_a_server_that_has_never_heard_of_tls13_finds_every_suite_that_it_may_have():
    assert set(suites_for('TLSv1.3')) >= set(suites_for('TLSv1.2'))


@pytest.mark.parametrize('protocol', PROBED)
def test_every_hello_fits_into_one_packet(protocol):
    # 1280 is the least that IPv6 carries; a server's name has at most 255 letters.
    assert len(client_hello(protocol, b'n' * 255)) <= 1280 - 60


def test_every_hello_is_random():
    assert parse(client_hello('TLSv1.2'))['random'] != parse(client_hello('TLSv1.2'))['random']


def test_numbers_and_names_of_suites_are_unique():
    everything = OLD_SUITES + TLS12_SUITES + RARE_TLS12_SUITES + TLS13_SUITES
    assert len(set(number for number, _name in everything)) == len(everything)
    assert len(set(name for _number, name in everything)) == len(everything)
    assert suite_name(0x1301) == 'TLS_AES_128_GCM_SHA256'
    assert suite_name(0x5600) == 'unknown (0x5600)'
