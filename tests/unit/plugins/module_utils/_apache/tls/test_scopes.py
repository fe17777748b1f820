# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which scopes serve TLS with which protocols, and what each name negotiates (ssl_engine_config.c, ssl_engine_init.c, vhost.c)."""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import pytest

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.facts import describe
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.tls.addresses import parse_address, parse_listen
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.tls.dialect import Dialect
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.tls.endpoints import endpoints
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.tls.scopes import Configuration
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._protocols import sort_protocols

ALL = ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3']
RHEL_7 = Dialect((2, 4, 6), (1, 0, 2))


def host(lines, address=b'*:443'):
    return b'<VirtualHost ' + address + b'>\n' + lines + b'\n</VirtualHost>\n'


def configured(configuration):
    return [sort_protocols(configuration.configured(scope)) for scope in configuration.scopes]


@pytest.mark.parametrize('data, main, virtual', [
    (host(b'SSLEngine on'), ALL, ALL),
    (b'SSLProtocol TLSv1.2\n' + host(b'SSLEngine on'), ['TLSv1.2'], ['TLSv1.2']),
    (host(b'SSLEngine on') + b'SSLProtocol TLSv1.2\n', ['TLSv1.2'], ['TLSv1.2']),
    (b'SSLProtocol all\n' + host(b'SSLProtocol -TLSv1'), ALL, []),
    (b'SSLProtocol all\nSSLProtocol -TLSv1\n' + host(b''), [], []),
    (b'SSLProtocol TLSv1\n' + host(b'SSLProtocol all\nSSLProtocol TLSv1.2'), ['TLSv1'], ['TLSv1.2']),
    (host(b'<IfModule mod_ssl.c>\nSSLProtocol TLSv1.2\n</IfModule>'), ALL, ['TLSv1.2']),
    (host(b'<IfModule !mod_ssl.c>\nSSLProtocol TLSv1.2\n</IfModule>'), ALL, ALL),
])
def test_merging(site, data, main, virtual):
    assert configured(site.configuration(data)) == [main, virtual]


@pytest.mark.parametrize('version, expected', [
    ((2, 4, 6), ['TLSv1']), ((2, 4, 12), ['TLSv1']), ((2, 4, 16), ['SSLv3', 'TLSv1', 'TLSv1.1', 'TLSv1.2']), ((2, 2, 29), ['TLSv1']),
    ((2, 2, 30), ['SSLv2', 'SSLv3', 'TLSv1', 'TLSv1.1', 'TLSv1.2']),
])
def test_a_host_that_says_all_counted_as_unset_once(site, version, expected):
    data = b'SSLProtocol TLSv1\n' + host(b'SSLProtocol all')
    assert configured(site.configuration(data, Dialect(version, (1, 0, 2))))[1] == expected


@pytest.mark.parametrize('data, expected', [
    (host(b'SSLEngine on'), True),
    (host(b'SSLEngine "On"'), True),
    (host(b'SSLEngine off'), False),
    (host(b'SSLEngine optional'), False),
    (host(b'SSLEngine 127.0.0.1:443'), True),
    (host(b''), False),
    (b'SSLEngine on\n' + host(b''), True),
    (b'SSLEngine on\n' + host(b'SSLEngine off'), False),
    (b'Listen 443\n' + host(b'SSLCertificateFile x'), True),
    (b'Listen 443\n' + host(b''), False),
    (b'SSLCertificateFile x\nListen 443\n' + host(b''), True),
    (b'Listen 443 http\n' + host(b'SSLCertificateFile x'), False),
    (b'Listen 8443 https\n' + host(b'SSLCertificateFile x', b'*:8443'), True),
    (b'Listen 8443\n' + host(b'SSLCertificateFile x', b'*:8443'), False),
    (b'Listen 443\n' + host(b'SSLCertificateFile x', b'192.0.2.1:443'), False),
    (b'Listen 192.0.2.1:443\n' + host(b'SSLCertificateFile x', b'192.0.2.1:443'), True),
    (host(b'Protocol https\nSSLCertificateFile x', b'*:1'), True),
    (b'Protocol https\n' + host(b'SSLCertificateFile x', b'*:1'), True),
    (b'Protocol https\n' + host(b'Protocol http\nSSLCertificateFile x', b'*:1'), False),
    (b'Listen 443\n' + host(b'SSLEngine off\nSSLCertificateFile x'), False),
])
def test_who_serves_tls(site, data, expected):
    configuration = site.configuration(data, Dialect((2, 4, 71), (3, 0, 0)))
    assert configuration.is_tls(configuration.hosts[0]) is expected


def test_who_served_tls(site):
    configuration = site.configuration(b'Listen 443\n' + host(b'SSLCertificateFile x'), Dialect((2, 2, 34), (1, 0, 2)))
    assert not configuration.is_tls(configuration.hosts[0])
    configuration = site.configuration(host(b'SSLEngine optional'), RHEL_7)
    assert configuration.is_tls(configuration.hosts[0])


@pytest.mark.parametrize('commands, modern', [
    (b'MinProtocol TLSv1', ['TLSv1', 'TLSv1.1', 'TLSv1.2']),
    (b'minprotocol None', ['TLSv1', 'TLSv1.1', 'TLSv1.2']),
    (b'MaxProtocol TLSv1.3', ['TLSv1.2', 'TLSv1.3']),
    (b'MaxProtocol TLSv1.1', []),
    (b'Protocol ALL', ['TLSv1.2']),
    (b'Protocol -ALL,TLSv1.1', []),
    (b'Protocol "-TLSv1, -TLSv1.1"', ['TLSv1.2']),
    (b'MinProtocol TLSv1.3\nSSLOpenSSLConfCmd MinProtocol None', ['TLSv1', 'TLSv1.1', 'TLSv1.2']),
    (b'Protocol -TLSv1.2', []),
    (b'Curves P-256', ['TLSv1.2']),
])
def test_commands_come_after_the_directive(site, commands, modern):
    for data in (b'SSLOpenSSLConfCmd ' + commands + b'\nSSLProtocol TLSv1.2\n' + host(b'SSLEngine on'),
                 host(b'SSLEngine on\nSSLOpenSSLConfCmd ' + commands + b'\nSSLProtocol TLSv1.2')):
        configuration = site.configuration(data)
        assert sort_protocols(configuration.negotiable(configuration.hosts[0])) == modern


def test_commands_before_openssl_1_1_0(site):
    configuration = site.configuration(b'SSLOpenSSLConfCmd Protocol "ALL,-SSLv3"\nSSLProtocol TLSv1.2\n' + host(b'SSLEngine on'), RHEL_7)
    assert sort_protocols(configuration.negotiable(configuration.hosts[0])) == ['TLSv1', 'TLSv1.1', 'TLSv1.2']


def names(site, data, dialect=None):
    found = endpoints(site.configuration(b'ServerName main.example\nListen 443\n' + data, dialect or Dialect((2, 4, 71), (3, 0, 0))))
    return found[0]['expected'] if found else None


def two(first, second, more=b''):
    return host(b'ServerName a.example\nSSLEngine on\n' + first) + host(b'ServerName b.example\nSSLEngine on\n' + second + more)


@pytest.mark.parametrize('data, base, other', [
    (two(b'SSLProtocol TLSv1.2', b'SSLProtocol all'), ['TLSv1.2'], ALL),
    (two(b'SSLProtocol all', b'SSLProtocol TLSv1.3'), ALL, ['TLSv1.3']),
    (two(b'SSLProtocol TLSv1.2', b''), ['TLSv1.2'], ['TLSv1.2']),
    (b'SSLProtocol TLSv1.3\n' + two(b'SSLProtocol TLSv1.2', b''), ['TLSv1.2'], ['TLSv1.3']),
    (two(b'SSLProtocol TLSv1.2', b'SSLProtocol all\nSSLEngine off'), ['TLSv1.2'], ['TLSv1.2']),
    (two(b'SSLProtocol TLSv1.2\nSSLOpenSSLConfCmd Protocol -TLSv1.2', b'SSLProtocol all'), [], []),
    (two(b'SSLProtocol all\nSSLOpenSSLConfCmd Protocol -TLSv1.3', b'SSLProtocol all'), ALL[:3], ALL[:3]),
])
def test_each_name_has_its_own_protocols(site, data, base, other):
    assert names(site, data) == {'': base, 'a.example': base, 'b.example': other, 'unknown.invalid': base}


def test_once_the_first_host_decided_for_all(site):
    data = two(b'SSLProtocol TLSv1.2', b'SSLProtocol TLSv1')
    for dialect in (RHEL_7, Dialect((2, 4, 41), (1, 1, 1)), Dialect((2, 4, 42), (1, 1, 0))):
        assert names(site, data, dialect)['b.example'] == ['TLSv1.2']


@pytest.mark.parametrize('more, name, expected', [
    (b'\nServerAlias c.example *.wild.example', 'c.example', ['TLSv1']),
    (b'\nServerAlias unknown.*', 'unknown.invalid', ['TLSv1']),
    (b'\nServerAlias A.EXAMPLE', 'a.example', ['TLSv1.2']),
])
def test_aliases(site, more, name, expected):
    assert names(site, two(b'SSLProtocol TLSv1.2', b'SSLProtocol TLSv1', more))[name] == expected


def test_a_host_without_name_is_called_like_the_main_server(site):
    data = host(b'ServerName a.example\nSSLEngine on\nSSLProtocol TLSv1.2') + host(b'SSLEngine on\nSSLProtocol TLSv1')
    assert names(site, data)['main.example'] == ['TLSv1']


def test_an_empty_host_is_a_host(site):
    assert names(site, host(b'') + host(b'SSLEngine on')) is None


@pytest.mark.parametrize('data, expected', [
    (b'Listen 443\n' + host(b'SSLEngine on'), [('127.0.0.1', 443)]),
    (b'Listen 192.0.2.1:443\n' + host(b'SSLEngine on'), [('192.0.2.1', 443)]),
    (b'Listen [::1]:443\n' + host(b'SSLEngine on'), [('::1', 443)]),
    (b'Listen 443\n' + host(b'SSLEngine on', b'192.0.2.1:443'), [('192.0.2.1', 443)]),
    (b'Listen 443\n' + host(b'SSLEngine on', b'192.0.2.1'), [('192.0.2.1', 443)]),
    (b'Listen 443\nListen 8443\n' + host(b'SSLEngine on', b'_default_:*'), [('127.0.0.1', 443), ('127.0.0.1', 8443)]),
    (b'Listen 443\n' + host(b'SSLEngine on', b'127.0.0.1:443') + host(b'SSLEngine on'), [('127.0.0.2', 443), ('127.0.0.1', 443)]),
    (b'Listen 0.0.0.0:443\n' + host(b'SSLEngine on', b'[::1]:443'), []),
    (b'Listen 443\nSSLEngine on\n', [('127.0.0.1', 443)]),
    (b'Listen 80\n' + host(b'SSLEngine on'), []),
    (host(b'SSLEngine on'), []),
])
def test_endpoints(site, data, expected):
    assert [(item['host'], item['port']) for item in endpoints(site.configuration(data))] == expected


def test_an_exact_address_goes_before_a_wildcard(site):
    data = (b'Listen 192.0.2.1:443\n' + host(b'SSLEngine on\nSSLProtocol TLSv1') + host(b'SSLEngine on\nSSLProtocol TLSv1.1', b'192.0.2.1:*')
            + host(b'SSLEngine on\nSSLProtocol TLSv1.2', b'192.0.2.1:443'))
    assert endpoints(site.configuration(data))[0]['expected'][''] == ['TLSv1.2']


@pytest.mark.parametrize('text, expected', [
    ('443', (None, 443)), ('*:443', (None, 443)), ('_default_:443', (None, 443)), ('*', (None, None)), ('*:*', (None, None)),
    ('[::1]:443', ('::1', 443)), ('[::1]', ('::1', None)), ('192.0.2.1:443', ('192.0.2.1', 443)), ('Host.Example:1', ('host.example', 1)),
    ('a:b', None), ('@@Port@@', ('@@port@@', None)), ('1:99999', None), ('', None), (':443', None),
])
def test_addresses(text, expected):
    found = parse_address(text)
    assert (found if found is None else tuple(found)) == expected


@pytest.mark.parametrize('words, expected', [
    (['443'], 'https'), (['80'], 'http'), (['443', 'http'], 'http'), (['8443', 'HTTPS'], 'https'), (['443', 'options=x'], 'https'),
])
def test_listeners(words, expected):
    assert parse_listen(words).protocol == expected


def test_listeners_that_are_none():
    assert [parse_listen(words) for words in ([], ['a.example'], ['@@Port@@'], ['1:2:x'])] == [None] * 4


STATES = b'''SSLProtocol all
SSLProtocol TLSv1.2
<IfDefine NO>
SSLProtocol all
</IfDefine>
<Macro unused>
SSLProtocol all
</Macro>
<VirtualHost *:80>
SSLProtocol TLSv1
</VirtualHost>
<VirtualHost *:443>
SSLEngine on
</VirtualHost>
'''


def test_states_of_directives(site):
    tree = site.tree(STATES)
    found = describe(tree, Configuration(tree, Dialect()))
    assert [(item['line'], item['state']) for item in found['directives']] == [
        (1, 'overridden'), (2, 'effective'), (4, 'inactive'), (10, 'unused'), (7, 'macro')]
    main, plain, tls = found['scopes']
    assert (main['tls'], plain['tls'], tls['tls']) == (False, False, True)
    assert tls['governed_by'] == {'file': site.path('httpd.conf'), 'line': 2}
    assert (tls['configured'], tls['negotiable'], tls['addresses']) == (['TLSv1.2'], ['TLSv1.2'], ['*:443'])


@pytest.mark.parametrize('lines, said', [
    (b'SSLProtocol -TLSv1', 'does not start'),
    (b'SSLProtocol +TLSv1 +TLSv1.2', 'TLSv1 cannot be negotiated'),
    (b'SSLProtocol TLSv1.2 TLSv1.3', 'discards'),
    (b'SSLProtocol TLSv1.5', 'does not accept'),
    (b'', 'the default of this httpd'),
    (b'SSLProtocol TLSv1.2\nSSLOpenSSLConfCmd MinProtocol TLSv1', 'applied after'),
    (b'SSLOpenSSLConfCmd MinProtocol tlsv1', 'does not start'),
    (b'SSLOpenSSLConfCmd Protocol bogus', 'does not start'),
    (b'SSLProtocol TLSv1.2\nSSLPolicy modern', 'SSLPolicy'),
    (b'SSLProxyEngine on\nSSLProxyProtocol -all', 'no protocol is left for the proxy'),
])
def test_warnings_of_a_scope(site, lines, said):
    tree = site.tree(host(b'SSLEngine on\n' + lines))
    assert any(said in warning for warning in describe(tree, Configuration(tree, Dialect()))['scopes'][1]['warnings'])


def test_an_unknown_default_is_said_to_be_unknown(site):
    tree = site.tree(host(b'SSLEngine on'))
    warnings = describe(tree, Configuration(tree, Dialect(default_is_known=False)))['scopes'][1]['warnings']
    assert "crypto policy decides, which is not known here" in warnings[0]


@pytest.mark.parametrize('data, said', [
    (b'NSSProtocol TLSv1.2\n', 'mod_nss'), (b'GnuTLSPriorities NORMAL\n', 'mod_gnutls'), (b'TLSProtocol TLSv1.2+\n', 'mod_tls'),
    (b'SSLProtocolDisable SSLv2\n', 'IBM'), (b'<Directory />\nSSLProtocol all\n</Directory>\n', 'does not accept SSLProtocol in <Directory />'),
    (b'', 'no scope of this configuration serves TLS'), (b'<IfDirective Odd>\nListen 443\n</IfDirective>\n', 'cannot determine'),
])
def test_warnings_of_a_configuration(site, data, said):
    tree = site.tree(data)
    assert any(said in warning for warning in describe(tree, Configuration(tree, Dialect()))['warnings'])
