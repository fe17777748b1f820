# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""The main server and the virtual hosts: which of them serve TLS, with which protocols, and why.

Rules: ssl_engine_config.c (merging of server and virtual host), ssl_engine_init.c (when SSLEngine is unset), core.c (ServerName).
"""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.config.lexer import split_words
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.tls.addresses import (
    Address,
    parse_address,
    parse_listen,
    parse_port,
    resolve,
)
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.tls.openssl_conf_cmd import apply_commands, command, set_by_protocols
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.tls.ssl_protocol import (
    IllegalProtocol,
    default_protocols,
    evaluate,
    is_left_alone,
)
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._text import display

MAIN, VIRTUAL_HOST = 'main', 'virtual_host'

# Attributes of a Scope by the directives of which the last one counts, and of which all do.
_LAST = {
    b'virtualhost': 'opening', b'sslengine': 'engine', b'sslpolicy': 'policy', b'sslproxyengine': 'proxy_engine', b'sslproxyprotocol': 'proxy_protocol',
}
_ALL = {b'sslprotocol': 'protocols', b'sslcertificatefile': 'certificates'}


class Scope(object):
    """One server of the configuration: the main server, or one virtual host.

    :ivar kind: ``main`` or ``virtual_host``
    :ivar section: the Section of a virtual host, None for the main server
    :ivar opening: the Directive that opened a virtual host, None for the main server
    :ivar main: the Scope of the main server, None for the main server itself
    :ivar addresses: list of Address
    :ivar server_name: text or None; ``aliases``: list of text
    :ivar engine: the last SSLEngine directive, None when there is none
    :ivar protocols: its SSLProtocol directives in their order
    :ivar policy: the SSLPolicy directive after the last SSLProtocol (Apache 2.5), else None
    :ivar commands: its SSLOpenSSLConfCmd directives that concern versions
    :ivar certificates: its SSLCertificateFile directives
    :ivar proxy_engine, proxy_protocol: the last SSLProxyEngine and SSLProxyProtocol
    :ivar tls_directives: all its directives whose name begins with SSL
    """

    def __init__(self, section, main):
        self.kind = VIRTUAL_HOST if section else MAIN
        self.section = section
        self.opening = None
        self.main = main
        self.addresses = []
        self.port = main.port if main else None
        self.server_name = None
        self.aliases = []
        self.protocol = None
        self.engine = None
        self.protocols = []
        self.policy = None
        self.commands = []
        self.certificates = []
        self.proxy_engine = None
        self.proxy_protocol = None
        self.tls_directives = []

    @property
    def name(self):
        """Return what a person calls it."""
        if self.section is None:
            return 'main server'
        return self.section.text() + (' ' + self.server_name if self.server_name else '')

    def take(self, directive):
        """Let one directive of this scope have its effect."""
        words = [display(word) for word in split_words(directive.arguments)]
        if directive.name.startswith(b'ssl'):
            self.tls_directives.append(directive)
        if directive.name in _LAST:
            setattr(self, _LAST[directive.name], directive)
        elif directive.name in _ALL:
            getattr(self, _ALL[directive.name]).append(directive)
        elif directive.name == b'servername':
            self._name(words)
        elif directive.name == b'serveralias':
            self.aliases.extend(words)
        elif directive.name == b'protocol':
            self.protocol = words[0].lower() if words else None
        elif directive.name == b'sslopensslconfcmd' and command(directive):
            self.commands.append(directive)
        if directive.name == b'sslprotocol':
            self.policy = None

    def _name(self, words):
        name = words[0].split('://')[-1] if words else ''
        host, separator, port = name.partition(':')
        self.server_name = host or None
        number = parse_port(port) if separator else None
        self.port = number if number is not None else (self.port if self.main else None)

    @property
    def governing_engine(self):
        """Return the SSLEngine directive that counts here, its own or the main server's; None when there is none."""
        return self.engine or (self.main.engine if self.main else None)

    @property
    def governing_policy(self):
        """Return the SSLPolicy that decides about protocols here in place of an SSLProtocol, None when there is none."""
        if self.main is None or self.policy is not None or self.protocols:
            return self.policy
        return self.main.policy

    @property
    def own_protocol(self):
        """Return the SSLProtocol of this very scope that counts: the last one. None when there is none."""
        return self.protocols[-1] if self.protocols else None


def _may_count(directive):
    """Return whether a directive that is not read may count under other conditions: a command whose condition never holds here does not."""
    return not directive.unused_macro and (directive.barrier is None or directive.name != b'sslopensslconfcmd')


class Configuration(object):
    """The scopes of a tree and what they mean to one httpd.

    :ivar main: Scope of the main server; ``hosts``: Scopes of the virtual hosts in the order of the files
    :ivar listeners: list of Listener
    :ivar dialect: Dialect of the httpd
    """

    def __init__(self, tree, dialect, potential=False, resolver=resolve):
        """
        :param potential: take every conditional section as read, to see the scopes that other conditions would make
        :param resolver: function from a host to a list of numeric addresses
        """
        self.dialect = dialect
        self.resolver = resolver
        self.main = Scope(None, None)
        self.hosts = []
        self.listeners = []
        self._scopes = {None: self.main}
        for directive in tree.directives():
            if directive.forbidden_in is None and (directive.active is not False or (potential and _may_count(directive))):
                self._take(directive)

    def _take(self, directive):
        if directive.name == b'sslprotocol' and is_left_alone(directive, self.dialect):
            return
        section = directive.scope
        if section not in self._scopes:
            scope = self._scopes[section] = Scope(section, self.main)
            self.hosts.append(scope)
            scope.addresses = self._addresses(section, scope.port)
        if directive.name == b'listen' and section is None:
            listener = parse_listen([display(word) for word in split_words(directive.arguments)])
            if listener is not None:
                self.listeners.extend(listener._replace(address=address) for address in self._resolved(listener.address))
        self._scopes[section].take(directive)

    def _addresses(self, section, default_port):
        found = [parse_address(display(word), default_port) for word in split_words(section.arguments)]
        return [resolved for address in found if address is not None for resolved in self._resolved(address)]

    def _resolved(self, address):
        return [Address(host, address.port) for host in self.resolver(address.host)]

    @property
    def scopes(self):
        """Return the main server first, then the virtual hosts."""
        return [self.main] + self.hosts

    def scope_of(self, directive):
        """Return the Scope that a directive belongs to, None when httpd never gets there."""
        return self._scopes.get(directive.scope)

    def engine(self, scope):
        """Return what SSLEngine comes to: ``on``, ``optional`` or ``off``.

        Where it is unset, 2.4 takes a server for TLS that has a certificate and whose listener speaks https.
        """
        directive = scope.governing_engine
        if directive is not None:
            value = display(directive.arguments).strip('"\'').lower()
            if value == 'optional' and not self.dialect.has_optional_engine:
                return 'off'
            return value if value in ('off', 'optional') else 'on'
        certificates = scope.certificates or (scope.main.certificates if scope.main else [])
        implied = self.dialect.https_implies_engine and certificates and self._speaks(scope) == 'https'
        return 'on' if implied else 'off'

    def _speaks(self, scope):
        given = scope.protocol or (scope.main.protocol if scope.main else None)
        if given is not None:
            return given
        for address in scope.addresses:
            for listener in self.listeners:
                if listener.address == address:
                    return listener.protocol
        return 'http'

    def is_tls(self, scope):
        """Return whether a scope can serve TLS."""
        return self.engine(scope) != 'off'

    def governing(self, scope):
        """Return the SSLProtocol directive that counts in a scope: its own, else the main server's, else None."""
        own = scope.own_protocol
        if own is not None and scope.main and self.dialect.vhost_all_counts_as_unset and self.meaning(own) == self.dialect.enabled:
            own = None
        return own or (scope.main.own_protocol if scope.main else None)

    def meaning(self, directive):
        """Return the protocols that a directive switches on as a frozenset; None for a value that this httpd refuses."""
        try:
            return evaluate(directive.arguments, self.dialect)
        except IllegalProtocol:
            return None

    def configured(self, scope):
        """Return the protocols that the configuration asks for, as a frozenset; empty for a value that httpd refuses."""
        directive = self.governing(scope)
        if directive is None:
            return default_protocols(self.dialect)
        return self.meaning(directive) or frozenset()

    def commands(self, scope):
        """Return the SSLOpenSSLConfCmd directives about versions, in the order in which they are applied."""
        return (scope.main.commands if scope.main else []) + scope.commands

    def versions(self, scope):
        """Return the Versions of the scope's OpenSSL context."""
        return apply_commands(set_by_protocols(self.configured(scope), self.dialect), self.commands(scope))

    def negotiable(self, scope):
        """Return the protocols that a handshake with this scope can settle on, as a frozenset."""
        return self.versions(scope).protocols(self.dialect) if self.configured(scope) else frozenset()
