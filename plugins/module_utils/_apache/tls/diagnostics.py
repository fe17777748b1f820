# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""What an administrator should know about a TLS configuration beside its meaning."""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.config.lexer import split_words
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.tls.openssl_conf_cmd import command, is_refused
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.tls.ssl_protocol import discarded_words, hole_warning, is_left_alone
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._protocols import sort_protocols
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._text import display

# Directives of other TLS modules, and words of other products for mod_ssl's: never rewritten, but mentioned.
LOOK_ALIKES = {
    b'nssprotocol': 'mod_nss', b'gnutlspriorities': 'mod_gnutls', b'tlsprotocol': 'mod_tls',
    b'sslprotocoldisable': 'IBM HTTP Server', b'sslprotocolenable': 'IBM HTTP Server',
}


DEADLY = 'the configuration test passes, and then httpd does not start'

# Directives that decide what is served where.
MATTERS = frozenset((
    b'sslprotocol', b'sslengine', b'sslopensslconfcmd', b'sslpolicy', b'sslcertificatefile', b'listen', b'protocol', b'virtualhost',
    b'servername', b'serveralias'))


# Directives that decide what is read at all.
STEERS = frozenset((b'include', b'includeoptional', b'use', b'serverroot', b'iffile', b'ifdefine', b'ifmodule', b'ifdirective', b'ifsection', b'perl'))

_TLS_MODULES = {b'gnutlsenable': 'mod_gnutls', b'nssengine': 'mod_nss', b'tlsengine': 'mod_tls'}


# Of these it does not matter which value they have, for protocols.
_INDIFFERENT = frozenset((b'sslcertificatefile', b'servername', b'serveralias'))


def unresolved(tree, names=(MATTERS | STEERS) - _INDIFFERENT):
    """Return sentences about what keeps the reading from being complete.

    :param names: names of the directives and sections that matter, as bytes
    """
    found = ['%s: %s' % (entry.place, entry.reason) for entry in tree.unresolved if entry.name in names]
    return sorted(set(found), key=found.index)


def undecided(tree):
    """Return sentences about directives of which it cannot be decided whether httpd reads them, and which matter."""
    found = []
    followed = [directive for directive, dummy_define, paths in tree.inactive_includes if [path for path in paths if tree.file(path) is None]]
    overridden = _overridden(tree)
    for directive in tree.directives():
        if directive in overridden:
            continue
        if directive.active is None and directive.name in MATTERS:
            found.append('%s: cannot determine whether httpd reads this %s' % (place(directive), display(directive.name)))
        elif directive.assumed is not None and directive.barrier is None and (
                directive.name in MATTERS or directive.name == b'use' or directive in followed):
            found.append('%s: whether httpd reads this %s depends on %s, and how httpd was started is not known' % (
                place(directive), display(directive.name), directive.assumed.text()))
        elif directive.active is not False and directive.name in _TLS_MODULES and is_on(directive):
            found.append('%s: %s serves TLS here, and its protocols are not read' % (place(directive), _TLS_MODULES[directive.name]))
    return sorted(set(found), key=found.index)


def _overridden(tree):
    """Return the SSLProtocol directives that another one of their scope overrides, which is read for sure."""
    found, later = set(), set()
    for directive in reversed(tree.directives(b'sslprotocol')):
        if directive.scope in later:
            found.add(directive)
        elif directive.active and directive.assumed is None:
            later.add(directive.scope)
    return found


def is_on(directive):
    """Return whether the first word of a directive switches something on."""
    words = split_words(directive.arguments)
    return bool(words) and words[0].lower() != b'off'


def scope_warnings(scope, configuration):
    """Return sentences about one scope."""
    found = ['%s: no protocol is left for the proxy; %s' % (place(directive), DEADLY) for directive in fatal_proxy(scope, configuration)]
    if not configuration.is_tls(scope):
        if scope.engine is None and (scope.protocol == 'https' or scope.certificates) and configuration.listeners == []:
            found.append('%s: has no SSLEngine; whether it serves TLS depends on the configuration of its httpd, which is not read here' % scope.name)
        return found
    directive = configuration.governing(scope)
    configured = configuration.configured(scope)
    if directive is None:
        found.append(_default_warning(configuration))
    elif configuration.meaning(directive) is None:
        found.append('%s: this httpd does not accept the value %s' % (place(directive), display(directive.arguments)))
    elif not configured:
        found.append('%s: no protocol is left; %s' % (place(directive), DEADLY))
    for sentence in (hole_warning(configured, configuration.dialect), _discarded_warning(directive), _policy_warning(scope)):
        if sentence:
            found.append(sentence)
    fatal = fatal_commands(scope, configuration)
    for directive in configuration.commands(scope):
        effect = 'is refused by OpenSSL; ' + DEADLY if directive in fatal else 'is applied after SSLProtocol'
        found.append('%s: SSLOpenSSLConfCmd %s %s' % (place(directive), display(directive.arguments), effect))
    return found


def fatal_commands(scope, configuration):
    """Return the SSLOpenSSLConfCmd directives of a TLS scope that OpenSSL refuses when httpd starts."""
    return [directive for directive in configuration.commands(scope)
            if configuration.is_tls(scope) and is_refused(*command(directive))]


def fatal_proxy(scope, configuration):
    """Return the SSLProxyProtocol of a scope that leaves its proxy no protocol, as a list of one or none."""
    engine = scope.proxy_engine or (scope.main.proxy_engine if scope.main else None)
    protocol = scope.proxy_protocol or (scope.main.proxy_protocol if scope.main else None)
    if engine is None or display(engine.arguments).strip('"').lower() != 'on' or protocol is None:
        return []
    return [] if configuration.meaning(protocol) else [protocol]


def place(directive):
    """``file:line`` of a directive."""
    return '%s:%d' % (directive.file, directive.line)


def _default_warning(configuration):
    if not configuration.dialect.default_is_known:
        return "no SSLProtocol: the system's crypto policy decides, which is not known here; listed is the most that it can allow"
    return 'no SSLProtocol: the default of this httpd applies, %s' % ', '.join(
        sort_protocols(configuration.configured(configuration.main)))


def _discarded_warning(directive):
    words = discarded_words(directive.arguments) if directive else []
    if not words:
        return None
    return '%s: a word without sign discards what stands before it: %s' % (place(directive), ' '.join(words))


def _policy_warning(scope):
    policy = scope.governing_policy
    return '%s: SSLPolicy %s sets protocols, too' % (place(policy), display(policy.arguments)) if policy else None


def tree_warnings(tree, configuration):
    """Return sentences about the configuration as a whole."""
    found = []
    for directive in tree.directives():
        if directive.active is False:
            if directive.name == b'sslprotocol' and is_left_alone(directive, configuration.dialect):
                found.append('%s: httpd does not read this SSLProtocol as things stand, and %s is not rewritten' % (
                    place(directive), display(directive.arguments)))
            continue
        if directive.name in _TLS_MODULES and is_on(directive):
            found.append('%s: %s %s lets %s serve TLS; its protocols are neither read nor changed' % (
                place(directive), display(directive.name), display(directive.arguments), _TLS_MODULES[directive.name]))
        if directive.name in LOOK_ALIKES:
            found.append('%s: %s %s belongs to %s and is left alone' % (
                place(directive), display(directive.name), display(directive.arguments), LOOK_ALIKES[directive.name]))
        if directive.name == b'sslprotocol' and directive.forbidden_in is not None:
            found.append('%s: httpd does not accept SSLProtocol in %s' % (place(directive), directive.forbidden_in.text()))
        if directive.active is None and directive.name in MATTERS:
            found.append('%s: cannot determine whether httpd reads this %s; it is treated as read' % (place(directive), display(directive.name)))
    found += _unread_warnings(tree)
    if not any(configuration.is_tls(scope) for scope in configuration.scopes):
        found.append('no scope of this configuration serves TLS')
    return found


def _unread_warnings(tree):
    """Return sentences about files that another start of httpd would read, and this reading did not."""
    found = []
    for directive, define, paths in tree.inactive_includes:
        paths = [path for path in paths if tree.file(path) is None]
        if paths:
            found.append('%s: %s does not hold as things stand; an httpd that is started with this define reads %s, with settings of TLS' % (
                place(directive), define.text(), ', '.join(paths)))
    return found
