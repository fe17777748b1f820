# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""Plan the edits after which every scope that can serve TLS enables exactly the policy.

From a Tree, a Policy and a Dialect to new bytes per file, or to a refusal with file and line. Nothing is written here.
"""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import os

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.config.lexer import variables_in
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.edit.edits import Edit, new_contents, number_insertions
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.edit.insertion import insert_directives
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.tls.diagnostics import (
    STEERS,
    fatal_commands,
    fatal_proxy,
    scope_warnings,
    tree_warnings,
    undecided,
    unresolved,
)
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.tls.openssl_conf_cmd import apply_commands, set_by_protocols
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.tls.scopes import Configuration
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.tls.ssl_protocol import (
    IllegalProtocol,
    check_policy,
    evaluate,
    hole_warning,
    is_left_alone,
)
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError, UNCHANGED
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.file_state import read_file
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._protocols import sort_protocols
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._text import display


class Plan(object):
    """The edits that bring files to a policy.

    :ivar policy: Policy
    :ivar edits: list of Edit in the order of files and lines
    :ivar contents: dictionary of path to new bytes, only files that change; ``old``: their old bytes
    :ivar before, after: dictionary of scope to the protocols that are, and will be, configured in it
    :ivar warnings: list of texts
    :ivar is_complete: whether httpd reads everything that was planned, so that its configuration test covers it
    """

    def __init__(self, policy, edits, tree, before, after):
        """
        :param tree: Tree as it is
        :param before, after: Configuration as it is, and as it will be
        """
        self.policy = policy
        self.edits = edits
        self.contents = new_contents(edits)
        self.old = dict((path, tree.file(path).data) for path in self.contents)
        self.before = _summary(before)
        self.after = _summary(after)
        self.warnings = _warnings(policy, tree, before, after)
        self.is_complete = True

    def add(self, other, warning):
        """Add the Plan of a file that httpd does not read, and what to say about that."""
        self.edits += other.edits
        self.contents.update(other.contents)
        self.old = dict(other.old, **self.old)
        self.before.update(other.before)
        self.after.update(other.after)
        self.warnings += [text for text in [warning] + other.warnings if text not in self.warnings]
        self.is_complete = False


def plan_change(inspection, protocols):
    """Plan the change of everything that belongs to an Apache: what httpd reads, and its ssl.conf even where httpd does not read it.

    :param inspection: HttpdInspection
    :param protocols: names of protocols, as the administrator gave them
    :returns: Plan
    :raises AdministratorError: when the policy cannot be reached
    """
    dialect = inspection.dialect
    _refuse_unread(inspection)
    policy = check_policy(protocols, dialect)
    plan = plan_tree(inspection.tree, policy, dialect, lambda contents: inspection.read(_reader(contents)))
    ssl_conf = os.path.realpath(inspection.installation.ssl_conf)
    if inspection.tree.file(ssl_conf) is None:

        def reread(contents):
            return inspection.read_fragment(ssl_conf, _reader(dict(plan.contents, **contents)))

        plan.add(plan_tree(reread({}), policy, dialect, reread),
                 '%s is not read by httpd as things stand; it is treated as a file of its own' % ssl_conf)
    open_questions = undecided(inspection.tree) if inspection.httpd.is_there else []
    plan.warnings += [sentence for sentence in open_questions if sentence not in plan.warnings]
    plan.is_complete = plan.is_complete and not open_questions
    return plan


def _refuse_unread(inspection):
    """Refuse to change what httpd may read otherwise than it was read here."""
    found = inspection.disagreements + (unresolved(inspection.tree, STEERS) if inspection.httpd.is_there else [])
    found += ['%s: the value of ${%s} is known to the httpd that runs alone, so it is lost when that is stopped' % entry
              for entry in inspection.only_in_the_process]
    if found:
        raise AdministratorError(
            'cannot determine what httpd reads', path=inspection.tree.root, expected='a configuration that httpd and this collection read alike',
            found='; '.join(found), state=UNCHANGED, next_step='start httpd, so that its options can be looked at, or set them with Define or in bin/envvars')


def _reader(contents):
    return lambda path: contents[path] if path in contents else read_file(path).data


def plan_tree(tree, policy, dialect, reread):
    """Plan the change of one configuration, and prove it on the new bytes.

    :param tree: Tree as it is
    :param policy: Policy
    :param dialect: Dialect of the httpd
    :param reread: function from a dictionary (path to new bytes) to the Tree that the files would then make
    :returns: Plan
    :raises AdministratorError: when the policy cannot be reached by changing SSLProtocol; with file and line
    """
    for potential in (False, True):
        _refuse_overrides(Configuration(tree, dialect, potential), policy)
    before = Configuration(tree, dialect)
    _refuse_what_does_not_start(before)
    edits = _rewritten(tree, policy, dialect) + insert_directives(tree, policy, dialect)
    number_insertions(edits)
    after_tree = reread(new_contents(edits)) if edits else tree
    for potential in (False, True):
        _verify(Configuration(after_tree, dialect, potential), policy)
    _verify_directives(after_tree, policy, dialect)
    return Plan(policy, edits, tree, before, Configuration(after_tree, dialect))


def _rewritten(tree, policy, dialect):
    """Return an Edit for each SSLProtocol that does not mean the policy; a line that is read several times gets one."""
    edits = {}
    deciding = _deciding(tree, dialect)
    for directive in tree.directives(b'sslprotocol'):
        if directive.forbidden_in is not None and directive.active is not False:
            raise _refusal(directive, 'SSLProtocol stands where httpd does not accept it', 'it in a server or virtual host',
                           'in ' + directive.forbidden_in.text())
        if is_left_alone(directive, dialect) or _means(directive, policy, dialect):
            continue
        if not directive.literal:
            if directive not in deciding:
                continue
            raise _refusal(directive, 'the value of SSLProtocol comes from a variable or a macro parameter', 'the policy in plain words',
                           display(directive.place.text), 'write the protocols here in plain words; the value comes from %s' % _origin(directive, tree))
        edits.setdefault((directive.file, directive.place.start), _replacement(directive, policy.arguments))
    return [edits[key] for key in sorted(edits)]


def _deciding(tree, dialect):
    """Return the SSLProtocol directives that decide for a scope with TLS, now or under other conditions."""
    found = set()
    for potential in (False, True):
        configuration = Configuration(tree, dialect, potential)
        found.update(configuration.governing(scope) for scope in configuration.scopes if configuration.is_tls(scope))
    return found


def _origin(directive, tree):
    """Return where the value of a directive comes from: the Define of its variables, or the uses of its macros."""
    places = [tree.definitions.get(name.lower(), 'the environment (%s)' % display(name)) for name in variables_in(directive.place.text)]
    places += ['%s:%d' % (section.file, section.line) for section in directive.sections if section.spelling is None]
    return ', '.join(places)


def _means(directive, policy, dialect):
    """Return whether a directive means exactly the policy.

    :raises AdministratorError: for words that are not mod_ssl's, unless they come from a variable or macro parameter
    """
    try:
        return evaluate(directive.arguments, dialect) == policy.protocols
    except IllegalProtocol as problem:
        if problem.foreign and directive.literal and problem.word.startswith('#'):
            raise _refusal(directive, 'httpd has no comments after a directive, it takes these words for protocols', 'a comment on a line of its own',
                           display(directive.arguments))
        if problem.foreign and directive.literal:
            raise _refusal(directive, 'SSLProtocol has a word that mod_ssl does not know; other products use words of their own',
                           'protocols such as TLSv1.2, with or without sign', problem.word)
        return False


def _replacement(directive, arguments):
    start, end = directive.place.arguments_span()
    old = display(directive.place.statement.arguments)
    return Edit(directive.source, start, end, arguments if end > start else b' ' + arguments, directive.line,
                directive.section_text(), old, display(arguments))


def _refusal(directive, message, expected, found, next_step=None):
    return AdministratorError(
        message, path=directive.file, line=directive.line, expected=expected, found=found, state=UNCHANGED, next_step=next_step)


def _refuse_overrides(configuration, policy):
    """Refuse what takes the policy away again, whatever SSLProtocol says."""
    dialect = configuration.dialect
    for scope in configuration.scopes:
        if not configuration.is_tls(scope):
            continue
        other = scope.governing_policy
        # A virtual host that gets an SSLProtocol of its own is free of the main server's SSLPolicy.
        if other is not None and (scope.policy or scope.main.protocols):
            raise _refusal(other, 'SSLPolicy sets the protocols of %s' % scope.name, 'no SSLPolicy', display(other.arguments))
        commands = configuration.commands(scope)
        found = apply_commands(set_by_protocols(policy.protocols, dialect), commands).protocols(dialect)
        if found != policy.negotiable and commands:
            within = '' if commands[-1].active else ' under %s' % commands[-1].section_text()
            raise _refusal(commands[-1], 'SSLOpenSSLConfCmd overrides the policy in %s%s' % (scope.name, within),
                           ', '.join(sort_protocols(policy.negotiable)), ', '.join(sort_protocols(found)) or 'no protocol')


def _refuse_what_does_not_start(configuration):
    """Refuse what passes httpd's test and then keeps it from starting: after the change the server has to come up again."""
    for scope in configuration.scopes:
        for directive in fatal_commands(scope, configuration) + fatal_proxy(scope, configuration):
            raise _refusal(directive, 'httpd does not start with this; its configuration test does not see it', 'a value that is accepted',
                           display(directive.arguments))


def _verify(configuration, policy):
    """Prove that every TLS scope has the policy."""
    for scope in configuration.scopes:
        if not configuration.is_tls(scope):
            continue
        found = configuration.negotiable(scope)
        if found != policy.negotiable or configuration.configured(scope) != policy.protocols or scope.governing_policy:
            raise AdministratorError(
                '%s cannot be brought to the policy' % scope.name, path=scope.section.file if scope.section else None,
                line=scope.section.line if scope.section else None, expected=', '.join(sort_protocols(policy.protocols)),
                found=', '.join(sort_protocols(found)) or 'no protocol', state=UNCHANGED)


def _verify_directives(tree, policy, dialect):
    """Prove that every SSLProtocol means the policy, but for those that decide for nothing and have no words of their own."""
    deciding = _deciding(tree, dialect)
    for directive in tree.directives(b'sslprotocol'):
        if (directive.literal or directive in deciding) and not is_left_alone(directive, dialect) and not _means(directive, policy, dialect):
            raise _refusal(directive, 'SSLProtocol cannot be brought to the policy', ', '.join(sort_protocols(policy.protocols)),
                           display(directive.arguments))


def _summary(configuration):
    """Return protocols by scope, for scopes that serve TLS or have an SSLProtocol; equal names are told apart by their place."""
    found = {}
    for scope in configuration.scopes:
        if configuration.is_tls(scope) or scope.protocols:
            name = scope.name
            if name in found:
                name = '%s (%s:%d)' % (name, scope.section.file, scope.section.line)
            found[name] = sort_protocols(configuration.configured(scope))
    return found


def _warnings(policy, tree, before, after):
    hole = hole_warning(policy.protocols, after.dialect)
    candidates = [hole] if hole else []
    candidates += tree_warnings(tree, before)
    candidates += [sentence for scope in after.scopes for sentence in scope_warnings(scope, after)]
    return sorted(set(candidates), key=candidates.index)
