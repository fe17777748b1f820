# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""Describe which Apache and which OpenSSL read a configuration: the same text means different things to different ones."""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import re
from collections import namedtuple

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._protocols import PROTOCOLS

def parse_version(text):
    """Return the leading numbers of a version: ``2.4.71`` and ``1.0.2k-fips`` become (2, 4, 71) and (1, 0, 2).

    :raises ValueError: when the text does not begin with a number
    """
    match = re.match(r'\d+(?:\.\d+)*', text)
    if match is None:
        raise ValueError('%r is not a version' % text)
    return tuple(int(number) for number in match.group().split('.'))


# What an httpd says of itself. version: tuple; static_modules: frozenset of names of source files, as bytes;
# directives: dictionary of names of directives, and of sections with their bracket, in small letters, to the source files of their modules;
# None as long as nobody needed them
Build = namedtuple('Build', ['version', 'static_modules', 'directives'])


class Dialect(object):
    """The facts about one httpd that its configuration's meaning depends on.

    :ivar httpd: version of Apache as a tuple
    :ivar openssl: version of OpenSSL as a tuple
    :ivar enabled: protocols that ``SSLProtocol +X`` can switch on
    :ivar known: protocols that may be named at all; ``-SSLv2`` is known long after ``+SSLv2`` is not
    :ivar default_is_known: False for the Apache of Fedora and its kin, which leaves an absent SSLProtocol to the system's crypto policy
    """

    def __init__(self, httpd=(2, 4, 62), openssl=(3, 0, 0), enabled=None, known=None, default_is_known=True):
        self.httpd = tuple(httpd)
        self.openssl = tuple(openssl)
        self.enabled = frozenset(enabled if enabled is not None else default_enabled(self.httpd, self.openssl))
        self.default_is_known = default_is_known
        self.known = frozenset(known) if known is not None else self.enabled | {'SSLv2', 'SSLv3'}

    @property
    def allows_holes(self):
        """Return whether ``+TLSv1 +TLSv1.2`` offers both: before OpenSSL 1.1.0 each version had a switch of its own.

        From 1.1.0 on there is a lowest and a highest version, and mod_ssl takes the unbroken run below the highest
        (mod_ssl ssl_engine_init.c, ssl_init_ctx_protocol).
        """
        return self.openssl < (1, 1, 0)

    @property
    def escaped_backslash_ends_line(self):
        """Return whether two backslashes at the end of a line are an escaped one: Apache 2.2 only (util.c, ap_cfg_getline)."""
        return self.httpd < (2, 3, 0)

    @property
    def vhost_all_counts_as_unset(self):
        """Return whether a virtual host's ``SSLProtocol all`` inherits the server's value (PR 57100, mended in 2.4.16)."""
        if self.httpd < (2, 3, 0):
            return self.httpd < (2, 2, 30)
        return self.httpd < (2, 4, 13)

    @property
    def has_optional_engine(self):
        """Return whether ``SSLEngine optional`` still offers an upgrade to TLS within HTTP: until 2.4.63, later it means off."""
        return self.httpd < (2, 4, 64)

    @property
    def https_implies_engine(self):
        """Return whether a certificate and a listener that speaks https are TLS without SSLEngine: 2.4 (ssl_engine_init.c, ssl_init_Module)."""
        return self.httpd >= (2, 3, 0)

    @property
    def every_name_has_its_own_protocols(self):
        """Return whether the handshake switches protocols by server name: Apache 2.4.42 with OpenSSL 1.1.1 or later."""
        return self.httpd >= (2, 4, 42) and self.openssl >= (1, 1, 1)


def any_dialect():
    """Return the Dialect for a file without its httpd: a modern one that can still do everything, so that ``all`` is never underrated."""
    return Dialect(enabled=PROTOCOLS[1:])


def default_enabled(httpd, openssl):
    """Return the protocols that a build offers when nothing else is known (mod_ssl ssl_private.h, SSL_PROTOCOL_ALL).

    Distributions build OpenSSL 1.1.0 and later without SSLv3; a build that has it is recognised by asking it.
    """
    protocols = {'TLSv1'}
    if httpd < (2, 3, 0):
        protocols.add('SSLv2')
    if openssl < (1, 1, 0):
        protocols.add('SSLv3')
    if openssl >= (1, 0, 1):
        protocols.update(('TLSv1.1', 'TLSv1.2'))
    if openssl >= (1, 1, 1) and httpd >= (2, 4, 36):
        protocols.add('TLSv1.3')
    return protocols
