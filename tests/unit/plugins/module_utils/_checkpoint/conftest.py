# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type
import subprocess

import pytest

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._checkpoint.environment import read_environment


class Server(object):
    """A folder with a profile and small programs in place of Check Point's tools: they print, ask, fail and hang for real."""

    def __init__(self, folder):
        self.folder = folder
        self.bin = self.folder.mkdir('bin')
        self.cp = self.folder.mkdir('CPshrd-R81.20')
        self.fw = self.folder.mkdir('fw1')
        for place in (self.cp, self.fw):
            place.mkdir('conf')
        self.state = self.folder.join('state')
        self.profile = self.folder.join('CPprofile.sh')
        self.profile.write(
            'CPDIR=%s; export CPDIR\nFWDIR=%s; export FWDIR\nPATH=%s:$PATH; export PATH\n' % (self.cp, self.fw, self.bin)
        )

    def tool(self, name, script):
        """A program of this name; ``script`` is what /bin/sh makes of it."""
        path = self.bin.join(name)
        path.write('#!/bin/sh\n' + script)
        path.chmod(0o755)
        return path

    def environment(self):
        return read_environment(str(self.profile))

    def write(self, name, text):
        path = self.folder.join(name)
        path.write(text)
        return path


@pytest.fixture
def server(tmpdir):
    return Server(tmpdir.mkdir('server'))


class Authority(object):
    """A small internal CA, made by the openssl of this machine."""

    def __init__(self, folder):
        self.folder = folder
        self.issued = 0

    def _openssl(self, *arguments):
        subprocess.check_output(('openssl',) + arguments, stderr=subprocess.STDOUT, cwd=str(self.folder))

    def _container(self, name, target, *more):
        self._openssl(
            'pkcs12', '-export', '-in', name + '.crt', '-inkey', name + '.key', '-out', str(target), '-passout', 'pass:', *more
        )

    def contain_with_rc2(self, name, target):
        """Write a container as OpenSSL before 3.0 did by default; OpenSSL 3 reads it with ``-legacy`` alone."""
        self._container(name, target, '-legacy', '-certpbe', 'PBE-SHA1-RC2-40')

    def make(self, target, digest='sha256'):
        self._openssl(
            'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', 'ca.key', '-out', 'ca.crt', '-' + digest, '-days', '30',
            '-subj', '/O=mgmt..x7k2a9',
        )
        self._container('ca', target)

    def issue(self, name, target=None, digest='sha256', days=20, serial=None):
        self.issued += 1
        self._openssl('req', '-newkey', 'rsa:2048', '-nodes', '-keyout', name + '.key', '-out', name + '.csr', '-subj', '/O=mgmt..x7k2a9/CN=' + name)
        self._openssl(
            'x509', '-req', '-in', name + '.csr', '-CA', 'ca.crt', '-CAkey', 'ca.key', '-set_serial', str(serial or 30286 + self.issued),
            '-out', name + '.crt', '-' + digest, '-days', str(days),
        )
        if target is not None:
            self._container(name, target, '-certfile', 'ca.crt')
        return self.folder.join(name + '.crt')


@pytest.fixture(scope='session')
def authorities(tmpdir_factory):
    """Two servers' certificates, made once: ``sha1`` and ``sha256`` name the hash of all certificates of one."""
    made = {}
    for digest in ('sha1', 'sha256'):
        folder = tmpdir_factory.mktemp(digest)
        authority = Authority(folder)
        authority.make(folder.join('InternalCA.p12'), digest)
        authority.issue('cp_mgmt', folder.join('sic_cert.p12'), digest)
        made[digest] = authority
    return made


LIST_HEAD = 'APP        PID    STAT  #START  START_TIME             MON  COMMAND\n'


@pytest.fixture
def management(server, authorities):
    """A primary management server with a SHA-1 CA; tools that a test needs otherwise are made again by it."""
    for name, place in (('InternalCA.p12', server.fw), ('sic_cert.p12', server.cp)):
        authorities['sha1'].folder.join(name).copy(place.join('conf', name))
    server.tool('cpopenssl', 'exec openssl "$@"\n')
    server.tool('cpprod_util', 'case $1 in FwIsFirewallMgmt|FwIsPrimary|UepmIsInstalled) echo 1; exit 1;; UepmIs*) echo 0;; *) echo;; esac\n')
    server.tool('fw', 'echo "This is Check Point\'s software version R81.20 - Build 059"\n')
    listed = server.write('list', LIST_HEAD + 'CPD        19730  E     1       [17:54:45] 31/5/2019   Y    cpd\n')
    server.tool('cpwd_admin', 'cat %s\n' % listed)
    return server
