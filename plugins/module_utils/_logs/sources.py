# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.
"""Choose the logs to read to know all clients of a server: for each TLS scope one log that contains the protocol."""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.tls.scopes import Configuration
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._logs.directives import DeclaredLogs, FILE, NONE, Target
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._logs.log_format import LineFormat
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._text import display

# What to add to a virtual host whose requests are logged without their protocol.
ADD_DIRECTIVE = r'CustomLog logs/ssl_request_log "%t %h %{SSL_PROTOCOL}x %{SSL_CIPHER}x \"%r\" %b"'


class Source(object):
    """One log to read.

    :ivar target: Target
    :ivar formats: list of LineFormat; several if servers write to the same file in different formats
    :ivar condition: text, empty if every request is written
    :ivar declared_at: text, file and line of its directive
    """

    def __init__(self, target, form, condition='', declared_at=''):
        self.target = target
        self.formats = [form]
        self.condition = condition
        self.declared_at = declared_at


class Sources(object):
    """The logs of a configuration.

    :ivar sources: list of Source
    :ivar logs_protocol: whether any TLS scope has a log with the protocol, readable or not
    :ivar not_logged: TLS scopes whose requests are logged without their protocol: dictionaries with scope, file and line
    :ivar unreadable: what cannot be read, dictionaries with part and reason
    :ivar declared: Targets of all existing logs, read or not, so that none is mistaken for a rotated file of another
    """

    def __init__(self):
        self.sources = []
        self.logs_protocol = False
        self.not_logged = []
        self.unreadable = []
        self.declared = []

    def add(self, log):
        """Add a Log to read, once for each file."""
        for source in self.sources:
            if source.target == log.target:
                if all(form.text != log.format_text for form in source.formats):
                    source.formats.append(log.format)
                return
        place = '%s:%d' % (log.directive.file, log.directive.line)
        self.sources.append(Source(log.target, log.format, display(log.condition), place))


def find_sources(tree, dialect, legacy_protocols):
    """Choose the logs of a configuration.

    :param tree: Tree
    :param dialect: Dialect
    :param legacy_protocols: protocols (bytes) whose requests a log must contain completely
    :returns: Sources
    """
    found = Sources()
    configuration = Configuration(tree, dialect, resolver=lambda host: [host])
    declared = DeclaredLogs(tree)
    found.declared = declared.targets()
    scopes = [scope for scope in configuration.scopes if configuration.is_tls(scope)]
    # Only versions without SSLv2 can have a log condition about protocols.
    needed = [name for name in legacy_protocols if name != b'SSLv2']
    for scope in scopes:
        logs = [log for log in declared.of(scope.section) if log.format.logs_protocol]
        if logs:
            _choose(found, scope, logs, needed)
        else:
            place = scope.section or next(iter(tree.files))
            found.not_logged.append({
                'scope': scope.name, 'file': scope.section.file if scope.section else place.path,
                'line': scope.section.line if scope.section else None})
    if not scopes:
        found.unreadable.append({'part': tree.root, 'reason': 'no server of this configuration uses TLS, so there are no logs to look for'})
    return found


def _choose(found, scope, logs, needed):
    """Return the most informative log of one scope: readable, complete, with client and time."""
    def merit(log):
        return (log.target.kind != NONE, log.covers(needed), not log.condition, log.format.logs_client, log.format.time is not None)

    found.logs_protocol = True
    best = max(logs, key=merit)
    if best.target.kind == NONE:
        found.unreadable.append({'part': 'the log of %s' % scope.name, 'reason': best.target.reason})
        return
    if not best.covers(needed):
        found.unreadable.append({
            'part': 'the log of %s' % scope.name, 'reason': 'requests are only written if %s' % display(best.condition)})
    found.add(best)


def given_sources(logs):
    """Return the given logs, without looking for any.

    :param logs: list of (path, format) as bytes
    :returns: Sources
    """
    found = Sources()
    found.logs_protocol = True
    for path, text in logs:
        form = LineFormat(text)
        found.declared.append(Target(FILE, path, None))
        if form.logs_protocol:
            found.sources.append(Source(Target(FILE, path, None), form))
        else:
            found.unreadable.append({'part': display(path), 'reason': 'the given format does not contain the protocol'})
    return found
