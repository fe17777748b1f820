# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which files an Include reads, and which it cannot."""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import errno
import os

import pytest

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.config import include_paths
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.tls.dialect import Build
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError


def protocols(tree, active=True):
    return [directive.arguments for directive in tree.directives(b'sslprotocol') if directive.active is active]


def test_directories_are_read_with_all_that_is_in_them(site):
    for name in ('conf.d/ssl.conf', 'conf.d/ssl.conf.20260101~', 'conf.d/.hidden', 'conf.d/a/deep.rpmsave'):
        site.write(name, b'SSLProtocol %s\n' % os.path.basename(name).encode('ascii'))
    tree = site.tree(b'Include conf.d\n')
    assert protocols(tree) == [b'.hidden', b'deep.rpmsave', b'ssl.conf', b'ssl.conf.20260101~']
    assert tree.included_directories == set((site.path('conf.d'), site.path('conf.d/a')))


@pytest.mark.parametrize('pattern, expected', [
    (b'conf.d/*.conf', [b'a.conf', b'b.conf']),
    (b'conf.d/*', [b'a.conf', b'b.conf', b'c.txt']),
    (b'conf.d/.*f', [b'.x.conf']),
    (b'conf.d/[!a].conf', [b'b.conf']),
    (b'conf.d/[^a].conf', [b'b.conf']),
    (b'conf.d/[ab].conf', [b'a.conf', b'b.conf']),
    (b'conf.d/?.conf', [b'a.conf', b'b.conf']),
    (b'conf.d/[a-b].conf', [b'a.conf', b'b.conf']),
    (b'conf.d/[b-aa].conf', [b'a.conf']),
    (b'conf.d/\\a.con?', [b'a.conf']),
    (b'*.d/a.conf', [b'a.conf']),
    (b'"{root}/conf.d/a.conf"', [b'a.conf']),
])
def test_wildcards(site, pattern, expected):
    for name in ('a.conf', 'b.conf', 'c.txt', '.x.conf'):
        site.write('conf.d/' + name, b'SSLProtocol %s\n' % name.encode('ascii'))
    assert protocols(site.tree(b'Include ' + pattern + b'\n')) == expected


@pytest.mark.parametrize('line', [b'Include missing.conf', b'Include conf.d/*.conf', b'Include a b', b'Include', b'Include httpd.conf'])
def test_includes_that_end_the_reading(site, line):
    with pytest.raises(AdministratorError) as caught:
        site.tree(b'# first\n' + line + b'\n')
    assert (caught.value.path, caught.value.line) == (site.path('httpd.conf'), 2)


def test_includes_that_may_miss(site):
    assert protocols(site.tree(b'IncludeOptional missing.conf\nIncludeOptional conf.d/*.conf\nSSLProtocol all\n')) == [b'all']
    old = Build((2, 2, 34), frozenset(), None)
    assert protocols(site.tree(b'Include conf.d/*.conf\nSSLProtocol all\n', build=old)) == [b'all']


def test_a_fifo_is_not_waited_for(site):
    os.mkfifo(site.path('fifo'))
    with pytest.raises(AdministratorError):
        site.tree(b'Include fifo\n')


@pytest.mark.parametrize('goal', ['nothing', 'y.conf', 'x.conf/z'])
@pytest.mark.parametrize('pattern', [b'conf.d/y.conf', b'conf.d/*', b'conf.d', b'*/y.conf'])
def test_links_that_lead_nowhere(site, goal, pattern):
    site.write('conf.d/x.conf', b'SSLProtocol x\n')
    os.symlink(goal, site.path('conf.d/y.conf'))
    tree = site.tree(b'IncludeOptional ' + pattern + b'\nSSLProtocol all\n')
    assert protocols(tree) == ([b'all'] if b'y' in pattern else [b'x', b'all'])
    with pytest.raises(AdministratorError):
        site.tree(b'Include ' + pattern + b'\n')


def test_a_wildcard_that_a_file_is_in_the_way_of(site):
    site.write('conf.d/x.conf', b'')
    assert protocols(site.tree(b'IncludeOptional conf.d/x.conf/*\nSSLProtocol all\n')) == [b'all']


@pytest.mark.parametrize('line', [b'Include /dev/null', b'IncludeOptional /dev/nul*', b'Include /dev/../dev/null'])
def test_the_file_that_is_none(site, line):
    assert protocols(site.tree(line + b'\nSSLProtocol all\n')) == [b'all']


@pytest.mark.parametrize('line', [b'Include link', b'IncludeOptional link', b'Include /dev/zero'])
def test_other_files_that_are_none(site, line):
    os.symlink('/dev/null', site.path('link'))
    with pytest.raises(AdministratorError):
        site.tree(line + b'\n')


@pytest.mark.parametrize('line', [b'Include conf.d', b'IncludeOptional conf.d', b'Include conf.d/*', b'IncludeOptional conf.d/*/x'])
def test_a_folder_that_cannot_be_looked_into(site, monkeypatch, line):
    def listdir(path):
        raise OSError(errno.EACCES, 'Permission denied', path)

    site.write('conf.d/x/x', b'')
    monkeypatch.setattr(os, 'listdir', listdir)
    with pytest.raises(AdministratorError) as caught:
        site.tree(b'# first\n' + line + b'\n')
    assert (caught.value.path, caught.value.line) == (site.path('httpd.conf'), 2)
    assert 'conf.d: Permission denied' in caught.value.found


@pytest.mark.parametrize('line', [b'Include conf.d/x', b'IncludeOptional conf.d/x', b'Include conf.d/x/*', b'IncludeOptional conf.d/x/*/y'])
def test_a_folder_that_cannot_be_passed(site, monkeypatch, line):
    site.write('conf.d/x/y', b'')
    status = os.stat

    def refused(path, *more, **named):
        if path == site.path('conf.d/x'):
            raise OSError(errno.EACCES, 'Permission denied', path)
        return status(path, *more, **named)

    monkeypatch.setattr(os, 'stat', refused)
    with pytest.raises(AdministratorError) as caught:
        site.tree(line + b'\n')
    assert 'conf.d/x: Permission denied' in caught.value.found


def test_folders_without_end(site):
    assert include_paths.MAX_DEPTH == 128
    site.write('a/x.conf', b'SSLProtocol all\n')
    os.symlink(site.path('a'), site.path('a/again'))
    with pytest.raises(AdministratorError):
        site.tree(b'Include a\n')
