# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""Insert an SSLProtocol where nobody wrote one: after SSLEngine, on a line of its own, looking like its neighbour."""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.config.conditions import CONDITIONALS
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.edit.edits import Edit
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.tls.scopes import Configuration
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._text import display


def insert_directives(tree, policy, dialect):
    """Return an Edit for each place where a scope that can serve TLS lacks an SSLProtocol.

    Scopes that other conditions would make are looked at, too. A place that serves several scopes (a macro, a file that is included
    twice) gets one directive.

    :returns: list of Edit
    """
    edits = {}
    for potential in (False, True):
        for scope, directive in _ungoverned(Configuration(tree, dialect, potential), potential):
            text = scope.section.text() if directive is scope.opening else directive.section_text()
            source, place = directive.source, directive.place
            edits.setdefault((source.path, place.start), _edit(source, place, text, policy))
    return [edits[key] for key in sorted(edits)]


def _ungoverned(configuration, potential):
    """Return TLS scopes without an SSLProtocol that is sure to be read where their TLS is switched on.

    :returns: list of (Scope, the Directive after which a person would write it)
    """
    found = []
    everywhere = [_conditions(directive, potential) for directive in configuration.main.protocols]
    for scope in configuration.scopes:
        if not configuration.is_tls(scope):
            continue
        # What the main server says, or is about to say, goes for the virtual hosts as well.
        governing = everywhere
        if scope.main is not None:
            governing = everywhere + [_conditions(directive, potential) for directive in scope.protocols]
        for conditions, directive in _anchors(scope, potential):
            if not any(needed <= conditions for needed in governing):
                found.append((scope, directive))
                governing.append(conditions)
    return found


def _conditions(directive, potential):
    """Return what has to hold for a directive to be read, beyond what is known to hold.

    :param potential: whether httpd may be started with other defines; what it has for modules and files stays
    """
    if directive.active and not potential:
        return frozenset()
    names = (b'ifdefine',) if directive.active else CONDITIONALS
    return frozenset((section.name, section.arguments) for section in directive.sections if section.name in names)


def _anchors(scope, potential):
    """(conditions, Directive) of the places that switch TLS on, those with the fewest conditions first, and the last of them before others."""
    engines = [directive for directive in scope.tls_directives if directive.name == b'sslengine']
    if not engines:
        sure = _conditions(scope.opening, potential) if scope.opening else frozenset()
        nearby = [directive for directive in scope.certificates or scope.tls_directives if _conditions(directive, potential) <= sure]
        engines = nearby[-1:] or [scope.opening or scope.tls_directives[-1]]
    return sorted(((_conditions(directive, potential), directive) for directive in reversed(engines)), key=lambda anchor: len(anchor[0]))


def _edit(source, place, section, policy):
    """Return the Edit that adds the line. A line that ends in a backslash would swallow it, so then it goes before that line."""
    data = source.data
    text = place.indentation(data) + b'SSLProtocol ' + policy.arguments
    ending = place.line_ending(data)
    if place.ends_with_backslash(data):
        position, line, added = place.start, place.line, text + (ending or _usual_ending(source))
    elif ending:
        position, line, added = place.end, place.last_line + 1, text + ending
    else:
        position, line, added = place.end, place.last_line + 1, _usual_ending(source) + text
    return Edit(source, position, position, added, line, section, None, display(policy.arguments))


def _usual_ending(source):
    """Return how the first line of the file ends."""
    return (source.lines[0].line_ending(source.data) if source.lines else b'') or b'\n'
