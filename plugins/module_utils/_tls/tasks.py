# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""The input of the event loop: conversations, and the endpoints to hold them with."""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

from collections import deque


class Endpoint(object):
    """A host and port, the tasks that wait for it, and what is known about it.

    ``address`` is the index into ``addresses`` of the address to connect to: the first one, the next one if it does not answer,
    and from then on the one that answered. All answers of a run thus come from one address.
    """

    def __init__(self, host, port):
        self.host = host
        self.port = port
        self.addresses, self.error = None, None
        self.address = 0
        self.answered = False
        self.waiting = deque()
        self.active = 0
        self.queued = False


class Task(object):
    """A conversation to hold with an endpoint.

    :param endpoint: an Endpoint
    :param make: function that creates a new conversation: ``start()`` -> bytes to send, ``feed(data)`` -> (bytes to send,
        Verdict or None), ``end(how, again)`` -> Verdict

    ``tries`` counts the connections, ``silences`` those that the peer closed properly without sending a byte,
    ``misses`` the failed attempts to connect when no other address was left to try.
    """

    def __init__(self, endpoint, make):
        self.endpoint = endpoint
        self.make = make
        self.tries = self.silences = self.misses = 0
        self.outcome = None
