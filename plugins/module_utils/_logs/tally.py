# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.
"""Count requests by protocol, legacy clients with the times of their first and last request, and the period that the lines cover."""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import re

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._logs.log_format import NO_TLS, LOGGED_PROTOCOLS
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._time import format_utc

# Clients that are distinguished. Each takes about 500 bytes of memory; later ones are counted but not named.
MOST_CLIENTS = 20000

# Characters that occur in no address and in no host name. A name from a resolver is untrusted.
_STRANGE = re.compile(br'[^0-9A-Za-z.:%_-]')


class LegacyClient(object):
    """One address: requests by protocol, and the times of the first and the last in seconds since 1970 (None if unknown)."""

    __slots__ = ('protocols', 'first', 'last')

    def __init__(self):
        self.protocols = {}
        self.first = self.last = None

    def add(self, protocol, number, first, last):
        """Add requests with another protocol, and the times of the first and the last of them."""
        self.protocols[protocol] = number
        moments = [moment for moment in (self.first, self.last, first, last) if moment is not None]
        if moments:
            self.first, self.last = min(moments), max(moments)

    @property
    def count(self):
        return sum(self.protocols.values())


class Tally(object):
    """Counts of one server.

    :ivar oldest_accepted: a client whose protocol is older than this one (bytes) is a legacy client
    :ivar counts: dictionary of protocol (bytes) to number of requests
    :ivar legacy_requests: by legacy protocol and client (both as bytes): [number, time of the first, time of the last]; times can be None
    :ivar unreadable_lines: lines that do not match the format of their log
    :ivar first: time of the first counted request, in seconds since 1970; ``last`` likewise
    """

    def __init__(self, oldest_accepted=b'TLSv1.2', most_clients=MOST_CLIENTS):
        self.oldest_accepted = oldest_accepted
        self.legacy_protocols = LOGGED_PROTOCOLS[:LOGGED_PROTOCOLS.index(oldest_accepted)]
        self.accepted_protocols = LOGGED_PROTOCOLS[LOGGED_PROTOCOLS.index(oldest_accepted):]
        self.counts = dict((name, 0) for name in LOGGED_PROTOCOLS + (NO_TLS,))
        self.unreadable_lines = 0
        self.first = self.last = None
        self.legacy_requests = dict((name, {}) for name in self.legacy_protocols)
        self.unnamed_requests = 0
        self._named = set()
        self._most_clients = most_clients

    @property
    def lines(self):
        """Return the number of lines that were understood."""
        return sum(self.counts.values())

    @property
    def clients(self):
        """Return the distinguished legacy clients: dictionary of client (bytes) to LegacyClient."""
        found = {}
        for protocol, requests in self.legacy_requests.items():
            for client, (number, first, last) in requests.items():
                found.setdefault(client, LegacyClient()).add(protocol, number, first, last)
        return found

    def add_legacy(self, client, protocol, moment):
        """Count one request of a legacy client.

        :param client: as bytes; the protocol itself if the log does not contain the client
        :param moment: seconds since 1970, None if unknown
        """
        self.counts[protocol] += 1
        self._add_requests(client, protocol, (1, moment, moment))

    def _add_requests(self, client, protocol, found):
        known = self.legacy_requests[protocol].get(client)
        if known is not None:
            moments = [moment for moment in known[1:] + list(found[1:]) if moment is not None] or [None]
            known[:] = known[0] + found[0], min(moments), max(moments)
        elif client in self._named or len(self._named) < self._most_clients:
            self._named.add(client)
            self.legacy_requests[protocol][client] = list(found)
        else:
            self.unnamed_requests += found[0]

    def add_tally(self, other):
        """Add the counts of another Tally for other lines."""
        for protocol, number in other.counts.items():
            self.counts[protocol] += number
        self.unreadable_lines += other.unreadable_lines
        self.unnamed_requests += other.unnamed_requests
        self.seen(other.first)
        self.seen(other.last)
        for protocol, requests in other.legacy_requests.items():
            for client, found in requests.items():
                self._add_requests(client, protocol, found)

    def seen(self, moment):
        """Extend the period to a time."""
        if moment is not None:
            self.first = moment if self.first is None else min(self.first, moment)
            self.last = moment if self.last is None else max(self.last, moment)

    def legacy(self, limit, later=None):
        """Return the legacy clients as plain values, most recently seen first, at most ``limit`` of them.

        :param later: dictionary of client to the time of a later request with an accepted protocol
        """
        order = sorted(self.clients.items(), key=lambda item: (-(item[1].last or 0), -item[1].count, item[0]))
        return [self._plain(client, known, (later or {}).get(client)) for client, known in order[:limit]]

    @staticmethod
    def _plain(client, known, later):
        return {
            'address': '' if client in LOGGED_PROTOCOLS else _STRANGE.sub(b'?', client).decode('ascii'),
            'protocols': text_counts(known.protocols),
            'first_seen': format_utc(known.first),
            'last_seen': format_utc(known.last),
            'accepted_last_seen': format_utc(later),
            'count': known.count,
        }


def text_counts(counts):
    """Return the counts by protocol with text as keys, without zeros."""
    return dict((name.decode('ascii'), number) for name, number in counts.items() if number)
