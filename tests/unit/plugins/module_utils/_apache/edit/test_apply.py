# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What is written, kept, tested and put back; with programs in place of httpds that this machine does not have."""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import json
import os

import pytest

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.edit.apply import enforce_protocols
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.facts import read_tls_facts
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.httpd.inspection import HttpdInspection
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.httpd.installation import Httpd, find_installation
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._protocols import sort_protocols

# An httpd of another time: says its version, knows its protocols, and finds fault with a configuration where the test wants it to.
HTTPD = b'''#!/bin/bash
root={root}
case "$1" in
-v) echo 'Server version: Apache/%(version)s (Unix)'; exit 0 ;;
-l) printf 'Compiled in modules:\\n  core.c\\n  mod_so.c\\n  mod_ssl.c\\n'; exit 0 ;;
esac
for word in "$@"; do
    for refused in %(refused)s; do
        if [[ "$word" == SSLProtocol* && " $word " == *" +$refused "* ]]; then
            echo "SSLProtocol: Illegal protocol '$refused'" >&2; exit 1
        fi
    done
done
[ -e $root/hangs ] && sleep 60
[ -e $root/objects ] && ! grep -rq 'SSLProtocol TLSv1.2' $root/conf && { cat $root/objects; exit 1; }
[ -e $root/broken ] && { echo 'Syntax error on line 1: broken'; exit 1; }
[ -e $root/dislikes ] && grep -rq "$(cat $root/dislikes)" $root/conf && { echo 'Syntax error: disliked'; exit 1; }
echo 'Syntax OK'
'''
CONF = b'Listen 443\nInclude conf/ssl.conf\nInclude conf/extra/*.conf\n'
SSL_CONF = b'<VirtualHost _default_:443>\nSSLEngine on\nSSLProtocol +TLSv1 +TLSv1.2\n</VirtualHost>\n'


@pytest.fixture
def apache(site):
    site.write('conf/httpd.conf', CONF)
    site.write('conf/ssl.conf', SSL_CONF)
    site.write('conf/extra/more.conf', b'SSLProtocol all\n')
    install(site, b'2.2.34', b'TLSv1.3', b'OpenSSL 1.0.2k-fips  26 Jan 2017\0')
    return site


def install(site, version, refused, mark=b''):
    path = site.write('bin/httpd', HTTPD % {b'version': version, b'refused': refused} + b'exit 0\n' + mark)
    os.chmod(path, 0o755)


def enforce(site, protocols=('TLSv1.2',), **more):
    httpd = Httpd(find_installation(ssl_conf=site.path('conf/ssl.conf')), timeout=more.pop('timeout', 20))
    return enforce_protocols(httpd, protocols, site.path('state'), **more)


def snapshot(site):
    found = {}
    for folder, dummy, names in os.walk(site.path('conf')):
        for name in names:
            path = os.path.join(folder, name)
            with open(path, 'rb') as stream:
                found[path] = (stream.read(), os.stat(path).st_mtime, os.stat(path).st_ino)
    return found


def test_all_files_copies_and_the_record(apache):
    done = enforce(apache)
    assert done['changed'] and done['validated']
    assert apache.data('conf/ssl.conf') == SSL_CONF.replace(b'+TLSv1 +TLSv1.2', b'TLSv1.2')
    assert apache.data('conf/extra/more.conf') == b'SSLProtocol TLSv1.2\n'
    assert done['before'] == {'main server': ['SSLv2', 'SSLv3', 'TLSv1', 'TLSv1.1', 'TLSv1.2'], '<VirtualHost _default_:443>': ['TLSv1', 'TLSv1.2']}
    assert done['after'] == {'main server': ['TLSv1.2'], '<VirtualHost _default_:443>': ['TLSv1.2']}
    assert [kept['path'] for kept in done['files']] == [apache.path('conf/extra/more.conf'), apache.path('conf/ssl.conf')]
    for kept, old in zip(done['files'], (b'SSLProtocol all\n', SSL_CONF)):
        with open(kept['backup_file'], 'rb') as stream:
            assert stream.read() == old
    record = json.loads(apache.data('state/records/last_change.json').decode('utf-8'))
    assert [entry['backup'] for entry in record['files']] == [kept['backup_file'] for kept in done['files']]
    assert enforce(apache)['changed'] is False


def test_check_mode_predicts_and_writes_nothing(apache):
    before = snapshot(apache)
    predicted = enforce(apache, check_mode=True)
    assert snapshot(apache) == before and not os.path.exists(apache.path('state'))
    done = enforce(apache)
    for key in ('changed', 'before', 'after', 'directives', 'validated', 'warnings', 'diff'):
        assert predicted[key] == done[key]


def test_a_test_that_fails_afterwards_puts_every_file_back(apache):
    apache.write('dislikes', b'SSLProtocol TLSv1.2')
    before = snapshot(apache)
    with pytest.raises(AdministratorError) as caught:
        enforce(apache)
    assert 'disliked' in str(caught.value) and 'the old configuration is back in place' in str(caught.value)
    assert [snapshot(apache)[path][0] for path in before] == [before[path][0] for path in before]
    assert not os.path.exists(apache.path('state/records/last_change.json'))


@pytest.mark.parametrize('fault, said', [('broken', 'fails already before the change'), ('hangs', 'no answer within')])
def test_a_test_that_fails_beforehand_is_a_refusal(apache, fault, said):
    apache.write(fault, b'')
    before = snapshot(apache)
    for check_mode in (True, False):
        with pytest.raises(AdministratorError) as caught:
            enforce(apache, timeout=1, check_mode=check_mode)
        assert said in str(caught.value) and 'nothing was changed' in str(caught.value)
    assert snapshot(apache) == before


@pytest.mark.parametrize('output, proxy, is_replaced', [
    (b"SSLProtocol: Illegal protocol 'foo'", b'', True),
    (b"SSLProxyProtocol: Illegal protocol 'foo'", b'', False),
    (b'SSLProtocol: SSLv2 is no longer supported', b'SSLProxyProtocol all -SSLv2', True),
    (b'SSLProtocol: SSLv2 is no longer supported', b'SSLProxyProtocol +SSLv2', False),
    (b'SSLv3 not supported by this version of OpenSSL', b'', True),
    (b'SSLv3 not supported by this version of OpenSSL', b'<IfDefine X>\nSSLProxyProtocol SSLv3\n</IfDefine>', True),
    (b'SSLv3 not supported by this version of OpenSSL', b'SSLProxyProtocol TLSv1 SSLv3', False),
])
def test_what_httpd_objects_to_is_replaced_or_not(apache, output, proxy, is_replaced):
    apache.write('objects', b'Syntax error on line 3 of ssl.conf:\n' + output + b'\n')
    apache.write('conf/httpd.conf', CONF + proxy + b'\n')
    for check_mode in (True, False):
        if is_replaced:
            assert enforce(apache, check_mode=check_mode)['changed']
            continue
        with pytest.raises(AdministratorError) as caught:
            enforce(apache, check_mode=check_mode)
        assert 'fails already before the change' in str(caught.value)


def test_an_httpd_that_hangs(apache):
    apache.write('bin/httpd', b'#!/bin/sh\nexec sleep 60\n')
    with pytest.raises(AdministratorError) as caught:
        enforce(apache, timeout=0.2)
    assert 'no answer within 0.2 seconds' in str(caught.value)


def test_a_compliant_server_with_a_broken_test_is_not_validated(apache):
    enforce(apache)
    apache.write('broken', b'')
    done = enforce(apache)
    assert (done['changed'], done['validated']) == (False, False)
    assert any('configuration test fails' in warning for warning in done['warnings'])


def test_without_copies(apache):
    done = enforce(apache, backup_dir=False)
    assert [kept['backup_file'] for kept in done['files']] == [None, None]
    assert not os.path.exists(apache.path('state/backups'))


def test_an_ssl_conf_that_httpd_does_not_read(apache):
    apache.write('conf/httpd.conf', b'<IfDefine SSL>\nInclude conf/ssl.conf\n</IfDefine>\n')
    done = enforce(apache)
    assert (done['changed'], done['validated']) == (True, False)
    assert any('is not read by httpd' in warning for warning in done['warnings'])
    assert apache.data('conf/ssl.conf') == SSL_CONF.replace(b'+TLSv1 +TLSv1.2', b'TLSv1.2')


def test_a_file_without_its_httpd(site):
    site.write('ssl.conf', SSL_CONF)
    installation = find_installation(ssl_conf=site.path('ssl.conf'))
    assert (installation.httpd, installation.httpd_conf) == (None, None)
    done = enforce_protocols(Httpd(installation), ['TLSv1.2', 'TLSv1.3'], site.path('state'))
    assert (done['changed'], done['validated']) == (True, False)
    assert b'SSLProtocol -all +TLSv1.2 +TLSv1.3\n' in site.data('ssl.conf')


def test_a_link_stays_a_link(apache):
    os.rename(apache.path('conf/ssl.conf'), apache.path('real.conf'))
    os.symlink(apache.path('real.conf'), apache.path('conf/ssl.conf'))
    done = enforce(apache)
    assert os.path.islink(apache.path('conf/ssl.conf'))
    assert apache.path('real.conf') in [kept['path'] for kept in done['files']]


def test_warnings_of_holes(apache):
    install(apache, b'2.4.62', b'', b'OpenSSL 3.0.22 25 Aug 2026\0')
    assert any('cannot be negotiated' in warning for warning in enforce(apache, ['TLSv1', 'TLSv1.2'])['warnings'])


@pytest.mark.parametrize('version, refused, mark, openssl, enabled', [
    (b'2.2.34', b'TLSv1.3', b'OpenSSL 1.0.2k-fips  26 Jan 2017\0', '1.0.2k', 'SSLv2 SSLv3 TLSv1 TLSv1.1 TLSv1.2'),
    (b'2.2.3', b'TLSv1.3 TLSv1.2 TLSv1.1', b'OpenSSL 0.9.8b 04 May 2006\0', '0.9.8b', 'SSLv2 SSLv3 TLSv1'),
    (b'2.4.6', b'TLSv1.3', b'OpenSSL 1.0.2k-fips  26 Jan 2017\0', '1.0.2k', 'SSLv3 TLSv1 TLSv1.1 TLSv1.2'),
    (b'2.4.37', b'SSLv3', b'libssl.so.1.1\0', None, 'TLSv1 TLSv1.1 TLSv1.2 TLSv1.3'),
    (b'2.4.62', b'SSLv3', b'OpenSSL 3.2.1 30 Jan 2024\0PROFILE=SYSTEM\0', '3.2.1', 'TLSv1 TLSv1.1 TLSv1.2 TLSv1.3'),
])
def test_who_reads_the_configuration(apache, version, refused, mark, openssl, enabled):
    install(apache, version, refused, mark)
    reading = HttpdInspection(Httpd(find_installation(ssl_conf=apache.path('conf/ssl.conf')), timeout=20))
    assert reading.identity.openssl_text == openssl
    assert ' '.join(sort_protocols(reading.dialect.enabled)) == enabled
    assert reading.identity.identified is (openssl is not None)
    assert reading.dialect.allows_holes is (b'1.0.2' in mark or b'0.9.8' in mark)
    assert reading.dialect.default_is_known is (b'PROFILE' not in mark)


def test_a_library_that_knows_tls_1_3_is_1_1_1(apache):
    install(apache, b'2.4.43', b'SSLv3', b'libssl.so.1.1\0')
    reading = HttpdInspection(Httpd(find_installation(ssl_conf=apache.path('conf/ssl.conf')), timeout=20))
    assert reading.dialect.every_name_has_its_own_protocols


def test_facts(apache):
    found = read_tls_facts(Httpd(find_installation(uepm_dir=apache.path('nowhere'), ssl_conf=apache.path('conf/ssl.conf')), timeout=20))
    assert found['httpd'] == {'program': apache.path('bin/httpd'), 'version': '2.2.34', 'openssl': '1.0.2k', 'identified': True,
                              'known_protocols': ['SSLv2', 'SSLv3', 'TLSv1', 'TLSv1.1', 'TLSv1.2']}
    assert [entry['path'] for entry in found['files']] == [
        apache.path('conf/httpd.conf'), apache.path('conf/ssl.conf'), apache.path('conf/extra/more.conf')]
    assert found['http_test']['ok'] and found['http_test']['command'][0] == apache.path('bin/httpd')
    assert found['endpoints'][0]['expected'][''] == ['TLSv1', 'TLSv1.2']
