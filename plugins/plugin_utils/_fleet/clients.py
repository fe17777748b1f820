# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""The legacy clients of many servers as one list, and that list as a table and as CSV.

Addresses come from logs, that is from outside: they are data, whatever they look like.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._protocols import PROTOCOLS
from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._plain_text import plain

Fleet = dict[str, Any]

# Lines of the table. The files have all clients.
MOST_ROWS = 200
LONGEST_CELL = 60

COLUMNS = ("address", "servers", "protocols", "requests", "first_seen", "last_seen", "upgraded")

# What makes a spreadsheet take the content of a cell for a formula, or hide it behind one.
_FORMULA_BEGINNINGS = ("=", "+", "-", "@")


def fleet_clients(servers: Iterable[tuple[str, Any, str]]) -> Fleet:
    """Join the clients of many servers.

    :param servers: for each server its name, the value ``clients`` of ``tls_client_info`` (None when it was not read), and why
    :returns: ``clients`` (each address once, those seen last first), ``servers`` (what is known of each) and ``left_out``, the
        number of clients that are counted but not named
    """
    by_address: dict[str, dict[str, Any]] = {}
    told: list[dict[str, Any]] = []
    left_out = 0
    for name, clients, reason in servers:
        if not isinstance(clients, Mapping):
            told.append(_server(name, False, [reason or "no reason given"], {}))
            continue
        for entry in clients.get("legacy") or []:
            _join(by_address.setdefault(plain(entry.get("address") or ""), {}), name, entry)
        left_out += int(clients.get("legacy_left_out") or 0) + bool(clients.get("legacy_requests_unnamed"))
        told.append(_server(name, True, _gaps(clients), clients))
    joined = [_client(address, found) for address, found in by_address.items()]
    joined.sort(key=lambda client: str(client["address"]))
    joined.sort(key=lambda client: str(client["last_seen"] or ""), reverse=True)
    return {"clients": joined, "servers": told, "left_out": left_out}


def _join(found: dict[str, Any], name: str, entry: Mapping[str, Any]) -> None:
    found.setdefault("servers", []).append(name)
    counts = found.setdefault("protocols", {})
    for protocol, number in (entry.get("protocols") or {}).items():
        counts[protocol] = counts.get(protocol, 0) + int(number)
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
        # It came to one server with an old protocol after it came to another one with a new one: not upgraded.
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
    """What the list does not tell about the clients of one server."""
    told = []
    if not clients.get("logs_protocol"):
        told.append("it does not log the protocol of its clients")
    told += [f"{entry.get('part')}: {entry.get('reason')}" for entry in clients.get("unreadable") or []]
    if clients.get("unreadable_lines"):
        told.append(f"{clients['unreadable_lines']} lines of its logs could not be understood")
    if clients.get("since") and not (clients.get("period") or {}).get("complete"):
        told += _short(clients)
    if clients.get("legacy_left_out") or clients.get("legacy_requests_unnamed"):
        told.append(f"of its {clients.get('legacy_total')} legacy clients only {len(clients['legacy'])} are named")
    return told


def _short(clients: Mapping[str, Any]) -> list[str]:
    """Which logs do not go back as far as was asked for; all of them together where they are not told apart."""
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
    """The joined list as lines of text with aligned columns, and what it does not tell, server by server."""
    rows: list[tuple[str, ...]] = [("address", "servers", "protocols", "requests", "last seen", "")]
    clients = fleet["clients"]
    rows += [
        (
            client["address"] or "(not named)",
            ", ".join(client["servers"]),
            ", ".join(client["protocols"]),
            str(client["count"]),
            client["last_seen"] or "?",
            "upgraded since" if client["accepted_last_seen"] else "",
        )
        for client in clients[:MOST_ROWS]
    ]
    rows = [tuple(plain(cell, LONGEST_CELL) for cell in row) for row in rows]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    lines.insert(1, "  ".join("-" * width for width in widths).rstrip())
    if not clients:
        lines = ["No legacy client was seen."]
    if len(clients) > MOST_ROWS:
        lines.append(f"and {len(clients) - MOST_ROWS} more, see the CSV or JSON file")
    for server in fleet["servers"]:
        word = "of" if server["read"] else "NOT READ:"
        lines += [f"{word} {server['name']}: {gap}" for gap in server["not_known"]]
    return lines


def clients_csv(fleet: Mapping[str, Any]) -> str:
    """The joined list as CSV (RFC 4180), safe to open in a spreadsheet."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\r\n")
    writer.writerow(COLUMNS)
    for client in fleet["clients"]:
        writer.writerow(
            [
                _safe(client["address"]),
                _safe(" ".join(client["servers"])),
                _safe(" ".join(client["protocols"])),
                client["count"],
                _safe(client["first_seen"] or ""),
                _safe(client["last_seen"] or ""),
                "yes" if client["accepted_last_seen"] else "no",
            ]
        )
    return stream.getvalue()


def _safe(text: Any) -> str:
    """A cell that no spreadsheet takes for a formula."""
    cell = plain(text)
    return "'" + cell if cell.startswith(_FORMULA_BEGINNINGS) else cell


def pairs(names: Sequence[str], clients: Sequence[Any], reasons: Mapping[str, Any]) -> list[tuple[str, Any, str]]:
    """What ``fleet_clients`` takes, from what a playbook has."""
    by_name = dict(zip(names, clients, strict=True))
    return [(str(name), by_name[name], str(reasons.get(name) or "")) for name in names]
