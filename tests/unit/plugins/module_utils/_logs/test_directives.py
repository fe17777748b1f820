# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which logs a configuration declares, which files they have, and what is said where nothing can be read."""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import gzip
import io
import os

import pytest

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.config.loader import read_tree
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.tls.dialect import Build, any_dialect
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._logs import later_requests
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._logs.clients import oldest_of, read_clients
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._logs.directives import FILE, NONE, PATTERN, read_target
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._logs.sources import find_sources, given_sources
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._time import format_utc

LEGACY = (b'SSLv2', b'SSLv3', b'TLSv1', b'TLSv1.1')
STOCK = r'"%t %h %{SSL_PROTOCOL}x %{SSL_CIPHER}x \"%r\" %b"'
HOUR = 3600
NOW = 1795435200


def sources(tmpdir, text):
    path = tmpdir.join('httpd.conf')
    path.write('ServerRoot "%s"\n%s' % (tmpdir, text))
    return find_sources(read_tree(str(path), str(tmpdir), build=Build((2, 4, 62), frozenset(), None)), any_dialect(), LEGACY)


def host(body, engine='on'):
    return '<VirtualHost *:443>\nSSLEngine %s\n%s\n</VirtualHost>\n' % (engine, body)


def found(tmpdir, text):
    """(path, format) of the sources."""
    base = str(tmpdir).encode('utf-8') + b'/'
    return [(source.target.path.replace(base, b''), source.formats[0].text) for source in sources(tmpdir, text).sources]


NICK = 'LogFormat "%h %{SSL_PROTOCOL}x" tls\n'
ALONE = 'LogFormat "%a %{SSL_PROTOCOL}x" tls'
ONLY_OLD = "\"expr=%{SSL_PROTOCOL} in {'SSLv3','TLSv1','TLSv1.1'}\""


@pytest.mark.parametrize(('text', 'expected'), [
    (host('CustomLog logs/ssl_request_log ' + STOCK), [(b'logs/ssl_request_log', b'%t %h %{SSL_PROTOCOL}x %{SSL_CIPHER}x "%r" %b')]),
    (host('CustomLog logs/ssl_request_log \\\n  ' + STOCK), [(b'logs/ssl_request_log', b'%t %h %{SSL_PROTOCOL}x %{SSL_CIPHER}x "%r" %b')]),
    (NICK + host('CustomLog logs/a tls'), [(b'logs/a', b'%h %{SSL_PROTOCOL}x')]),
    # Nicknames are looked up when everything is read.
    (host('CustomLog logs/a tls') + NICK, [(b'logs/a', b'%h %{SSL_PROTOCOL}x')]),
    (NICK + host('LogFormat "%a %{SSL_PROTOCOL}x" tls\nCustomLog logs/a tls'), [(b'logs/a', b'%a %{SSL_PROTOCOL}x')]),
    (host('LogFormat "%a %{SSL_PROTOCOL}x" tls\nCustomLog logs/a tls') + NICK, [(b'logs/a', b'%a %{SSL_PROTOCOL}x')]),
    ('LogFormat "%h %{SSL_PROTOCOL}x"\n' + host('TransferLog logs/t'), [(b'logs/t', b'%h %{SSL_PROTOCOL}x')]),
    (host('TransferLog logs/t\nLogFormat "%a %{version}c"'), [(b'logs/t', b'%a %{version}c')]),
    # A virtual host with a log of its own writes no other.
    (NICK + 'CustomLog logs/main tls\n' + host('CustomLog logs/a tls'), [(b'logs/a', b'%h %{SSL_PROTOCOL}x')]),
    (NICK + 'CustomLog logs/main tls\n' + host(''), [(b'logs/main', b'%h %{SSL_PROTOCOL}x')]),
    (NICK + 'CustomLog logs/main tls\n' + host('CustomLog logs/a common'), []),
    (NICK + 'GlobalLog logs/global tls\n' + host('CustomLog logs/a CLF'), [(b'logs/global', b'%h %{SSL_PROTOCOL}x')]),
    (NICK + 'SSLEngine on\nCustomLog logs/main tls\n', [(b'logs/main', b'%h %{SSL_PROTOCOL}x')]),
    # Read once, although two write to it.
    (NICK + host('CustomLog logs/a tls') + host('CustomLog logs/../logs/a tls'), [(b'logs/a', b'%h %{SSL_PROTOCOL}x')]),
    # One log is enough; that with the client and the time says most.
    (host('CustomLog logs/a "%{SSL_PROTOCOL}x"\nCustomLog logs/b ' + STOCK), [(b'logs/b', b'%t %h %{SSL_PROTOCOL}x %{SSL_CIPHER}x "%r" %b')]),
    (NICK + host('CustomLog logs/a tls env=tls\nCustomLog logs/b tls'), [(b'logs/b', b'%h %{SSL_PROTOCOL}x')]),
    (NICK + host('<IfDefine NEVER>\nCustomLog logs/a tls\n</IfDefine>'), []),
    ('Define WHERE logs/x\n' + NICK + host('CustomLog ${WHERE} tls'), [(b'logs/x', b'%h %{SSL_PROTOCOL}x')]),
    (NICK + host('CustomLog /abs/a tls'), [(b'/abs/a', b'%h %{SSL_PROTOCOL}x')]),
    (NICK + host('CustomLog logs/a tls', engine='off'), []),
    (NICK + '#CustomLog logs/main tls\n' + host(''), []),
    # Nicknames are compared without regard to case, and a LogFormat that stands alone may be one.
    (NICK + host('CustomLog logs/a TLS'), [(b'logs/a', b'%h %{SSL_PROTOCOL}x')]),
    (NICK + 'LogFormat Tls\n' + host('TransferLog logs/t'), [(b'logs/t', b'%h %{SSL_PROTOCOL}x')]),
    ('LogFormat "%h %{SSL_PROTOCOL}x" CLF\nCustomLog logs/m clf\n' + host(''), [(b'logs/m', b'%h %{SSL_PROTOCOL}x')]),
    ('LogFormat "%h %{SSL_PROTOCOL}x" CLF\n' + host('CustomLog logs/m clf'), []),
    # A virtual host without a log of its own changes how the log of the main server is written; the first of them does it last.
    (NICK + 'CustomLog logs/m tls\n' + host(ALONE), [(b'logs/m', b'%a %{SSL_PROTOCOL}x')]),
    (NICK + 'CustomLog logs/m tls\n' + host('ServerName a', 'off') + host(ALONE), [(b'logs/m', b'%h %{SSL_PROTOCOL}x')]),
    (NICK + 'CustomLog logs/m tls\n' + host(ALONE) + host('ServerName a'), [(b'logs/m', b'%a %{SSL_PROTOCOL}x')]),
    ('LogFormat "%h" tls\nCustomLog logs/m tls\n' + host(ALONE), [(b'logs/m', b'%a %{SSL_PROTOCOL}x')]),
    (NICK + 'GlobalLog logs/m tls\n' + host(ALONE), [(b'logs/m', b'%a %{SSL_PROTOCOL}x')]),
    (NICK + 'LogFormat tls\nTransferLog logs/m\n' + host(ALONE), [(b'logs/m', b'%a %{SSL_PROTOCOL}x')]),
    ('TransferLog logs/m\n' + host('LogFormat "%a %{SSL_PROTOCOL}x"'), [(b'logs/m', b'%a %{SSL_PROTOCOL}x')]),
    # A limited log is complete about old protocols, but an unlimited one says more.
    (NICK + host('CustomLog logs/old tls %s\nCustomLog logs/all tls' % ONLY_OLD), [(b'logs/all', b'%h %{SSL_PROTOCOL}x')]),
    # For other statuses a hyphen would stand for the protocol.
    (host('CustomLog logs/a "%h %200{SSL_PROTOCOL}x"'), []),
])
def test_what_is_declared(tmpdir, text, expected):
    assert found(tmpdir, text) == expected


def test_a_server_that_does_not_log_the_protocol_is_told_apart_from_one_without_clients(tmpdir):
    chosen = sources(tmpdir, 'CustomLog logs/access "%h"\n' + host('ServerName a.example') + NICK + host('CustomLog logs/a tls'))
    assert [(scope['scope'], scope['line']) for scope in chosen.not_logged] == [('<VirtualHost *:443> a.example', 3)]
    tmpdir.mkdir('logs').join('a').write('10.1.1.7 TLSv1.2\n')
    clients = read_clients(chosen, b'TLSv1.2')
    assert clients['logs_protocol'] is True
    assert clients['add_directive'].startswith('CustomLog logs/ssl_request_log "%t %h %{SSL_PROTOCOL}x')
    assert 'a.example' in clients['unreadable'][-1]['part']

    nothing = read_clients(sources(tmpdir, host('')), b'TLSv1.2')
    assert (nothing['logs_protocol'], nothing['protocols'], nothing['legacy_total']) == (False, {}, 0)
    assert nothing['add_directive'] and nothing['unreadable']
    without_tls = read_clients(sources(tmpdir, 'Listen 80\n'), b'TLSv1.2')
    assert without_tls['logs_protocol'] is False and without_tls['unreadable'] and not without_tls['add_directive']


@pytest.mark.parametrize(('condition', 'complete'), [
    ('', True), ('env=!quiet', False), ('env=tls', False),
    ("\"expr=%{SSL_PROTOCOL} in {'SSLv3','TLSv1','TLSv1.1'}\"", True),
    ("\"expr=%{SSL_PROTOCOL} in {'TLSv1'}\"", False),
    ("\"expr=%{SSL_PROTOCOL} in {'SSLv3','TLSv1','TLSv1.1'} && -R '10.0.0.0/8'\"", False),
])
def test_a_log_with_a_condition_is_no_complete_one(tmpdir, condition, complete):
    chosen = sources(tmpdir, NICK + host('CustomLog logs/a tls %s' % condition))
    assert len(chosen.sources) == 1
    assert (chosen.unreadable == []) == complete


@pytest.mark.parametrize(('target', 'kind', 'path'), [
    (b'logs/a', FILE, b'/srv/httpd/logs/a'), (b'/var/log/a', FILE, b'/var/log/a'),
    (b'|/usr/sbin/rotatelogs /logs/a.%Y%m%d 86400', PATTERN, b'/logs/a.%Y%m%d'),
    (b'||/usr/sbin/rotatelogs -l -f -L /logs/link /logs/a.%Y%m%d 86400 +60', PATTERN, b'/logs/a.%Y%m%d'),
    (b'|$ /usr/sbin/rotatelogs "/logs/a b.%H" 5M', PATTERN, b'/logs/a b.%H'),
    (b'|bin/rotatelogs /logs/a 86400', PATTERN, b'/logs/a.%s'),
    (b'|bin/rotatelogs -t /logs/a 86400', FILE, b'/logs/a'),
    (b'|bin/rotatelogs -n 5 /logs/a 86400', FILE, b'/logs/a'),
    # As getopt reads them.
    (b'|bin/rotatelogs -n5 /logs/a 86400', FILE, b'/logs/a'),
    (b'|bin/rotatelogs -lt /logs/a 86400', FILE, b'/logs/a'),
    (b'|bin/rotatelogs -ln 5 /logs/a 86400', FILE, b'/logs/a'),
    (b'|bin/rotatelogs -lfL/logs/t /logs/a 86400', PATTERN, b'/logs/a.%s'),
    (b'|bin/rotatelogs -Lt -ptn -T /logs/a 86400', PATTERN, b'/logs/a.%s'),
    (b'|bin/rotatelogs -l -- /logs/a 86400', PATTERN, b'/logs/a.%s'),
    (b'|bin/rotatelogs -lx /logs/a 86400', NONE, None),
    (b'|bin/rotatelogs -n', NONE, None),
    (b'|bin/rotatelogs logs/a.%Y 86400', NONE, None),
    (b'|bin/rotatelogs', NONE, None),
    (b'|/usr/bin/logger -t apache', NONE, None),
    (b'| sh -c "cat > /logs/a"', NONE, None),
    (b'|', NONE, None),
    (b'syslog:local1', NONE, None),
])
def test_targets(target, kind, path):
    result = read_target(target, b'/srv/httpd')
    assert (result.kind, result.path) == (kind, path)
    assert (result.reason is None) == (kind != NONE)


def line(moment, client='10.1.1.7', protocol='TLSv1'):
    return ('%d %s %s\n' % (moment, client, protocol)).encode('ascii')


FORMAT = b'%{sec}t %h %{SSL_PROTOCOL}x'


def test_all_files_of_a_log_up_to_since(tmpdir):
    path = tmpdir.join('log')
    path.write_binary(line(NOW) + line(NOW + 1, protocol='TLSv1.2'))
    tmpdir.join('log.1').write_binary(line(NOW - HOUR, '10.1.1.8') + line(NOW - HOUR + 1, '10.1.1.9'))
    with io.open(str(tmpdir.join('log.2.gz')), 'wb') as stream:
        packed = gzip.GzipFile(fileobj=stream, mode='wb')
        packed.write(line(NOW - 3 * HOUR, '10.1.1.7') + line(NOW - 2 * HOUR, '10.1.1.7', 'SSLv3'))
        packed.close()
    tmpdir.join('log.3').write_binary(line(NOW - 9 * HOUR, '10.9.9.9'))
    for age, name in ((0, 'log'), (1, 'log.1'), (2, 'log.2.gz'), (9, 'log.3')):
        os.utime(str(tmpdir.join(name)), (NOW - age * HOUR, NOW - age * HOUR))
    given = given_sources([(str(path).encode('utf-8'), FORMAT)])

    everything = read_clients(given, b'TLSv1.2')
    assert everything['protocols'] == {'TLSv1': 5, 'TLSv1.2': 1, 'SSLv3': 1}
    assert everything['legacy_total'] == 4 and everything['period']['complete'] is False

    recent = read_clients(given, b'TLSv1.2', since=NOW - 2 * HOUR, limit=2)
    assert recent['protocols'] == {'TLSv1': 3, 'TLSv1.2': 1, 'SSLv3': 1}
    assert [os.path.basename(name) for name in recent['logs'][0]['files']] == ['log', 'log.1', 'log.2.gz']
    assert recent['period'] == {'first': '2026-11-23T10:00:00Z', 'last': '2026-11-23T12:00:01Z', 'complete': True}
    assert [(entry['address'], entry['protocols'], entry['count']) for entry in recent['legacy']] == [
        ('10.1.1.7', {'TLSv1': 1, 'SSLv3': 1}, 2), ('10.1.1.9', {'TLSv1': 1}, 1)]
    assert (recent['legacy_total'], recent['legacy_left_out'], recent['unreadable']) == (3, 1, [])
    assert recent['logs'][0]['lines'] == 5


def test_rotation_while_reading_loses_and_doubles_nothing(tmpdir, monkeypatch):
    from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._logs import clients as reading
    for name, client in (('log', '10.0.0.3'), ('log.1', '10.0.0.2'), ('log.2', '10.0.0.1')):
        tmpdir.join(name).write_binary(line(NOW, client))
    read_log, rotated = reading.read_log, []

    def rotating(path, *arguments):
        result = read_log(path, *arguments)
        if not rotated:
            rotated.append(path)
            for number in (3, 2, 1):
                os.rename(str(tmpdir.join('log' + ('.%d' % (number - 1) if number > 1 else ''))), str(tmpdir.join('log.%d' % number)))
            tmpdir.join('log').write_binary(line(NOW, '10.0.0.4'))
        return result

    monkeypatch.setattr(reading, 'read_log', rotating)
    seen = read_clients(given_sources([(str(tmpdir.join('log')).encode('utf-8'), FORMAT)]), b'TLSv1.2')
    assert rotated
    assert sorted((entry['address'], entry['count']) for entry in seen['legacy']) == [('10.0.0.%d' % number, 1) for number in (1, 2, 3, 4)]


@pytest.mark.parametrize('filling', [0, 3000, 30000])
def test_clients_that_came_again_with_an_accepted_protocol(tmpdir, filling):
    """``filling`` lines of others lie between, so that one, some or many pieces have to be read."""
    others = b''.join(line(NOW + number, '10.7.0.%d' % (number % 250), 'TLSv1.2') for number in range(filling))
    tmpdir.join('log.1').write_binary(
        line(NOW - 9, '10.0.0.1') + line(NOW - 8, '10.0.0.2', 'TLSv1.2') + line(NOW - 7, '10.0.0.2') + line(NOW - 6, '10.0.0.3') +
        line(NOW - 5, '10.0.0.3', 'TLSv1.3') + others + line(NOW + filling, '10.0.0.4') + line(NOW + filling, '10.0.0.4', 'TLSv1.2'))
    tmpdir.join('log').write_binary(
        line(NOW + filling + 1, '10.0.0.1', 'TLSv1.2') + line(NOW + filling + 2, '10.0.0.5', 'TLSv1.2') + line(NOW + filling + 3, '10.0.0.5'))
    os.utime(str(tmpdir.join('log.1')), (NOW + filling, NOW + filling))
    os.utime(str(tmpdir.join('log')), (NOW + filling + 9, NOW + filling + 9))
    seen = read_clients(given_sources([(str(tmpdir.join('log')).encode('utf-8'), FORMAT)]), b'TLSv1.2')
    assert dict((entry['address'], entry['accepted_last_seen']) for entry in seen['legacy']) == {
        '10.0.0.1': format_utc(NOW + filling + 1), '10.0.0.2': None, '10.0.0.3': format_utc(NOW - 5), '10.0.0.4': None, '10.0.0.5': None}


def test_later_requests_are_looked_for_in_a_bounded_part(tmpdir, monkeypatch):
    monkeypatch.setattr(later_requests, 'MOST_BYTES', 1)
    data = line(NOW) + line(NOW + 1, protocol='TLSv1.2') + b''.join(line(NOW + number, '10.7.0.1', 'TLSv1.2') for number in range(20000))
    tmpdir.join('log').write_binary(data)
    seen = read_clients(given_sources([(str(tmpdir.join('log')).encode('utf-8'), FORMAT)]), b'TLSv1.2')
    assert seen['legacy'][0]['accepted_last_seen'] is None


@pytest.mark.parametrize(('text', 'words'), [
    (b'%h %{SSL_PROTOCOL}x', 'no readable time'), (b'%{SSL_PROTOCOL}x %{sec}t', 'not contain the client'), (b'%h %t', 'does not contain the protocol'),
    (b'%h%{SSL_PROTOCOL}x %t', 'nothing stands between'),
])
def test_what_a_format_lacks_is_told(tmpdir, text, words):
    tmpdir.join('log').write_binary(b'')
    seen = read_clients(given_sources([(str(tmpdir.join('log')).encode('utf-8'), text)]), b'TLSv1.2', since=NOW)
    assert any(words in entry['reason'] for entry in seen['unreadable'])


def test_a_log_that_is_not_there_is_unreadable(tmpdir):
    for name in ('log', 'no/log'):
        seen = read_clients(given_sources([(str(tmpdir.join(name)).encode('utf-8'), FORMAT)]), b'TLSv1.2')
        assert seen['logs_protocol'] and len(seen['unreadable']) == 1
    # Rotated files alone: the server writes elsewhere now, or not at all. They are read.
    tmpdir.join('log.1').write_binary(b'10.1.1.7 TLSv1.2\n')
    assert read_clients(given_sources([(str(tmpdir.join('log')).encode('utf-8'), b'%h %{SSL_PROTOCOL}x')]), b'TLSv1.2')['protocols'] == {'TLSv1.2': 1}


def test_the_oldest_accepted_protocol():
    assert oldest_of(['TLSv1.3', 'TLSv1.2']) == b'TLSv1.2'
    for wrong in ([], ['TLSv1.0']):
        with pytest.raises(AdministratorError):
            oldest_of(wrong)
