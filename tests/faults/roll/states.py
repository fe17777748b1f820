# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a server is like, seen from outside and read from its disk: to compare before and after a fault."""

from __future__ import annotations

import json
import os
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.faults.roll.watch import lab_server
from tests.lab.checkpoint_lab import journal, machine
from tests.support.fleet import Fleet, changed_lines, only_protocol_lines
from tests.wire import peers

# No stock configuration of the lab means this, so every kind of server changes, on the wire too.
PROTOCOLS = ["TLSv1.2", "TLSv1.3"]
# Seconds. A server of the lab stops and starts within one second; a busy machine needs more.
STOP_TIMEOUT, START_TIMEOUT = 10, 15
DEADLINE = 60
# Beyond the deadline: stop, start, and a machine that has other things to do.
SLACK = 40.0
MODE = 0o604
OWNER = (12345, 54321)


def policy(deadline: int = DEADLINE, **more: Any) -> dict[str, Any]:
    """Variables of a run that may change servers, with limits for the lab."""
    return {
        "checkpoint_endpoint_restart": True,
        "checkpoint_endpoint_tls_protocols": PROTOCOLS,
        "checkpoint_endpoint_stop_timeout": STOP_TIMEOUT,
        "checkpoint_endpoint_start_timeout": START_TIMEOUT,
        "checkpoint_endpoint_guard_deadline": deadline,
        **more,
    }


def dress(fleet: Fleet, server: str) -> None:
    """Give the configuration a mode and, for root, an owner that nobody gives by accident."""
    for path in (fleet.apache(server) / "conf").rglob("*.conf"):
        path.chmod(MODE)
        if os.geteuid() == 0:
            os.chown(path, *OWNER)


@dataclass(frozen=True)
class ServerState:
    """The files of the configuration with their dress, the services, and every port's protocols."""

    files: dict[str, bytes]
    dress: dict[str, tuple[int, int, int]]
    services: str
    wire: dict[int, tuple[str, ...]]

    def only_protocols_differ(self, other: ServerState) -> bool:
        """Whether the files of two states differ, in lines of SSLProtocol alone, and nothing else about them does."""
        lines = [line for name in self.files for line in changed_lines(self.files[name], other.files[name])]
        return bool(lines) and only_protocol_lines(lines) and self.dress == other.dress


def state_of(fleet: Fleet, server: str) -> ServerState:
    """Look at a server now."""
    seen = lab_server(fleet, server)
    conf = fleet.apache(server) / "conf"
    # The lab fills a disk with a hidden file.
    files = {name: data for name, data in fleet.configuration(server).items() if not name.startswith(".")}
    return ServerState(
        files,
        {name: dress_of(conf / name) for name in files},
        str(machine.state(seen)["services"]),
        {port: tuple(peers.ask_s_client(seen.address, port, "")) for port in seen.ports()},
    )


def dress_of(path: Path) -> tuple[int, int, int]:
    """Mode, user and group."""
    status = path.stat()
    return (stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid)


def guard(fleet: Fleet, server: str) -> dict[str, Any]:
    """What the guard wrote down on the server; its ``state`` is ``none`` where it wrote nothing."""
    path = Path(fleet.hosts[server]["checkpoint_endpoint_state_dir"]) / "guard" / "state.json"
    found: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.exists() else {"state": "none"}
    return found


def leftovers(fleet: Fleet, server: str) -> list[Path]:
    """Temporary files of the collection beside the configuration."""
    return sorted((fleet.apache(server) / "conf").rglob(".checkpoint_endpoint_hardening.*"))


def calls(fleet: Fleet, server: str) -> list[tuple[str, str]]:
    """Tool and result of each call of cpstop and cpstart, in their order; the first is that of the boot."""
    found = journal.read(lab_server(fleet, server))
    return [(call["tool"], call["result"]) for call in found if call["tool"] in ("cpstop", "cpstart")]
