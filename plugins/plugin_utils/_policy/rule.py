# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""Facts and findings: what a rule reads, and what it says. A fact that is not there is an error, never a pass."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NoReturn, TypeVar

from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._policy.policy import RULES

T = TypeVar("T")

STATUSES = ("pass", "fail", "pending", "waived", "not_applicable", "error")


class Unreadable(Exception):
    """A fact that a rule needs was not read; the text says which and why."""


@dataclass(frozen=True)
class Outcome:
    """What one rule says about one server, before waivers are applied."""

    status: str
    message: str
    evidence: dict[str, Any] = field(default_factory=dict)
    next_step: str = ""

    def finding(self, rule: str) -> dict[str, Any]:
        """The outcome as the plain dictionary that roles and reports use."""
        return {
            "rule": rule,
            "title": RULES[rule],
            "status": self.status,
            "message": self.message,
            "evidence": self.evidence,
            "next_step": self.next_step,
        }


class Facts:
    """The facts of one server as ``server_info`` returns them, with nothing taken for granted."""

    def __init__(self, server: Any) -> None:
        self._server: Mapping[str, Any] = server if isinstance(server, Mapping) else {}

    def part(self, name: str) -> Mapping[str, Any]:
        """One part of the facts (``tls``, ``services`` ...).

        :raises Unreadable: when the server could not read it, or it is not there
        """
        value = self._readable(name)
        if not isinstance(value, Mapping):
            raise Unreadable(f"the part {name!r} of the server's facts is not there")
        return value

    def parts(self, name: str) -> Sequence[Any]:
        """A part that is a list (``certificates``).

        :raises Unreadable: when the server could not read it, or it is not there
        """
        value = self._readable(name)
        if not _is_list(value):
            raise Unreadable(f"the part {name!r} of the server's facts is not there")
        return list(value)

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
    """A value of a mapping, of the type that it must have.

    :param where: what the mapping is, for the message
    :raises Unreadable: when the key is missing or holds something else
    """
    found = value.get(key) if isinstance(value, Mapping) else None
    if not isinstance(found, kind) or (kind is int and isinstance(found, bool)):
        _missing(key, where)
    return found


def need_list(value: Any, key: str, where: str) -> list[Any]:
    """Like ``need`` for a list.

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
    """Protocols as a person writes them: ``TLSv1, TLSv1.2`` or ``none``."""
    return ", ".join(str(protocol) for protocol in protocols) or "none"
