# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Copies are kept, and never where httpd would read them."""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import os

import pytest

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.edit import apply, backup_placement
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.httpd.installation import Httpd, find_installation
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError


@pytest.fixture
def apache(site):
    """A configuration without a program: what it includes is known all the same."""
    site.write('conf/more/x.conf', b'# nothing\n')
    return site


def run(site, include, backup_dir, check_mode=False):
    site.write('ssl.conf', include + b'\nSSLProtocol all\n')
    httpd = Httpd(find_installation(ssl_conf=site.path('ssl.conf')))
    return apply.enforce_protocols(httpd, ['TLSv1.2'], site.path('state'), site.path(backup_dir), check_mode=check_mode)


INCLUDED = [
    (b'Include conf/more/*.conf', 'conf/more'),
    (b'Include conf/more/*.conf', 'conf/more/old'),
    (b'IncludeOptional conf/empty/*', 'conf/empty'),
    (b'IncludeOptional conf/empty/*.[!x]*.*', 'conf/empty'),
    (b'IncludeOptional conf/empty/*.json', 'conf/empty'),
    (b'IncludeOptional conf/empty/ssl.conf*', 'conf/empty'),
    (b'IncludeOptional conf/empty', 'conf/empty'),
    (b'IncludeOptional conf/empty', 'conf/empty/below'),
    (b'Include conf/*/*', 'conf/another'),
    (b'Include conf/*/*', 'conf/another/below'),
    (b'IncludeOptional link/*', 'conf/empty'),
]


@pytest.mark.parametrize('include, folder', INCLUDED)
def test_folder_that_is_included_or_would_be_is_refused_in_both_modes(apache, include, folder):
    os.mkdir(apache.path('conf/empty'))
    os.symlink(apache.path('conf/empty'), apache.path('link'))
    for check_mode in (True, False):
        with pytest.raises(AdministratorError) as caught:
            run(apache, include, folder, check_mode)
        assert 'httpd would read the backups' in str(caught.value) and 'nothing was changed' in str(caught.value)
    assert sorted(os.listdir(apache.path('conf'))) == ['empty', 'more'] and os.listdir(apache.path('conf/empty')) == []
    assert b'SSLProtocol all' in apache.data('ssl.conf') and not os.path.exists(apache.path('state/records/last_change.json'))


@pytest.mark.parametrize('include', [
    b'IncludeOptional conf/empty/*.conf', b'IncludeOptional conf/empty/*/*', b'<IfDefine !X>\n</IfDefine>',
    b'<IfFile /nowhere>\nIncludeOptional conf/empty/*\n</IfFile>',
])
def test_folder_that_nothing_includes_is_taken(apache, include):
    os.mkdir(apache.path('conf/empty'))
    for check_mode in (True, False):
        assert run(apache, include, 'conf/empty', check_mode)['changed']
    assert len(os.listdir(apache.path('conf/empty'))) == 2


@pytest.mark.parametrize('exists', [True, False])
def test_what_is_read_unforeseen_goes_again(apache, monkeypatch, exists):
    monkeypatch.setattr(backup_placement, '_fits', lambda copy, pattern: False)
    if exists:
        apache.write('conf/empty/.other', b'')
    with pytest.raises(AdministratorError) as caught:
        run(apache, b'IncludeOptional conf/empty/*', 'conf/empty')
    assert 'httpd would read the backups' in str(caught.value) and 'nothing was changed' in str(caught.value)
    assert os.listdir(apache.path('conf/empty')) == ['.other'] if exists else not os.path.exists(apache.path('conf/empty'))
    assert b'SSLProtocol all' in apache.data('ssl.conf')


def test_relative_folder_is_refused_in_both_modes(apache):
    apache.write('ssl.conf', b'SSLProtocol all\n')
    httpd = Httpd(find_installation(ssl_conf=apache.path('ssl.conf')))
    for check_mode in (True, False):
        with pytest.raises(AdministratorError) as caught:
            apply.enforce_protocols(httpd, ['TLSv1.2'], apache.path('state'), 'copies', check_mode=check_mode)
        assert 'not absolute' in str(caught.value)
