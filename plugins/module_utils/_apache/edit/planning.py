# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""The plan for everything that belongs to an Apache: what httpd reads, and the ssl.conf even where httpd does not read it."""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import os

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.edit.plan import plan_rewrite
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.tls.diagnostics import scope_warnings, tree_warnings
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.tls.ssl_protocol import hole_warning
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.file_state import read_file
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._protocols import sort_protocols


class Outcome(object):
    """What has to change in all files.

    :ivar changes: list of Edit
    :ivar contents: dictionary of path to new bytes; ``old``: the same files' old bytes
    :ivar before, after: dictionary of scope to its configured protocols
    :ivar warnings: list of texts
    :ivar is_complete: whether httpd reads all that was planned, so that its test covers it
    """

    def __init__(self):
        self.changes = []
        self.contents = {}
        self.old = {}
        self.before = {}
        self.after = {}
        self.warnings = []
        self.is_complete = True


def plan_all(reading, protocols):
    """Plan the changes of an Apache.

    :param reading: HttpdInspection
    :param protocols: the policy, names of protocols
    :returns: Outcome
    :raises AdministratorError: when the policy cannot be reached
    """
    outcome = Outcome()
    _add(outcome, reading, reading.tree, protocols, None)
    ssl_conf = os.path.realpath(reading.installation.ssl_conf)
    if reading.tree.file(ssl_conf) is None:
        outcome.is_complete = False
        outcome.warnings.append('%s is not read by httpd as things stand; it is treated as a file of its own' % ssl_conf)
        fragment = reading.read_fragment(ssl_conf, _reader(outcome.contents))
        _add(outcome, reading, fragment, protocols, ssl_conf)
    return outcome


def _add(outcome, reading, tree, protocols, fragment):
    def reread(contents):
        read = _reader(dict(outcome.contents, **contents))
        return reading.read_fragment(fragment, read) if fragment else reading.read(read)

    plan = plan_rewrite(tree, protocols, reading.dialect, reread)
    for path in plan.contents:
        outcome.old.setdefault(path, tree.file(path).data)
    outcome.changes.extend(plan.changes)
    outcome.contents.update(plan.contents)
    outcome.before.update(_summary(plan.before))
    outcome.after.update(_summary(plan.after))
    _warn(outcome.warnings, plan, tree)


def _reader(contents):
    return lambda path: contents[path] if path in contents else read_file(path).data


def _summary(configuration):
    """Protocols by scope, for scopes that serve TLS or have an SSLProtocol; equal names are told apart by their place."""
    found = {}
    for scope in configuration.scopes:
        if configuration.is_tls(scope) or scope.protocols:
            name = scope.name
            if name in found:
                name = '%s (%s:%d)' % (name, scope.section.file, scope.section.line)
            found[name] = sort_protocols(configuration.configured(scope))
    return found


def _warn(warnings, plan, tree):
    hole = hole_warning(plan.policy, plan.after.dialect)
    candidates = [hole] if hole else []
    candidates += tree_warnings(tree, plan.before)
    candidates += [sentence for scope in plan.after.scopes for sentence in scope_warnings(scope, plan.after) if sentence != hole]
    warnings.extend(sentence for sentence in candidates if sentence not in warnings)
