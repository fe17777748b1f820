# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import os

import pytest

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.config.loader import read_tree
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.edit.plan import plan_tree
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.tls.dialect import Build, Dialect
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.tls.scopes import Configuration
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.tls.ssl_protocol import check_policy

MODERN = Build((2, 4, 71), frozenset((b'core.c', b'mod_so.c', b'http_core.c', b'mod_ssl.c')), None)


class Site(object):
    """Configuration files in a folder of their own."""

    def __init__(self, folder):
        self.folder = os.path.realpath(folder)

    def path(self, name):
        return os.path.join(self.folder, name)

    def write(self, name, data):
        """Write a file; ``{root}`` in it becomes the folder."""
        path = self.path(name)
        if not os.path.isdir(os.path.dirname(path)):
            os.makedirs(os.path.dirname(path))
        with open(path, 'wb') as stream:
            stream.write(data.replace(b'{root}', self.folder.encode('utf-8')))
        return path

    def data(self, name):
        with open(self.path(name), 'rb') as stream:
            return stream.read()

    def tree(self, data=None, build=MODERN, name='httpd.conf', **more):
        if data is not None:
            self.write(name, data)
        return read_tree(self.path(name), self.folder, build=build, **more)

    def configuration(self, data, dialect=None, build=MODERN):
        return Configuration(self.tree(data, build), dialect or Dialect(), resolver=lambda host: [host])

    def plan(self, data, protocols=('TLSv1.2',), dialect=None, build=MODERN):
        """The Plan for a configuration of one or more files that are written already."""
        tree = self.tree(data, build)

        def reread(contents):
            return self.tree(build=build, read=lambda path: contents.get(path) or self.data(path))

        dialect = dialect or Dialect()
        return plan_tree(tree, check_policy(protocols, dialect), dialect, reread)

    def rewritten(self, data, protocols=('TLSv1.2',), dialect=None, build=MODERN):
        """The bytes that the entry file gets."""
        plan = self.plan(data, protocols, dialect, build)
        return plan.contents.get(self.path('httpd.conf'), self.data('httpd.conf'))


@pytest.fixture
def site(tmpdir):
    return Site(str(tmpdir))
