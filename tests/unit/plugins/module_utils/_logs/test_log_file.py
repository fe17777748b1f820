# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading log files: pieces, compression, parts, and the odd lines that real logs have."""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import bz2
import gzip
import io
import os
import sys

import pytest

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._logs import log_file, streams
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._logs.log_file import read_log
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._logs.log_format import STOCK_FORMAT, LineFormat
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._logs.tally import Tally
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._time import format_utc

NOON = 1795435200  # 2026-11-23T12:00:00Z


def line(moment=NOON, client='10.1.1.7', protocol='TLSv1', request='GET / HTTP/1.1'):
    """One line in the stock format; ``moment`` must be of 2026-11-23."""
    second = moment - NOON + 12 * 3600
    text = '[23/Nov/2026:%02d:%02d:%02d +0000] %s %s AES256-SHA "%s" 512\n' % (
        second // 3600, second // 60 % 60, second % 60, client, protocol, request)
    return text.encode('ascii')


def read(path, data=None, compression='', **more):
    if data is not None:
        with io.open(str(path), 'wb') as stream:
            stream.write(data)
    formats = more.pop('formats', [LineFormat(STOCK_FORMAT)])
    oldest = more.pop('oldest', b'TLSv1.2')
    return read_log(str(path).encode('utf-8'), compression, formats, oldest, **more)


def counts(result):
    return dict((name.decode('ascii'), number) for name, number in result.tally.counts.items() if number)


def test_counts_clients_and_period(tmpdir):
    data = b''.join([
        line(NOON, '10.1.1.7', 'TLSv1'), line(NOON + 1, '10.1.1.8', 'TLSv1.2'), line(NOON + 2, '10.1.1.9', 'TLSv1.3'),
        line(NOON + 3, '2001:db8::7', 'TLSv1.1'), line(NOON + 4, '10.1.1.7', 'SSLv3'), line(NOON + 5, '10.1.1.10', '-'),
        line(NOON + 6, '10.1.1.8', 'TLSv1.2')])
    result = read(tmpdir.join('log'), data)
    assert counts(result) == {'TLSv1': 1, 'TLSv1.1': 1, 'TLSv1.2': 2, 'TLSv1.3': 1, 'SSLv3': 1, '-': 1}
    assert (result.tally.unreadable_lines, result.problem, result.older_last) == (0, None, None)
    assert (result.tally.first, result.tally.last) == (NOON, NOON + 6)
    assert result.tally.legacy(10) == [
        {'address': '10.1.1.7', 'protocols': {'TLSv1': 1, 'SSLv3': 1}, 'count': 2, 'first_seen': format_utc(NOON), 'last_seen': format_utc(NOON + 4),
         'accepted_last_seen': None},
        {'address': '2001:db8::7', 'protocols': {'TLSv1.1': 1}, 'count': 1, 'first_seen': format_utc(NOON + 3), 'last_seen': format_utc(NOON + 3),
         'accepted_last_seen': None},
    ]
    assert [found['address'] for found in result.tally.legacy(1)] == ['10.1.1.7']


def test_first_and_last_are_the_earliest_and_the_latest_whatever_the_order(tmpdir):
    data = line(NOON + 50) + line(NOON + 10) + line(NOON + 90) + line(NOON + 30)
    known = read(tmpdir.join('log'), data).tally.clients[b'10.1.1.7']
    assert (known.first, known.last, known.count) == (NOON + 10, NOON + 90, 4)


def test_what_a_client_writes_into_its_request_does_not_change_its_protocol(tmpdir):
    forged = line(NOON, '6.6.6.6', 'TLSv1.2')[:-1].decode('ascii').replace('"', '\\"')
    data = line(request=forged) + line(request='GET / TLSv1.2 ') + line(request='x\\" 512\\n' + forged)
    result = read(tmpdir.join('log'), data)
    assert counts(result) == {'TLSv1': 3}
    assert list(result.tally.clients) == [b'10.1.1.7']


LURES = ['GET / HTTP/1.1', 'TLSv1.3', ' TLSv1.2 ', 'TLSv1.2 TLSv1.3 TLSv1', ' - ', 'x\\" TLSv1.3 AES']


@pytest.mark.parametrize('lure', LURES)
@pytest.mark.parametrize('number', [1, 2, 5])
def test_names_of_protocols_in_requests_are_not_counted(tmpdir, lure, number):
    """Lines are counted by the names in them, so a name that a client wrote must be found out, wherever it stands."""
    protocols = ['TLSv1.2', 'TLSv1.3', '-', 'TLSv1', 'TLSv1.2', 'x', 'TLSv1.3', 'TLSv1.1', 'TLSv1.2']
    for position in range(len(protocols)):
        data = b''.join(
            line(protocol=protocol, request=' '.join([lure] * number) if index == position else 'GET / HTTP/1.1')
            for index, protocol in enumerate(protocols))
        result = read(tmpdir.join('log'), data)
        assert counts(result) == {'TLSv1': 1, 'TLSv1.1': 1, 'TLSv1.2': 3, 'TLSv1.3': 2, '-': 1}
        assert result.tally.unreadable_lines == 1


@pytest.mark.parametrize('oldest', [b'SSLv2', b'TLSv1', b'TLSv1.1', b'TLSv1.3'])
def test_counts_do_not_depend_on_what_is_accepted(tmpdir, oldest):
    """One name is the beginning of another."""
    numbers = {'SSLv2': 1, 'SSLv3': 2, 'TLSv1': 3, 'TLSv1.1': 4, 'TLSv1.2': 5, 'TLSv1.3': 6, '-': 7}
    data = b''.join(line(protocol=protocol) for turn in range(7) for protocol, number in numbers.items() if turn < number)
    result = read(tmpdir.join('log'), data, oldest=oldest)
    assert counts(result) == numbers
    assert sum(known.count for known in result.tally.clients.values()) == sum(numbers[name.decode('ascii')] for name in result.tally.legacy_protocols)


@pytest.mark.parametrize('protocol', ['TLSv1.2', '-'])
def test_more_lines_of_one_kind_than_one_repetition_takes(tmpdir, protocol):
    data = b'x %s\n' % protocol.encode('ascii') * 10000 if sys.version_info[0] == 3 else 'x %s\n' % protocol * 10000
    assert counts(read(tmpdir.join('log'), data, formats=[LineFormat(b'%h %{SSL_PROTOCOL}x')])) == {protocol: 10000}


def test_odd_lines(tmpdir):
    data = b''.join([
        b'\n', b'\0' * 1000 + b'\n', line(), b'\xff\xfe\n', line(protocol='TLSv1.2')[:40] + b'\n', line(protocol='TLSv1.2'), b'x TLSv1.2 y\n',
        line(protocol='TLSv9'), line(client='x' * 300), line(protocol='TLSv1.2').replace(b'\n', b'\r\n')])
    result = read(tmpdir.join('log'), data)
    assert counts(result) == {'TLSv1': 1, 'TLSv1.2': 2}
    assert result.tally.unreadable_lines == 7


@pytest.mark.parametrize('protocol', ['TLSv1', 'TLSv1.2'])
@pytest.mark.parametrize('filling', ['a', '\\"', '\\\\', '\\x00'])
def test_lines_of_a_mebibyte_are_lines(tmpdir, protocol, filling):
    request = filling * (1024 * 1024 // len(filling))
    data = line() + line(client='10.1.1.9', protocol=protocol, request=request) + line()
    assert counts(read(tmpdir.join('log'), data)).get(protocol, 0) + 0 >= 1
    assert sum(counts(read(tmpdir.join('log'), data)).values()) == 3


def test_a_line_without_end_is_one_unreadable_line(tmpdir):
    data = line() + b'x' * (3 * streams.LONGEST_LINE) + b'\n' + line(protocol='TLSv1.2')
    result = read(tmpdir.join('log'), data)
    assert counts(result) == {'TLSv1': 1, 'TLSv1.2': 1}
    assert result.tally.unreadable_lines == 1


@pytest.mark.parametrize('kept', range(0, len(line()), 7))
def test_a_truncated_last_line(tmpdir, kept):
    data = line(NOON, '10.1.1.8', 'TLSv1.2') + line()[:kept]
    rotated, live = read(tmpdir.join('log'), data), read(tmpdir.join('log'), data, live=True)
    # Complete up to the field behind the protocol, the line says all that matters.
    complete = kept >= line().index(b'AES')
    assert counts(rotated) == counts(live) == ({'TLSv1': 1, 'TLSv1.2': 1} if complete else {'TLSv1.2': 1})
    assert rotated.tally.unreadable_lines == (0 if complete or not kept else 1)
    assert live.tally.unreadable_lines == 0


def test_a_log_that_grows_while_it_is_read_has_an_end(tmpdir):
    path = tmpdir.join('log')
    path.write_binary(line() * 10)

    class Growing(io.FileIO):
        def readinto(self, buffer):
            with io.open(str(path), 'ab') as stream:
                stream.write(line() * 10)
            return io.FileIO.readinto(self, buffer)

    with Growing(str(path), 'rb') as stream:
        pieces = [bytes(buffer[:end]) for buffer, end, dummy in streams.read_pieces(stream, len(line()) * 10)]
    assert b''.join(pieces) == line() * 10


@pytest.mark.parametrize('size', [1, 7, 4096, 1 << 20])
def test_pieces_are_whole_lines_whatever_a_read_returns(size):
    lines = [b'a' * length + b'\n' for length in (0, 1, 5, streams.PIECE - 1, streams.PIECE, streams.PIECE + 1, 3)]
    data = b''.join(lines) * 2 + b'rest'

    class Slow(io.BytesIO):
        def read(self, wanted=-1):
            return io.BytesIO.read(self, min(size, wanted))

    if size < 100:
        data = data[:2000] + data[-10:]
    found = [(bytes(buffer[:end]), kind) for buffer, end, kind in streams.read_pieces(Slow(data))]
    assert b''.join(piece for piece, dummy in found) == data
    assert all(piece.endswith(b'\n') for piece, kind in found if kind == 'lines')
    assert [kind for dummy, kind in found if kind != 'lines'] == ['rest']


def compressed(data, compression):
    if compression == streams.GZIP:
        stream = io.BytesIO()
        with gzip.GzipFile(fileobj=stream, mode='wb') as packed:
            packed.write(data)
        return stream.getvalue()
    if compression == streams.BZIP2:
        return bz2.compress(data)
    return streams.lzma.compress(data)


KINDS = [streams.GZIP, streams.BZIP2] + ([streams.XZ] if streams.HAS_LZMA else [])


@pytest.mark.parametrize('compression', KINDS)
def test_compressed_files(tmpdir, compression):
    data = line() * 5000 + line(protocol='TLSv1.2') * 5000
    packed = compressed(data, compression)
    assert counts(read(tmpdir.join('log'), packed, compression)) == {'TLSv1': 5000, 'TLSv1.2': 5000}
    # Several streams in one file, as parallel compressors make them.
    assert counts(read(tmpdir.join('log'), packed * 3, compression)) == {'TLSv1': 15000, 'TLSv1.2': 15000}
    cut = read(tmpdir.join('log'), packed[:-20], compression)
    assert cut.problem is not None
    assert read(tmpdir.join('log'), b'no such thing' * 100, compression).problem is not None
    assert counts(read(tmpdir.join('log'), b'', compression)) == {}


@pytest.mark.skipif(streams.HAS_LZMA, reason='this Python reads xz')
def test_xz_without_lzma_is_unreadable(tmpdir):
    result = read(tmpdir.join('log'), b'\xfd7zXZ', streams.XZ)
    assert 'xz' in result.problem and counts(result) == {}


def test_what_is_no_file_is_not_waited_for(tmpdir):
    os.mkfifo(str(tmpdir.join('fifo')))
    assert read(tmpdir.join('fifo')).problem == 'not a regular file'
    assert read(tmpdir).problem is not None
    assert read(tmpdir.join('missing')).problem == os.strerror(2)


def test_several_formats_in_one_file(tmpdir):
    formats = [LineFormat(STOCK_FORMAT), LineFormat(b'%{SSL_PROTOCOL}x %h')]
    result = read(tmpdir.join('log'), line() + b'TLSv1 10.9.9.9\nTLSv1.2 10.9.9.9\nx\n' + line(protocol='TLSv1.2'), formats=formats)
    assert counts(result) == {'TLSv1': 2, 'TLSv1.2': 2}
    assert sorted(result.tally.clients) == [b'10.1.1.7', b'10.9.9.9']
    assert result.tally.unreadable_lines == 1


def day(step=1):
    return [NOON - 12 * 3600 + second for second in range(0, 24 * 3600, step)]


@pytest.mark.parametrize('hour', [0, 3, 12, 20, 24])
@pytest.mark.parametrize('compression', ['', streams.GZIP])
def test_since_counts_exactly_what_is_not_older(tmpdir, hour, compression):
    since = NOON - 12 * 3600 + hour * 3600
    moments = day(3)
    data = b''.join(line(moment, '10.1.%d.7' % (moment % 5), 'TLSv1' if moment % 2 else 'TLSv1.2') for moment in moments)
    result = read(tmpdir.join('log'), data if not compression else compressed(data, compression), compression, since=since)
    expected = {'TLSv1': len([moment for moment in moments if moment >= since and moment % 2]),
                'TLSv1.2': len([moment for moment in moments if moment >= since and not moment % 2])}
    assert counts(result) == dict((name, number) for name, number in expected.items() if number)
    assert result.older_last == (max(moment for moment in moments if moment < since) if hour else None)
    assert result.tally.first == (since if hour < 24 else None)


def test_since_finds_lines_that_are_out_of_order(tmpdir):
    """A request that began before and ended after: its line stands behind later ones."""
    moments = day(2)
    since = NOON
    data = b''.join(line(moment, protocol='TLSv1.2') + (line(moment - 300) if moment % 600 == 0 and moment - 300 >= day()[0] else b'') for moment in moments)
    result = read(tmpdir.join('log'), data, since=since)
    late = [moment - 300 for moment in moments if moment % 600 == 0]
    assert counts(result)['TLSv1'] == len([moment for moment in late if moment >= since])
    assert counts(result)['TLSv1.2'] == len([moment for moment in moments if moment >= since])


def test_since_leaves_the_old_part_of_a_plain_file_unread(tmpdir, monkeypatch):
    data = b''.join(line(moment, protocol='TLSv1.2') for moment in day())
    path = tmpdir.join('log')
    path.write_binary(data)
    read_bytes = []
    fill = streams._fill

    def counting(*arguments):
        read_bytes.append(fill(*arguments))
        return read_bytes[-1]

    monkeypatch.setattr(streams, '_fill', counting)
    result = read(path, since=NOON + 11 * 3600)
    assert counts(result) == {'TLSv1.2': 3600}
    assert sum(read_bytes) < len(data) // 4


def test_without_times_everything_counts(tmpdir):
    result = read(tmpdir.join('log'), b'TLSv1 10.1.1.7\n' * 3, formats=[LineFormat(b'%{SSL_PROTOCOL}x %h')], since=NOON)
    assert counts(result) == {'TLSv1': 3}
    assert result.tally.legacy(1)[0]['last_seen'] is None


def test_without_clients_nobody_is_named(tmpdir):
    result = read(tmpdir.join('log'), b'TLSv1\nTLSv1.2\nTLSv1\n', formats=[LineFormat(b'%{SSL_PROTOCOL}x')])
    assert [(found['address'], found['count']) for found in result.tally.legacy(9)] == [('', 2)]


@pytest.mark.parametrize('processes', [2, 3, 9])
def test_parts_together_are_the_whole(tmpdir, monkeypatch, processes):
    monkeypatch.setattr(log_file, 'SMALLEST_PART', 1000)
    data = b''.join(
        line(moment, '10.1.%d.7' % (moment % 7), ('TLSv1', 'TLSv1.2', 'TLSv1.3', 'x')[moment % 4]) for moment in day(20)) + line()[:60]
    whole, parts = read(tmpdir.join('log'), data), read(tmpdir.join('log'), data, processes=processes)
    assert counts(whole) == counts(parts)
    assert whole.tally.legacy(99) == parts.tally.legacy(99)
    assert (whole.tally.first, whole.tally.last, whole.tally.unreadable_lines) == (parts.tally.first, parts.tally.last, parts.tally.unreadable_lines)
    since = read(tmpdir.join('log'), data, processes=processes, since=NOON)
    assert counts(since) == counts(read(tmpdir.join('log'), data, since=NOON)) and since.older_last == NOON - 20


def test_a_part_that_is_not_read_is_told(tmpdir, monkeypatch):
    monkeypatch.setattr(log_file, 'SMALLEST_PART', 1000)
    parent, scan_part = os.getpid(), log_file._scan_part

    def failing(*arguments):
        if os.getpid() != parent:
            os.kill(os.getpid(), 9)
        return scan_part(*arguments)

    monkeypatch.setattr(log_file, '_scan_part', failing)
    assert 'ended early' in read(tmpdir.join('log'), line() * 1000, processes=2).problem


def test_clients_beyond_the_bound_are_counted_but_not_named():
    tally = Tally(b'TLSv1.2', most_clients=2)
    for number in range(5):
        tally.add_legacy(b'10.0.0.%d' % number if sys.version_info[0] == 3 else b'10.0.0.' + bytes(number), b'TLSv1', NOON)
    assert (len(tally.clients), tally.unnamed_requests, tally.counts[b'TLSv1']) == (2, 3, 5)
    first = sorted(tally.clients)[0]
    tally.add_legacy(first, b'TLSv1.1', NOON + 1)
    assert (tally.clients[first].protocols, tally.clients[first].last) == ({b'TLSv1': 1, b'TLSv1.1': 1}, NOON + 1)
    assert tally.unnamed_requests == 3


def test_the_bound_is_one_of_clients_whatever_protocols_they_use():
    tally = Tally(b'TLSv1.2', most_clients=2)
    for client, protocol in ((b'10.0.0.1', b'TLSv1'), (b'10.0.0.1', b'TLSv1.1'), (b'10.0.0.2', b'TLSv1'), (b'10.0.0.3', b'TLSv1.1')):
        tally.add_legacy(client, protocol, NOON)
    assert sorted(tally.clients) == [b'10.0.0.1', b'10.0.0.2']
    assert tally.unnamed_requests == 1


def test_what_is_legacy_follows_from_the_oldest_accepted_protocol():
    assert Tally(b'TLSv1.3').legacy_protocols == (b'SSLv2', b'SSLv3', b'TLSv1', b'TLSv1.1', b'TLSv1.2')
    assert Tally(b'SSLv2').legacy_protocols == ()
