# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""An endpoint client: a heartbeat over a new TLS connection each time, with one version of TLS, and a count of those lost."""

from __future__ import annotations

import socket
import ssl
import time
import warnings
from pathlib import Path
from typing import Any

VERSIONS = {
    "TLSv1": ssl.TLSVersion.TLSv1,
    "TLSv1.1": ssl.TLSVersion.TLSv1_1,
    "TLSv1.2": ssl.TLSVersion.TLSv1_2,
    "TLSv1.3": ssl.TLSVersion.TLSv1_3,
}
REQUEST = "GET /heartbeat HTTP/1.1\r\nHost: {host}\r\nUser-Agent: lab-client\r\nConnection: close\r\n\r\n"
TIMEOUT_SECONDS = 5.0


def client_context(version: str, ca: Path) -> ssl.SSLContext:
    """A client that speaks one version and takes any cipher of it, so that it is never the one that refuses.

    :raises ValueError: for an unknown version
    """
    if version not in VERSIONS:
        raise ValueError(f"unknown TLS version {version!r}: {', '.join(VERSIONS)}")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.load_verify_locations(ca)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version = context.maximum_version = VERSIONS[version]
    return context


class Heartbeats:
    """Heartbeats to one address.

    :param address: host and port
    :param server_name: for SNI; none is sent when it is empty
    :param source: the client's own address; the system's choice when it is None
    """

    def __init__(
        self, address: tuple[str, int], version: str, ca: Path, server_name: str = "", source: str | None = None
    ) -> None:
        self.address = address
        self.version = version
        self.context = client_context(version, ca)
        self.server_name = server_name or None
        self.source = (source, 0) if source else None
        # A server refuses a request whose host is another than the one of the handshake.
        self.request = REQUEST.format(host=server_name or address[0]).encode("ascii")
        self.sent = 0
        self.lost = 0
        self.errors: dict[str, int] = {}
        self.outages: list[dict[str, float]] = []
        self._last_answer = 0.0
        self._failing = False

    def beat(self) -> bool:
        """Send one heartbeat; returns whether it was answered."""
        self.sent += 1
        try:
            with (
                socket.create_connection(self.address, TIMEOUT_SECONDS, self.source) as link,
                self.context.wrap_socket(link, server_hostname=self.server_name) as tls,
            ):
                tls.sendall(self.request)
                answer = tls.recv(64)
            if not answer.startswith(b"HTTP/1.1 204"):
                raise OSError(f"answered {answer[:32]!r}")
        except OSError as error:
            self._note(False)
            self.lost += 1
            said = getattr(error, "reason", None) or str(error) or type(error).__name__
            self.errors[said] = self.errors.get(said, 0) + 1
            return False
        self._note(True)
        return True

    def _note(self, answered: bool) -> None:
        now = time.time()
        if not answered and not self._failing:
            self.outages.append({"from": self._last_answer or now, "to": now})
        if self._failing:
            self.outages[-1]["to"] = now
        self._failing = not answered
        if answered:
            self._last_answer = now

    def run(self, seconds: float, interval: float) -> None:
        """Send heartbeats at even intervals (seconds) for some time, at least one."""
        began = time.monotonic()
        while True:
            self.beat()
            rest = began + self.sent * interval - time.monotonic()
            if time.monotonic() + max(rest, 0) - began >= seconds:
                return
            time.sleep(max(rest, 0))

    def summary(self) -> dict[str, Any]:
        """Numbers of heartbeats, and each outage from the last answer before it to the first one behind it."""
        outages = [{**item, "seconds": round(item["to"] - item["from"], 3)} for item in self.outages]
        return {
            "address": f"{self.address[0]}:{self.address[1]}",
            "tls": self.version,
            "sent": self.sent,
            "answered": self.sent - self.lost,
            "lost": self.lost,
            "outages": outages,
            "longest_outage": max((item["seconds"] for item in outages), default=0.0),
            "errors": self.errors,
        }
