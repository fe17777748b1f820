# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Each sentence about a file whose name is not ASCII, and about words that are not: Python 2 has two kinds of text for them."""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import pytest

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.edit.plan import plan_change
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.facts import describe
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.httpd.inspection import HttpdInspection
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.httpd.installation import Httpd, Installation
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.tls.scopes import Configuration
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._text import native

NAME = native(u'm\xfcller.conf')
HOST = b'<VirtualHost *:443>\nServerName \xc3\xbc\nSSLEngine on\n%s</VirtualHost>\n'


def told(site):
    """All texts about the configuration: facts, and the plan or its refusal."""
    reading = HttpdInspection(Httpd(Installation(site.folder, site.path('ssl.conf'), None, None)))
    facts = describe(reading.tree, Configuration(reading.tree, reading.dialect))
    texts = list(facts['warnings'])
    for scope in facts['scopes']:
        texts += scope['warnings']
    texts += [directive['container'] for directive in facts['directives']]
    try:
        outcome = plan_change(reading, ['TLSv1.2'])
        texts += outcome.warnings + list(outcome.before) + [edit.section for edit in outcome.edits]
    except AdministratorError as error:
        texts.append(str(error))
    return [native(text) for text in texts]


@pytest.mark.parametrize('data, expected', [
    (HOST % b'' + HOST % b'', u'<VirtualHost *:443> \xfc (%s:5)'),
    (b'<Macro v>\n' + HOST % b'SSLProtocol all\n' + b'</Macro>\nUse v\n', u'macro v used at %s:8'),
    (HOST % b'SSLProxyEngine on\nSSLProxyProtocol -all\n', u'%s:5: no protocol is left for the proxy'),
    (HOST % b'SSLProtocol \xc3\xbc\n', u'%s:4: this httpd does not accept the value \xfc'),
    (HOST % b'SSLProtocol -all\n', u'%s:4: no protocol is left'),
    (HOST % b'SSLProtocol all TLSv1.2\n', u'%s:4: a word without sign discards'),
    (HOST % b'SSLPolicy \xc3\xbc\n', u'%s:4: SSLPolicy \xfc sets protocols'),
    (HOST % b'SSLOpenSSLConfCmd MinProtocol \xff\n', u'%s:4: SSLOpenSSLConfCmd MinProtocol \ufffd is refused'),
    (HOST % b'SSLOpenSSLConfCmd Protocol -TLSv1\n', u'%s:4: SSLOpenSSLConfCmd Protocol -TLSv1 is applied after'),
    (b'NSSProtocol \xc3\xbc\n', u'%s:1: nssprotocol \xfc belongs to mod_nss'),
    (b'<Directory /\xc3\xbc>\nSSLProtocol all\n</Directory>\n', u'%s:2: httpd does not accept SSLProtocol in <Directory /\xfc>'),
    (b'<IfDefine \xc3\xbc>\n' + HOST % b'' + b'</IfDefine>\n', u'%s:2: cannot determine whether httpd reads this virtualhost'),
    (HOST % b'SSLProtocol \xc3\xbc\n', u'%s:4: SSLProtocol has a word'),
    (HOST % b'SSLPolicy \xc3\xbc\n', u'%s:4: SSLPolicy sets the protocols of <VirtualHost *:443> \xfc'),
    (HOST % b'SSLOpenSSLConfCmd MinProtocol TLSv1\n', u'%s:4: SSLOpenSSLConfCmd overrides the policy in <VirtualHost *:443> \xfc'),
])
def test_sentences(site, data, expected):
    site.write('ssl.conf', b'Include conf.d/*\n')
    path = site.write('conf.d/' + NAME, data)
    expected = native(expected).replace('%s', path)
    assert [text for text in told(site) if expected in text]


@pytest.mark.parametrize('data, expected', [
    (b'<VirtualHost *:\xc3\xbc>\n', u'Expected: </VirtualHost>'),
    (b'<VirtualHost *:\xc3\xbc>\n</Foo>\n', u'</VirtualHost> for %s:1'),
    (b'Include nix\xc3\xbc\n', u'nix\xfc is not there'),
    (b'Include nix*\xc3\xbc\n', u'nix*\xfc'),
    (b'Use \xc3\xbc\n', u'Found: Use \xfc'),
    (b'<Macro>\n', u'Found: <Macro>'),
])
def test_refusals(site, data, expected):
    path = site.write('conf.d/' + NAME, data)
    with pytest.raises(AdministratorError) as caught:
        site.tree(b'Include conf.d/*\n')
    assert native(expected).replace('%s', path) in str(caught.value)
    assert str(caught.value).startswith(path + ':')
