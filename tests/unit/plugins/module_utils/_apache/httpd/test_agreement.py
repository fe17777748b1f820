# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What httpd reports of its configuration, and where that is not what was read here."""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import pytest

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.httpd.agreement import disagreements, settle
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.httpd.answers import (
    parse_directives,
    parse_report,
    undefined_variables,
)

REPORT = b'''Included configuration files:
  (*) {root}/httpd.conf
    (4) {root}/conf/ssl.conf
    (5) /dev/null
VirtualHost configuration:
127.0.0.1:443          is a NameVirtualHost
         default server a (with brackets) ({root}/conf/ssl.conf:2)
         port 443 namevhost a ({root}/conf/ssl.conf:2)
*:8443                 b (macro 'tls' (defined on line 1 of "{root}/m.conf") used on line 5 of '''
REPORT += b'''"macro 'vh' (defined on line 9 of "x") used on line 7 of "{root}/conf/ssl.conf"":1)
# In file: {root}/conf/ssl.conf
#   2:
<VirtualHost 127.0.0.1:443>
  #   4:
  SSLProtocol all  -SSLv3
</VirtualHost>
Loaded Modules:
 core_module (static)
 x_module (shared)
'''
CONF = b'LoadModule x_module x.so\n# two\n\nInclude conf/ssl.conf\nInclude /dev/null\n'
SSL_CONF = b'<VirtualHost \\\n 127.0.0.1:443>\nSSLProtocol all \\\n  -SSLv3\n</VirtualHost>\n\nUse vh\n'
MACROS = b'<Macro vh>\n<VirtualHost *:8443>\n</VirtualHost>\n</Macro>\n'


def report(site, data=REPORT):
    return parse_report(data.replace(b'{root}', site.folder.encode('utf-8')))


def read(site, ssl_conf=MACROS + SSL_CONF):
    # The macro stands in front, on four lines of which httpd counts none here: the numbers below it are moved.
    site.write('conf/ssl.conf', ssl_conf)
    return site.tree(CONF)


def moved(data):
    return data.replace(b':2)', b':6)').replace(b'line 7 of', b'line 11 of').replace(b'#   2:', b'#   6:').replace(b'  #   4:', b'  #   8:')


def test_what_httpd_reports_is_understood(site):
    found = report(site)
    ssl_conf = site.path('conf/ssl.conf')
    assert found.files == set((site.path('httpd.conf'), ssl_conf, '/dev/null'))
    assert found.hosts == set(((ssl_conf, 2), (ssl_conf, 7))) and found.modules == set((b'x_module',))
    assert found.directives == [
        ((ssl_conf, 2), b'virtualhost', b'127.0.0.1:443'), ((ssl_conf, 4), b'sslprotocol', b'all  -SSLv3')]


def test_an_httpd_that_reports_nothing_is_compared_with_nothing(site):
    found = report(site, b'Syntax OK\n')
    assert tuple(found) == (None, None, None, None) and disagreements(read(site), found) == []


def test_an_agreement(site):
    data = moved(REPORT).replace(b'Loaded Modules', b'  #   3:\n  Ignored\nLoaded Modules')
    found = [text for text in disagreements(read(site), report(site, data)) if 'virtualhost *:8443' not in text]
    assert found == []


@pytest.mark.parametrize('old, new, said', [
    (b'    (5) /dev/null', b'    (5) {root}/weak.conf', 'httpd reads the file {root}/weak.conf, which was not found here'),
    (b'    (4) {root}/conf/ssl.conf\n', b'', 'the file {root}/conf/ssl.conf was found here, and httpd does not read it'),
    (b'*:8443 ', b'*:9443  c ({root}/weak.conf:3)\n*:8443 ', 'httpd reads the virtual host at {root}/weak.conf:3, which was not found here'),
    (b'127.0.0.1:443          is', b'#', None),
    (b' x_module (shared)', b' x_module (shared)\n md_module (shared)', 'httpd reads the module md_module, which was not found here'),
    (b' x_module (shared)', b'', 'the module x_module was found here, and httpd does not read it'),
    (b'all  -SSLv3', b'all', 'httpd reads sslprotocol all at {root}/conf/ssl.conf:8, which was not found here'),
])
def test_what_one_side_alone_knows_is_said_with_both_sides(site, old, new, said):
    found = disagreements(read(site), report(site, moved(REPORT).replace(old, new)))
    assert said is None or said.replace('{root}', site.folder) in found


def test_what_cannot_be_decided_may_be_known_to_httpd_or_not_and_is_settled_by_its_list(site):
    tree = read(site, MACROS + b'<IfDirective Odd>\n' + SSL_CONF + b'</IfDirective>\n')
    assert [directive.active for directive in tree.directives(b'sslprotocol')] == [None]
    data = moved(moved(REPORT).replace(b'line 11 of', b'line 12 of').replace(b':6)', b':7)').replace(b'#   6:', b'#   7:').replace(b'#   8:', b'#   9:'))
    settle(tree, report(site, data))
    assert [directive.active for directive in tree.directives(b'sslprotocol')] == [True]
    settle(tree, report(site, b'# In file: x\n'))
    tree = read(site, MACROS + b'<IfDirective Odd>\n' + SSL_CONF + b'</IfDirective>\n')
    settle(tree, report(site, b'# In file: x\n'))
    assert [directive.active for directive in tree.directives(b'sslprotocol')] == [False]


def test_directives_with_their_modules():
    output = b'<VirtualHost (core.c)\n\tContainer\nSSLProtocol (mod_ssl.c)\n\tEnable (x.c)\nssl-Odd (a.c)\nSSLProtocol (b.c)\n'
    assert parse_directives(output) == {b'<virtualhost': [b'core.c'], b'sslprotocol': [b'mod_ssl.c', b'b.c'], b'ssl-odd': [b'a.c']}
    assert parse_directives(b'Syntax OK\n') is None


def test_undefined_variables_are_told_once():
    line = '[time] [core:warn] [pid 1:tid 1] AH00111: Config variable ${X} is not defined\n'
    assert undefined_variables(line * 2 + 'Syntax OK') == ['AH00111: Config variable ${X} is not defined']
