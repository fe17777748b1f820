# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""Check the value of one variable, and read switches the same way everywhere."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

ON = ("true", "yes", "on", "1")
OFF = ("false", "no", "off", "0")
UNDECIDED = ("", "none", "null")
LISTENERS = ("web", "all", "none")
FORMATS = ("html", "json", "junit", "markdown")
_SERIAL = re.compile(r"[1-9][0-9]*%?")
# A value is quoted in a message, and a message is one line of a terminal or two.
_QUOTED = 80


def read_switch(value: Any) -> bool:
    """Return what a switch says.

    :param value: a boolean, or true, false, yes, no, on, off, 1 or 0 in any case
    :raises ValueError: for anything else
    """
    word = str(value).strip().lower()
    if word not in ON + OFF:
        raise ValueError(f"is {quote(value)}, which is none of true, false, yes, no, on, off, 1 and 0")
    return word in ON


def read_consent(value: Any) -> str:
    """Return ``yes``, ``no``, ``unset`` or ``invalid`` for the three-state consent to a restart."""
    word = str(value).strip().lower()
    if word in UNDECIDED:
        return "unset"
    return "yes" if word in ON else "no" if word in OFF else "invalid"


def quote(value: Any) -> str:
    """Return a value as it may stand in a message: on one line, without control characters, cut where it is long."""
    text = json.dumps(value, default=str)
    return text if len(text) <= _QUOTED else f"{text[:_QUOTED]}..."


def check_value(kind: str, value: Any) -> str:
    """Return what is wrong with a value as the end of a sentence that begins with its name, or an empty string.

    :param kind: one of the kinds in names.py; a ``policy`` is checked as a whole elsewhere
    """
    return _CHECKS[kind](value) if kind in _CHECKS else ""


def _switch(value: Any) -> str:
    try:
        read_switch(value)
    except ValueError as error:
        return str(error)
    return ""


def _consent(value: Any) -> str:
    if read_consent(value) != "invalid":
        return ""
    return f"is {quote(value)}, which is none of true, false, yes, no, on, off, 1, 0 and empty"


def _count(value: Any) -> str:
    number = value if isinstance(value, int) and not isinstance(value, bool) else str(value).strip()
    if isinstance(number, str):
        number = int(number) if number.isascii() and number.isdigit() else 0
    return "" if number >= 1 else f"is {quote(value)}, which is not a whole number of at least 1"


def _text(value: Any) -> str:
    return "" if isinstance(value, str) else f"is {quote(value)}, which is not text"


def _controller_path(value: Any) -> str:
    if isinstance(value, str) and "\0" not in value:
        return ""
    return f"is {quote(value)}, which is not a path on this controller"


def _formats(value: Any) -> str:
    formats = _items(value)
    if formats and all(item in FORMATS for item in formats):
        return ""
    return f"is {quote(value)}, which is not a list of {', '.join(FORMATS)}"


def _listeners(value: Any) -> str:
    return "" if value in LISTENERS else f"is {quote(value)}, which is none of {', '.join(LISTENERS)}"


def _serial(value: Any) -> str:
    if _items(value) and all(_SERIAL.fullmatch(str(item).strip()) for item in _items(value)):
        return ""
    return f"is {quote(value)}, which is not a batch size such as 1 or 25%, or a list of them"


def _files(value: Any) -> str:
    entries = [] if isinstance(value, (str, Mapping)) else _items(value)
    for number, entry in enumerate(entries, start=1):
        if not isinstance(entry, Mapping) or not {"path", "backup"} <= set(entry):
            return f"has no path and backup in entry {number}, which is {quote(entry)}"
    return "" if entries or value in ("", None, []) else f"is {quote(value)}, which is not a list of path and backup"


def _items(value: Any) -> list[Any]:
    if isinstance(value, Sequence) and not isinstance(value, (str, bytes)):
        return list(value)
    return [] if value in ("", None) or isinstance(value, Mapping) else [value]


_CHECKS: dict[str, Callable[[Any], str]] = {
    "consent": _consent,
    "controller_path": _controller_path,
    "count": _count,
    "files": _files,
    "formats": _formats,
    "listeners": _listeners,
    "serial": _serial,
    "switch": _switch,
    "text": _text,
}
