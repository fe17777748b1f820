# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.
"""Find legacy clients that later used an accepted protocol: search the logs backwards, because upgraded clients are near their end."""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import re

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._logs.scanner import OUT_OF_ORDER
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._logs.streams import PIECE, PLAIN, UnreadableLog, open_log

# How much of each log is searched: for a client that reports every minute, that is hours on a large server.
MOST_BYTES = 64 * 1024 * 1024


class LaterRequests(object):
    """Find requests that came after the last legacy request of the same client.

    :ivar found: dictionary of client (bytes) to the time of its last such request, in seconds since 1970
    """

    def __init__(self, last_seen, accepted_protocols):
        """
        :param last_seen: dictionary of client (bytes) to the time of its last legacy request
        :param accepted_protocols: list of bytes
        """
        self.found = {}
        self._last_seen = last_seen
        self._accepted = accepted_protocols

    def look(self, files, form):
        """Search the uncompressed files of one log.

        :param files: list of LogFile, newest first
        :param form: LineFormat with client and time
        """
        pattern = re.compile(form.beginning(self._accepted, grouped=True) + br'.*\n|.*\n')
        left = MOST_BYTES
        open_clients = dict(self._last_seen)
        for entry in files:
            if entry.compression != PLAIN or not open_clients:
                return
            try:
                stream = open_log(entry.path, PLAIN)
            except UnreadableLog:
                return
            try:
                left -= self._look_back(stream, entry.size, pattern, form, open_clients, left)
            finally:
                stream.close()
            if left <= 0 or entry.changed < min(self._last_seen.values()):
                return

    def _look_back(self, stream, size, pattern, form, open_clients, most):
        """Read one file backwards, and return the number of bytes read."""
        position = size
        while position > 0 and size - position < most and open_clients:
            start = max(position - PIECE, 0)
            stream.seek(start)
            piece = stream.read(position - start)
            begin = piece.find(b'\n') + 1 if start else 0
            newest = self._take(piece[begin:piece.rfind(b'\n') + 1], pattern, form, open_clients)
            position = start + begin if 0 < begin < len(piece) else start
            if newest is not None and newest < min(open_clients.values() or [0]) - OUT_OF_ORDER - form.time.vague:
                break
        return size - position

    def _take(self, piece, pattern, form, open_clients):
        """Process the requests of one piece, and return the latest time of an accepted request in it."""
        newest, seen = None, {}
        for match in pattern.finditer(piece):
            if match.lastindex is None:
                continue
            client = match.group('client')
            moment = form.time.read(match.group('time')) if client in open_clients or newest is None else None
            if moment is None:
                continue
            newest = moment if newest is None else max(newest, moment)
            if client in open_clients and moment > open_clients[client] + form.time.vague:
                seen[client] = max(moment, seen.get(client, moment))
        for client, moment in seen.items():
            self.found[client] = max(moment, self.found.get(client, moment))
            del open_clients[client]
        return newest
