# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import struct

import pytest

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._tls import answers, messages
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._tls.answers import AnswerReader

VERSION = {'SSLv3': 0x0300, 'TLSv1': 0x0301, 'TLSv1.1': 0x0302, 'TLSv1.2': 0x0303}


def record(kind, payload, version=0x0303):
    return struct.pack('>BHH', kind, version, len(payload)) + payload


def alert(number, level=2, version=0x0301):
    return record(21, struct.pack('>BB', level, number), version)


def message(kind, body):
    return struct.pack('>B', kind) + struct.pack('>I', len(body))[1:] + body


def server_hello(version, suite=0x002F, random=b'r' * 32, session=b'', extensions=None):
    body = struct.pack('>H', version) + random + struct.pack('>B', len(session)) + session
    body += struct.pack('>HB', suite, 0)
    if extensions is not None:
        body += struct.pack('>H', len(extensions)) + extensions
    return message(2, body)


def certificate(*ders):
    chain = b''.join(struct.pack('>I', len(der))[1:] + der for der in ders)
    return message(11, struct.pack('>I', len(chain))[1:] + chain)


def tls13(random=b'r' * 32, suite=0x1301):
    return server_hello(0x0303, suite, random, b's' * 32, b'\x00\x2b\x00\x02\x03\x04')


def read(protocol, data, how=answers.CLOSED, size=None):
    reader = AnswerReader(protocol)
    for at in range(0, len(data), size or len(data) or 1):
        found = reader.feed(data[at : at + (size or len(data))])
        if found is not None:
            return found
    return reader.end(how, True)


@pytest.mark.parametrize('size', [None, 1, 2, 7])
@pytest.mark.parametrize('protocol', ['SSLv3', 'TLSv1', 'TLSv1.1', 'TLSv1.2'])
def test_accepted_with_its_certificate(protocol, size):
    flight = server_hello(VERSION[protocol]) + certificate(b'leaf', b'issuer') + message(14, b'')
    found = read(protocol, record(22, flight, VERSION[protocol]), size=size)
    assert (found.result, found.negotiated, found.certificate) == ('accepted', protocol, b'leaf')
    assert found.cipher == 'TLS_RSA_WITH_AES_128_CBC_SHA'


def test_a_flight_may_be_split_over_records_anywhere():
    flight = server_hello(0x0303) + certificate(b'leaf' * 50) + message(14, b'')
    for at in range(1, len(flight)):
        found = read('TLSv1.2', record(22, flight[:at]) + record(22, flight[at:]))
        assert (found.result, found.certificate) == ('accepted', b'leaf' * 50), at


@pytest.mark.parametrize('size', [None, 1])
def test_tls13_and_its_retry_request(size):
    assert read('TLSv1.3', record(22, tls13()), size=size).result == 'accepted'
    retry = record(22, tls13(bytes(messages.RETRY_RANDOM)))
    found = read('TLSv1.3', retry, size=size)
    assert (found.result, found.negotiated, found.cipher) == ('accepted', 'TLSv1.3', 'TLS_AES_128_GCM_SHA256')


def test_the_retry_random_is_the_hash_of_its_name():
    import hashlib

    assert bytes(messages.RETRY_RANDOM) == hashlib.sha256(b'HelloRetryRequest').digest()


@pytest.mark.parametrize(
    'protocol, number, record_version, result, latent, negotiated',
    [
        ('TLSv1', 70, 0x0301, 'refused', False, None),
        ('TLSv1.3', 70, 0x0303, 'refused', False, None),
        ('TLSv1', 80, 0x0301, 'refused', True, None),
        ('TLSv1.1', 80, 0x0302, 'refused', True, None),
        ('TLSv1.3', 80, 0x0303, 'refused', True, None),
        ('TLSv1', 40, 0x0301, 'refused', True, None),
        ('TLSv1', 71, 0x0301, 'refused', True, None),
        ('TLSv1', 86, 0x0301, 'refused', False, None),
        ('SSLv3', 40, 0x0300, 'refused', False, None),
        ('SSLv3', 80, 0x0300, 'refused', True, None),
        # As measured: "SSLProtocol TLSv1" with @SECLEVEL=1 answers every hello so.
        ('TLSv1.1', 80, 0x0301, 'refused', False, 'TLSv1'),
        ('TLSv1.2', 80, 0x0301, 'refused', False, 'TLSv1'),
        ('TLSv1.2', 80, 0x0302, 'refused', False, 'TLSv1.1'),
        # As measured: a server without a single usable suite fails before it looks at the version.
        ('TLSv1', 40, 0x0303, 'refused', True, None),
        ('TLSv1.2', 47, 0x0303, 'inconclusive', False, None),
        ('TLSv1.2', 112, 0x0303, 'inconclusive', False, None),
        ('TLSv1.2', 213, 0x0303, 'inconclusive', False, None),
    ],
)
def test_what_an_alert_says_about_a_version(protocol, number, record_version, result, latent, negotiated):
    found = read(protocol, alert(number, version=record_version))
    assert (found.result, found.latent, found.negotiated, found.alert) == (result, latent, negotiated, number)
    assert found.reason


def test_a_warning_before_the_hello_is_not_an_answer():
    found = read('TLSv1', alert(112, level=1) + record(22, server_hello(0x0301) + certificate(b'x')))
    assert found.result == 'accepted'
    found = read('TLSv1', alert(112, level=1))
    assert found.result == 'inconclusive'
    assert 'unrecognized_name' in found.reason


def test_an_alert_may_come_in_two_records():
    assert read('TLSv1', record(21, b'\x02') + record(21, b'\x46')).alert == 70


@pytest.mark.parametrize(
    'protocol, version, name, word',
    [
        ('TLSv1.2', 0x0301, 'TLSv1', 'lower'),
        ('TLSv1.3', 0x0303, 'TLSv1.2', 'lower'),
        ('TLSv1', 0x0300, 'SSLv3', 'lower'),
        ('TLSv1', 0x0303, 'TLSv1.2', 'higher'),
    ],
)
def test_another_version_than_asked_is_not_accepted_but_reported(protocol, version, name, word):
    found = read(protocol, record(22, server_hello(version) + certificate(b'x') + message(14, b'')))
    assert (found.result, found.negotiated, found.latent) == ('refused', name, False)
    assert word in found.reason


def test_a_suite_that_was_not_offered_is_no_acceptance():
    found = read('TLSv1', record(22, server_hello(0x0301, suite=0x1301) + certificate(b'x')))
    assert found.result == 'inconclusive'
    assert 'not offered' in found.reason


@pytest.mark.parametrize('end', [b'', b'\x16\x03\x03\xff\xff', b'\x80\x80\x80', b'\x16\x03\x03\x00\x04\x0b\xff\xff\xff'])
def test_what_follows_a_hello_cannot_take_it_back(end):
    found = read('TLSv1.2', record(22, server_hello(0x0303)) + end)
    assert (found.result, found.certificate) == ('accepted', None)


@pytest.mark.parametrize('how, silent', [(answers.CLOSED, True), (answers.RESET, False)])
def test_silence_is_inconclusive_and_worth_another_try(how, silent):
    found = AnswerReader('TLSv1').end(how, True)
    assert (found.result, found.silent, found.again) == ('inconclusive', silent, True)


def test_an_answer_that_breaks_off_is_not_silence():
    found = read('TLSv1', record(22, server_hello(0x0301))[:20])
    assert (found.result, found.silent, found.again) == ('inconclusive', False, True)


@pytest.mark.parametrize('size', [None, 1])
@pytest.mark.parametrize(
    'data, words',
    [
        (b'HTTP/1.1 400 Bad Request\r\nServer: Apache\r\n', 'plaintext HTTP'),
        (b'<!DOCTYPE HTML PUBLIC', 'plaintext page'),
        (b'SSH-2.0-OpenSSH_8.0\r\n', 'SSH server'),
        (b'220 mail.example ESMTP\r\n', 'greets in plaintext'),
        (b'* OK IMAP4rev1', 'IMAP'),
        (b'+OK ready', 'POP3'),
        (b'hello there', 'plaintext that is not TLS'),
        (b'hi', 'not TLS: it starts with 68 69'),
        (b'\x00' * 100, 'not TLS'),
        (b'\x16\x04\x00\x00\x02aa', 'not TLS'),
        (b'\x16\x03\x01\xff\xff' + b'x' * 100, 'longer than TLS allows'),
        (record(23, b'data'), 'before the ServerHello'),
        (record(20, b'\x01'), 'before the ServerHello'),
        (record(22, certificate(b'x')), 'before the ServerHello'),
        (record(22, message(2, b'short')), 'only 5 bytes'),
        (record(22, b'\x02\xff\xff\xff' + b'x' * 100), 'ServerHello of'),
        (record(22, server_hello(0x0303, session=b's' * 33)), 'session id'),
        (record(22, server_hello(0x0200)), 'version 0x0200'),
        (record(22, server_hello(0x0303, extensions=b'\x00\x2b\x00\x09\x03')), 'ends in an extension'),
        (record(22, server_hello(0x0303, extensions=b'\x00\x2b\x00\x03\x03\x04\x00')), 'of 3 bytes'),
        (record(22, server_hello(0x0303, extensions=b'\x00\x2b')), 'too early'),
        (record(22, server_hello(0x0303, random=bytes(messages.RETRY_RANDOM))), 'without a version'),
        (record(21, b'\x07\x46'), 'level 7'),
    ],
)
def test_garbage_is_inconclusive_with_a_reason(data, words, size):
    found = read('TLSv1.2', data, size=size)
    assert found.result == 'inconclusive'
    assert words in found.reason


def test_a_flood_ends():
    reader = AnswerReader('TLSv1.2')
    found, sent = None, 0
    while found is None:
        # Empty records and warnings are legal, so only their amount can be wrong.
        piece = record(22, b'') * 100 + alert(112, level=1) * 100
        found = reader.feed(piece)
        sent += len(piece)
    assert found.result == 'inconclusive'
    assert sent <= answers.MAX_ANSWER + 2000


def test_a_certificate_that_never_ends_does_not_hide_the_acceptance():
    reader = AnswerReader('TLSv1.2')
    found = reader.feed(record(22, server_hello(0x0303) + b'\x0b\xff\xff\xff'))
    while found is None:
        found = reader.feed(record(22, b'x' * 16000))
    assert (found.result, found.certificate) == ('accepted', None)


@pytest.mark.parametrize('seed', range(300))
def test_random_answers_never_raise(seed):
    import random

    chance = random.Random(seed)
    flight = bytearray(record(22, server_hello(0x0303, extensions=b'\x00\x17\x00\x00') + certificate(b'leaf')))
    for _turn in range(chance.randrange(1, 6)):
        flight[chance.randrange(len(flight))] = chance.randrange(256)
    found = read('TLSv1.2', bytes(flight), size=chance.choice([None, 1, 5]))
    assert found.result in ('accepted', 'refused', 'inconclusive')
    assert found.result == 'accepted' or found.reason
