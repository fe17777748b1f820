# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A front: another program that answers on the TLS port while the Endpoint Apache does not run, as a proxy or the Gaia Portal may on port 443."""

from __future__ import annotations

import subprocess
import sys
import time

from . import httpd
from .processes import end, identify
from .server import Server

_PROGRAM = """
import socket, sys
link = socket.socket()
link.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
link.bind((sys.argv[1], int(sys.argv[2])))
link.listen(64)
while True:
    link.accept()[0].close()
"""


def start(server: Server) -> None:
    """Answer on the first TLS port until ``stop``."""
    process = subprocess.Popen(
        [sys.executable, "-S", "-E", "-c", _PROGRAM, server.address, str(server.ports()[0])],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=server.environment(),
        cwd="/",
        start_new_session=True,
    )
    server.write("front", identify(process.pid))
    until = time.monotonic() + 10
    while not httpd.answers(server.address, server.ports()[0]) and time.monotonic() < until:
        time.sleep(0.02)


def stop(server: Server) -> None:
    """End it, when there is one: Apache needs the port."""
    process = server.read("front")
    if process:
        end([process["pid"]])
        server.write("front", {})
