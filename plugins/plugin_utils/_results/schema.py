# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""Readers of untrusted values: each returns a bounded copy of the type that it promises, or raises Misfit.

A reader takes the value, its place for the message, and the budget that is left for the whole result.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timezone
from typing import Any, NoReturn

from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._plain_text import plain, printable

# Bounds of a whole result. The largest honest one names 20,000 clients: about 300,000 values, 6 million characters.
MOST_VALUES = 1_000_000
MOST_CHARACTERS = 32 * 1024 * 1024
DEEPEST = 24

# Bounds of one value. A path has at most 4,096 bytes; a directive can be as long as the lines of its file.
LONGEST_NAME = 256
LONGEST_TEXT = 64 * 1024
LARGEST_NUMBER = 2**63

_MOMENT = re.compile(
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]{1,6})?(?:Z|[+-][0-9]{2}:[0-9]{2})"
)


class Misfit(ValueError):
    """A result does not have the shape of its module; the text says where, what was expected and what was found."""


@dataclass
class Budget:
    """What a result may still hold."""

    values: int = MOST_VALUES
    characters: int = MOST_CHARACTERS
    levels: int = DEEPEST

    def spend(self, place: str, characters: int = 0) -> None:
        """Count one more value.

        :raises Misfit: when the result holds more than it may
        """
        self.values -= 1
        self.characters -= characters
        if self.values < 0 or self.characters < 0:
            raise Misfit(
                f"the answer is larger than {MOST_VALUES} values or {MOST_CHARACTERS} characters; reading ended at {place}"
            )

    def descend(self, place: str) -> None:
        """Enter a list or dictionary; the reader adds the level again when it leaves.

        :raises Misfit: when the result is nested deeper than it may
        """
        self.spend(place)
        self.levels -= 1
        if self.levels < 0:
            raise Misfit(f"{plain(place, 80)} is nested more than {DEEPEST} levels deep")


Reader = Callable[[Any, str, Budget], Any]


def text(longest: int = LONGEST_TEXT, cut: bool = False) -> Reader:
    """Return a reader of text.

    :param longest: the most characters
    :param cut: shorten a longer text, as is right for messages, instead of refusing it
    """

    def read(value: Any, place: str, budget: Budget) -> str:
        if not isinstance(value, str):
            _refuse(place, "text", value)
        if len(value) > longest:
            if not cut:
                raise Misfit(f"{place} has {len(value)} characters, expected at most {longest}")
            value = value[: longest - 3] + "..."
        budget.spend(place, len(value))
        return printable(value)

    return read


def moment(value: Any, place: str, budget: Budget) -> str:
    """Read a time in ISO 8601, between the years 1900 and 9999.

    :raises Misfit: for anything else
    """
    budget.spend(place, 32)
    if not isinstance(value, str) or not _MOMENT.fullmatch(value):
        _refuse(place, "a time such as 2026-11-23T10:00:00Z", value)
    try:
        found = datetime.fromisoformat(value.replace("Z", "+00:00")).astimezone(timezone.utc)
    except (ValueError, OverflowError):
        _refuse(place, "a time such as 2026-11-23T10:00:00Z", value)
    if found.year < 1900:
        _refuse(place, "a time after the year 1900", value)
    return value


def whole(value: Any, place: str, budget: Budget) -> int:
    """Read a whole number that is not negative.

    :raises Misfit: for anything else
    """
    budget.spend(place)
    if not isinstance(value, int) or isinstance(value, bool):
        _refuse(place, "a whole number", value)
    if not 0 <= value <= LARGEST_NUMBER:
        raise Misfit(f"{place} is out of range, expected a number from 0 to {LARGEST_NUMBER}")
    return value


def flag(value: Any, place: str, budget: Budget) -> bool:
    """Read true or false.

    :raises Misfit: for anything else
    """
    budget.spend(place)
    if not isinstance(value, bool):
        _refuse(place, "true or false", value)
    return value


def list_of(item: Reader) -> Reader:
    """Return a reader of a list whose items all have one type."""

    def read(value: Any, place: str, budget: Budget) -> list[Any]:
        if not _is_list(value):
            _refuse(place, "a list", value)
        budget.descend(place)
        found = [item(entry, f"{place}[{number}]", budget) for number, entry in enumerate(value)]
        budget.levels += 1
        return found

    return read


def map_of(item: Reader) -> Reader:
    """Return a reader of a dictionary whose keys come from the server and whose values all have one type."""
    return record({}, item)


def record(fields: Mapping[str, Reader], others: Reader | None = None) -> Reader:
    """Return a reader of a dictionary.

    :param fields: the reader of each known key. A key may be missing, and its value null: whoever needs it says that it was not read.
    :param others: the reader of other keys, which later versions of a module add; the default takes any bounded value
    """

    def read(value: Any, place: str, budget: Budget) -> dict[str, Any]:
        if not isinstance(value, Mapping):
            _refuse(place, "a dictionary", value)
        budget.descend(place)
        found = {}
        for key, entry in value.items():
            if not isinstance(key, str) or len(key) > LONGEST_TEXT:
                _refuse(f"a key of {place}", "text", key)
            budget.spend(place, len(key))
            name = printable(key)
            reader = fields.get(key, others or anything)
            found[name] = None if entry is None else reader(entry, f"{place}.{plain(name, 60)}", budget)
        budget.levels += 1
        return found

    return read


def anything(value: Any, place: str, budget: Budget) -> Any:
    """Read a value of any shape that JSON can hold, within bounds.

    :raises Misfit: for what JSON cannot hold, and beyond the bounds
    """
    if isinstance(value, str):
        return text(LONGEST_TEXT)(value, place, budget)
    if value is None or isinstance(value, bool):
        budget.spend(place)
        return value
    if isinstance(value, (int, float)):
        return _number(value, place, budget)
    if isinstance(value, date):
        # Only an inventory holds dates: YAML makes them of what looks like one.
        return text(LONGEST_NAME)(value.isoformat(), place, budget)
    if isinstance(value, Mapping):
        return record({})(value, place, budget)
    return list_of(anything)(value, place, budget)


def _number(value: int | float, place: str, budget: Budget) -> int | float:
    budget.spend(place)
    if isinstance(value, float) and not math.isfinite(value):
        raise Misfit(f"{place} is no number that JSON can hold, expected a finite one")
    if abs(value) > LARGEST_NUMBER:
        raise Misfit(f"{place} is out of range, expected a number up to {LARGEST_NUMBER}")
    return value


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, (str, bytes, bytearray))


def _refuse(place: str, expected: str, found: Any) -> NoReturn:
    raise Misfit(f"{plain(place, 200)} is {describe(found)}, expected {expected}")


def describe(value: Any) -> str:
    """Return what a value is, in a few words, for a message."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return f"the text {plain(value[:80], 40)!r}" if value else "an empty text"
    if isinstance(value, (int, float)):
        return "a number"
    if isinstance(value, Mapping):
        return "a dictionary"
    return "a list" if _is_list(value) else f"a value of the type {type(value).__name__}"
