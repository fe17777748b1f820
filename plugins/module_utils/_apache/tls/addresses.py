# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""Addresses: what Listen and VirtualHost name, and which virtual hosts answer a connection.

Rules: listen.c (ap_set_listener, ap_setup_listeners), vhost.c (get_addresses, ap_fini_vhost_config, find_ipaddr, find_default_server).
"""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import re
import socket
from collections import namedtuple

HTTPS_PORT = 443
_DIGITS = re.compile(r'[0-9]+\Z')
_LONGEST_PORT = 10
_MAPPED = b'\0' * 10 + b'\xff\xff'
WILDCARDS = ('*', '_default_', '0.0.0.0', '::')

# host: None for every address, else as written or as resolved; port: None for every port
Address = namedtuple('Address', ['host', 'port'])
# protocol: what the listener speaks, in small letters: https, http or another; ipv4_only: whether it has no IPv6 address
Listener = namedtuple('Listener', ['address', 'protocol', 'ipv4_only'])


def parse_address(text, default_port=None):
    """Return an address as Listen and VirtualHost write it.

    :param text: ``443``, ``*:443``, ``192.0.2.1:443``, ``[2001:db8::1]:443``, ``_default_:*``, ``www.example.com``
    :returns: Address, or None when it is none
    """
    host, separator, port = text.rpartition(':')
    if not separator or (text.startswith('[') and text.endswith(']')):
        host, port = (text, '') if not _DIGITS.match(text) else ('*', text)
    host = host[1:-1] if host.startswith('[') and host.endswith(']') else host
    if not host or (port not in ('', '*') and parse_port(port) is None):
        return None
    number = None if port == '*' or (port == '' and default_port is None) else int(port or default_port)
    return Address(None if host.lower() in WILDCARDS else _unmapped(host.lower()), number or None)


def _unmapped(host):
    """Return an IPv4 address that is written as an IPv6 one (::ffff:192.0.2.1) as what it is: APR takes both for equal."""
    try:
        data = socket.inet_pton(socket.AF_INET6, host)
    except (socket.error, ValueError, UnicodeError):
        return host
    return socket.inet_ntop(socket.AF_INET, data[12:]) if data[:12] == _MAPPED else host


def parse_port(text):
    """Return a port number, None for anything else: ``isdigit`` takes other digits for one as well, which ``int`` does not."""
    return int(text) if _DIGITS.match(text) and len(text) <= _LONGEST_PORT and int(text) < 65536 else None


def parse_listen(words):
    """Return a Listen directive's words as a Listener, None when they are none. Port 443 speaks https unless another protocol is given."""
    words = [word for word in words if '=' not in word]
    address = parse_address(words[0]) if words else None
    if address is None or address.port is None:
        return None
    protocol = words[1].lower() if len(words) > 1 else ('https' if address.port == HTTPS_PORT else 'http')
    return Listener(address, protocol, words[0].startswith('0.0.0.0'))


def resolve(host):
    """Return the numeric addresses of a host as httpd would find them; the host itself when it is numeric or unknown."""
    if host is None or is_numeric(host):
        return [host]
    try:
        found = socket.getaddrinfo(host, None, 0, socket.SOCK_STREAM)
    except (socket.error, UnicodeError):
        return [host]
    return sorted(set(item[4][0] for item in found))


def is_numeric(host):
    """Return whether a host is written as an IPv4 or IPv6 address."""
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            socket.inet_pton(family, host)
            return True
        except (socket.error, ValueError, UnicodeError):
            continue
    return False


def by_address(scopes):
    """Return virtual hosts by each of their addresses, in the order of the files.

    :param scopes: virtual hosts; each has ``addresses``, a list of Address
    :returns: dictionary of Address to list of scopes
    """
    found = {}
    for scope in scopes:
        for address in set(scope.addresses):
            found.setdefault(address, []).append(scope)
    return found


def hosts_for(host, port, scopes):
    """Return the virtual hosts that a connection to an address can reach, in the order of the files: the first is the base.

    An exact address goes before a wildcard, an exact port before any port, and they never mix.

    :param scopes: from ``by_address``
    :returns: list of scopes, empty when the main server answers
    """
    for wanted in (Address(host, port), Address(host, None), Address(None, port), Address(None, None)):
        if wanted in scopes:
            return scopes[wanted]
    return []
