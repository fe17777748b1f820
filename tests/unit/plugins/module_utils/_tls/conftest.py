# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import socket
import struct
import threading

import pytest


class Peer(object):
    """A server on loopback that treats every connection with a function of its own: the odd peers that no Apache plays."""

    def __init__(self, treat, family=socket.AF_INET):
        self._treat = treat
        self._server = socket.socket(family, socket.SOCK_STREAM)
        self._server.bind(('127.0.0.1' if family == socket.AF_INET else '::1', 0))
        self._server.listen(64)
        self.host, self.port = self._server.getsockname()[:2]
        self.connections = 0
        self.most_open = 0
        self._open = set()
        self._lock = threading.Lock()
        self._ended = threading.Event()
        thread = threading.Thread(target=self._accept)
        thread.daemon = True
        thread.start()

    def _accept(self):
        while not self._ended.is_set():
            try:
                link, _address = self._server.accept()
            except (OSError, IOError):
                return
            with self._lock:
                self.connections += 1
                number = self.connections
                self._open.add(number)
                self.most_open = max(self.most_open, len(self._open))
            thread = threading.Thread(target=self._serve, args=(link, number))
            thread.daemon = True
            thread.start()

    def _serve(self, link, number):
        link.settimeout(5)
        try:
            self._treat(link, number)
        except (OSError, IOError):
            # The probe hung up, as it may at any time.
            pass
        finally:
            self.leave(number)
            link.close()

    def leave(self, number):
        """Count a connection as open no longer: before its last answer, because the next one may come before this thread sees its end."""
        with self._lock:
            self._open.discard(number)

    def endpoint(self, *names):
        found = {'host': self.host, 'port': self.port}
        if names:
            found['server_names'] = list(names)
        return found

    def close(self):
        self._ended.set()
        try:
            self._server.shutdown(socket.SHUT_RDWR)
        except (OSError, IOError):
            # Not every system shuts a listening socket down; closing it is enough there.
            pass
        self._server.close()


@pytest.fixture
def peer():
    """Function that raises a Peer: ``peer(treat)``."""
    made = []

    def make(treat, family=socket.AF_INET):
        made.append(Peer(treat, family))
        return made[-1]

    yield make
    for one in made:
        one.close()


def read_hello(link):
    """The ClientHello of a connection: its record, and the version that it asks for."""
    data = b''
    while len(data) < 5 or len(data) < 5 + struct.unpack('>H', data[3:5])[0]:
        piece = link.recv(4096)
        if not piece:
            break
        data += piece
    version = struct.unpack('>H', data[9:11])[0]
    return data, 0x0304 if b'\x00\x2b\x00\x03\x02\x03\x04' in data else version


def reset(link):
    """Close with a reset instead of in good order."""
    link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
    link.close()


@pytest.fixture
def talk():
    """The two helpers above, for tests that cannot import this file."""

    class Talk(object):
        pass

    Talk.read_hello = staticmethod(read_hello)
    Talk.reset = staticmethod(reset)
    return Talk
