# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import re

import pytest

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._logs.log_format import (
    LOGGED_PROTOCOLS, STOCK_FORMAT, LineFormat, UnusableFormat, parse_format)
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._logs.log_time import TimeField, parse_iso
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._time import format_utc

TIME = b'[10/Oct/2020:13:55:36 +0200]'


def read(text, line):
    """(protocol, client, time) of one line, None for a line that is not understood."""
    form = LineFormat(text)
    match = re.match(form.beginning(LOGGED_PROTOCOLS + (b'-',), grouped=True), line)
    if match is None:
        return None
    found = match.groupdict()
    return found['protocol'], found.get('client'), found.get('time')


@pytest.mark.parametrize(('text', 'line', 'expected'), [
    (STOCK_FORMAT, TIME + b' 10.1.1.7 TLSv1 AES256-SHA "POST / HTTP/1.1" 512\n', (b'TLSv1', b'10.1.1.7', TIME)),
    (STOCK_FORMAT, TIME + b' 2001:db8::7 TLSv1.3 TLS_AES_256_GCM_SHA384 "-" 512\r\n', (b'TLSv1.3', b'2001:db8::7', TIME)),
    (STOCK_FORMAT, TIME + b' pc.example.com - - "GET / HTTP/1.0" 400\n', (b'-', b'pc.example.com', TIME)),
    # The protocol that a client writes into its request is not the one that it speaks.
    (STOCK_FORMAT, TIME + b' 10.1.1.7 SSLv3 RC4-SHA "GET / TLSv1.2 x" 512\n', (b'SSLv3', b'10.1.1.7', TIME)),
    (b'%h "%r" "%{User-Agent}i" %{SSL_PROTOCOL}x', b'10.1.1.7 "GET /\\" TLSv1.2 HTTP/1.1" "a \\\\" TLSv1\n', (b'TLSv1', b'10.1.1.7', None)),
    (b'%{SSL_PROTOCOL}x|%a|%{sec}t', b'TLSv1.1|::1|1602330936\n', (b'TLSv1.1', b'::1', b'1602330936')),
    (b'%{version}c %h', b'TLSv1 10.1.1.7\n', (b'TLSv1', b'10.1.1.7', None)),
    (b'{"c":"%h","p":"%{SSL_PROTOCOL}x","r":"%r"}', b'{"c":"10.1.1.7","p":"TLSv1","r":"x"}\n', (b'TLSv1', b'10.1.1.7', None)),
    (b'%h %{ssl_protocol}x', b'10.1.1.7 TLSv1.2\n', (b'TLSv1.2', b'10.1.1.7', None)),
    (b'%!200,304{SSL_PROTOCOL}x %<{SSL_PROTOCOL}x %200h %a', b'- TLSv1 - 10.1.1.7\n', (b'TLSv1', b'10.1.1.7', None)),
    (b'%200t %{SSL_PROTOCOL}x %a', b'- TLSv1 10.1.1.7\n', (b'TLSv1', b'10.1.1.7', None)),
    (b'%h %l %u %t \\t%{SSL_PROTOCOL}x %>s', b'10.1.1.7 - - ' + TIME + b' \tTLSv1 200\n', (b'TLSv1', b'10.1.1.7', TIME)),
    (b'100%% %h %{SSL_PROTOCOL}x', b'100% 10.1.1.7 TLSv1\n', (b'TLSv1', b'10.1.1.7', None)),
    (b'%r %{SSL_PROTOCOL}x %h', b'GET / HTTP/1.1 TLSv1 10.1.1.7\n', (b'TLSv1', b'10.1.1.7', None)),
    (b'%r %{SSL_PROTOCOL}x %h', b'GET TLSv1.2 10.9.9.9 HTTP/1.1 TLSv1 10.1.1.7\n', None),
    (b'%{c}a %a %{SSL_PROTOCOL}x', b'10.0.0.1 10.1.1.7 TLSv1\n', (b'TLSv1', b'10.1.1.7', None)),
    (b'%{SSL_PROTOCOL}x%{SSL_CIPHER}x', b'TLSv1.2AES256\n', UnusableFormat),
    (b'%h%l %{SSL_PROTOCOL}x', b'', UnusableFormat),
    (b'%h\\n%{SSL_PROTOCOL}x', b'', UnusableFormat),
    # Not cut short, not longer: the match is exact.
    (b'%h %{SSL_PROTOCOL}x', b'10.1.1.7 TLSv1.\n', None),
    (b'%h %{SSL_PROTOCOL}x', b'10.1.1.7 TLSv1', None),
    (STOCK_FORMAT, TIME + b' 10.1.1.7 TLSv1.20 x "r" 1\n', None),
    (STOCK_FORMAT, TIME + b' 10.1.1.7 tlsv1 x "r" 1\n', None),
    (STOCK_FORMAT, TIME + b' 10.1.1.7 UNKNOWN x "r" 1\n', None),
    (STOCK_FORMAT, b'10.1.1.7 - - ' + TIME + b' "GET / HTTP/1.1" 200 5\n', None),
    (STOCK_FORMAT, b'\0\0\0\0\n', None),
    (STOCK_FORMAT, b'\n', None),
])
def test_the_fields_of_a_line(text, line, expected):
    if expected is UnusableFormat:
        with pytest.raises(UnusableFormat):
            read(text, line)
    else:
        assert read(text, line) == expected


def test_formats_without_what_is_needed_say_so():
    combined = LineFormat(b'%h %l %u %t "%r" %>s %b "%{Referer}i" "%{User-Agent}i"')
    assert not combined.logs_protocol and combined.logs_client and combined.time is not None
    bare = LineFormat(b'%{SSL_PROTOCOL}x %{%H:%M}t')
    assert bare.logs_protocol and not bare.logs_client and bare.time is None
    assert not LineFormat(b'%{SSL_PROTOCOL}e %{SSL_CIPHER}x').logs_protocol


@pytest.mark.parametrize('condition', [b'200', b'!404', b'!200,304', b'>200'])
def test_a_field_that_is_written_for_some_statuses_only_is_none_that_matters(condition):
    form = LineFormat(b'%' + condition + b't %' + condition + b'h %' + condition + b'{SSL_PROTOCOL}x %>s')
    assert (form.logs_protocol, form.logs_client, form.time) == (False, False, None)
    assert not LineFormat(b'%{SSL_PROTOCOL}' + condition + b'x').logs_protocol


def test_literals_are_joined_and_unescaped():
    assert [item.literal for item in parse_format(b'a%%b\\t\\\\n')] == [b'a%b\t\\n']


@pytest.mark.parametrize(('argument', 'text', 'moment'), [
    (b'', TIME, '2020-10-10T11:55:36Z'),
    (b'', b'[31/Dec/2016:23:59:60 +0000]', '2017-01-01T00:00:00Z'),
    (b'', b'[30/Feb/2020:13:55:36 +0200]', None),
    (b'', b'[10/Oct/2020:13:55:99 +0200]', None),
    (b'', b'[10/Okt/2020:13:55:36 +0200]', None),
    (b'%Y-%m-%dT%H:%M:%S%z', b'2020-10-10T13:55:36-0130', '2020-10-10T15:25:36Z'),
    (b'%F %T %z', b'2020-10-10 13:55:36 +0000', '2020-10-10T13:55:36Z'),
    (b'begin:%d.%m.%y %I:%M:%S %p %z', b'10.10.20 01:55:36 PM +0000', '2020-10-10T13:55:36Z'),
    (b'%d.%m.%y %I:%M %p %z', b'10.10.20 12:05 AM +0000', '2020-10-10T00:05:00Z'),
    (b'%Y %j %R %z', b'2024 366 01:02 +0000', '2024-12-31T01:02:00Z'),
    (b'%B %e, %Y %T %Z', b'October  1, 2020 13:55:36 UTC', '2020-10-01T13:55:36Z'),
    (b'%s', b'1602330936', '2020-10-10T11:55:36Z'),
    (b'sec', b'1602330936', '2020-10-10T11:55:36Z'),
    (b'end:msec', b'1602330936123', '2020-10-10T11:55:36Z'),
    (b'usec', b'1602330936123456', '2020-10-10T11:55:36Z'),
])
def test_times(argument, text, moment):
    field = TimeField(argument)
    assert field.readable
    assert (re.match(field.pattern + br'\Z', text) is not None) or moment is None
    for dummy in range(2):
        assert format_utc(field.read(text)) == moment


def test_a_time_without_a_zone_is_the_servers_own(monkeypatch):
    import time
    monkeypatch.setenv('TZ', 'Europe/Berlin')
    time.tzset()
    try:
        assert format_utc(TimeField(b'%F %T').read(b'2020-07-10 13:55:36')) == '2020-07-10T11:55:36Z'
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize('argument', [b'%T', b'%F', b'msec_frac', b'%Q', b'%m/%d %T'])
def test_half_a_time_is_none(argument):
    assert not TimeField(argument).readable
    assert TimeField(argument).read(b'12:00:00') is None


@pytest.mark.parametrize(('text', 'moment'), [
    ('2026-11-23T10:00:00Z', 1795428000), ('2026-11-23T10:00', 1795428000), ('2026-11-23 12:00:00.5+02:00', 1795428000),
    ('2026-11-23T11:00:00+0100', 1795428000), ('2026-11-23', 1795392000),
])
def test_iso_times(text, moment):
    assert parse_iso(text) == moment
    assert parse_iso(format_utc(moment)) == moment


@pytest.mark.parametrize('text', ['', 'yesterday', '2026-13-01', '2026-02-30', '2026-11-23T25:00', '23.11.2026', '2026-11-23T10:00:00Zx'])
def test_what_is_no_iso_time(text):
    with pytest.raises(ValueError):
        parse_iso(text)
