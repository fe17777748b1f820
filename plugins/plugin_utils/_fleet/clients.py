# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""The legacy clients of many servers as one list, and that list as a table and as CSV.

Addresses come from logs, that is from outside: they are data, whatever they look like.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._protocols import PROTOCOLS
from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._fleet.failures import failure_reason
from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._fleet.rendering import render
from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._fleet.writers.csv_text import write_csv
from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._plain_text import plain
from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._results.schema import Misfit
from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._results.shapes import read_clients

Fleet = dict[str, Any]

# Rows of the table. The files have all clients.
MOST_ROWS = 200
HEADING = ("address", "servers", "protocols", "requests", "last seen", "")
LONGEST_CELLS = (40, 30, 27, 10, 25)

COLUMNS = ("address", "servers", "protocols", "requests", "first_seen", "last_seen", "upgraded")


def fleet_clients(servers: Iterable[tuple[str, Any, Any]]) -> Fleet:
    """Join the clients of many servers.

    :param servers: for each server its name, the value ``clients`` of ``tls_client_info`` (anything else than a dictionary when it was not
        read), and why it was not: a text, or the failed result of the task
    :returns: ``clients`` (each address once, those seen last first), ``servers`` (what is known of each) and ``left_out``, the
        number of clients that are counted but not named
    """
    by_address: dict[str, dict[str, Any]] = {}
    known: list[dict[str, Any]] = []
    left_out = 0
    for name, answer, reason in servers:
        try:
            clients = read_clients(answer) if isinstance(answer, Mapping) and answer else {}
        except Misfit as misfit:
            clients, reason = {}, str(misfit)
        if not clients:
            known.append(_server(name, False, [failure_reason(reason)], {}))
            continue
        for entry in clients.get("legacy") or []:
            _join(by_address.setdefault(plain(entry.get("address") or ""), {}), name, entry)
        left_out += (clients.get("legacy_left_out") or 0) + bool(clients.get("legacy_requests_unnamed"))
        known.append(_server(name, True, _gaps(clients), clients))
    joined = [_client(address, found) for address, found in by_address.items()]
    joined.sort(key=lambda client: str(client["address"]))
    joined.sort(key=lambda client: str(client["last_seen"] or ""), reverse=True)
    return {"clients": joined, "servers": known, "left_out": left_out}


def _join(found: dict[str, Any], name: str, entry: Mapping[str, Any]) -> None:
    found.setdefault("servers", []).append(name)
    counts = found.setdefault("protocols", {})
    for protocol, number in (entry.get("protocols") or {}).items():
        counts[protocol] = counts.get(protocol, 0) + (number or 0)
    for key in ("first_seen", "last_seen", "accepted_last_seen"):
        found.setdefault(key, []).append(entry.get(key))


def _client(address: str, found: Mapping[str, Any]) -> dict[str, Any]:
    first, last, accepted = (
        [moment for moment in found[key] if moment] for key in ("first_seen", "last_seen", "accepted_last_seen")
    )
    last_seen = max(last, default=None)
    later = max(accepted, default=None)
    return {
        "address": address,
        "servers": sorted(set(found["servers"])),
        "protocols": {name: found["protocols"][name] for name in PROTOCOLS if name in found["protocols"]},
        "count": sum(found["protocols"].values()),
        "first_seen": min(first, default=None),
        "last_seen": last_seen,
        # An old protocol on one server after a new one on another: not upgraded.
        "accepted_last_seen": later if later is not None and last_seen is not None and later > last_seen else None,
    }


def _server(name: str, was_read: bool, gaps: list[str], clients: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "name": plain(name),
        "read": was_read,
        "not_known": [plain(gap) for gap in gaps],
        "period": clients.get("period"),
        "protocols": clients.get("protocols") or {},
        "legacy_total": clients.get("legacy_total"),
    }


def _gaps(clients: Mapping[str, Any]) -> list[str]:
    """Return what the list lacks about the clients of one server."""
    told = []
    if not clients.get("logs_protocol"):
        told.append("it does not log the protocol of its clients")
    told += [f"{entry.get('part')}: {entry.get('reason')}" for entry in clients.get("unreadable") or []]
    if clients.get("unreadable_lines"):
        told.append(f"{clients['unreadable_lines']} lines of its logs could not be understood")
    if clients.get("since") and not (clients.get("period") or {}).get("complete"):
        told += _short(clients)
    if clients.get("legacy_left_out") or clients.get("legacy_requests_unnamed"):
        told.append(
            f"of its {clients.get('legacy_total')} legacy clients only {len(clients.get('legacy') or [])} are named"
        )
    return told


def _short(clients: Mapping[str, Any]) -> list[str]:
    """Return which logs do not go back as far as was asked for, or that all of them together do not."""
    told = []
    logs = [log for log in clients.get("logs") or [] if not log.get("complete")]
    for log in logs or [clients.get("period") or {}]:
        name, verb = (f"its log {log['path']}", "s") if log.get("path") else ("its logs", "")
        first, before = log.get("first"), log.get("last_before")
        if before:
            what = f"hold{verb} no request " + (f"between {before} and {first}" if first else f"since {before}")
        else:
            what = f"begin{verb} at {first}" if first else f"hold{verb} no request"
        told.append(f"{name} {what}, asked for was {clients['since']}")
    return told


def clients_table(fleet: Mapping[str, Any]) -> list[str]:
    """Return the joined list as lines of text with aligned columns, and below them what it lacks, server by server."""
    clients = fleet["clients"]
    lines = ["No legacy client was seen."]
    if clients:
        lines = render([HEADING, *[_row(client) for client in _shown(clients, len(fleet["servers"]))]], LONGEST_CELLS)
    if len(clients) > MOST_ROWS:
        lines.append(f"and {len(clients) - MOST_ROWS} more, see the CSV or JSON file")
    for server in fleet["servers"]:
        word = "of" if server["read"] else "NOT READ:"
        lines += [f"{word} {server['name']}: {gap}" for gap in server["not_known"]]
    return lines


def _row(client: Mapping[str, Any]) -> tuple[str, ...]:
    return (
        client["address"] or "(not named)",
        ", ".join(client["servers"]),
        ", ".join(client["protocols"]),
        str(client["count"]),
        client["last_seen"] or "?",
        "upgraded since" if client["accepted_last_seen"] else "",
    )


def _shown(clients: Sequence[Mapping[str, Any]], servers: int) -> list[Mapping[str, Any]]:
    """Return the clients of the table: those seen last, but of each server its share, so that none fills the table alone."""
    if len(clients) <= MOST_ROWS:
        return list(clients)
    share = max(MOST_ROWS // max(servers, 1), 1)
    taken: Counter[str] = Counter()
    due: list[int] = []
    others: list[int] = []
    for number, client in enumerate(clients):
        is_due = any(taken[name] < share for name in client["servers"])
        (due if is_due else others).append(number)
        taken.update(client["servers"])
    return [clients[number] for number in sorted((due + others)[:MOST_ROWS])]


def clients_csv(fleet: Mapping[str, Any]) -> str:
    """Return the joined list as CSV, safe to open in a spreadsheet."""
    rows = [
        (
            client["address"],
            " ".join(client["servers"]),
            " ".join(client["protocols"]),
            client["count"],
            client["first_seen"] or "",
            client["last_seen"] or "",
            "yes" if client["accepted_last_seen"] else "no",
        )
        for client in fleet["clients"]
    ]
    return write_csv([COLUMNS, *rows])


def pairs(names: Sequence[str], clients: Sequence[Any], reasons: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    """Return the arguments of ``fleet_clients``, from the values that a playbook has."""
    by_name = dict(zip(names, clients, strict=True))
    return [(str(name), by_name[name], reasons.get(name)) for name in names]
