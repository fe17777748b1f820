# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""What the engine is given: conversations to hold, and the endpoints to hold them with."""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

from collections import deque


class Endpoint(object):
    """One host and port, what waits for it and what is known of it.

    ``address`` is the place in ``addresses`` where connections are opened: the first one until nobody is there, then the next,
    and the one that answered from then on. So all answers of a run come from one address.
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
    """One conversation to hold with an endpoint.

    :param endpoint: an Endpoint
    :param make: function that makes a new conversation: ``start()`` -> bytes to send, ``feed(data)`` -> (bytes to send,
        Verdict or None), ``end(how, again)`` -> Verdict

    ``tries`` are the connections that were made, ``silences`` those of them that the peer closed in good order without a byte,
    ``misses`` the failures to connect where no other address is left to go to.
    """

    def __init__(self, endpoint, make):
        self.endpoint = endpoint
        self.make = make
        self.tries = self.silences = self.misses = 0
        self.outcome = None
