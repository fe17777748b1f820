# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""The versions that an OpenSSL context lets through: what SSLProtocol sets, and what SSLOpenSSLConfCmd makes of it afterwards.

Rules: ssl_engine_init.c (ssl_init_ctx_protocol, then the commands in their order), OpenSSL's ssl_conf.c (cmd_Protocol, min_max_proto).
"""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.config.lexer import split_words
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.tls.ssl_protocol import negotiable
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._protocols import PROTOCOLS, sort_protocols
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._text import display

COMMANDS = ('protocol', 'minprotocol', 'maxprotocol')

_DATAGRAMS = ('DTLSv1', 'DTLSv1.2')

_BY_LOWER_NAME = dict((name.lower(), name) for name in PROTOCOLS)


class Versions(object):
    """What one context lets through.

    :ivar lowest, highest: names of protocols, None for no bound
    :ivar off: protocols that are switched off one by one
    """

    def __init__(self, lowest, highest, off=frozenset()):
        self.lowest = lowest
        self.highest = highest
        self.off = frozenset(off)

    def protocols(self, dialect):
        """Return the protocols that can be negotiated, as a frozenset."""
        first = PROTOCOLS.index(self.lowest) if self.lowest else 0
        last = PROTOCOLS.index(self.highest) if self.highest else len(PROTOCOLS)
        return (frozenset(PROTOCOLS[first:last + 1]) - self.off) & dialect.enabled


def set_by_protocols(configured, dialect):
    """Return the Versions that an SSLProtocol with these protocols makes."""
    if dialect.allows_holes or not configured:
        return Versions(None, None, frozenset(PROTOCOLS) - frozenset(configured))
    inside = sort_protocols(negotiable(configured, dialect))
    return Versions(inside[0], inside[-1])


def command(directive):
    """(name in small letters, value) of an SSLOpenSSLConfCmd that concerns versions, else None."""
    words = [display(word) for word in split_words(directive.arguments)]
    if len(words) == 2 and words[0].lower() in COMMANDS:
        return words[0].lower(), words[1]
    return None


def apply_commands(versions, directives):
    """Return the Versions after the SSLOpenSSLConfCmd directives, in their order.

    A value that OpenSSL does not know changes nothing here: httpd does not start with it.
    """
    for directive in directives:
        found = command(directive)
        if found is not None:
            versions = _applied(versions, found[0], found[1])
    return versions


def is_refused(name, value):
    """Return whether OpenSSL refuses the value of a command; httpd's test passes it, and then httpd does not start.

    A bound is compared exactly, the words of a list without regard to case.
    """
    if name != 'protocol':
        return value not in PROTOCOLS[1:] + _DATAGRAMS + ('None',)
    known = [word.lower() for word in PROTOCOLS + _DATAGRAMS] + ['all']
    return any(word.strip().lstrip('+-').lower() not in known for word in value.split(','))


def _applied(versions, name, value):
    if name == 'protocol':
        return Versions(versions.lowest, versions.highest, _switched(versions.off, value))
    protocol = _BY_LOWER_NAME.get(value.lower())
    if protocol is None and value.lower() != 'none':
        return versions
    if name == 'minprotocol':
        return Versions(protocol, versions.highest, versions.off)
    return Versions(versions.lowest, protocol, versions.off)


def _switched(off, value):
    """Return single versions switched by a list such as ``-ALL,TLSv1.2``; naming one does not switch off the others."""
    for word in value.split(','):
        word = word.strip()
        name = word.lstrip('+-').lower()
        named = frozenset(PROTOCOLS) if name == 'all' else frozenset((_BY_LOWER_NAME[name],)) if name in _BY_LOWER_NAME else frozenset()
        off = off | named if word.startswith('-') else off - named
    return off
