# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""One look at an Apache: its configuration, and what it makes of it. What the modules start from."""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import os

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.config.loader import read_tree
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.httpd.detection import Identity, identify
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.httpd.installation import read_build, read_directives
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.tls.dialect import any_dialect


class HttpdInspection(object):
    """A configuration and its httpd.

    :ivar tree: Tree
    :ivar build: Build, None when there is no httpd
    :ivar identity: Identity; without an httpd that of a modern one which can do everything
    :ivar has_httpd: whether the configuration is read by an httpd that can be asked
    """

    def __init__(self, installation, environ=None, timeout=60.0):
        """
        :param installation: Installation
        :param environ: environment variables that the httpd runs with, default: those of this process
        :raises AdministratorError: when the configuration cannot be read
        """
        self.installation = installation
        self.environ = dict(os.environ if environ is None else environ)
        self.has_httpd = bool(installation.httpd and installation.httpd_conf)
        self.build = read_build(installation, environ, timeout) if self.has_httpd else None
        self.tree = self.read()
        if self.has_httpd and any(directive.active is None for directive in self.tree.directives()):
            self.build = self.build._replace(directives=read_directives(installation, environ, timeout))
            self.tree = self.read()
        if self.has_httpd:
            self.identity = identify(installation, self.tree, self.build, environ, timeout)
        else:
            self.identity = Identity(any_dialect(), None, False)

    @property
    def dialect(self):
        return self.identity.dialect

    def read(self, read=None):
        """The Tree, as it is or with other bytes.

        :param read: function from a path to bytes, default: the files themselves
        """
        begin = self.installation.httpd_conf if self.has_httpd else self.installation.ssl_conf
        return read_tree(begin, self.installation.root, environ=self.environ, build=self.build, read=read)

    def read_fragment(self, path, read=None):
        """The Tree of a file that httpd does not read: of what would hold around it, its version alone is known."""
        build = self.build._replace(static_modules=None, directives=None) if self.build else None
        return read_tree(path, self.installation.root, environ=self.environ, build=build, read=read)
