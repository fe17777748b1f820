# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What of a configuration httpd reads: conditions, variables, macros; and what it could not read."""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import os

import pytest

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.config import loader
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.tls.dialect import Build
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError


def protocols(tree, active=True):
    return [directive.arguments for directive in tree.directives(b'sslprotocol') if directive.active is active]


def test_server_root_counts_from_where_it_stands(site):
    site.write('one/a.conf', b'SSLProtocol one\n')
    site.write('two/a.conf', b'SSLProtocol two\n')
    assert protocols(site.tree(b'ServerRoot {root}/one\nInclude a.conf\nServerRoot {root}/two\nInclude a.conf\n')) == [b'one', b'two']


def test_a_file_that_is_read_twice_is_one_file(site):
    site.write('tls.conf', b'SSLProtocol all\n')
    os.symlink(site.path('tls.conf'), site.path('link.conf'))
    tree = site.tree(b'<VirtualHost *:1>\nInclude tls.conf\n</VirtualHost>\n<VirtualHost *:2>\nInclude link.conf\n</VirtualHost>\n')
    first, second = tree.directives(b'sslprotocol')
    assert [source.path for source in tree.files] == [site.path('httpd.conf'), site.path('tls.conf')]
    assert (first.file, first.line) == (second.file, second.line)
    assert first.scope.arguments == b'*:1' and second.scope.arguments == b'*:2'


@pytest.mark.parametrize('section, expected', [
    (b'IfModule mod_ssl.c', True),
    (b'IfModule !mod_ssl.c', False),
    (b'IFMODULE "mod_ssl.c"', True),
    (b'IfModule ssl_module', True),
    (b'IfModule core_module', True),
    (b'IfModule http_module', True),
    (b'IfModule http_core_module', False),
    (b'IfModule SSL_module', False),
    (b'IfModule mod_ssl', False),
    (b'IfModule status_module', False),
    (b'IfModule rewrite_module', True),
    (b'IfModule mod_rewrite.c', True),
    (b'IfModule event.c', True),
    (b'IfModule mod_nothing.c', False),
    (b'IfDefine KNOWN', True),
    (b'IfDefine GIVEN', True),
    (b'IfDefine !KNOWN', False),
    (b'IfDefine GONE', False),
    (b'IfDefine known', False),
    (b'IfFile httpd.conf', True),
    (b'IfFile "{root}/nothing"', False),
    (b'IfFile !nothing', True),
    (b'IfVersion >= 2.4', True),
    (b'IfVersion > 2.4.71', False),
    (b'IfVersion < 2.4', False),
    (b'IfVersion <= 2.4.71', True),
    (b'IfVersion 2.4.71', True),
    (b'IfVersion = 2.4', False),
    (b'IfVersion !< 2.4', True),
    (b'IfVersion ~ ^2\\.4', True),
    (b'IfVersion = /^2.2/', False),
    (b'IfDirective SSLEngine', True),
    (b'IfDirective NoSuchThing', None),
    (b'IfSection VirtualHost', None),
])
def test_conditions(site, section, expected):
    data = (b'Define KNOWN\nDefine GONE\nUnDefine GONE\nLoadModule rewrite_module x/mod_rewrite.so\nLoadModule mpm_event_module x/y.so\n'
            b'<' + section + b'>\nSSLProtocol all\n</' + section.split()[0] + b'>\n')
    assert [directive.active for directive in site.tree(data, defines=(b'GIVEN',)).directives(b'sslprotocol')] == [expected]


def test_conditions_by_what_httpd_lists(site):
    build = Build((2, 4, 71), frozenset((b'core.c', b'mod_ssl.c')), {b'sslengine': [b'mod_ssl.c'], b'<virtualhost': [b'core.c']})
    tree = site.tree(b'<IfDirective SSLEngine>\nSSLProtocol 1\n</IfDirective>\n<IfSection VirtualHost>\nSSLProtocol 2\n</IfSection>\n'
                     b'<IfSection <VirtualHost>>\nSSLProtocol 3\n</IfSection>\n<IfDirective Nothing>\nSSLProtocol 4\n</IfDirective>\n', build)
    assert protocols(tree) == [b'1', b'2']
    assert protocols(tree, False) == [b'3', b'4']


def test_conditions_within_conditions(site):
    tree = site.tree(b'<IfDefine NO>\n<IfDefine !NO>\nSSLProtocol 1\n</IfDefine>\nInclude missing\nDefine YES\n</IfDefine>\n'
                     b'<IfDefine !NO>\n<IfDefine !YES>\nSSLProtocol 2\n</IfDefine>\n</IfDefine>\n')
    assert (protocols(tree), protocols(tree, False)) == ([b'2'], [b'1'])


def test_without_httpd_conditions_are_open(site):
    tree = site.tree(b'<IfModule a.c>\nSSLProtocol 1\n</IfModule>\n<IfVersion < 2.4>\nSSLProtocol 2\n</IfVersion>\n<IfDefine X>\nSSLProtocol 3\n'
                     b'</IfDefine>\n', build=None)
    assert protocols(tree, None) == [b'1', b'2', b'3']


def test_variables_come_from_define_first_then_from_the_environment(site):
    tree = site.tree(b'SSLProtocol ${A}\nDefine A "all -SSLv3"\nSSLProtocol ${A}\n${B} ${C}\nUnDefine A\nSSLProtocol ${A}\n',
                     environ={'A': 'TLSv1', 'B': 'SSLProtocol'})
    assert protocols(tree) == [b'TLSv1', b'all -SSLv3', b'${C}', b'TLSv1']
    assert not any(directive.literal for directive in tree.directives(b'sslprotocol'))


@pytest.mark.parametrize('lines, expected', [
    (b'Define tls off\nDefine TLS on\n', b'on'),
    (b'Define tls off\nDefine tls\n', b'off'),
    (b'Define TLS off\n', b'off'),
    (b'Define Tls off\nUnDefine TLS\n', b'${tls}'),
    (b'Define FROM on\nDefine tls ${From}\n', b'on'),
    (b'SSLEngine ${ENVIRON}\nDefine tls ${environ}\n', b'${environ}'),
    (b'Define environ on\nSSLEngine ${ENVIRON}\n', b'on'),
    (b'Define ENVIRON\nSSLEngine ${ENVIRON}\n', b'optional'),
])
def test_values_of_define_are_found_in_any_case_and_those_of_the_environment_are_not(site, lines, expected):
    tree = site.tree(lines + b'SSLEngine ${tls}\n', environ={'ENVIRON': 'optional'})
    assert expected in [directive.arguments for directive in tree.directives(b'sslengine')]


def test_names_of_define_are_found_in_their_own_case(site):
    tree = site.tree(b'Define Tls off\nUnDefine TLS\n<IfDefine Tls>\nSSLProtocol 1\n</IfDefine>\n<IfDefine TLS>\nSSLProtocol 2\n</IfDefine>\n')
    assert (protocols(tree), protocols(tree, False)) == ([b'1'], [b'2'])


def test_an_include_by_a_value_in_another_case(site):
    site.write('conf/ssl.conf', b'SSLProtocol all\n')
    assert protocols(site.tree(b'Define Conf conf\nInclude ${CONF}/ssl.conf\n')) == [b'all']


MACRO = b'''<Macro Host $name $p>
  <VirtualHost *:443>
    ServerName $name
    SSLProtocol $p
    SSLProtocol all
  </VirtualHost>
</Macro>
'''


def test_macros_become_their_lines(site):
    tree = site.tree(MACRO + b'Use host a.example TLSv1.2\nUse HOST b.example "all -SSLv3"\n')
    found = tree.directives(b'sslprotocol')
    assert [directive.arguments for directive in found] == [b'TLSv1.2', b'all', b'all -SSLv3', b'all']
    assert [directive.line for directive in found] == [4, 5, 4, 5]
    assert [directive.literal for directive in found] == [False, True, False, True]
    assert found[0].scope is not found[2].scope
    assert found[0].section_text() == 'macro host used at %s:8 <VirtualHost *:443>' % site.path('httpd.conf')


def test_macros_use_macros_and_open_sections(site):
    tree = site.tree(b'<Macro begin $n>\n<VirtualHost *:$n>\n</Macro>\n<Macro tls>\nSSLProtocol all\n</Macro>\n'
                     b'Use begin 443\nUse tls\n</VirtualHost>\n')
    directive, = tree.directives(b'sslprotocol')
    assert directive.scope.arguments == b'*:443'
    assert directive.section_text().startswith('macro begin') and 'macro tls' in directive.section_text()


def test_a_macro_that_nothing_uses(site):
    directive, = site.tree(b'<Macro tls>\nSSLProtocol all\n</Macro>\n').directives(b'sslprotocol')
    assert (directive.active, directive.unused_macro, directive.section_text()) == (False, True, '<Macro tls>')


@pytest.mark.parametrize('body, parameters, values, expected', [
    (b'$a $ab', [b'$a', b'$ab'], [b'1', b'2'], b'1 2'),
    (b'$a', [b'$a'], [b'$a'], b'$a'),
    (b'@a', [b'@a'], [b'x y'], b'"x y"'),
])
def test_macro_parameters(site, body, parameters, values, expected):
    data = b'<Macro m %s>\nServerAdmin %s\n</Macro>\nUse m %s\n' % (b' '.join(parameters), body, b' '.join(b'"%s"' % value for value in values))
    assert [directive.arguments for directive in site.tree(data).directives(b'serveradmin')] == [expected]


@pytest.mark.parametrize('data, line', [
    (b'Use missing\n', 1),
    (b'<Macro m $a>\nx\n</Macro>\nUse m\n', 4),
    (b'<Macro m>\nUse m\n</Macro>\nUse m\n', 2),
    (b'<Macro m>\nx\n</Macro>\nUndefMacro m\nUse m\n', 5),
    (b'<Macro m>\nx\n', 1),
    (b'<VirtualHost *:443>\n', 1),
    (b'<VirtualHost *:443\n</VirtualHost>\n', 1),
    (b'a\n</VirtualHost>\n', 2),
    (b'<VirtualHost *:443>\n<IfModule core.c>\n</VirtualHost>\n', 3),
    (b'<IfModule core.c>\n</IfModule> # x\n', 2),
    (b'<IfModule core.c>\n</IfModule >\n', 2),
    (b'<VirtualHost *:1>\n</VirtualHost >\n', 2),
    (b'<IfModule no.c>\n</IfModule >\n', 2),
    (b'<IfModule no.c>\n', 1),
    (b'<VirtualHost *:1>\n<IfModule core.c>\n', 2),
    (b'<IfModule core.c>\n<IfModule no.c>\n', 2),
])
def test_what_httpd_could_not_read_either(site, data, line):
    with pytest.raises(AdministratorError) as caught:
        site.tree(data)
    assert (caught.value.path, caught.value.line) == (site.path('httpd.conf'), line)


@pytest.mark.parametrize('data', [
    b'<VirtualHost *:1>\n</VirtualHost> # x\n', b'<IfModule no.c>\n</IfModule> # x\n', b'<IfModule no.c>\n<Foo a\n</Fooz\n</IfModule>\n',
    b'Include a.conf\n', b'<IfModule no.c>\n"<Foo" a>\n</Foo>\n</IfModule>\n',
])
def test_what_httpd_reads_all_the_same(site, data):
    site.write('a.conf', b'<IfModule core.c>\n<VirtualHost *:1>\n')
    assert protocols(site.tree(data + b'SSLProtocol all\n')) == [b'all']


def test_sections_close_in_their_file(site):
    site.write('open.conf', b'<VirtualHost *:443>\n')
    with pytest.raises(AdministratorError) as caught:
        site.tree(b'Include open.conf\n</VirtualHost>\n')
    assert caught.value.path == site.path('open.conf')


def test_a_configuration_that_grows_without_end(site, monkeypatch):
    monkeypatch.setattr(loader, 'MAX_LINES', 20000)
    lines = [b'<Macro m0>\nx\n</Macro>\n']
    lines += [b'<Macro m%d>\n%s</Macro>\n' % (number, b'Use m%d\n' % (number - 1) * 10) for number in range(1, 9)]
    with pytest.raises(AdministratorError) as caught:
        site.tree(b''.join(lines) + b'Use m8\n')
    assert 'grows without end' in str(caught.value)


def test_deep_sections_are_no_trouble(site):
    tree = site.tree(b'<IfModule core.c>\n' * 5000 + b'SSLProtocol all\n' + b'</IfModule>\n' * 5000)
    assert protocols(tree) == [b'all']
