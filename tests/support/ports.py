# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Free TCP ports of loopback that no other process of these tests takes between their choice and their use."""

from __future__ import annotations

import contextlib
import errno
import functools
import itertools
import os
import socket
from collections.abc import Iterator

# Below the ports that outgoing connections take their own from.
PORTS = range(10000, 32000)
BLOCK = 250
GUARD = "127.0.41.2"


class PortsError(RuntimeError):
    """There are not as many free ports as asked for."""


@functools.cache
def _block(_process: int) -> tuple[socket.socket, Iterator[int]]:
    """The ports of this process alone, again and again, and what keeps them so while it lives: a socket with the first, at an address of its own."""
    for first in range(PORTS.start, PORTS.stop, BLOCK):
        held = socket.socket()
        try:
            held.bind((GUARD, first))
        except OSError:
            held.close()
            continue
        return held, itertools.cycle(range(first + 1, first + BLOCK))
    raise PortsError(f"every block of ports among {PORTS} has an owner")


def free_port() -> int:
    """A port that nothing listens on at this moment, on any address."""
    return free_ports(1)[0]


def free_ports(count: int) -> list[int]:
    """Different ports that nothing listens on at this moment, on any address, in order."""
    some = itertools.islice(_block(os.getpid())[1], BLOCK - 1)
    found = list(itertools.islice(filter(_is_free, some), count))
    if len(found) < count:
        raise PortsError(f"{count} free ports are asked for, there are {len(found)}")
    return sorted(found)


def _is_free(port: int) -> bool:
    with contextlib.ExitStack() as held:
        for family, address in ((socket.AF_INET6, "::"), (socket.AF_INET, "0.0.0.0")):
            link = held.enter_context(socket.socket(family))
            link.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            if family == socket.AF_INET6:
                link.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
            try:
                link.bind((address, port))
            except OSError as error:
                if error.errno == errno.EADDRINUSE:
                    return False
    return True
