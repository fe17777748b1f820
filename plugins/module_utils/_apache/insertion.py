# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""Where an SSLProtocol is put that nobody wrote: behind SSLEngine, on a line of its own, looking like its neighbour."""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.changes import Change
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.document import display
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.scopes import Configuration
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.ssl_protocol import canonical_arguments


def insert_directives(tree, policy, dialect):
    """A change for each place where a scope that can serve TLS lacks an SSLProtocol.

    Scopes that other conditions would make are looked at, too. A place that serves several scopes (a macro, a file that is included
    twice) gets one directive.

    :returns: list of Change
    """
    changes = {}
    for potential in (False, True):
        configuration = Configuration(tree, dialect, potential)
        for scope in _ungoverned(configuration):
            source, place, container = _anchor(scope)
            changes.setdefault((source.path, place.start), _change(source, place, container, policy))
    return [changes[key] for key in sorted(changes)]


def _ungoverned(configuration):
    """TLS scopes without any SSLProtocol. The main server's goes for the virtual hosts as well."""
    main = configuration.main
    if main.protocols:
        return []
    if configuration.is_tls(main):
        return [main]
    return [scope for scope in configuration.hosts if configuration.is_tls(scope) and not scope.protocols]


def _anchor(scope):
    """(SourceFile, LogicalLine, text of the sections around) of the line behind which a person would write it."""
    candidates = [scope.engine] if scope.engine else scope.certificates or scope.tls_directives
    if candidates:
        return candidates[-1].source, candidates[-1].place, candidates[-1].container_text()
    return scope.container.source, scope.container.place, scope.container.text()


def _change(source, place, container, policy):
    """The new line. A line that ends in a backslash would swallow it, so then it goes before that line."""
    data = source.data
    arguments = canonical_arguments(policy)
    text = place.indentation(data) + b'SSLProtocol ' + arguments
    ending = place.line_ending(data)
    if place.ends_with_backslash(data):
        position, line, added = place.start, place.line, text + (ending or _usual_ending(source))
    elif ending:
        position, line, added = place.end, place.last_line + 1, text + ending
    else:
        position, line, added = place.end, place.last_line + 1, _usual_ending(source) + text
    return Change(source, position, position, added, line, container, None, display(arguments))


def _usual_ending(source):
    """How the first line of the file ends."""
    return (source.lines[0].line_ending(source.data) if source.lines else b'') or b'\n'
