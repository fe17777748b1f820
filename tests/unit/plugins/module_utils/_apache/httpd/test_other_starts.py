# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What an httpd would read that is started with another -D, or later: an SSLProtocol counts where it is sure to be read."""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import pytest

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.edit.plan import plan_change
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.facts import describe
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.httpd import inspection
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.httpd.detection import Identity
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.httpd.installation import Httpd, Installation
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.tls.dialect import Build, Dialect
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.tls.scopes import Configuration

HOST = b'<VirtualHost *:443>\nSSLEngine on\n%s</VirtualHost>\n'
PUT_IN = HOST % b'SSLProtocol TLSv1.2\n'
BARE = HOST % b''
BUILD = Build((2, 4, 71), frozenset((b'core.c', b'mod_ssl.c')), None)


def within(section, data):
    return b'<%s>\n%s</%s>\n' % (section, data, section.split()[0])


@pytest.fixture
def read(site, monkeypatch):
    """HttpdInspection of an httpd whose build is known."""
    monkeypatch.setattr(Httpd, 'version', lambda self: BUILD.version)
    monkeypatch.setattr(Httpd, 'static_modules', lambda self: BUILD.static_modules)
    monkeypatch.setattr(Httpd, 'directives', lambda self: None)
    monkeypatch.setattr(Httpd, 'report', lambda self: None)
    monkeypatch.setattr(inspection, 'identify', lambda *dummy: Identity(Dialect(), None, True))
    return lambda: inspection.HttpdInspection(Httpd(Installation(site.folder, site.path('conf/ssl.conf'), '/httpd', site.path('httpd.conf'))))


@pytest.mark.parametrize('old, new', [
    (within(b'IfDefine A', b'SSLProtocol all\n') + within(b'IfDefine B', BARE),
     within(b'IfDefine A', b'SSLProtocol TLSv1.2\n') + within(b'IfDefine B', PUT_IN)),
    (within(b'IfDefine A', b'SSLProtocol TLSv1.2\n' + BARE), None),
    (within(b'IfDefine A', b'SSLProtocol TLSv1.2\n') + within(b'IfDefine A', within(b'IfDefine B', BARE)), None),
    (within(b'IfDefine !A', b'SSLProtocol TLSv1.2\n') + within(b'IfDefine A', BARE),
     within(b'IfDefine !A', b'SSLProtocol TLSv1.2\n') + within(b'IfDefine A', PUT_IN)),
    (within(b'IfModule mod_ssl.c', b'SSLProtocol TLSv1.2\n') + within(b'IfDefine A', BARE), None),
    (within(b'IfModule mod_ssl.c', b'SSLProtocol TLSv1.2\n') + BARE, None),
    (b'SSLProtocol TLSv1.2\n' + within(b'IfDefine A', BARE), None),
    (b'SSLEngine on\n' + within(b'IfDefine A', b'SSLEngine on\n'), b'SSLEngine on\nSSLProtocol TLSv1.2\n' + within(b'IfDefine A', b'SSLEngine on\n')),
    (HOST % within(b'IfDefine A', b'SSLProtocol TLSv1.2\n'), HOST % (b'SSLProtocol TLSv1.2\n' + within(b'IfDefine A', b'SSLProtocol TLSv1.2\n'))),
])
def test_what_governs_whatever_is_defined(site, old, new):
    expected = old if new is None else new
    assert site.rewritten(old) == expected
    assert site.rewritten(expected) == expected


@pytest.mark.parametrize('section', [b'IfVersion < 2.3', b'IfModule mod_other.c', b'IfDefine OTHER'])
def test_an_ssl_protocol_that_may_not_be_read_governs_nothing(site, read, section):
    """The reviewed case: the file is read under a define, and the condition in it does not hold even then."""
    site.write('httpd.conf', b'<IfDefine SSL>\nInclude conf/ssl.conf\n</IfDefine>\n')
    conditional = within(section, b'SSLProtocol all\n')
    path = site.write('conf/ssl.conf', conditional + BARE)
    outcome = plan_change(read(), ['TLSv1.2'])
    assert outcome.contents == {path: conditional.replace(b'all', b'TLSv1.2') + PUT_IN}


def test_what_stands_under_the_same_open_condition_governs(site, read):
    site.write('httpd.conf', b'')
    site.write('conf/ssl.conf', within(b'IfModule mod_other.c', HOST % b'SSLProtocol TLSv1.2\n'))
    assert plan_change(read(), ['TLSv1.2']).contents == {}


def test_a_file_that_httpd_does_not_read_is_read_with_its_version(site, read):
    site.write('httpd.conf', b'')
    path = site.write('conf/ssl.conf', within(b'IfVersion >= 2.4', BARE) + within(b'IfVersion < 2.3', b'SSLEngine on\n'))
    active = [directive.active for directive in read().read_fragment(path).directives(b'sslengine')]
    assert active == [True, False]


WARNED = '%s:3: <IfDefine SSL> does not hold as things stand; an httpd that is started with this define reads %s, with settings of TLS'


@pytest.mark.parametrize('include', [b'Include conf/vhosts.conf', b'IncludeOptional conf/vh*', b'Include ${DIR}/vhosts.conf', b'Include more.conf'])
def test_includes_that_another_start_would_follow(site, read, include):
    hosts = site.write('conf/vhosts.conf', BARE)
    site.write('more.conf', b'Include conf/vhosts.conf\nInclude more.conf\nInclude nothing\n')
    site.write('conf/ssl.conf', b'SSLProtocol TLSv1.2\n')
    path = site.write('httpd.conf', b'Define DIR conf\n' + within(b'IfDefine SSL', include + b'\n') + b'Include conf/ssl.conf\n')
    tree = read().tree
    expected = WARNED % (path, hosts)
    assert expected in describe(tree, Configuration(tree, Dialect()))['warnings']
    assert expected in plan_change(read(), ['TLSv1.2']).warnings


@pytest.mark.parametrize('data', [
    b'<IfDefine SSL>\nInclude plain.conf\nInclude nothing.conf\nInclude\nInclude conf.d/*\n</IfDefine>\n',
    b'<IfDefine SSL>\nInclude tls.conf\n</IfDefine>\nInclude tls.conf\n',
    b'<IfModule nothing.c>\nInclude tls.conf\n</IfModule>\n',
    b'<IfDefine SSL>\n<IfModule nothing.c>\nInclude tls.conf\n</IfModule>\n</IfDefine>\n',
    b'<IfModule nothing.c>\n<IfDefine SSL>\nInclude tls.conf\n</IfDefine>\n</IfModule>\n',
    b'Define SSL\n<IfDefine !SSL>\nInclude tls.conf\n</IfDefine>\n',
    b'<Macro m>\nInclude tls.conf\n</Macro>\n',
])
def test_includes_that_no_start_would_follow_or_without_tls(site, data):
    site.write('tls.conf', BARE)
    site.write('plain.conf', b'Listen 80\n# SSLEngine on\n')
    tree = site.tree(data)
    assert not [text for text in describe(tree, Configuration(tree, Dialect()))['warnings'] if 'does not hold' in text]
