# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""Which addresses speak TLS, which names they answer to, and what each name negotiates.

Rules: vhost.c (which virtual hosts share an address), ssl_engine_kernel.c (ssl_find_vhost: the switch by server name).
"""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import re

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.config.include_paths import MOST_STARS, with_anything_between
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.tls.addresses import by_address, hosts_for, is_numeric
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.tls.openssl_conf_cmd import Versions
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._protocols import sort_protocols

# All of 127.0.0.0/8 is this machine.
LOOPBACKS = ['127.0.0.%d' % number for number in range(1, 10)]
UNKNOWN_NAME = 'unknown.invalid'

_WILDCARD = re.compile('[*?]')


def endpoints(configuration):
    """Return the addresses that speak TLS from the first byte.

    :param configuration: Configuration
    :returns: list of dictionaries with ``host``, ``port``, ``server_names`` and ``expected`` (name to protocols)
    """
    found = []
    scopes = by_address(configuration.hosts)
    for host, port in _reachable(configuration):
        hosts = hosts_for(host, port, scopes)
        base = hosts[0] if hosts else configuration.main
        if configuration.engine(base) != 'on':
            continue
        names = _names(hosts or [base], configuration.main)
        named = _Named(hosts, configuration.main)
        expected = dict((name, sort_protocols(_negotiated(configuration, base, named, name))) for name in names)
        found.append({'host': host, 'port': port, 'server_names': names, 'expected': expected})
    return found


def _reachable(configuration):
    """(host, port) of each address worth trying, in the order of the listeners."""
    found, known = [], set()
    for listener in configuration.listeners:
        host, port = listener.address
        for candidate in [host] if host is not None else _hosts_of_wildcard(listener, configuration):
            if (candidate, port) not in known:
                known.add((candidate, port))
                found.append((candidate, port))
    return found


def _hosts_of_wildcard(listener, configuration):
    """Return a loopback address that no virtual host has for itself, and each address that one has."""
    own = [address.host for scope in configuration.hosts for address in scope.addresses
           if address.host is not None and address.port in (None, listener.address.port)]
    free = [loopback for loopback in LOOPBACKS if loopback not in own]
    return free[:1] + [host for host in own if not (listener.ipv4_only and ':' in host)]


def _names(hosts, main):
    """Return no name, each name without wildcards, and a name that nobody has."""
    names, known = [''], set()
    for scope in hosts:
        for name in [_server_name(scope, main)] + scope.aliases:
            if name and name.lower() not in known and not _WILDCARD.search(name) and not is_numeric(name):
                known.add(name.lower())
                names.append(name)
    return names + [UNKNOWN_NAME]


def _server_name(scope, main):
    """Return the name of a virtual host; without one, on a wildcard address, it has the name of the main server."""
    if scope.server_name is None and any(address.host is None for address in scope.addresses):
        return main.server_name
    return scope.server_name


def _negotiated(configuration, base, named_hosts, name):
    """Return what a client gets that asks for a name: the base's context, with the versions of the named host where httpd switches them."""
    dialect = configuration.dialect
    versions = configuration.versions(base)
    named = named_hosts.find(name) if name and dialect.every_name_has_its_own_protocols else None
    if not configuration.configured(base) or not versions.protocols(dialect):
        # OpenSSL gives up before it reads which name is asked for.
        return frozenset()
    if named is None or named is base or not configuration.is_tls(named):
        return versions.protocols(dialect)
    other = configuration.versions(named)
    bounds = other if configuration.governing(named) is not None else versions
    return Versions(bounds.lowest, bounds.highest, versions.off | other.off).protocols(dialect)


class _Named(object):
    """Finds the first of some virtual hosts that has a name; only aliases with wildcards have to be tried one by one."""

    def __init__(self, hosts, main):
        self._hosts = hosts
        self._exact = {}
        self._patterns = []
        for number, scope in enumerate(hosts):
            for alias in scope.aliases:
                if _WILDCARD.search(alias):
                    self._patterns.append((number, _pattern(alias.lower())))
                else:
                    self._exact.setdefault(alias.lower(), number)
            self._exact.setdefault((_server_name(scope, main) or '').lower(), number)

    def find(self, name):
        """Return the virtual host with a name, None when there is none."""
        name = name.lower()
        first = self._exact.get(name, len(self._hosts))
        for number, fits in self._patterns:
            if number < first and fits(name):
                first = number
        return self._hosts[first] if first < len(self._hosts) else None


def _pattern(alias):
    """Return a function that decides whether a name fits a ServerAlias with wildcards."""
    pieces = [re.escape(piece).replace(re.escape('?'), '.') for piece in alias.split('*')]
    if len(pieces) > MOST_STARS:
        return lambda dummy_name: None
    return re.compile(with_anything_between(pieces) + r'\Z').match
