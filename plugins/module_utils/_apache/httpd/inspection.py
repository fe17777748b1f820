# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""Inspect an Apache: read its configuration, and ask its httpd. Modules start from here."""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.config.loader import read_tree
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.httpd.detection import Identity, identify
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.tls.dialect import Build, any_dialect


class HttpdInspection(object):
    """A configuration and its httpd.

    :ivar httpd: Httpd
    :ivar tree: Tree
    :ivar build: Build, None when there is no httpd
    :ivar identity: Identity; without an httpd that of a modern one which can do everything
    """

    def __init__(self, httpd):
        """
        :param httpd: Httpd
        :raises AdministratorError: when the configuration cannot be read
        """
        self.httpd = httpd
        self.build = Build(httpd.version(), httpd.static_modules(), None) if httpd.is_there else None
        self.tree = self.read()
        if httpd.is_there and any(directive.active is None for directive in self.tree.directives()):
            self.build = self.build._replace(directives=httpd.directives())
            self.tree = self.read()
        self.identity = identify(httpd, self.tree, self.build) if httpd.is_there else Identity(any_dialect(), None, False)

    @property
    def installation(self):
        """Return the Installation of the httpd."""
        return self.httpd.installation

    @property
    def dialect(self):
        """Return the Dialect that the httpd speaks."""
        return self.identity.dialect

    def read(self, read=None):
        """Return the Tree, as it is or with other bytes.

        :param read: function from a path to bytes, default: the files themselves
        """
        begin = self.installation.httpd_conf if self.httpd.is_there else self.installation.ssl_conf
        return read_tree(begin, self.installation.root, environ=self.httpd.environ, build=self.build, read=read)

    def read_fragment(self, path, read=None):
        """Return the Tree of a file that httpd does not read: of what would hold around it, its version alone is known."""
        build = self.build._replace(static_modules=None, directives=None) if self.build else None
        return read_tree(path, self.installation.root, environ=self.httpd.environ, build=build, read=read)
