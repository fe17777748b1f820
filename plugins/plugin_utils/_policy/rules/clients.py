# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""The rule about clients: who would lose contact when a protocol is refused."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._protocols import PROTOCOLS
from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._plain_text import plain
from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._policy.policy import (
    Policy,
    read_time,
)
from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._policy.rule import (
    Outcome,
    Unreadable,
    need,
    need_list,
)

# Clients named in the message, and in the evidence. The number of all is always told.
NAMED = 10
LISTED = 100

# The clocks of a server and of the controller may differ by this much without a period counting as too short.
CLOCKS = timedelta(hours=1)

PROCEED = (
    "To proceed all the same, raise checkpoint_endpoint_legacy_clients.max, or set its action to warn or ignore: "
    "these clients then lose contact."
)


def legacy(clients: Any, policy: Policy, refuses_already: bool) -> Outcome:
    """CLIENT-1: what the server's TLS request logs say about clients that use a protocol older than all declared ones.

    :param refuses_already: the server accepts the declared protocols alone, so nobody is left to be cut off
    """
    if policy.legacy_clients.action == "ignore":
        return Outcome("not_applicable", "The policy asks nothing about legacy clients.")
    if refuses_already:
        return Outcome("not_applicable", "The server refuses other protocols already; nobody is left to be cut off.")
    if clients is None:
        return Outcome("not_applicable", "The TLS request logs were not read.")
    seen = _look(clients, policy)
    gaps = _gaps(clients, policy)
    unread = _unread(clients)
    evidence = _evidence(clients, seen, unread + gaps)
    told = " ".join(unread + gaps)
    warns = policy.legacy_clients.action == "warn"
    if seen.number > policy.legacy_clients.max:
        message = f"{_clients_text(seen, policy)} At most {policy.legacy_clients.max} may lose contact. {told}".strip()
        step = "Upgrade these clients; the playbook clients.yml lists them for the whole fleet."
        return Outcome("pending" if warns else "fail", message, evidence, step if warns else f"{step} {PROCEED}")
    message = f"{_clients_text(seen, policy)} {told}".strip() if clients["logs_protocol"] else told
    if unread:
        step = _log_step(clients)
        return Outcome("pending" if warns else "error", message, evidence, step if warns else f"{step} {PROCEED}")
    if gaps or seen.moved:
        return Outcome(
            "pending", message, evidence, "Look at the clients once more before the old protocols are refused."
        )
    return Outcome("pass", message, evidence)


@dataclass
class _Seen:
    """Legacy clients of the window: those that still are, those that used an accepted protocol since, and those without a name."""

    still: list[dict[str, Any]] = field(default_factory=list)
    moved: list[dict[str, Any]] = field(default_factory=list)
    unnamed: int = 0

    @property
    def number(self) -> int:
        return len(self.still) + self.unnamed


def _look(clients: Any, policy: Policy) -> _Seen:
    where = "the clients"
    oldest = policy.tls_protocols[0]
    older_than = need(clients, "older_than", str, where)
    if older_than not in PROTOCOLS or PROTOCOLS.index(older_than) < PROTOCOLS.index(oldest):
        raise Unreadable(f"the logs were read for clients older than {older_than}, the policy begins with {oldest}")
    start = _window_start(policy)
    seen = _Seen()
    all_listed_are_recent = True
    for entry in need_list(clients, "legacy", where):
        protocols = [name for name in PROTOCOLS if name in need(entry, "protocols", dict, "a client")]
        if not protocols or PROTOCOLS.index(protocols[0]) >= PROTOCOLS.index(oldest):
            continue
        last = _moment(entry, "last_seen")
        if last is not None and last < start:
            all_listed_are_recent = False
            continue
        later = _moment(entry, "accepted_last_seen")
        (seen.still if later is None else seen.moved).append(dict(entry))
    if all_listed_are_recent:
        # They are listed by their last request: behind one that is too old, all are.
        seen.unnamed = need(clients, "legacy_left_out", int, where)
    seen.unnamed += 1 if need(clients, "legacy_requests_unnamed", int, where) else 0
    return seen


def _unread(clients: Mapping[str, Any]) -> list[str]:
    """Sentences about what was not read at all."""
    if not need(clients, "logs_protocol", bool, "the clients"):
        return ["This server does not log the protocol of its clients, so nobody knows who would lose contact."]
    told = [
        plain(f"{need(entry, 'part', str, 'an unreadable part')}: {need(entry, 'reason', str, 'an unreadable part')}.")
        for entry in need_list(clients, "unreadable", "the clients")
    ]
    told += _hardly_understood(clients)
    more = [f"{len(told) - NAMED} more parts were not read."] if len(told) > NAMED else []
    return [f"Not read: {sentence}" for sentence in told[:NAMED]] + more


def _hardly_understood(clients: Mapping[str, Any]) -> list[str]:
    """Sentences about logs of which more lines could not be understood than could: their format is another one."""
    told = []
    for log in need_list(clients, "logs", "the clients"):
        lines, unreadable = need(log, "lines", int, "a log"), need(log, "unreadable_lines", int, "a log")
        if unreadable > lines - unreadable:
            told.append(plain(f"{log.get('path')}: {unreadable} of its {lines} lines could not be understood."))
    return told


def _gaps(clients: Mapping[str, Any], policy: Policy) -> list[str]:
    """Sentences about what the logs that were read do not tell."""
    told = []
    lines = need(clients, "unreadable_lines", int, "the clients")
    if lines:
        told.append(f"{lines} lines of the logs could not be understood.")
    period = need(clients, "period", dict, "the clients")
    logs = need_list(clients, "logs", "the clients")
    # Each log by itself: that one goes back far says nothing about the clients of another.
    for log in logs or [period]:
        if not _covers_window(clients, log, policy):
            told.append(_short_text(log, policy))
    return told[:NAMED] + ([f"{len(told) - NAMED} more logs are as short."] if len(told) > NAMED else [])


def _covers_window(clients: Mapping[str, Any], log: Any, policy: Policy) -> bool:
    """Whether a log, or all of them together, tells about all days that the policy asks for."""
    start = _window_start(policy)
    since, first = _moment(clients, "since"), _moment(log, "first")
    if need(log, "complete", bool, "a log") and (since is None or since <= start + CLOCKS):
        return True
    return first is not None and first <= start + CLOCKS


def _short_text(log: Mapping[str, Any], policy: Policy) -> str:
    path = plain(log.get("path") or "")
    name, verb = (f"The log {path}", "s") if path else ("The logs", "")
    asked = f"the {policy.legacy_clients.days} days that the policy asks for"
    first, before = _moment(log, "first"), _moment(log, "last_before")
    if before is not None and not log["complete"]:
        until = f"between {_text(before)} and {_text(first)}" if first else f"since {_text(before)}"
        return f"{name} hold{verb} no request {until}, which is part of {asked}."
    covered = (
        f"hold{verb} no request" if first is None else f"begin{verb} at {_text(max(first, _window_start(policy)))}"
    )
    return f"{name} {covered}, which is less than {asked}."


def _window_start(policy: Policy) -> datetime:
    return policy.now - timedelta(days=policy.legacy_clients.days)


def _moment(value: Any, key: str) -> datetime | None:
    found = value.get(key) if isinstance(value, Mapping) else None
    if found is None:
        return None
    try:
        return read_time(found)
    except ValueError as error:
        raise Unreadable(f"{key} of the clients is {found!r}, which is no time") from error


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _clients_text(seen: _Seen, policy: Policy) -> str:
    oldest = policy.tls_protocols[0]
    used = f"a protocol older than {oldest} within {policy.legacy_clients.days} days"
    unnamed = f" and {seen.unnamed} more" if seen.unnamed else ""
    if seen.number:
        told = f"{_count(seen.number)} used {used}: {_names(seen.still)}{unnamed}."
    else:
        told = f"The logs show {'no' if not seen.moved else 'no other'} client that used {used}."
    if seen.moved:
        moved = f"{_count(len(seen.moved))} used {used}, but came again with {oldest} or newer: {_names(seen.moved)}."
        told = f"{told} {moved}" if seen.number else f"{moved} {told}"
    return told


def _count(number: int) -> str:
    return "1 client" if number == 1 else f"{number} clients"


def _names(entries: list[dict[str, Any]]) -> str:
    told = [
        f"{plain(entry.get('address') or '') or 'a client that the log does not name'}"
        f" ({', '.join(map(str, entry['protocols']))}, last seen {entry.get('last_seen') or 'at an unknown time'},"
        f" {entry.get('count')} requests)"
        for entry in entries[:NAMED]
    ]
    more = [f"{len(entries) - NAMED} others"] if len(entries) > NAMED else []
    return ", ".join(told + more)


def _evidence(clients: Mapping[str, Any], seen: _Seen, told: list[str]) -> dict[str, Any]:
    return {
        "clients": seen.still[:LISTED],
        "since_upgraded": seen.moved[:LISTED],
        "number": seen.number,
        "left_out": max(len(seen.still) - LISTED, 0) + seen.unnamed,
        "protocols": dict(need(clients, "protocols", dict, "the clients")),
        "period": dict(need(clients, "period", dict, "the clients")),
        "not_known": told,
    }


def _log_step(clients: Mapping[str, Any]) -> str:
    line = clients.get("add_directive")
    if not line:
        return "Make these logs readable, then assess the server again."
    places = [
        f"{entry.get('scope')} ({entry.get('file')}:{entry.get('line')})"
        for entry in need_list(clients, "not_logged", "the clients")
        if isinstance(entry, Mapping)
    ]
    return f"Add to {', '.join(places) or 'each virtual host with TLS'}: {line} Then restart, and wait until clients were seen."
