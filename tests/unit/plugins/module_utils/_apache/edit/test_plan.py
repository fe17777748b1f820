# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which bytes change for a policy, and what is refused before any does."""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import pytest

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.tls.dialect import Build, Dialect
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError

TLS = b'<VirtualHost *:443>\nSSLEngine on\n</VirtualHost>\n'
GAIA = Dialect((2, 2, 34), (1, 0, 2))
OLD_BUILD = Build((2, 2, 34), frozenset((b'core.c', b'mod_ssl.c')), None)


@pytest.mark.parametrize('old, new', [
    (b'SSLProtocol +TLSv1 +TLSv1.2\n', b'SSLProtocol TLSv1.2\n'),
    (b'SSLProtocol all -SSLv3\r\n', b'SSLProtocol TLSv1.2\r\n'),
    (b'SSLProtocol all', b'SSLProtocol TLSv1.2'),
    (b'\t sslPROTOCOL   all \t\n', b'\t sslPROTOCOL   TLSv1.2 \t\n'),
    (b'"SSLProtocol" "all"\n', b'"SSLProtocol" TLSv1.2\n'),
    (b'SSLProtocol\n', b'SSLProtocol TLSv1.2\n'),
    (b'SSLProtocol \\\n   all \\\n   -SSLv3\nx\n', b'SSLProtocol \\\n   TLSv1.2\nx\n'),
    (b'SSLProtocol all \\\n\nx\n', b'SSLProtocol TLSv1.2 \\\n\nx\n'),
    (b'SSLProto\\\r\ncol all\\\r\n -SSLv3\r\n', b'SSLProto\\\r\ncol TLSv1.2\r\n'),
    (b'SSLProtocol all\0lost\n', b'SSLProtocol TLSv1.2\0lost\n'),
    (b'# caf\xe9\nSSLProtocol +SSLv3\n', b'# caf\xe9\nSSLProtocol TLSv1.2\n'),
    (b'SSLProtocol all -TLSv1.3 +SSLv2\n', b'SSLProtocol TLSv1.2\n'),
    (b'#SSLProtocol all\n# x \\\nSSLProtocol all\nSSLProtocol all\n', b'#SSLProtocol all\n# x \\\nSSLProtocol all\nSSLProtocol TLSv1.2\n'),
    (b'SSLProxyProtocol all\nNSSProtocol TLSv1\nSSLProtocol all\n', b'SSLProxyProtocol all\nNSSProtocol TLSv1\nSSLProtocol TLSv1.2\n'),
    (b'SSLProtocol all\nSSLProtocol TLSv1.2\n', b'SSLProtocol TLSv1.2\nSSLProtocol TLSv1.2\n'),
    (b'<IfDefine NO>\nSSLProtocol all\n</IfDefine>\nSSLProtocol TLSv1.2\n', b'<IfDefine NO>\nSSLProtocol TLSv1.2\n</IfDefine>\nSSLProtocol TLSv1.2\n'),
    (b'<Macro m>\nSSLProtocol all\n</Macro>\nUse m\nUse m\n', b'<Macro m>\nSSLProtocol TLSv1.2\n</Macro>\nUse m\nUse m\n'),
    (b'<Macro m>\nSSLProtocol all\n</Macro>\nSSLProtocol TLSv1.2\n', b'<Macro m>\nSSLProtocol TLSv1.2\n</Macro>\nSSLProtocol TLSv1.2\n'),
    (b'<IfModule no.c>\n<Directory />\nSSLProtocol all\n</Directory>\n</IfModule>\nSSLProtocol TLSv1.2\n',
     b'<IfModule no.c>\n<Directory />\nSSLProtocol TLSv1.2\n</Directory>\n</IfModule>\nSSLProtocol TLSv1.2\n'),
])
def test_in_place(site, old, new):
    assert site.rewritten(TLS + old) == TLS + new


@pytest.mark.parametrize('line', [
    b'SSLProtocol TLSv1.2', b'SSLProtocol -all +TLSv1.2', b'SSLProtocol all -TLSv1 -TLSv1.1 -TLSv1.3', b'sslprotocol tlsv1.2', b'SSLProtocol TLSv1 TLSv1.2',
    b'SSLProtocol -ALL \\\n +TLSV1.2', b'Define P TLSv1.2\nSSLProtocol ${P}', b'<Macro m $p>\nSSLProtocol $p\n</Macro>\nUse m TLSv1.2',
])
def test_what_means_the_policy_is_left_alone(site, line):
    plan = site.plan(TLS + line + b'\n')
    assert (plan.edits, plan.contents) == ([], {})


def test_several_protocols(site):
    assert site.rewritten(TLS + b'SSLProtocol all\n', ('TLSv1.3', 'TLSv1.2')) == TLS + b'SSLProtocol -all +TLSv1.2 +TLSv1.3\n'


@pytest.mark.parametrize('old, new', [
    (TLS, b'<VirtualHost *:443>\nSSLEngine on\nSSLProtocol TLSv1.2\n</VirtualHost>\n'),
    (
        b'<VirtualHost *:443>\r\n\t  SSLEngine on\r\n</VirtualHost>\r\n',
        b'<VirtualHost *:443>\r\n\t  SSLEngine on\r\n\t  SSLProtocol TLSv1.2\r\n</VirtualHost>\r\n',
    ),
    (b'SSLEngine on\n' + TLS, b'SSLEngine on\nSSLProtocol TLSv1.2\n' + TLS),
    (b'# x\r\nSSLEngine on', b'# x\r\nSSLEngine on\r\nSSLProtocol TLSv1.2'),
    (b'SSLEngine on', b'SSLEngine on\nSSLProtocol TLSv1.2'),
    (b'SSLEngine on \\\n', b'SSLProtocol TLSv1.2\nSSLEngine on \\\n'),
    (b'SSLEngine on\\', None),
    (b' \\\r\n\tSSLEngine on\n', b' \\\r\n\tSSLEngine on\n\tSSLProtocol TLSv1.2\n'),
    (b' SSLEngine \\\n  on\n#\\\nx\n', b' SSLEngine \\\n  on\n SSLProtocol TLSv1.2\n#\\\nx\n'),
    (b'<VirtualHost *:443>\nSSLEngine on\n#SSLProtocol x \\\n</VirtualHost>\n</VirtualHost>\n',
     b'<VirtualHost *:443>\nSSLEngine on\nSSLProtocol TLSv1.2\n#SSLProtocol x \\\n</VirtualHost>\n</VirtualHost>\n'),
    (b'Listen 443\n<VirtualHost *:443>\n SSLCertificateFile x\n</VirtualHost>\n',
     b'Listen 443\n<VirtualHost *:443>\n SSLCertificateFile x\n SSLProtocol TLSv1.2\n</VirtualHost>\n'),
    (b'Listen 443\nSSLCertificateFile x\n<VirtualHost *:443>\n</VirtualHost>\n',
     b'Listen 443\nSSLCertificateFile x\n<VirtualHost *:443>\nSSLProtocol TLSv1.2\n</VirtualHost>\n'),
    (b'<Macro m $n>\n<VirtualHost *:$n>\n  SSLEngine on\n</VirtualHost>\n</Macro>\nUse m 443\nUse m 8443\n',
     b'<Macro m $n>\n<VirtualHost *:$n>\n  SSLEngine on\n  SSLProtocol TLSv1.2\n</VirtualHost>\n</Macro>\nUse m 443\nUse m 8443\n'),
    (b'<IfDefine SSL>\n' + TLS + b'</IfDefine>\n', b'<IfDefine SSL>\n<VirtualHost *:443>\nSSLEngine on\nSSLProtocol TLSv1.2\n</VirtualHost>\n</IfDefine>\n'),
    (b'SSLPolicy modern\n' + TLS, b'SSLPolicy modern\n<VirtualHost *:443>\nSSLEngine on\nSSLProtocol TLSv1.2\n</VirtualHost>\n'),
    (b'<VirtualHost *:80>\nSSLEngine off\n</VirtualHost>\n', b'<VirtualHost *:80>\nSSLEngine off\n</VirtualHost>\n'),
    (b'<VirtualHost *:80>\nSSLProtocol TLSv1.2\n</VirtualHost>\n' + TLS,
     b'<VirtualHost *:80>\nSSLProtocol TLSv1.2\n</VirtualHost>\n<VirtualHost *:443>\nSSLEngine on\nSSLProtocol TLSv1.2\n</VirtualHost>\n'),
])
def test_insertion(site, old, new):
    if new is None:
        # "on\" is no value that httpd accepts, but whoever reads it as one gets the directive before it.
        new = b'SSLProtocol TLSv1.2\n' + old
    assert site.rewritten(old) == new
    assert site.rewritten(new) == new


def test_insertion_into_a_line_that_ends_in_two_backslashes(site):
    old = b'SSLEngine on\nSSLEngine on \\\\\nServerAdmin x\n'
    assert site.rewritten(old, dialect=GAIA, build=OLD_BUILD) == b'SSLEngine on\nSSLProtocol TLSv1.2\nSSLEngine on \\\\\nServerAdmin x\n'


def test_each_file_by_itself(site):
    site.write('a.conf', b'SSLProtocol all\n')
    site.write('b.conf', b'SSLEngine on\r\n')
    plan = site.plan(b'Include a.conf\n<VirtualHost *:443>\nInclude b.conf\nSSLProtocol TLSv1.2\n</VirtualHost>\n')
    assert plan.contents == {site.path('a.conf'): b'SSLProtocol TLSv1.2\n'}
    change, = plan.edits
    assert change.describe() == {'file': site.path('a.conf'), 'line': 1, 'container': '', 'old': 'all', 'new': 'TLSv1.2'}


def test_a_file_that_serves_two_hosts_is_changed_once(site):
    site.write('tls.conf', b'SSLEngine on\n')
    plan = site.plan(b'<VirtualHost *:443>\nInclude tls.conf\n</VirtualHost>\n<VirtualHost *:8443>\nInclude tls.conf\n</VirtualHost>\n')
    assert plan.contents == {site.path('tls.conf'): b'SSLEngine on\nSSLProtocol TLSv1.2\n'}
    assert [edit.old for edit in plan.edits] == [None]


@pytest.mark.parametrize('data, line, said', [
    (TLS + b'SSLProtocol TLSv1.0\n', 4, 'TLSv1.0'),
    (TLS + b'SSLProtocol all # modern\n', 4, '#'),
    (TLS + b'Define P all\nSSLProtocol ${P}\n', 5, 'variable'),
    (TLS + b'SSLProtocol ${MISSING}\n', 4, 'variable'),
    (TLS + b'<Macro m $p>\nSSLProtocol $p\n</Macro>\nUse m TLSv1.2\nUse m all\n', 5, 'macro parameter'),
    (b'<Directory />\nSSLProtocol all\n</Directory>\n', 2, '<Directory />'),
    (b'<VirtualHost *:443>\n<Location />\nSSLProtocol TLSv1.2\n</Location>\n</VirtualHost>\n', 3, '<Location />'),
    (TLS + b'SSLProtocol TLSv1.2\nSSLOpenSSLConfCmd MinProtocol TLSv1\n', 5, 'SSLOpenSSLConfCmd overrides'),
    (TLS + b'SSLProtocol TLSv1.2\nSSLOpenSSLConfCmd MaxProtocol TLSv1.1\n', 5, 'no protocol'),
    (b'SSLOpenSSLConfCmd Protocol -TLSv1.2\n' + TLS, 1, 'SSLOpenSSLConfCmd overrides'),
    (b'<IfDefine X>\nSSLOpenSSLConfCmd MinProtocol TLSv1\n</IfDefine>\n' + TLS, 2, 'SSLOpenSSLConfCmd overrides'),
    (TLS + b'SSLProtocol all \\\n-SSLv3\nSSLOpenSSLConfCmd MinProtocol TLSv1\n', 6, 'SSLOpenSSLConfCmd overrides'),
    (TLS + b'SSLProtocol TLSv1.2\nSSLOpenSSLConfCmd MinProtocol bogus\n', 5, 'does not start'),
    (TLS + b'SSLProxyEngine on\nSSLProxyProtocol -all\n', 5, 'does not start'),
    (TLS + b'SSLProtocol TLSv1.2\nSSLPolicy modern\n', 5, 'SSLPolicy'),
    (b'SSLEngine on\nSSLPolicy modern\n', 2, 'SSLPolicy'),
    (b'<VirtualHost *:443>\nSSLEngine on\nSSLProtocol TLSv1.2\nSSLPolicy old\n</VirtualHost>\n', 4, 'SSLPolicy'),
])
def test_refusals(site, data, line, said):
    with pytest.raises(AdministratorError) as caught:
        site.plan(data)
    assert (caught.value.path, caught.value.line) == (site.path('httpd.conf'), line)
    assert said in str(caught.value)
    assert 'nothing was changed' in str(caught.value)


@pytest.mark.parametrize('data', [
    TLS + b'SSLProtocol TLSv1.2\nSSLOpenSSLConfCmd MinProtocol TLSv1.2\n',
    TLS + b'SSLProtocol TLSv1.2\nSSLOpenSSLConfCmd Protocol "-ALL, TLSv1.2"\n',
    TLS + b'SSLProtocol TLSv1.2\n<VirtualHost *:80>\nSSLEngine off\nSSLOpenSSLConfCmd MinProtocol TLSv1\n</VirtualHost>\n',
    b'SSLPolicy modern\nSSLProtocol TLSv1.2\n',
])
def test_what_does_not_take_the_policy_away(site, data):
    assert site.plan(data).edits == []


@pytest.mark.parametrize('unread, line', [
    (b'<IfModule ossl_module>\nSSLProtocol nzos_Version_1_2\n</IfModule>\n', 2),
    (b'<IfDefine NO>\nSSLProtocol ${P}\n</IfDefine>\n', 2),
    (b'<Macro m $p>\nSSLProtocol all $p\n</Macro>\n', 2),
    (b'<Macro m $p>\n<IfDefine NO>\nSSLProtocol $p\n</IfDefine>\n</Macro>\nUse m all\n', 3),
])
@pytest.mark.parametrize('read', [TLS, b'SSLEngine on\nSSLProtocol all\n', b'SSLProtocol all\n', b''])
def test_foreign_words_that_httpd_does_not_read_are_left_alone(site, unread, line, read):
    plan = site.plan(unread + read)
    new = read.replace(b'all', b'TLSv1.2').replace(TLS, b'<VirtualHost *:443>\nSSLEngine on\nSSLProtocol TLSv1.2\n</VirtualHost>\n')
    assert plan.contents.get(site.path('httpd.conf'), unread) == unread + new
    sentence = '%s:%d: httpd does not read this SSLProtocol' % (site.path('httpd.conf'), line)
    assert [text for text in plan.warnings if text.startswith(sentence)]
    assert site.rewritten(read + unread) == new + unread


def test_an_insertion_tells_the_line_that_it_gets(site):
    """What stands above it may grow, and shrink where a directive went over several lines."""
    data = TLS + b'<VirtualHost *:1>\nSSLProtocol all \\\n -SSLv3 \\\n -TLSv1\n</VirtualHost>\n' + TLS + TLS + b'SSLEngine off'
    plan = site.plan(data)
    lines = plan.contents[site.path('httpd.conf')].split(b'\n')
    put_in = [edit.line for edit in plan.edits if edit.old is None]
    assert len(put_in) == 3
    assert [number for number, line in enumerate(lines, 1) if line == b'SSLProtocol TLSv1.2' and lines[number - 2] == b'SSLEngine on'] == put_in
    assert [edit.line for edit in plan.edits if edit.old is not None] == [5]


def test_a_policy_with_a_hole_is_carried_out(site):
    """A person may want it: on this OpenSSL it means TLSv1.2 alone, and the module warns of that."""
    plan = site.plan(TLS + b'SSLProtocol all\n', ('TLSv1', 'TLSv1.2'))
    assert plan.contents[site.path('httpd.conf')] == TLS + b'SSLProtocol -all +TLSv1 +TLSv1.2\n'


def test_the_policy_that_an_old_httpd_takes_for_unset(site):
    dialect = Dialect((2, 4, 6), (1, 0, 2))
    everything = ('SSLv3', 'TLSv1', 'TLSv1.1', 'TLSv1.2')
    data = b'<VirtualHost *:443>\nSSLEngine on\nSSLProtocol TLSv1\n</VirtualHost>\n'
    new = site.rewritten(data, everything, dialect)
    assert new == data.replace(b'TLSv1\n', b'-all +SSLv3 +TLSv1 +TLSv1.1 +TLSv1.2\n')
    assert site.rewritten(new, everything, dialect) == new


def test_a_policy_for_an_old_httpd(site):
    assert site.rewritten(TLS + b'SSLProtocol +TLSv1 +TLSv1.2\n', dialect=GAIA, build=OLD_BUILD) == TLS + b'SSLProtocol TLSv1.2\n'
    with pytest.raises(AdministratorError):
        site.plan(TLS, ('TLSv1.3',), GAIA, OLD_BUILD)
