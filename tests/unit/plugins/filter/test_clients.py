# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The fleet-wide list of legacy clients: joined, shown, written, and safe whatever an address looks like."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from ansible.errors import AnsibleFilterError
from ansible.parsing.dataloader import DataLoader
from ansible.template import Templar
from ansible_collections.checkpoint_endpoint.hardening.plugins.filter.clients import (
    FilterModule,
    clients_csv,
    clients_table,
    fleet_clients,
)

Values = dict[str, Any]


def client(address: str, last: str | None = "2026-11-22T10:00:00Z", **changes: Any) -> Values:
    return {
        "address": address,
        "protocols": {"TLSv1": 2, "SSLv3": 1},
        "first_seen": "2026-11-20T10:00:00Z",
        "last_seen": last,
        "accepted_last_seen": None,
        "count": 3,
        **changes,
    }


def seen(*legacy: Values, **changes: Any) -> Values:
    return {
        "logs_protocol": True,
        "since": "2026-11-16T10:00:00Z",
        "period": {"first": "2026-11-16T10:00:10Z", "last": "2026-11-23T09:59:00Z", "complete": True},
        "protocols": {"TLSv1": 2, "SSLv3": 1},
        "legacy": list(legacy),
        "legacy_total": len(legacy),
        "legacy_left_out": 0,
        "legacy_requests_unnamed": 0,
        "unreadable_lines": 0,
        "unreadable": [],
        **changes,
    }


def test_each_client_is_listed_once_with_all_its_servers() -> None:
    joined = fleet_clients(
        [
            seen(client("10.0.0.1", "2026-11-21T10:00:00Z"), client("10.0.0.2", "2026-11-22T12:00:00Z")),
            seen(client("10.0.0.1", "2026-11-22T10:00:00Z", first_seen="2026-11-19T10:00:00Z")),
        ],
        ["eps2", "eps1"],
    )
    assert joined["clients"] == [
        {
            "address": "10.0.0.2",
            "servers": ["eps2"],
            "protocols": {"SSLv3": 1, "TLSv1": 2},
            "count": 3,
            "first_seen": "2026-11-20T10:00:00Z",
            "last_seen": "2026-11-22T12:00:00Z",
            "accepted_last_seen": None,
        },
        {
            "address": "10.0.0.1",
            "servers": ["eps1", "eps2"],
            "protocols": {"SSLv3": 2, "TLSv1": 4},
            "count": 6,
            "first_seen": "2026-11-19T10:00:00Z",
            "last_seen": "2026-11-22T10:00:00Z",
            "accepted_last_seen": None,
        },
    ]
    assert [server["not_known"] for server in joined["servers"]] == [[], []]


@pytest.mark.parametrize(
    ("accepted", "last_elsewhere", "upgraded"),
    [("2026-11-22T11:00:00Z", "2026-11-22T10:30:00Z", True), ("2026-11-22T11:00:00Z", "2026-11-22T11:30:00Z", False)],
)
def test_a_client_is_upgraded_when_no_server_saw_it_with_an_old_protocol_since(
    accepted: str, last_elsewhere: str, upgraded: bool
) -> None:
    joined = fleet_clients(
        [seen(client("10.0.0.1", accepted_last_seen=accepted)), seen(client("10.0.0.1", last_elsewhere))],
        ["eps1", "eps2"],
    )
    assert (joined["clients"][0]["accepted_last_seen"] is not None) == upgraded
    assert ("upgraded since" in "".join(clients_table(joined))) == upgraded


def test_what_is_not_known_is_told_for_each_server() -> None:
    joined = fleet_clients(
        [
            "",
            seen(logs_protocol=False),
            seen(unreadable=[{"part": "/logs/a.xz", "reason": "no lzma"}], unreadable_lines=2),
            seen(period={"first": "2026-11-20T00:00:00Z", "last": None, "complete": False}),
            seen(client("10.0.0.1"), legacy_total=9, legacy_left_out=8),
            seen(),
            seen(
                period={"first": "2026-11-16T10:00:10Z", "last": "2026-11-23T09:59:00Z", "complete": False},
                logs=[
                    {"path": "/a", "complete": True, "first": "2026-11-16T10:00:10Z", "last_before": None},
                    {"path": "/b", "complete": False, "first": "2026-11-22T00:00:00Z", "last_before": None},
                    {
                        "path": "/c",
                        "complete": False,
                        "first": "2026-11-22T00:00:00Z",
                        "last_before": "2026-11-01T00:00:00Z",
                    },
                ],
            ),
        ],
        ["a", "b", "c", "d", "e", "f", "g"],
        {"a": "Connection\nrefused"},
    )
    lines = clients_table(joined)
    for words in ("NOT READ: a: Connection refused", "of b: it does not log the protocol", "of c: /logs/a.xz: no lzma"):
        assert any(line.startswith(words) for line in lines)
    assert any("2 lines" in line for line in lines)
    assert any("of d: its logs begin at 2026-11-20" in line for line in lines)
    assert any("of g: its log /b begins at 2026-11-22T00:00:00Z, asked" in line for line in lines)
    assert any("of g: its log /c holds no request between 2026-11-01T00:00:00Z and 2026-11" in line for line in lines)
    assert not any("/a " in line for line in lines)
    assert any("of e: of its 9 legacy clients only 1" in line for line in lines)
    assert not any("of f" in line for line in lines)
    assert joined["left_out"] == 8


def test_a_fleet_without_legacy_clients_says_so() -> None:
    joined = fleet_clients([seen()], ["eps1"])
    assert clients_table(joined) == ["No legacy client was seen."]
    assert clients_csv(joined) == "address,servers,protocols,requests,first_seen,last_seen,upgraded\r\n"


def test_the_table_is_bounded_and_the_csv_is_not() -> None:
    joined = fleet_clients([seen(*[client(f"10.0.{n // 250}.{n % 250}") for n in range(1000)])], ["eps1"])
    assert len(clients_table(joined)) == 203
    assert "800 more" in clients_table(joined)[-1]
    assert len(clients_csv(joined).splitlines()) == 1001


HOSTILE = [
    "=cmd|' /C calc'!A0",
    "+1+1",
    "-2+3",
    "@SUM(A1)",
    "\t=1+1",
    "\r\n=1+1",
    ' =1,"+1',
    "{{ lookup('pipe', 'id') }}",
    "{% for x in [] %}",
    "{{{{{1}}}}}",
    "{#",
    "\x1b[2J\x07",
    "\u202e10.0.0.1",
    "a" * 5000,
]


@pytest.mark.parametrize("address", HOSTILE)
def test_an_address_is_data_whatever_it_looks_like(address: str) -> None:
    joined = fleet_clients([seen(client(address), client("10.0.0.1"))], ["eps1"])
    text = clients_csv(joined)
    rows = list(csv.reader(io.StringIO(text, newline="")))
    assert len(rows) == 3
    assert all(len(row) == 7 for row in rows)
    assert all(not cell.startswith(("=", "+", "-", "@", "\t", "\r")) for row in rows for cell in row)
    lines = clients_table(joined)
    assert len(lines) == 4
    assert all(line.isprintable() and len(line) < 300 for line in lines)
    templar = Templar(loader=DataLoader(), variables={})
    for value in (text, *lines, *[entry["address"] for entry in joined["clients"]]):
        assert not templar.is_template(value)
        assert templar.template(value) == value


@pytest.mark.parametrize("reason", HOSTILE)
def test_a_reason_is_data_too(reason: str) -> None:
    lines = clients_table(fleet_clients([""], ["eps1"], {"eps1": reason}))
    assert len(lines) == 2
    assert lines[1].isprintable()
    assert not Templar(loader=DataLoader(), variables={}).is_template(lines[1])


def test_what_is_no_list_of_results_is_refused() -> None:
    for wrong in ("text", {"a": 1}, 5):
        with pytest.raises(AnsibleFilterError):
            fleet_clients(wrong, ["a"])
    with pytest.raises(AnsibleFilterError, match="fit"):
        fleet_clients([seen()], ["a", "b"])
    for convert in (clients_table, clients_csv):
        with pytest.raises(AnsibleFilterError, match="fleet_clients"):
            convert([seen()])
    assert sorted(FilterModule().filters()) == ["clients_csv", "clients_table", "fleet_clients"]
