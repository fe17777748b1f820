# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""Inspect an Apache: read its configuration, and ask its httpd. Modules start from here."""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import os

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.config.loader import read_tree
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.httpd.agreement import disagreements, settle
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.httpd.detection import Identity, identify
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.httpd.start import find_start, values_of
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.tls.diagnostics import STEERS
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.tls.dialect import Build, any_dialect
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.tls.scopes import Configuration
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._text import name_bytes, native


class HttpdInspection(object):
    """A configuration and its httpd.

    :ivar httpd: Httpd, with the options and variables of the one that runs
    :ivar start: Start of the httpd that runs, None when none does, or it cannot be told
    :ivar tree: Tree
    :ivar build: Build, None when there is no httpd
    :ivar identity: Identity; without an httpd that of a modern one which can do everything
    :ivar disagreements: list of sentences about what httpd or this collection alone knows
    """

    def __init__(self, httpd):
        """
        :param httpd: Httpd
        :raises AdministratorError: when the configuration cannot be read
        """
        self.httpd = httpd
        self.start = None
        self.base_environ = httpd.environ
        self.given_options = list(httpd.options)
        self.disagreements = []
        self.build = Build(httpd.version(), httpd.static_modules(), None) if httpd.is_there else None
        self.tree = self.read()
        if httpd.is_there:
            self._ask()
        self.identity = identify(self.httpd, self.tree, self.build) if httpd.is_there else Identity(any_dialect(), None, False)

    def _ask(self):
        """Read the configuration with what httpd and its running process say, and compare."""
        ports = set(listener.address.port for listener in Configuration(self.tree, any_dialect()).listeners)
        self.start = find_start(self.installation.httpd, ports)
        if self.start is not None:
            for dummy in range(2):  # what is read with the values may ask for more
                self.httpd = self.httpd.started_like(self.start.options, self.start.environ, self.tree.variables)
                self.tree = self.read()
        if self.tree.has_conditions:
            self.build = self.build._replace(directives=self.httpd.directives())
            self.tree = self.read()
        report = self.httpd.report()
        if report is not None:
            settle(self.tree, report)
            self.disagreements = disagreements(self.tree, report) + self._other_file()

    def _other_file(self):
        """Return a sentence when the httpd that runs begins with another file."""
        given = values_of(self.start.options, 'f')[-1:] if self.start else []
        read = [os.path.realpath(os.path.join(self.installation.root, path)) for path in given]
        if not read or read[0] == self.tree.root:
            return []
        return ['the httpd that runs (process %d) begins with the file %s, and %s was read here' % (self.start.pid, read[0], self.tree.root)]

    @property
    def options(self):
        """The options that the httpd is started with: those of the running one, else those that were given."""
        return self.start.options if self.start else self.given_options

    @property
    def only_in_the_process(self):
        """Variables whose value nothing but the running process knows, where they decide what is read: list of (place, name)."""
        known = self.base_environ
        if self.start is None:
            return []
        return [(entry.place, native(entry.reason)) for entry in self.tree.from_environment
                if entry.name in STEERS and known.get(native(entry.reason)) != self.start.environ.get(native(entry.reason))]

    @property
    def installation(self):
        """The Installation of the httpd."""
        return self.httpd.installation

    @property
    def dialect(self):
        """The Dialect that the httpd speaks."""
        return self.identity.dialect

    def read(self, read=None):
        """Return the Tree, as it is or with other bytes.

        :param read: function from a path to bytes, default: the files themselves
        """
        if not self.httpd.is_there:
            return read_tree(self.installation.ssl_conf, self.installation.root, environ=self.httpd.environ, read=read)
        options = self.options
        before, after = [b'\n'.join(name_bytes(line) for line in values_of(options, letter)) for letter in 'Cc']
        return read_tree(
            self.installation.httpd_conf, self.installation.root, [name_bytes(name) for name in values_of(options, 'D')],
            self.start.environ if self.start else self.httpd.environ, self.build, read,
            self.start is not None or bool(self.given_options), self.start is not None, before, after)

    def read_fragment(self, path, read=None):
        """Return the Tree of a file that httpd does not read: of what would hold around it, its version alone is known."""
        build = self.build._replace(static_modules=None, directives=None) if self.build else None
        return read_tree(path, self.installation.root, environ=self.httpd.environ, build=build, read=read)
