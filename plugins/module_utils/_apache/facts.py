# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""Describe for ``server_info`` the TLS configuration of an Apache, as plain dictionaries and lists."""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.config.include_paths import absolute
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.config.lexer import split_words
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.httpd.answers import undefined_variables
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.httpd.inspection import HttpdInspection
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.tls.diagnostics import scope_warnings, tree_warnings, undecided, unresolved
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.tls.endpoints import endpoints
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.tls.scopes import Configuration
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._protocols import sort_protocols
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._text import display, native

# How many reasons a message names.
_MOST_SENTENCES = 5


def read_tls_facts(httpd):
    """Return the ``tls`` part of a server's facts.

    :param httpd: Httpd
    :returns: dictionary with ``httpd``, ``files``, ``directives``, ``scopes``, ``endpoints``, ``certificate_files``,
        ``http_test`` and ``warnings``
    :raises AdministratorError: when the configuration cannot be read
    """
    reading = HttpdInspection(httpd)
    _refuse_unread(reading)
    configuration = Configuration(reading.tree, reading.dialect)
    facts = describe(reading.tree, configuration)
    facts['httpd'] = _httpd(reading)
    facts['http_test'] = reading.httpd.test() if httpd.is_there else {
        'ok': False, 'output': 'there is no httpd to test the configuration with', 'command': []}
    facts['warnings'] += undefined_variables(facts['http_test']['output'])
    return facts


def _refuse_unread(reading):
    """Refuse facts about a configuration of which something may be read otherwise: a report never says pass for what was not read."""
    found = reading.disagreements + unresolved(reading.tree) + (undecided(reading.tree) if reading.httpd.is_there else [])
    if found:
        raise AdministratorError(
            'cannot determine what httpd reads', path=reading.tree.root, expected='a configuration that httpd and this collection read alike',
            found='; '.join(found[:_MOST_SENTENCES]) + ('; %d more' % (len(found) - _MOST_SENTENCES) if len(found) > _MOST_SENTENCES else ''),
            next_step='start httpd, so that its options can be looked at, or set variables with Define or in bin/envvars')


def _httpd(reading):
    version = reading.build.version if reading.build else None
    return {
        'program': reading.installation.httpd,
        'version': '.'.join(str(number) for number in version) if version else None,
        'openssl': reading.identity.openssl_text,
        'known_protocols': sort_protocols(reading.dialect.enabled),
        'identified': reading.identity.identified,
    }


def describe(tree, configuration):
    """Return the part of the facts that follows from a Tree and its Configuration alone."""
    return {
        'files': [{'path': source.path, 'sha256': source.sha256} for source in tree.files],
        'directives': _directives(tree, configuration),
        'scopes': [_scope(scope, configuration, tree.root) for scope in configuration.scopes],
        'endpoints': endpoints(configuration),
        'certificate_files': _certificate_files(tree, configuration),
        'warnings': tree_warnings(tree, configuration),
    }


def _certificate_files(tree, configuration):
    """Return paths of the certificates that the scopes with TLS serve."""
    found = []
    for scope in configuration.scopes:
        if configuration.is_tls(scope):
            for directive in scope.certificates or (scope.main.certificates if scope.main else []):
                found += [absolute(native(word), tree.server_root) for word in split_words(directive.arguments)[:1]]
    return sorted(set(found), key=found.index)


def _directives(tree, configuration):
    found = {}
    deciding = set(configuration.governing(scope) for scope in configuration.scopes if configuration.is_tls(scope))
    for directive in tree.directives(b'sslprotocol'):
        meaning = configuration.meaning(directive)
        entry = {
            'file': directive.file,
            'line': directive.line,
            'container': directive.section_text(),
            'arguments': display(directive.arguments),
            'protocols': None if meaning is None else sort_protocols(meaning),
            'state': directive_state(directive, configuration, deciding),
        }
        key = (entry['file'], entry['line'], entry['container'], entry['arguments'], entry['state'])
        found.setdefault(key, (len(found), entry))
    return [entry for dummy, entry in sorted(found.values(), key=lambda numbered: numbered[0])]


def directive_state(directive, configuration, deciding):
    """Return what becomes of an SSLProtocol.

    :param deciding: the directives that decide for a scope that serves TLS
    :returns: ``macro`` (in a macro that nothing uses), ``inactive`` (in a condition that does not hold), ``overridden`` (by a later one of
        its scope), ``effective`` (it decides for a scope that serves TLS) or ``unused`` (for none)
    """
    if directive.unused_macro:
        return 'macro'
    scope = configuration.scope_of(directive) if directive.active is not False else None
    if scope is None:
        return 'inactive'
    if directive is not scope.own_protocol:
        return 'overridden'
    return 'effective' if directive in deciding else 'unused'


def _scope(scope, configuration, root):
    governing = configuration.governing(scope)
    return {
        'name': scope.name,
        'kind': scope.kind,
        'file': scope.section.file if scope.section else root,
        'line': scope.section.line if scope.section else None,
        'addresses': [_address(address) for address in scope.addresses],
        'server_name': scope.server_name,
        'aliases': list(scope.aliases),
        'tls': configuration.is_tls(scope),
        'governed_by': {'file': governing.file, 'line': governing.line} if governing else None,
        'configured': sort_protocols(configuration.configured(scope)),
        'negotiable': sort_protocols(configuration.negotiable(scope)),
        'warnings': scope_warnings(scope, configuration),
    }


def _address(address):
    host = '*' if address.host is None else '[%s]' % address.host if ':' in address.host else address.host
    return '%s:%s' % (host, address.port or '*')
