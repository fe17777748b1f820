# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""What ``server_info`` tells of the TCP listeners of a host: whose each is, and which TLS versions the chosen ones accept."""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import os

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._listeners.owners import find_owners
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._listeners.sockets import is_loopback, is_wildcard, read_sockets
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._text import display, name_bytes
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._tls.probe import probe

# Which listeners handshakes are tried with.
CHOICES = ('all', 'web', 'none')
# Short names of programs that serve web pages, or stand before a program that does.
WEB_SERVERS = ('apache2', 'caddy', 'envoy', 'haproxy', 'httpd', 'httpd2', 'lighttpd', 'nginx', 'stunnel', 'stunnel4', 'traefik')
# Where Gaia and Endpoint Security servers serve web pages.
WEB_PORTS = (443, 4434, 8443)
# Check Point's own protocols, which a stranger's handshake would disturb or fill the logs of: SIC, CPMI and what is spoken over them.
NEVER_ASKED = frozenset([256, 257, 18187, 18190, 18191, 18192, 18193, 18202, 18205, 18208, 18209, 18210, 18211, 18221, 19009])


def read_listeners(installation, mark=''):
    """Return the TCP listeners of this host with their owners.

    :param installation: Installation of the Endpoint Apache, None where it was not found
    :param mark: ``NAME=value``: only listeners of processes with it in their environment are this server's, for a rehearsal with several
        servers on one kernel, each on loopback addresses of its own. Empty on a real server.
    :returns: list of dictionaries: ``address``, ``port``, ``owner`` (``pid``, ``program``, ``name`` and ``user_id``, or None where the process
        is not seen), ``ours`` (the Endpoint Apache), ``reachable`` (by other hosts), ``web``, ``asked`` (False) and ``protocols`` (None)
    :raises AdministratorError: when the kernel's list cannot be read, or the mark is not one
    """
    sockets = read_sockets()
    owners = find_owners([socket.inode for socket in sockets], _mark(mark))
    found = [_listener(socket, owners.get(socket.inode), installation, bool(mark)) for socket in sockets if not mark or socket.inode in owners]
    # Processes that share an address with SO_REUSEPORT have a socket each.
    return [entry for number, entry in enumerate(found) if entry not in found[:number]]


def _mark(text):
    if not text:
        return None
    if not text.partition('=')[2]:
        raise AdministratorError('the mark of the listeners cannot be used', expected='NAME=value', found=text)
    return name_bytes(text)


def _listener(socket, process, installation, marked):
    return {
        'address': socket.address,
        'port': socket.port,
        'owner': None if process is None else _owner(process),
        'ours': process is not None and _is_ours(process, installation),
        'reachable': not is_loopback(socket.address) or (marked and socket.address not in ('127.0.0.1', '::1')),
        'web': socket.port in WEB_PORTS or (process is not None and display(process.name()) in WEB_SERVERS),
        'asked': False,
        'protocols': None,
    }


def _owner(process):
    program = process.program()
    return {
        'pid': process.pid,
        'program': None if program is None else display(name_bytes(program)),
        'name': display(process.name()),
        'user_id': process.user_id(),
    }


def _is_ours(process, installation):
    """Return whether a process is the Endpoint Apache: its program is the httpd, or one that the httpd, a script, started for its own root."""
    if installation is None:
        return False
    if installation.httpd is not None and process.runs(installation.httpd):
        return True
    words = process.words()
    started_for_it = any(pair == (b'-d', name_bytes(installation.root)) for pair in zip(words, words[1:]))
    return started_for_it and process.user_id() in (0, os.geteuid())


def is_asked(listener, choice):
    """Return whether a handshake is to be tried with a listener.

    :param choice: one of CHOICES
    """
    if choice == 'none' or listener['ours'] or listener['port'] in NEVER_ASKED:
        return False
    return choice == 'all' or (listener['reachable'] and listener['web'])


def ask_listeners(listeners, choice='web', timeout=5.0):
    """Return the listeners, with what those accept that handshakes are to be tried with.

    :param listeners: from ``read_listeners``
    :param choice: one of CHOICES
    :param timeout: seconds for one handshake
    """
    chosen = [entry for entry in listeners if is_asked(entry, choice)]
    results = probe([{'host': _host(entry['address']), 'port': entry['port']} for entry in chosen], timeout=timeout) if chosen else []
    answers = dict(((entry['address'], entry['port']), result['protocols']) for entry, result in zip(chosen, results))
    keys = [(entry['address'], entry['port']) for entry in listeners]
    return [dict(entry, asked=key in answers, protocols=answers.get(key)) for key, entry in zip(keys, listeners)]


def _host(address):
    if is_wildcard(address):
        return '::1' if ':' in address else '127.0.0.1'
    return address
