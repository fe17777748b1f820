# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which time the logs tell about, and that wrong times and rotation in the middle of it neither hide nor double anything."""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import gzip
import io
import os
import time

import pytest

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._logs import clients as reading
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._logs.clients import read_clients
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._logs.log_format import STOCK_FORMAT
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._logs.sources import given_sources
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._time import format_utc

NOW = 1795435200
HOUR, DAY = 3600, 86400
SECONDS = b'%{sec}t %h %{SSL_PROTOCOL}x'


def line(moment, client='10.0.0.1', protocol='TLSv1.2'):
    return ('%d %s %s\n' % (moment, client, protocol)).encode('ascii')


def stock(moment, client='10.0.0.1', protocol='TLSv1.2'):
    stamp = time.strftime('%d/%b/%Y:%H:%M:%S +0000', time.gmtime(moment))
    return ('[%s] %s %s X "GET /%s HTTP/1.1" 5\n' % (stamp, client, protocol, 'a' * 40)).encode('ascii')


def write(path, data, changed=NOW):
    packed = str(path).endswith('.gz')
    stream = gzip.open(str(path), 'wb') if packed else io.open(str(path), 'wb')
    stream.write(data)
    stream.close()
    os.utime(str(path), (changed, changed))


def read(*paths, **options):
    text = options.pop('text', SECONDS)
    return read_clients(given_sources([(str(path).encode('utf-8'), text) for path in paths]), b'TLSv1.2', **options)


WEEK = NOW - 7 * DAY
LIVE = b''.join(line(NOW - HOUR + number * 60) for number in range(60))


@pytest.mark.parametrize(('name', 'data', 'changed', 'complete', 'last_before'), [
    ('log.1', line(WEEK - 60), WEEK - 60, True, WEEK - 60),
    ('log.1.gz', line(WEEK - 60), WEEK - 50, True, WEEK - 50),
    # Nothing is known of what was logged between this file and the other one.
    ('log.1', line(NOW - 30 * DAY), NOW - 30 * DAY, False, NOW - 30 * DAY),
    ('log-8443', line(NOW - 20 * DAY), NOW - 20 * DAY, False, NOW - 20 * DAY),
    # In another format, without the protocol; or no log at all.
    ('log.1', b'1794830340 10.0.0.1 -- GET\n', WEEK - 60, False, None),
    ('log.1.gz', b'x\n', WEEK - 60, False, None),
    ('log.1', b'', WEEK - 60, False, None),
    ('log.1.zst', b'x', WEEK - 60, False, None),
])
def test_an_old_file_is_evidence_only_if_it_has_lines_of_the_time_before(tmpdir, name, data, changed, complete, last_before):
    # Logged since the beginning of the week, or, where there is a hole, for an hour.
    write(tmpdir.join('log'), (line(WEEK + 60) if complete else b'') + LIVE)
    write(tmpdir.join(name), data, changed)
    found = read(tmpdir.join('log'), since=WEEK)
    assert (found['period']['complete'], found['logs'][0]['complete']) == (complete, complete)
    assert found['logs'][0]['last_before'] == format_utc(last_before)


def test_one_file_with_a_hole_is_not_complete(tmpdir):
    write(tmpdir.join('log'), line(NOW - 30 * DAY) + LIVE)
    assert read(tmpdir.join('log'), since=WEEK)['period']['complete'] is False


def test_each_log_tells_its_own_period(tmpdir):
    write(tmpdir.join('a'), line(WEEK - 60) + line(WEEK + 60))
    write(tmpdir.join('b'), LIVE)
    write(tmpdir.join('c'), b'')
    found = read(tmpdir.join('a'), tmpdir.join('b'), tmpdir.join('c'), since=WEEK)
    assert [(log['complete'], log['first']) for log in found['logs']] == [
        (True, format_utc(WEEK + 60)), (False, format_utc(NOW - HOUR)), (False, None)]
    assert found['period']['complete'] is False


@pytest.mark.parametrize('wrong', [1, 45])
def test_lines_with_a_wrong_time_hide_no_days(tmpdir, wrong):
    """Two weeks at a line a minute; the clock is wrong for one of them or some, where the search for the beginning looks first."""
    minutes = range(14 * 1440)
    middle = len(minutes) // 2
    data = b''.join(
        (stock(NOW - 14 * DAY + minute * 60, '10.66.0.%d' % (minute // 720), 'TLSv1') if minute % 720 == 0 else b'') +
        stock(NOW - 11 * DAY - 60 * wrong if abs(minute - middle) <= wrong // 2 else NOW - 14 * DAY + minute * 60) for minute in minutes)
    write(tmpdir.join('log'), data)
    found = read(tmpdir.join('log'), since=NOW - 10 * DAY, text=STOCK_FORMAT)
    assert (found['legacy_total'], found['period']['complete']) == (20, True)


def test_a_clock_that_was_wrong_for_long_hides_no_more_than_a_small_part(tmpdir):
    """Much more than a window is old: it is found by looking back from where the search ended."""
    right = b''.join(stock(NOW - 6 * DAY + number, '10.0.0.2', 'TLSv1') for number in range(10000))
    wrong = b''.join(stock(NOW - 20 * DAY + number) for number in range(20000))
    write(tmpdir.join('log'), right + wrong + stock(NOW))
    found = read(tmpdir.join('log'), since=WEEK, text=STOCK_FORMAT)
    assert found['protocols']['TLSv1'] == 10000


@pytest.mark.parametrize(('number', 'name'), [(500, 'log'), (10, 'log'), (500, 'log.1.gz')])
def test_a_piece_is_not_old_because_its_ends_are(tmpdir, number, name):
    write(tmpdir.join('log'), b'')
    middle = b''.join(line(NOW - DAY + second, '10.7.7.7', 'TLSv1') for second in range(number))
    old = b''.join(line(NOW - 20 * DAY + second) for second in range(100))
    write(tmpdir.join(name), old + middle + old)
    found = read(tmpdir.join('log'), since=WEEK)
    assert found['protocols'] == {'TLSv1': number}
    assert found['period']['first'] == format_utc(NOW - DAY)


def test_a_period_does_not_begin_before_what_was_asked_for(tmpdir):
    write(tmpdir.join('log'), LIVE + line(NOW - 20 * DAY))
    assert read(tmpdir.join('log'), since=WEEK)['period']['first'] == format_utc(NOW - HOUR)


def test_a_log_that_is_compressed_while_it_is_read_is_counted_once(tmpdir, monkeypatch):
    write(tmpdir.join('log'), line(NOW))
    write(tmpdir.join('log.1'), line(NOW - 100, '10.3.3.3', 'TLSv1') * 10)
    write(tmpdir.join('log.2.gz'), line(NOW - 200, '10.3.3.3', 'TLSv1'))
    read_log = reading.read_log

    def compressing(path, *arguments):
        result = read_log(path, *arguments)
        if path.endswith(b'.1') and os.path.exists(path):
            write(tmpdir.join('log.3.gz'), tmpdir.join('log.1').read_binary(), NOW - 50)
            os.unlink(path)
            # It gets the inode that is free now.
            write(tmpdir.join('log.4.gz'), line(NOW - 300, '10.3.3.3', 'TLSv1'))
        return result

    monkeypatch.setattr(reading, 'read_log', compressing)
    assert read(tmpdir.join('log'))['protocols'] == {'TLSv1': 12, 'TLSv1.2': 1}


def test_a_log_that_is_copied_and_emptied_while_it_is_read_is_counted_once(tmpdir, monkeypatch):
    write(tmpdir.join('log'), line(NOW - 100, '10.3.3.3', 'TLSv1') * 10)
    read_log = reading.read_log

    def copying(path, *arguments):
        result = read_log(path, *arguments)
        if not tmpdir.join('log.1').exists():
            write(tmpdir.join('log.1'), tmpdir.join('log').read_binary())
            write(tmpdir.join('log'), line(NOW))
        return result

    monkeypatch.setattr(reading, 'read_log', copying)
    assert read(tmpdir.join('log'))['protocols'] == {'TLSv1': 10, 'TLSv1.2': 1}


def test_a_period_longer_than_time_itself(tmpdir):
    write(tmpdir.join('log'), line(NOW))
    assert read(tmpdir.join('log'), since=NOW - 99999 * DAY)['since'] == '1970-01-01T00:00:00Z'


@pytest.mark.parametrize('kept', [2, 3, 9, -3, -8, 200])
def test_a_compressed_file_that_ends_in_the_middle_is_told(tmpdir, kept):
    write(tmpdir.join('log'), line(NOW))
    write(tmpdir.join('log.1.gz'), b''.join(line(NOW - number) for number in range(999)))
    tmpdir.join('log.1.gz').write_binary(tmpdir.join('log.1.gz').read_binary()[:kept])
    assert [entry['part'] for entry in read(tmpdir.join('log'))['unreadable']] == [str(tmpdir.join('log.1.gz'))]


def test_an_hour_that_comes_twice_upgrades_nobody(tmpdir, monkeypatch):
    """Without a zone, 02:50 before the end of summer time looks later than 02:10 after it."""
    monkeypatch.setenv('TZ', 'Europe/Berlin')
    time.tzset()
    try:
        for later, expected in (('02:50:00', None), ('03:20:00', '2026-10-25T02:20:00Z')):
            write(tmpdir.join('log'), ('2026-10-25 02:10:00 10.0.0.9 TLSv1\n2026-10-25 %s 10.0.0.9 TLSv1.2\n' % later).encode('ascii'))
            found = read(tmpdir.join('log'), text=b'%{%Y-%m-%d %H:%M:%S}t %h %{SSL_PROTOCOL}x')
            assert found['legacy'][0]['accepted_last_seen'] == expected
    finally:
        monkeypatch.undo()
        time.tzset()
