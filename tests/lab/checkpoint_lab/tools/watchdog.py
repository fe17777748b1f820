# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""cpWatchDog and the processes that it lists: real processes that do nothing, started and ended for real."""

from __future__ import annotations

import subprocess
import sys
import time
from typing import NamedTuple

from ..faults import active
from ..processes import alive, end, identify
from ..server import Record, Server

MOST_STARTS = 5
# What a complete cpstop has ended.
STOPPED = ("CPD", "EPM", "FWM")
LISTED = "{name:<10} {pid:<6} {stat:<5} {starts:<7} {at:<22} {monitored:<4} {command}"


class Program(NamedTuple):
    """One entry of the watchdog's list."""

    name: str
    command: str
    monitored: str
    product: str


def programs(server: Server) -> list[Program]:
    """What runs on a server of this role, in the order in which it is started. ``cpca`` is not the watchdog's child."""
    log_indexer = f"/opt/CPrt-{server.label}/log_indexer/log_indexer"
    cpm = f"/opt/CPsuite-{server.label}/fw1/scripts/cpm.sh -s"
    rows = [
        Program("CPVIEWD", "cpviewd", "N", "SVN Foundation"),
        Program("HISTORYD", "cpview_historyd", "N", "SVN Foundation"),
        Program("CPD", "cpd", "Y", "SVN Foundation"),
        Program("FWD", "fwd -n", "N", "VPN-1"),
        Program("CPM", cpm, "N", "VPN-1"),
        Program("FWM", "fwm", "Y", "VPN-1"),
        Program("RFL", "LogCore", "N", "Eventia Suite"),
        Program("SMARTVIEW", "SmartView", "N", "Eventia Suite"),
        Program("INDEXER", log_indexer, "N", "Eventia Suite"),
        Program("EPM", "startEngine", "N", "UEPM"),
        Program("DASERVICE", "DAService_script", "N", "Deployment Agent"),
    ]
    return [row for row in rows if server.management or row.name not in ("CPM", "FWM", "SMARTVIEW")]


def spawn(server: Server, name: str) -> Record:
    """Start a process that only waits, under the name of a Check Point program."""
    process = subprocess.Popen(
        [name, "infinity"],
        executable=server.settings["sleep"],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=server.environment(),
        cwd="/",
        start_new_session=True,
    )
    return identify(process.pid)


def entries(server: Server) -> dict[str, Record]:
    """The watchdog's records by process name."""
    found: dict[str, Record] = server.read("watchdog", {})
    return found


def running(server: Server, name: str) -> bool:
    """Whether a process of the list (or ``cpwd`` or ``cpca``) lives."""
    return alive(entries(server).get(name))


def launch(server: Server, name: str, command: str, monitored: str = "-") -> int:
    """Start a process unless it lives, and remember it; returns its process id."""
    with server.locked():
        known = entries(server)
        entry = known.get(name, {"starts": 0})
        if not alive(entry if "pid" in entry else None):
            began = {"starts": int(entry["starts"]) + 1, "at": time.time(), "monitored": monitored}
            known[name] = {**spawn(server, command.split()[0]), **began, "command": command}
            server.write("watchdog", known)
        return int(known[name]["pid"])


def finish(server: Server, name: str) -> bool:
    """End a process; False when it did not live. It stays in the list as terminated."""
    entry = entries(server).get(name)
    if not alive(entry):
        return False
    end([entry["pid"]] if entry else [], grace=2.0)
    return True


def outlives_stop(server: Server) -> bool:
    """Return whether cpstop leaves the watchdog running: assumed of the newer releases, see the lab's README."""
    if active(server, "watchdog-stays"):
        return True
    return not active(server, "watchdog-ends") and int(server.label.partition(".")[0].lstrip("R")) >= 81


def give_up(server: Server, name: str) -> None:
    """End a process for good: the watchdog has started it as often as it does."""
    finish(server, name)
    with server.locked():
        known = entries(server)
        known[name]["starts"] = MOST_STARTS
        server.write("watchdog", known)


def forget(server: Server) -> None:
    """Empty the list: it dies with the watchdog."""
    with server.locked():
        server.write("watchdog", {})


def listing(server: Server) -> str:
    """The table of ``cpwd_admin list``."""
    head = {"name": "APP", "pid": "PID", "stat": "STAT", "starts": "#START", "at": "START_TIME", "monitored": "MON"}
    lines = [LISTED.format(**head, command="COMMAND")]
    for program in programs(server):
        entry = entries(server).get(program.name)
        if entry:
            moment = time.localtime(entry["at"])
            at = time.strftime("[%H:%M:%S] ", moment) + f"{moment.tm_mday}/{moment.tm_mon}/{moment.tm_year}"
            lives = alive(entry)
            shown = {**entry, "name": program.name, "at": at, "stat": "E" if lives else "T"}
            lines.append(LISTED.format(**{**shown, "pid": entry["pid"] if lives else 0}))
    return "\n".join(lines) + "\n"


def cpwd_admin(server: Server, arguments: list[str]) -> int:
    """cpwd_admin list | exist."""
    verb = arguments[0] if arguments else ""
    if verb == "list" and active(server, "watchdog-unreadable"):
        sys.stdout.buffer.write(b"cpwd_admin: \xff\xfe unexpected reply (type 0x11) from cpWatchDog\n")
        return 0
    lives = running(server, "cpwd")
    if verb == "list" and not running(server, "CPD") and active(server, "watchdog-silent"):
        print("cpwd_admin: \nNo processes are registered")
        return 0
    if verb == "exist":
        print("cpwd_admin: cpWatchDog is running" if lives else "cpwd_admin: cpWatchDog is not running")
        return 0 if lives else 1
    if verb == "list":
        print(
            listing(server) if lives else "cpwd_admin: \nFailed to submit request to cpWatchDog ",
            end="\n" * (not lives),
        )
        return 0 if lives else 1
    print("Usage: cpwd_admin {list | exist}")
    return 1
