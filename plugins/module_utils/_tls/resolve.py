# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""Look up the addresses of many hosts within a time limit: the system resolver itself has none and cannot be stopped."""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import socket
import threading
import time
from collections import OrderedDict, deque

# Python 2.7 has no clock that is safe from being set.
_now = getattr(time, 'monotonic', time.time)

# Maximum number of names that are looked up at the same time.
LOOKUPS = 16


def find_addresses(endpoints, timeout):
    """Look up the hosts of many endpoints, several at a time; give up on one that takes too long and start the next instead.

    :param endpoints: objects with ``host`` and ``port``; sets the ``addresses`` of each that has none, [(family, socket address)],
        and its ``error``: None, or why there are no addresses
    :param timeout: time limit for one name, in seconds
    """
    unknown = [endpoint for endpoint in endpoints if endpoint.addresses is None]
    found = _Resolver(timeout).resolve([(endpoint.host, endpoint.port) for endpoint in unknown])
    for endpoint in unknown:
        endpoint.addresses, endpoint.error = found[endpoint.host, endpoint.port]


def is_address(text):
    """Return whether a host is given as an IPv4 or IPv6 address."""
    for family in (socket.AF_INET, socket.AF_INET6):
        try:
            socket.inet_pton(family, text)
        except (OSError, IOError, ValueError, TypeError):
            continue
        return True
    return False


class _Resolver(object):
    def __init__(self, timeout):
        self._timeout = timeout
        self._found = {}
        self._late = OrderedDict()
        self._changed = threading.Condition()

    def resolve(self, wanted):
        waiting = deque(OrderedDict.fromkeys(wanted))
        with self._changed:
            while waiting or self._late:
                while waiting and len(self._late) < LOOKUPS:
                    self._begin(waiting.popleft())
                self._wait()
            return dict(self._found)

    def _begin(self, key):
        if is_address(key[0]):
            # It requires no lookup and therefore no thread.
            self._found[key] = _look_up(*key)
            return
        # A daemon thread: a lookup that was given up must not keep the process from ending.
        thread = threading.Thread(target=self._run, args=(key,))
        thread.daemon = True
        try:
            thread.start()
        except (RuntimeError, threading.ThreadError):
            # No more threads are available here: slow is better than not at all.
            self._found[key] = _look_up(*key)
            return
        self._late[key] = _now() + self._timeout

    def _run(self, key):
        found = _look_up(*key)
        with self._changed:
            if self._late.pop(key, None) is not None:
                self._found[key] = found
                self._changed.notify()

    def _wait(self):
        # All have the same time limit, so the one that started first is the first to exceed it.
        for key, deadline in list(self._late.items())[:1]:
            left = deadline - _now()
            if left > 0:
                self._changed.wait(left)
            else:
                del self._late[key]
                words = 'the name %s was not resolved within %g seconds' % (key[0], self._timeout)
                self._found[key] = ([], words)


def _look_up(host, port):
    """Return the addresses of a host: ([(family, socket address)], None), or ([], why there are none)."""
    try:
        found = socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM)
    except (OSError, IOError, ValueError, TypeError) as error:
        # UnicodeError or a null byte: the name cannot be passed to the resolver.
        return [], 'the name %s could not be resolved: %s' % (host, getattr(error, 'strerror', None) or error)
    addresses = []
    for family, _kind, _protocol, _name, address in found:
        if family in (socket.AF_INET, socket.AF_INET6) and (family, address) not in addresses:
            addresses.append((family, address))
    return addresses, None if addresses else 'the name %s has no address' % host
