# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How the httpd that runs was started, and which process is believed."""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import os

import pytest

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.httpd.installation import Httpd, Installation
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.httpd.start import count_options, find_start, read_envvars, values_of

TCP = ('  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n'
       '   0: 0100007F:01BB 00000000:0000 %s 00000000:00000000 00:00000000 00000000     0        0 4711 1\n')


class Proc(object):
    """A directory like /proc with one process."""

    def __init__(self, site):
        self.site = site
        self.program = site.write('httpd', b'')
        site.write('proc/net/tcp', (TCP % '0A').encode('ascii'))
        site.write('proc/42/cmdline', b'httpd\0-DSSL\0-D\0FOREGROUND\0-k\0start\0-f\0conf/x.conf\0')
        site.write('proc/42/environ', b'SITES=sites\0SECRET=hunter2\0odd\0')
        os.mkdir(site.path('proc/42/fd'))
        os.symlink('socket:[4711]', site.path('proc/42/fd/3'))
        os.symlink(self.program, site.path('proc/42/exe'))

    def find(self, ports=(443,)):
        return find_start(self.program, ports, self.site.path('proc'))


@pytest.fixture
def proc(site):
    return Proc(site)


def test_the_options_and_variables_of_the_one_that_listens(proc):
    found = proc.find()
    assert found.pid == 42 and found.options == ['-D', 'SSL', '-D', 'FOREGROUND', '-f', 'conf/x.conf']
    assert values_of(found.options, 'D') == ['SSL', 'FOREGROUND'] and found.environ == {'SITES': 'sites', 'SECRET': 'hunter2'}


def another_program(proc):
    os.unlink(proc.site.path('proc/42/exe'))
    os.symlink(proc.site.write('other', b''), proc.site.path('proc/42/exe'))


def another_user(proc, monkeypatch):
    real = os.geteuid()
    monkeypatch.setattr(os, 'geteuid', lambda: real + 1)
    os.chown(proc.site.path('proc/42'), 12345, -1)


@pytest.mark.parametrize('harm', [
    another_program,
    lambda proc: os.unlink(proc.site.path('proc/42/fd/3')),
    lambda proc: os.unlink(proc.site.path('proc/42/environ')),
    lambda proc: os.unlink(proc.site.path('httpd')),
    lambda proc: proc.site.write('proc/net/tcp', (TCP % '01').encode('ascii')),
    lambda proc: proc.site.write('proc/net/tcp', b''),
])
def test_who_is_not_believed(proc, harm):
    harm(proc)
    assert proc.find() is None


@pytest.mark.parametrize('root, believed', [('', True), ('/elsewhere', False)])
def test_a_script_stands_for_the_program_that_it_becomes(proc, root, believed):
    """Several Apaches can share that program, so it must have been started for this one's root."""
    proc.program = proc.site.write('bin/httpd', ('#!/bin/sh\nexec %s -d x "$@"\n' % proc.site.path('httpd')).encode('utf-8'))
    proc.site.write('proc/42/cmdline', ('httpd\0-d\0%s\0-DSSL\0' % (root or proc.site.folder)).encode('utf-8'))
    assert (proc.find() is not None) == believed


def test_a_process_of_another_port_is_not_believed(proc):
    assert proc.find((8443,)) is None


@pytest.mark.skipif(os.geteuid() != 0, reason='only root can give a file to another user')
def test_a_process_of_another_user_is_not_believed(proc, monkeypatch):
    another_user(proc, monkeypatch)
    assert proc.find() is None


@pytest.mark.parametrize('words, counted', [
    ([b'-k', b'-X'], []),
    ([b'-E', b'-DX', b'-D', b'Y'], ['-D', 'Y']),
    ([b'-X', b'-C', b'Listen 1', b'-cListen 2'], ['-C', 'Listen 1', '-c', 'Listen 2']),
    ([b'-d', b'/x', b'-e', b'info', b'-D'], ['-d', '/x', '-D', '']),
    ([b'start', b''], []),
])
def test_which_options_count(words, counted):
    assert count_options(words) == counted


def test_only_what_the_configuration_names_goes_to_a_run_of_httpd(site):
    httpd = Httpd(Installation(site.folder, 'ssl.conf', '/httpd', '/conf'), {'PATH': '/bin', 'GONE': '1', 'SITES': 'other'})
    started = httpd.started_like(['-D', 'SSL', '-f', 'x', '-d', '/root'], {'SITES': 'sites', 'SECRET': 'x', 'LD_LIBRARY_PATH': '/l'}, [b'SITES', b'GONE'])
    assert started.environ == {'PATH': '/bin', 'SITES': 'sites', 'LD_LIBRARY_PATH': '/l'}
    assert started.options == ['-D', 'SSL'] and started.installation.root == '/root'


@pytest.mark.parametrize('line, value', [
    (b'X=sites', 'sites'), (b'export X="a b"', 'a b'), (b"  export X='$Y'  # why", '$Y'), (b'X=sites; export X', 'sites'), (b'X=', ''),
    (b'X=$Y', None), (b'X=`id`', None), (b'X="$(id)"', None), (b'# X=sites', None), (b'test X=sites', None), (b'X=a b', None),
])
def test_what_a_start_script_sets_in_plain_words(site, line, value):
    found = read_envvars(site.write('bin/envvars', b'#!/bin/sh\n' + line + b'\n'))
    assert found == ({} if value is None else {'X': value})
    assert read_envvars(site.path('missing')) == {}


def test_the_start_script_of_an_httpd_counts(site):
    site.write('bin/envvars', b'export SITES=sites\n')
    httpd = Httpd(Installation(site.folder, 'ssl.conf', site.path('bin/httpd'), '/conf'), {'SITES': 'other'})
    assert httpd.environ == {'SITES': 'sites'}
    assert httpd.started_like([], {'SITES': 'running'}, [b'SITES']).environ == {'SITES': 'running'}
