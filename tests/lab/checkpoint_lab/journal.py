# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The journal of a server: one line for each call of a tool that changes it, with its time and its result.

A line is written when the call ends. A call that was killed wrote none: its beginning is kept in a file of its own until
the next look, which then writes the line for it.
"""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path

from .processes import alive, identify
from .server import Record, Server, read_json, timestamp, write_json

FILE = "journal.jsonl"


def _append(server: Server, call: Record) -> None:
    with (server.state / FILE).open("a", encoding="utf-8") as file:
        file.write(json.dumps(call) + "\n")


def _open_calls(server: Server) -> list[Path]:
    return sorted(server.state.glob("call.*.json"))


def _line(call: Record, result: str, ended: float | None) -> Record:
    seconds = None if ended is None else round(ended - call["began"], 3)
    return {
        "time": timestamp(call["began"]),
        "tool": call["tool"],
        "arguments": call["arguments"],
        "result": result,
        "seconds": seconds,
    }


@contextlib.contextmanager
def recorded(server: Server, tool: str, arguments: list[str]) -> Iterator[Record]:
    """Record one call. The block puts its result (``rc=0``) under the key ``result``.

    :param arguments: the tool's arguments as given
    """
    close_killed(server)
    call: Record = {"tool": tool, "arguments": arguments, "began": time.time(), **identify(os.getpid())}
    file = server.state / f"call.{call['began']:.6f}.{os.getpid()}.json"
    write_json(file, call)
    outcome: Record = {"result": "interrupted"}
    try:
        yield outcome
    finally:
        _append(server, _line(call, outcome["result"], time.time()))
        file.unlink(missing_ok=True)


def close_killed(server: Server) -> None:
    """Write the line of each call whose process ended without writing it."""
    for file in _open_calls(server):
        call = read_json(file)
        if call and not alive(call):
            with contextlib.suppress(FileNotFoundError):
                file.unlink()
                _append(server, _line(call, "killed", None))


def read(server: Server) -> list[Record]:
    """All calls, the oldest first; one that still runs has the result ``running``."""
    close_killed(server)
    path = server.state / FILE
    calls = [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.exists() else []
    for file in _open_calls(server):
        call = read_json(file)
        if call:
            calls.append(_line(call, "running", None))
    return sorted(calls, key=lambda call: str(call["time"]))
