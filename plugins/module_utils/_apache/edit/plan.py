# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""The heart: which bytes of which files have to change so that every scope that can serve TLS enables exactly the policy.

Pure: from a Tree, a policy and a Dialect to new bytes per file, or to a refusal with file and line. Nothing is written here.
"""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.edit.edits import Edit, new_contents, number_insertions
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.edit.insertion import insert_directives
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.tls.diagnostics import fatal_commands, fatal_proxy
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.tls.openssl_conf_cmd import apply_commands, set_by_protocols
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.tls.scopes import Configuration
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.tls.ssl_protocol import (
    IllegalProtocol,
    canonical_arguments,
    check_policy,
    evaluate,
    is_left_alone,
    negotiable,
)
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError, UNCHANGED
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._protocols import sort_protocols
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._text import display

class Plan(object):
    """What has to change.

    :ivar policy: frozenset of protocols
    :ivar changes: list of Edit in the order of files and lines
    :ivar contents: dictionary of path to new bytes, only files that change
    :ivar before, after: Configuration as it is, and as it will be
    """

    def __init__(self, policy, changes, contents, before, after):
        self.policy = policy
        self.changes = changes
        self.contents = contents
        self.before = before
        self.after = after


def plan_rewrite(tree, protocols, dialect, reread):
    """Work out the changes.

    :param tree: Tree as it is
    :param protocols: the policy, names of protocols
    :param dialect: Dialect of the httpd
    :param reread: function from a dictionary (path to new bytes) to the Tree that the files would then make
    :returns: Plan
    :raises AdministratorError: when the policy cannot be reached by changing SSLProtocol; with file and line
    """
    policy = check_policy(protocols, dialect)
    for potential in (False, True):
        _refuse_overrides(Configuration(tree, dialect, potential), policy)
    _refuse_what_does_not_start(Configuration(tree, dialect))
    changes = _rewritten(tree, policy, dialect) + insert_directives(tree, policy, dialect)
    number_insertions(changes)
    contents = new_contents(changes)
    after_tree = reread(contents) if contents else tree
    for potential in (False, True):
        _verify(Configuration(after_tree, dialect, potential), policy)
    _verify_directives(after_tree, policy, dialect)
    return Plan(policy, changes, contents, Configuration(tree, dialect), Configuration(after_tree, dialect))


def _rewritten(tree, policy, dialect):
    """A Edit for each SSLProtocol that does not mean the policy; a line that is read several times gets one."""
    changes = {}
    for directive in tree.directives(b'sslprotocol'):
        if directive.forbidden_in is not None and directive.active is not False:
            raise _refusal(directive, 'SSLProtocol stands where httpd does not accept it', 'it in a server or virtual host',
                           'in ' + directive.forbidden_in.text())
        if is_left_alone(directive, dialect) or _means(directive, policy, dialect):
            continue
        if not directive.literal:
            raise _refusal(directive, 'the value of SSLProtocol comes from a variable or a macro parameter', 'the policy in plain words',
                           display(directive.place.text))
        key = (directive.file, directive.place.start)
        changes.setdefault(key, _replacement(directive, canonical_arguments(policy)))
    return [changes[key] for key in sorted(changes)]


def _means(directive, policy, dialect):
    """Whether a directive means exactly the policy.

    :raises AdministratorError: for words that are not mod_ssl's, unless they come from a variable or macro parameter
    """
    try:
        return evaluate(directive.arguments, dialect) == policy
    except IllegalProtocol as problem:
        if problem.foreign and directive.literal:
            raise _refusal(directive, 'SSLProtocol has a word that mod_ssl does not know; other products use words of their own',
                           'protocols such as TLSv1.2, with or without sign', problem.word)
        return False


def _replacement(directive, arguments):
    start, end = directive.place.arguments_span()
    old = display(directive.place.statement.arguments)
    return Edit(directive.source, start, end, arguments if end > start else b' ' + arguments, directive.line,
                  directive.section_text(), old, display(arguments))


def _refusal(directive, message, expected, found):
    return AdministratorError(message, path=directive.file, line=directive.line, expected=expected, found=found, state=UNCHANGED)


def _refuse_overrides(configuration, policy):
    """Refuse what takes the policy away again, whatever SSLProtocol says."""
    dialect = configuration.dialect
    wanted = negotiable(policy, dialect)
    for scope in configuration.scopes:
        other = scope.governing_policy
        # A virtual host that gets an SSLProtocol of its own is free of the main server's SSLPolicy.
        if configuration.is_tls(scope) and other is not None and (scope.policy or scope.main.protocols):
            raise _refusal(other, 'SSLPolicy sets the protocols of %s' % scope.name, 'no SSLPolicy', display(other.arguments))
        commands = configuration.commands(scope)
        found = apply_commands(set_by_protocols(policy, dialect), commands).protocols(dialect)
        if configuration.is_tls(scope) and found != wanted and commands:
            raise _refusal(commands[-1], 'SSLOpenSSLConfCmd overrides the policy in %s' % scope.name,
                           ', '.join(sort_protocols(wanted)), ', '.join(sort_protocols(found)) or 'no protocol')


def _refuse_what_does_not_start(configuration):
    """Refuse what passes httpd's test and then keeps it from starting: after the change the server has to come up again."""
    for scope in configuration.scopes:
        for directive in fatal_commands(scope, configuration) + fatal_proxy(scope, configuration):
            raise _refusal(directive, 'httpd does not start with this; its configuration test does not see it', 'a value that is accepted',
                           display(directive.arguments))


def _verify(configuration, policy):
    """Prove on the new bytes that every TLS scope has the policy."""
    wanted = negotiable(policy, configuration.dialect)
    for scope in configuration.scopes:
        if not configuration.is_tls(scope):
            continue
        if configuration.negotiable(scope) != wanted or configuration.configured(scope) != policy or scope.governing_policy:
            raise AdministratorError(
                '%s cannot be brought to the policy' % scope.name, path=scope.section.file if scope.section else None,
                line=scope.section.line if scope.section else None, expected=', '.join(sort_protocols(policy)),
                found=', '.join(sort_protocols(configuration.negotiable(scope))) or 'no protocol', state=UNCHANGED)


def _verify_directives(tree, policy, dialect):
    for directive in tree.directives(b'sslprotocol'):
        if not is_left_alone(directive, dialect) and not _means(directive, policy, dialect):
            raise _refusal(directive, 'SSLProtocol cannot be brought to the policy', ', '.join(sort_protocols(policy)),
                           display(directive.arguments))
