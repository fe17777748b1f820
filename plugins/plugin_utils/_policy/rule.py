# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""What a rule reads and what it returns. A missing fact is an error, never a pass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NoReturn, TypeVar

from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._policy.policy import RULES, read_time

T = TypeVar("T")


class Unreadable(Exception):
    """A fact that a rule needs was not read. The text names the fact and the reason."""


@dataclass(frozen=True)
class Outcome:
    """The result of one rule for one server, before waivers are applied."""

    status: str
    message: str
    evidence: dict[str, Any] = field(default_factory=dict)
    next_step: str = ""

    def finding(self, rule: str) -> dict[str, Any]:
        """Return the outcome as the plain dictionary that roles and reports use."""
        return {
            "rule": rule,
            "title": RULES[rule],
            "status": self.status,
            "message": self.message,
            "evidence": self.evidence,
            "next_step": self.next_step,
        }


class Facts:
    """The facts of one server, as ``server_info`` returns them. Any of them may be missing."""

    def __init__(self, server: Any) -> None:
        self._server: Mapping[str, Any] = server if isinstance(server, Mapping) else {}

    def part(self, name: str) -> Mapping[str, Any]:
        """Return one part of the facts (``tls``, ``services`` ...).

        :raises Unreadable: when the server could not read it, or the part is missing
        """
        value = self._readable(name)
        if not isinstance(value, Mapping):
            raise Unreadable(f"the part {name!r} of the server's facts is missing")
        return value

    def parts(self, name: str) -> Sequence[Any]:
        """Return a part that is a list (``certificates``).

        :raises Unreadable: when the server could not read it, or the part is missing
        """
        value = self._readable(name)
        if not _is_list(value):
            raise Unreadable(f"the part {name!r} of the server's facts is missing")
        return list(value)

    def now(self) -> datetime:
        """Return what the server's own clock showed when the facts were read.

        :raises Unreadable: when the facts do not tell, as those of release 1.0.0
        """
        value = self._server.get("now")
        if value is None:
            raise Unreadable("the facts do not tell the server's time")
        try:
            return read_time(value)
        except ValueError as error:
            raise Unreadable(f"the server's time {value!r} is no time") from error

    def _readable(self, name: str) -> Any:
        unreadable = self._server.get("unreadable", [])
        if not _is_list(unreadable):
            raise Unreadable("the facts do not say which parts could not be read")
        for entry in unreadable:
            if not isinstance(entry, Mapping) or entry.get("part") == name:
                reason = entry.get("reason") if isinstance(entry, Mapping) else None
                raise Unreadable(str(reason or f"the part {name!r} could not be read, no reason given"))
        return self._server.get(name)


def need(value: Any, key: str, kind: type[T], where: str) -> T:
    """Return a value of a mapping, checked for the type that the caller needs.

    :param where: what the mapping describes, for the message
    :raises Unreadable: when the key is missing or holds something else
    """
    found = value.get(key) if isinstance(value, Mapping) else None
    if not isinstance(found, kind) or (kind is int and isinstance(found, bool)):
        _missing(key, where)
    return found


def need_list(value: Any, key: str, where: str) -> list[Any]:
    """Return a list of a mapping, as a copy.

    :raises Unreadable: when the key is missing or holds something else
    """
    found = value.get(key) if isinstance(value, Mapping) else None
    if found is None or not _is_list(found):
        _missing(key, where)
    return list(found)


def _missing(key: str, where: str) -> NoReturn:
    raise Unreadable(f"the fact {key!r} of {where} was not read")


def _is_list(value: Any) -> bool:
    return isinstance(value, Sequence) and not isinstance(value, (str, bytes))


def names(protocols: Sequence[str]) -> str:
    """Return protocols as a person writes them: ``TLSv1, TLSv1.2`` or ``none``."""
    return ", ".join(str(protocol) for protocol in protocols) or "none"
