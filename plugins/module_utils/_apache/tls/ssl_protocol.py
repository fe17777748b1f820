# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""What the arguments of one ``SSLProtocol`` directive mean, and how a set of protocols is written.

Source of the rules: mod_ssl ssl_engine_config.c (ssl_cmd_protocol_parse) and ssl_engine_init.c (ssl_init_ctx_protocol).
"""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

from collections import namedtuple

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.config.lexer import split_words
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError, UNCHANGED
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._protocols import PROTOCOLS, sort_protocols
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._text import display

# What every TLS scope is to enable. protocols: frozenset of names; negotiable: frozenset of those that a handshake can settle on;
# arguments: how an SSLProtocol asks for them, as bytes
Policy = namedtuple('Policy', ['protocols', 'negotiable', 'arguments'])

_BY_LOWER_NAME = dict((name.lower(), name) for name in PROTOCOLS)


class IllegalProtocol(ValueError):
    """A word that this httpd would refuse in an SSLProtocol directive.

    :ivar foreign: whether it is no word of mod_ssl at all; other products use the same directive with words of their own
    """

    def __init__(self, word, reason, foreign=False):
        ValueError.__init__(self, '%s: %s' % (word, reason))
        self.word = word
        self.reason = reason
        self.foreign = foreign


def evaluate(arguments, dialect):
    """Return the protocols that one directive switches on.

    A directive starts from nothing; ``+X`` adds, ``-X`` takes away, and a bare word throws away what stands before it.

    :param arguments: bytes, the directive's arguments as in the file (one word list, variables already expanded)
    :param dialect: Dialect of the httpd that reads it
    :returns: frozenset of protocol names, possibly empty
    :raises IllegalProtocol: for a word that this httpd does not accept
    """
    enabled = frozenset()
    for word in split_words(arguments):
        sign = word[:1] if word[:1] in (b'+', b'-') else b''
        protocols = _named(word[len(sign):], word, sign, dialect)
        if sign == b'-':
            enabled -= protocols
        elif sign == b'+':
            enabled |= protocols
        else:
            enabled = protocols
    return enabled


def is_left_alone(directive, dialect):
    """Return whether an SSLProtocol that httpd does not read is not for us to rewrite: its words are another product's, or a variable's or macro's."""
    if directive.active is not False:
        return False
    try:
        evaluate(directive.arguments, dialect)
    except IllegalProtocol as problem:
        return problem.foreign or not directive.literal
    return not directive.literal


def _named(name, word, sign, dialect):
    """Return the protocols that one word names."""
    lower = display(name).lower()
    if lower == 'all':
        return dialect.enabled
    protocol = _BY_LOWER_NAME.get(lower)
    if protocol is None:
        raise IllegalProtocol(display(word), 'not a protocol that mod_ssl knows', foreign=True)
    if protocol in dialect.enabled:
        return frozenset((protocol,))
    if protocol in dialect.known and sign == b'-':
        return frozenset((protocol,))
    raise IllegalProtocol(display(word), 'not supported by this httpd and its OpenSSL')


def discarded_words(arguments):
    """Return the words that a later bare word throws away, as text: ``TLSv1.2`` in ``TLSv1.2 TLSv1.3``. What stands there is seldom meant."""
    words = [display(word) for word in split_words(arguments)]
    bare = [index for index, word in enumerate(words) if word[:1] not in ('+', '-')]
    return [word for word in words[:bare[-1]] if word.lower() != '-all'] if bare else []


def default_protocols(dialect):
    """Return what an httpd takes when nothing says SSLProtocol: everything, without SSLv3 since 2.4.17.

    Where a crypto policy decides (see Dialect.default_is_known) this is the most that it can allow.
    """
    return dialect.enabled if dialect.httpd < (2, 4, 17) else dialect.enabled - {'SSLv3'}


def negotiable(configured, dialect):
    """Return the protocols that a handshake can settle on when ``configured`` is set.

    From OpenSSL 1.1.0 on there are no holes: the unbroken run of versions below the highest one counts
    (ssl_engine_init.c, ssl_init_ctx_protocol).

    :param configured: protocol names
    :returns: frozenset of protocol names
    """
    if dialect.allows_holes:
        return frozenset(configured)
    run = []
    for protocol in reversed(PROTOCOLS):
        if protocol in configured:
            run.append(protocol)
        elif run:
            break
    return frozenset(run)


def canonical_arguments(protocols):
    """Return how this collection writes a set of protocols: ``TLSv1.2``, or ``-all +TLSv1.2 +TLSv1.3`` for several.

    :returns: bytes
    """
    ordered = sort_protocols(protocols)
    if len(ordered) == 1:
        return ordered[0].encode('ascii')
    return b' '.join([b'-all'] + [b'+' + name.encode('ascii') for name in ordered])


def hole_warning(configured, dialect):
    """Return a sentence for a set of protocols with a hole in it, else None."""
    missing = frozenset(configured) - negotiable(configured, dialect)
    if not missing:
        return None
    return '%s is configured, but %s cannot be negotiated: OpenSSL %s offers only the unbroken run of versions below the highest' % (
        ', '.join(sort_protocols(configured)), ', '.join(sort_protocols(missing)),
        '.'.join(str(number) for number in dialect.openssl))


def check_policy(protocols, dialect):
    """Return the Policy that the administrator asked for.

    :param protocols: names as the administrator gave them
    :param dialect: Dialect of the httpd
    :returns: Policy
    :raises AdministratorError: for an unknown name, a protocol that this httpd does not know, or an empty policy
    """
    wanted = set()
    for name in protocols:
        protocol = _BY_LOWER_NAME.get(name.strip().lower())
        if protocol not in dialect.enabled:
            raise AdministratorError(
                'the policy names a protocol that this httpd cannot offer', expected='some of ' + ', '.join(
                    sort_protocols(dialect.enabled)), found=name, state=UNCHANGED)
        wanted.add(protocol)
    if not wanted:
        raise AdministratorError(
            'the policy leaves no protocol: httpd passes its configuration test with that and then does not start',
            expected='some of ' + ', '.join(sort_protocols(dialect.enabled)), found='an empty list', state=UNCHANGED)
    return Policy(frozenset(wanted), negotiable(wanted, dialect), canonical_arguments(wanted))
