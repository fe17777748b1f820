# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An impatient client and a curious reader: how long a server did not answer, and every content that its files ever showed."""

from __future__ import annotations

import contextlib
import hashlib
import socket
import ssl
import threading
import time
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

from tests.lab.checkpoint_lab.server import Server
from tests.support.fleet import Fleet

# Seconds between two looks. A handshake costs the machine something, too, and many servers are watched at once.
INTERVAL = 0.25
HANDSHAKE_SECONDS = 3.0


def any_version() -> ssl.SSLContext:
    """A client that takes every version from TLSv1 on, any cipher and any certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = ssl.TLSVersion.TLSv1
    return context


def shakes_hands(context: ssl.SSLContext, address: str, port: int) -> bool:
    """Whether a handshake succeeds. Nothing is asked then, so no client is written into the server's log."""
    try:
        with (
            socket.create_connection((address, port), HANDSHAKE_SECONDS) as link,
            context.wrap_socket(link),
        ):
            return True
    except OSError:
        return False


@dataclass
class Outage:
    """From the last handshake that succeeded to the next one, in seconds of the monotonic clock."""

    began: float
    ended: float | None = None

    @property
    def seconds(self) -> float:
        """How long it took, up to now when it goes on."""
        return (self.ended or time.monotonic()) - self.began


@dataclass
class Watch:
    """Looks at one server again and again from its beginning to its end as a context.

    :ivar contents: by file below conf/, the digests of everything that was read from it
    """

    fleet: Fleet
    server: str
    outages: list[Outage] = field(default_factory=list)
    contents: dict[str, set[str]] = field(default_factory=dict)

    def __enter__(self) -> Watch:
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join(30)

    @property
    def longest(self) -> float:
        """The longest outage, seconds."""
        return max((outage.seconds for outage in self.outages), default=0.0)

    @property
    def answers(self) -> bool:
        """Whether the last handshake succeeded."""
        return not self.outages or self.outages[-1].ended is not None

    def seen_only(self, *configurations: dict[str, bytes]) -> bool:
        """Whether every file was never anything else than in one of these configurations."""
        allowed: dict[str, set[str]] = {}
        for configuration in configurations:
            for name, data in configuration.items():
                allowed.setdefault(name, set()).add(digest(data))
        return all(seen <= allowed.get(name, set()) for name, seen in self.contents.items())

    def _watch(self) -> None:
        server = lab_server(self.fleet, self.server)
        ports, context = server.ports(), any_version()
        conf = self.fleet.apache(self.server) / "conf"
        last = time.monotonic()
        while not self._stop.wait(INTERVAL):
            began = time.monotonic()
            if all(shakes_hands(context, server.address, port) for port in ports):
                last = began
                if not self.answers:
                    self.outages[-1].ended = time.monotonic()
            elif self.answers:
                self.outages.append(Outage(last))
            self._read(conf)

    def _read(self, conf: Path) -> None:
        for path in conf.rglob("*"):
            if path.name.startswith(".") or path.suffix in (".crt", ".key", ".pem"):
                continue
            # A folder, or one that is taken away with its file system.
            with contextlib.suppress(OSError):
                self.contents.setdefault(str(path.relative_to(conf)), set()).add(digest(path.read_bytes()))


def digest(data: bytes) -> str:
    """SHA-256."""
    return hashlib.sha256(data).hexdigest()


def lab_server(fleet: Fleet, name: str) -> Server:
    """A server as the lab's own tools see it: to look at it without a process for each look."""
    return Server(fleet.root(name))
