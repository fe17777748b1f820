# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Where the parts of an Apache are, and what is said when one of them is missing."""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import os

import pytest

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.httpd.installation import find_installation
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError

SSL_CONF = b'SSLProtocol all\n'


def test_finding_the_apache_of_a_server(site):
    with pytest.raises(AdministratorError) as caught:
        find_installation(uepm_dir=None)
    assert 'UEPMDIR is not set' in str(caught.value)
    with pytest.raises(AdministratorError):
        find_installation(uepm_dir=site.folder)
    site.write('apache22/conf/ssl.conf', SSL_CONF)
    assert find_installation(uepm_dir=site.folder).root == site.path('apache22')
    site.write('apache24/conf/ssl.conf', SSL_CONF)
    with pytest.raises(AdministratorError) as caught:
        find_installation(uepm_dir=site.folder)
    assert 'apache22' in str(caught.value) and 'apache24' in str(caught.value)
    os.chmod(site.write('apache24/bin/httpd', b'#!/bin/sh\n'), 0o755)
    assert find_installation(uepm_dir=site.folder).httpd == site.path('apache24/bin/httpd')


@pytest.mark.parametrize('name', ['ssl_conf', 'httpd', 'httpd_conf'])
def test_paths_that_are_not_there(site, name):
    given = {'ssl_conf': site.write('ssl.conf', b'')}
    given[name] = site.path('missing')
    with pytest.raises(AdministratorError) as caught:
        find_installation(**given)
    assert caught.value.path == site.path('missing')


def test_an_httpd_without_its_configuration_is_not_ignored(site):
    ssl_conf, httpd = site.write('x/ssl.conf', SSL_CONF), site.write('httpd', b'')
    with pytest.raises(AdministratorError) as caught:
        find_installation(ssl_conf=ssl_conf, httpd=httpd)
    assert caught.value.next_step == 'give httpd_conf' and site.path('x/conf/httpd.conf') in str(caught.value)
    main = site.write('x/conf/httpd.conf', b'')
    assert find_installation(ssl_conf=ssl_conf, httpd=httpd).httpd_conf == main


def test_relative_paths(site, monkeypatch):
    ssl_conf = site.write('ssl.conf', SSL_CONF)
    site.write('httpd', b'')
    site.write('main.conf', b'')
    monkeypatch.chdir(site.folder)
    found = find_installation(ssl_conf=ssl_conf, httpd='httpd', httpd_conf='./main.conf')
    assert (found.httpd, found.httpd_conf) == (site.path('httpd'), site.path('main.conf'))


def test_files_that_are_about_to_be_made_again(site):
    os.chmod(site.write('apache22/bin/httpd', b''), 0o755)
    os.mkdir(site.path('apache22/conf'))
    gone = [site.path('apache22/conf/ssl.conf'), site.path('apache22/conf/httpd.conf')]
    with pytest.raises(AdministratorError):
        find_installation(uepm_dir=site.folder)
    found = find_installation(uepm_dir=site.folder, gone=gone)
    assert found == (site.path('apache22'), gone[0], site.path('apache22/bin/httpd'), gone[1])
    assert find_installation(ssl_conf=gone[0], httpd=found.httpd, gone=gone) == found
