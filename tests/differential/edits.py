# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which lines an edit touched, by the rules of Apache's line reader, written apart from the collection's own reader."""

from __future__ import annotations

import difflib
import re

_CONTINUED = re.compile(rb"\\(\r?\n)\Z")


def logical_lines(data: bytes) -> list[bytes]:
    """The file cut into logical lines, each with all its bytes; continued physical lines stay together."""
    made: list[bytes] = []
    open_line = False
    for physical in re.findall(rb"[^\n]*\n|[^\n]+\Z", data):
        if open_line:
            made[-1] += physical
        else:
            made.append(physical)
        # What stands behind a NUL is lost to Apache, the backslash too.
        open_line = b"\0" not in physical and _CONTINUED.search(physical) is not None
    return made


def is_protocol_line(line: bytes) -> bool:
    """Whether a logical line is an SSLProtocol directive."""
    joined = re.sub(rb"\\\r?\n", b"", line).lstrip(b" \t\r\v\f")
    return re.match(rb"""["']?SSLProtocol(["'\s]|\Z)""", joined, re.IGNORECASE) is not None


def other_changes(before: bytes, after: bytes) -> list[str]:
    """What changed besides SSLProtocol lines; a line end that an inserted line needs before it does not count."""
    old, new = logical_lines(before), logical_lines(after)
    found = []
    for kind, begin, end, new_begin, new_end in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind == "equal":
            continue
        gone = [line for line in old[begin:end] if not is_protocol_line(line)]
        came = [line for line in new[new_begin:new_end] if not is_protocol_line(line)]
        if [line.rstrip(b"\r\n") for line in gone] == [line.rstrip(b"\r\n") for line in came] and _only_last(
            gone, came
        ):
            continue
        found.append(f"{gone!r} became {came!r}")
    return found


def _only_last(gone: list[bytes], came: list[bytes]) -> bool:
    """Whether line ends differ in the last line alone, and there because it had none."""
    return gone[:-1] == came[:-1] and (gone[-1:] == came[-1:] or not gone[-1].endswith(b"\n"))
