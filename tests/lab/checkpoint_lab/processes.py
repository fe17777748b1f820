# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Processes of lab servers: named so that a reused number is never taken for them, found by their mark, ended for sure."""

from __future__ import annotations

import contextlib
import os
import signal
import time
from collections.abc import Iterable
from pathlib import Path

# In the environment of every process that belongs to a lab server; its value is the server's folder.
MARK = "CHECKPOINT_LAB_SERVER"


def _stat(pid: int) -> list[str]:
    """The fields of /proc/PID/stat behind the command's name, which may hold anything; empty when there is no such process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
    except OSError:
        return []


def started(pid: int) -> int:
    """When a living process started, in clock ticks since boot; 0 when it is gone or only waits to be collected."""
    fields = _stat(pid)
    return int(fields[19]) if fields and fields[0] not in "ZX" else 0


def identify(pid: int) -> dict[str, int]:
    """A process so that it can be told from a later one with the same number."""
    return {"pid": pid, "started": started(pid)}


def alive(process: dict[str, int] | None) -> bool:
    """Whether the process that ``identify`` saw still lives."""
    return bool(process and process["started"] and started(process["pid"]) == process["started"])


def all_pids() -> list[int]:
    """Every process of this machine."""
    return [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]


def descendants(*roots: int) -> list[int]:
    """The children of processes, their children and so on, without the processes themselves."""
    children: dict[int, list[int]] = {}
    for pid in all_pids():
        fields = _stat(pid)
        if fields:
            children.setdefault(int(fields[1]), []).append(pid)
    found: list[int] = []
    waiting = list(roots)
    while waiting:
        below = children.get(waiting.pop(), [])
        found += below
        waiting += below
    return found


def name_of(pid: int) -> str:
    """The short name of a process, empty when it is gone."""
    try:
        return Path(f"/proc/{pid}/comm").read_text("utf-8", "replace").strip()
    except OSError:
        return ""


def marked(folder: str) -> list[int]:
    """Living processes that carry the mark of the server in ``folder``, or of any server below it; never this one."""
    found = []
    for pid in all_pids():
        try:
            environment = Path(f"/proc/{pid}/environ").read_bytes()
        except OSError:
            continue
        for entry in environment.split(b"\0"):
            name, _equals, value = entry.partition(b"=")
            if name == MARK.encode() and (os.fsdecode(value) + "/").startswith(folder.rstrip("/") + "/"):
                found.append(pid)
    return [pid for pid in found if pid != os.getpid() and started(pid)]


def send(pids: Iterable[int], number: int) -> None:
    """Send a signal to processes; those that are gone are no error."""
    for pid in pids:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.kill(pid, number)


def wait_gone(pids: Iterable[int], seconds: float) -> list[int]:
    """Wait until processes have ended; returns those that still live then."""
    until = time.monotonic() + seconds
    left = [pid for pid in pids if started(pid)]
    while left and time.monotonic() < until:
        time.sleep(0.01)
        left = [pid for pid in left if started(pid)]
    return left


def end(pids: Iterable[int], grace: float = 0.0) -> list[int]:
    """End processes: asked first when there is a grace time (seconds), then killed. Returns those that still live."""
    left = list(pids)
    if grace:
        send(left, signal.SIGTERM)
        left = wait_gone(left, grace)
    send(left, signal.SIGKILL)
    return wait_gone(left, 5.0)
