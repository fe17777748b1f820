# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Endpoint Apache of one server: a real httpd, started and stopped by its process id file."""

from __future__ import annotations

import contextlib
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from .processes import all_pids, descendants, end, send, started, wait_gone
from .server import Server

# Understood by mod_ssl after everything else: no version lies between these two, so every handshake is refused.
REFUSE_HANDSHAKES = ("-c", "SSLOpenSSLConfCmd MinProtocol TLSv1.3", "-c", "SSLOpenSSLConfCmd MaxProtocol TLSv1.2")
STOP_SECONDS = 10.0


def _pid_file(server: Server) -> Path:
    return server.apache / "logs/httpd.pid"


def _is_ours(server: Server, pid: int) -> bool:
    try:
        command = Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False
    return str(server.apache).encode() in command and started(pid) != 0


def main_process(server: Server) -> int:
    """The process id of the running httpd, 0 when it does not run."""
    with contextlib.suppress(OSError, ValueError):
        pid = int(_pid_file(server).read_text("ascii"))
        if _is_ours(server, pid):
            return pid
    return 0


def answers(address: str, port: int, seconds: float = 1.0) -> bool:
    """Whether something accepts connections there."""
    try:
        with socket.create_connection((address, port), timeout=seconds):
            return True
    except OSError:
        return False


def start(server: Server, options: Sequence[str] = ()) -> str:
    """Start httpd unless it runs; returns what it said when it did not start, else an empty text."""
    if main_process(server):
        return ""
    # A left-over file of a killed server can hold the number of a process of today: httpd would refuse to start.
    _pid_file(server).unlink(missing_ok=True)
    done = subprocess.run(
        [str(server.apache / "bin/httpd"), *options, "-k", "start"],
        capture_output=True,
        text=True,
        errors="replace",
        env=server.environment(),
        cwd="/",
        timeout=60,
        check=False,
    )
    if done.returncode != 0:
        return done.stdout + done.stderr or f"httpd: exit status {done.returncode}\n"
    until = time.monotonic() + 10
    while time.monotonic() < until:
        if main_process(server) and any(answers(server.address, port) for port in server.ports()):
            return ""
        time.sleep(0.02)
    return "" if main_process(server) else "httpd: did not start, see its error log\n"


def stop(server: Server) -> None:
    """Stop httpd with all its children, by force when it does not go by itself."""
    pid = main_process(server)
    if pid:
        children = descendants(pid)
        send([pid], signal.SIGTERM)
        left = wait_gone([pid, *children], STOP_SECONDS)
        end(left)
    # Children outlive a parent that was killed; a configuration test by someone else is no server.
    end([found for found in all_pids() if _is_server_process(server, found)])
    _pid_file(server).unlink(missing_ok=True)


def _is_server_process(server: Server, pid: int) -> bool:
    if not _is_ours(server, pid):
        return False
    with contextlib.suppress(OSError):
        return b"-k\0start" in Path(f"/proc/{pid}/cmdline").read_bytes()
    return False


def graceful(server: Server) -> bool:
    """Let a running httpd read its configuration and certificates again; False when it does not run."""
    pid = main_process(server)
    if pid:
        send([pid], signal.SIGUSR1)
    return bool(pid)
