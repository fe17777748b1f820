# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""The rule about clients: which ones would lose contact when a protocol is refused."""

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
    Facts,
    Outcome,
    Unreadable,
    names,
    need,
    need_list,
)

# Clients named in the message, and in the evidence. The number of all is always told.
NAMED = 10
LISTED = 100

# A log whose first line is this much younger than the window counts as complete: lines come when clients do.
SLACK = timedelta(hours=1)

PROCEED = (
    "To proceed all the same, raise checkpoint_endpoint_legacy_clients.max, or set its action to warn or ignore: "
    "these clients then lose contact."
)


def depending(clients: Any, facts: Facts, policy: Policy, tls_statuses: tuple[str, str]) -> Outcome:
    """CLIENT-1: which clients depend on a protocol that is not declared, according to the server's TLS request logs.

    :param clients: the clients as ``tls_client_info`` returns them, None when no log was read
    :param facts: the facts of the server, for its time where the clients do not carry one
    :param tls_statuses: the statuses of TLS-1 and TLS-2 after waivers
    """
    not_asked = _not_asked(clients, policy, tls_statuses)
    if not_asked:
        return Outcome("not_applicable", not_asked)
    window = Window(_server_time(clients, facts), policy.legacy_clients.days)
    seen = _look(clients, policy, window)
    gaps = _gaps(clients, window)
    unread = _unread(clients)
    evidence = _evidence(clients, seen, unread + gaps)
    told = " ".join([*_newer_text(clients, seen, policy), *unread, *gaps])
    warns = policy.legacy_clients.action == "warn"
    if seen.number > policy.legacy_clients.max:
        message = f"{_clients_text(seen, policy)} At most {policy.legacy_clients.max} may lose contact. {told}".strip()
        step = "Upgrade these clients; the playbook clients.yml lists them for the whole fleet."
        return Outcome("pending" if warns else "fail", message, evidence, step if warns else f"{step} {PROCEED}")
    message = f"{_clients_text(seen, policy)} {told}".strip() if clients["logs_protocol"] else told
    if unread:
        step = _log_step(clients)
        return Outcome("pending" if warns else "error", message, evidence, step if warns else f"{step} {PROCEED}")
    if gaps or seen.moved or seen.newer:
        return Outcome("pending", message, evidence, "Check these clients once more before the server is changed.")
    return Outcome("pass", message, evidence)


def _not_asked(clients: Any, policy: Policy, tls_statuses: tuple[str, str]) -> str:
    """Return why the rule does not apply, an empty text where it does."""
    if policy.legacy_clients.action == "ignore":
        return "The policy ignores legacy clients."
    if tls_statuses == ("pass", "pass"):
        return "The server already refuses other protocols, so no client can lose contact."
    # With TLS-1 passed and TLS-2 waived, the next restart still makes the server refuse them.
    if tls_statuses[0] == "waived" and tls_statuses[1] in ("pass", "waived"):
        return "The protocols of this server are waived, so no change makes a client lose contact."
    return "The TLS request logs were not read." if clients is None else ""


def _server_time(clients: Any, facts: Facts) -> datetime:
    """Return the time at which the logs were read, by the clock that wrote their lines."""
    return _moment(clients, "now") or facts.now()


@dataclass(frozen=True)
class Window:
    """The time that the policy asks about, by the clock of the server."""

    now: datetime
    days: int

    @property
    def start(self) -> datetime:
        """Return the beginning of the window."""
        return self.now - timedelta(days=self.days)


@dataclass
class _Seen:
    """The clients of the window.

    :ivar still: legacy clients
    :ivar moved: legacy clients that have used an accepted protocol since
    :ivar unnamed: the number of further legacy clients
    :ivar newer: clients that used nothing but protocols newer than all declared ones
    """

    still: list[dict[str, Any]] = field(default_factory=list)
    moved: list[dict[str, Any]] = field(default_factory=list)
    unnamed: int = 0
    newer: list[dict[str, Any]] = field(default_factory=list)

    @property
    def number(self) -> int:
        return len(self.still) + self.unnamed


def _look(clients: Any, policy: Policy, window: Window) -> _Seen:
    where = "the clients"
    oldest = policy.tls_protocols[0]
    older_than = need(clients, "older_than", str, where)
    if older_than not in PROTOCOLS or PROTOCOLS.index(older_than) < PROTOCOLS.index(oldest):
        raise Unreadable(f"the logs were read for clients older than {older_than}, the policy begins with {oldest}")
    seen = _Seen()
    all_listed_are_recent = True
    for entry in need_list(clients, "legacy", where):
        protocols = [name for name in PROTOCOLS if name in need(entry, "protocols", dict, "a client")]
        if not protocols or PROTOCOLS.index(protocols[0]) >= PROTOCOLS.index(oldest):
            continue
        last = _moment(entry, "last_seen")
        if last is not None and last < window.start:
            all_listed_are_recent = False
            continue
        later = _moment(entry, "accepted_last_seen")
        (seen.still if later is None else seen.moved).append(dict(entry))
    if all_listed_are_recent:
        # They are listed by their last request: after one that is too old, all are.
        seen.unnamed = need(clients, "legacy_left_out", int, where)
    seen.unnamed += 1 if need(clients, "legacy_requests_unnamed", int, where) else 0
    seen.newer = [dict(entry) for entry in clients.get("newer") or [] if _speaks_only_newer(entry, policy, window)]
    return seen


def _speaks_only_newer(entry: Any, policy: Policy, window: Window) -> bool:
    used = [name for name in PROTOCOLS if name in need(entry, "protocols", dict, "a client")]
    last = _moment(entry, "last_seen")
    newest = PROTOCOLS.index(policy.tls_protocols[-1])
    return bool(used) and PROTOCOLS.index(used[0]) > newest and (last is None or last >= window.start)


def _newer_text(clients: Mapping[str, Any], seen: _Seen, policy: Policy) -> list[str]:
    """Return sentences about clients whose protocols are all newer than the declared ones; many of them speak older ones too."""
    newest = policy.tls_protocols[-1]
    number = max(len(seen.newer), int(clients.get("newer_total") or 0) if seen.newer else 0)
    if number:
        return [
            f"{_count(number)} used nothing but protocols newer than {newest}, and may not speak {newest}: "
            f"{_names(seen.newer, number)}."
        ]
    counts = need(clients, "protocols", dict, "the clients")
    newer = [name for name in PROTOCOLS[PROTOCOLS.index(newest) + 1 :] if counts.get(name)]
    if newer and "newer" not in clients:
        return [
            f"The logs also hold requests with {names(newer)}; they do not tell which of these clients speak {newest}."
        ]
    return []


def _unread(clients: Mapping[str, Any]) -> list[str]:
    """Return sentences about what was not read at all."""
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
    """Return sentences about logs with more unreadable lines than readable ones: their format is another one."""
    told = []
    for log in need_list(clients, "logs", "the clients"):
        lines, unreadable = need(log, "lines", int, "a log"), need(log, "unreadable_lines", int, "a log")
        if unreadable > lines - unreadable:
            told.append(plain(f"{log.get('path')}: {unreadable} of its {lines} lines could not be understood."))
    return told


def _gaps(clients: Mapping[str, Any], window: Window) -> list[str]:
    """Return sentences about what the logs that were read do not tell."""
    told = []
    lines = need(clients, "unreadable_lines", int, "the clients")
    if lines:
        told.append(f"{lines} lines of the logs could not be understood.")
    period = need(clients, "period", dict, "the clients")
    logs = need_list(clients, "logs", "the clients")
    # Each log by itself: that one goes back far says nothing about the clients of another.
    for log in logs or [period]:
        if not _covers(clients, log, window):
            told.append(_short_text(log, window))
    return told[:NAMED] + ([f"{len(told) - NAMED} more logs are as short."] if len(told) > NAMED else [])


def _covers(clients: Mapping[str, Any], log: Any, window: Window) -> bool:
    """Return whether a log, or all of them together, holds every day that the policy asks for."""
    since, first = _moment(clients, "since"), _moment(log, "first")
    if need(log, "complete", bool, "a log") and (since is None or since <= window.start + SLACK):
        return True
    return first is not None and first <= window.start + SLACK


def _short_text(log: Mapping[str, Any], window: Window) -> str:
    path = plain(log.get("path") or "")
    name, verb = (f"The log {path}", "s") if path else ("The logs", "")
    asked = f"the {window.days} days that the policy asks for"
    first, before = _moment(log, "first"), _moment(log, "last_before")
    if before is not None and not log["complete"]:
        until = f"between {_text(before)} and {_text(first)}" if first else f"since {_text(before)}"
        return f"{name} hold{verb} no request {until}, which is part of {asked}."
    covered = f"hold{verb} no request" if first is None else f"begin{verb} at {_text(max(first, window.start))}"
    return f"{name} {covered}, which is less than {asked}."


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


def _names(entries: list[dict[str, Any]], number: int | None = None) -> str:
    """Return the first clients with what they used, and how many others there are.

    :param number: of all clients, where not all of them are in the list
    """
    told = [
        f"{plain(entry.get('address') or '') or 'a client that the log does not name'}"
        f" ({', '.join(map(str, entry['protocols']))}, last seen {entry.get('last_seen') or 'at an unknown time'},"
        f" {entry.get('count')} requests)"
        for entry in entries[:NAMED]
    ]
    others = (number or len(entries)) - len(told)
    return ", ".join(told + ([f"{others} others"] if others > 0 else []))


def _evidence(clients: Mapping[str, Any], seen: _Seen, told: list[str]) -> dict[str, Any]:
    return {
        "clients": seen.still[:LISTED],
        "since_upgraded": seen.moved[:LISTED],
        "only_newer": seen.newer[:LISTED],
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
