# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of the reader of request logs: every line is counted once, whichever way it is read."""

from __future__ import annotations

import contextlib
import io
import json
import re
from typing import Any

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._logs.log_format import (
    LineFormat,
    UnusableFormat,
)
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._logs.scanner import Scanner
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._logs.streams import read_pieces
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._logs.tally import (
    Tally,
    text_counts,
)


def _count(scanner: Any, data: bytes, fast: bool) -> int:
    """Let a scanner read all whole lines; returns how many there are."""
    lines = 0
    for buffer, end, kind in read_pieces(io.BytesIO(data)):
        if kind == "lines":
            lines += buffer.count(b"\n", 0, end)
            if fast:
                scanner.scan(buffer, end)
            else:
                for line in re.findall(rb"[^\n]*\n", bytes(buffer[:end])):
                    scanner.single(line)
    return lines


def _told(tally: Any) -> Any:
    clients = {name: (known.count, known.first, known.last) for name, known in tally.clients.items()}
    return tally.counts, tally.unreadable_lines, clients


def check_log(case: tuple[tuple[bytes, ...], bytes, int | None]) -> None:
    """The fast way counts what the slow way counts, no line is lost, and the result is plain data."""
    texts, data, since = case
    formats = [LineFormat(text) for text in texts]
    usable = [form for form in formats if form.logs_protocol]
    with contextlib.suppress(UnusableFormat):
        if not usable:
            return
        quick, slow = Scanner(usable, Tally()), Scanner(usable, Tally())
        lines = _count(quick, data, True)
        _count(slow, data, False)
        assert quick.tally.lines + quick.tally.unreadable_lines == lines
        assert _told(quick.tally) == _told(slow.tally)
        _check_plain(quick.tally)
        recent = Scanner(usable, Tally(), since)
        _count(recent, data, True)
        assert recent.tally.lines <= quick.tally.lines
        _check_plain(recent.tally)


def _check_plain(tally: Any) -> None:
    shown = tally.legacy(10, {client: 0 for client in tally.clients})
    json.dumps([shown, text_counts(tally.counts), tally.unreadable_lines]).encode("ascii")
    assert all(re.fullmatch(r"[0-9A-Za-z.:%_?-]*", entry["address"]) for entry in shown)
