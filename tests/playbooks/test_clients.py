# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whom do I cut off? Real heartbeat clients, the list of those with an old protocol, and a roll-out that waits for them.

The tests build on each other in their order: clients are seen, refused for, upgraded, and cut off no more.
"""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.fleet import Fleet

pytestmark = pytest.mark.slow("rollouts that wait for clients to disappear from the logs")

OLD, OLDER, NEW, LURE = "127.9.38.1", "127.9.38.2", "127.9.38.3", "=1+1"
SERVER = "eps2"


def heartbeats(fleet: Fleet, source: str, version: str, server: str = SERVER) -> None:
    """A client that reports for a second, every time with success."""
    said = json.loads(fleet.lab("client", server, "--tls", version, "--seconds", "1", "--source", source))
    assert said["lost"] == 0
    assert said["answered"] > 0


def listed(fleet: Fleet, folder: Path, **variables: Any) -> tuple[dict[str, Any], list[dict[str, str]], str]:
    """Run clients.yml; returns what it wrote as JSON and as CSV, and its output. No server may be touched."""
    before = {server: fleet.snapshot(server) for server in fleet.hosts}
    files: dict[str, Any] = {
        f"checkpoint_endpoint_clients_{kind}": str(folder / f"clients.{kind}") for kind in ("csv", "json")
    }
    run = fleet.play("clients", **files, **variables)
    assert run.rc == 0, run.output
    assert {server: fleet.snapshot(server) for server in fleet.hosts} == before
    with (folder / "clients.csv").open(newline="") as stream:
        return json.loads((folder / "clients.json").read_text("utf-8")), list(csv.DictReader(stream)), run.output


def test_exactly_the_clients_with_an_old_protocol_are_listed(fleet: Fleet, tmp_path: Path) -> None:
    heartbeats(fleet, OLD, "TLSv1")
    heartbeats(fleet, OLDER, "TLSv1.1")
    heartbeats(fleet, NEW, "TLSv1.2")
    heartbeats(fleet, NEW, "TLSv1.2", "eps1")
    found, rows, output = listed(fleet, tmp_path)
    assert {client["address"]: list(client["protocols"]) for client in found["clients"]} == {
        OLD: ["TLSv1"],
        OLDER: ["TLSv1.1"],
    }
    assert all(client["servers"] == [SERVER] and client["count"] > 0 for client in found["clients"])
    assert {row["address"]: row["upgraded"] for row in rows} == {OLD: "no", OLDER: "no"}
    assert OLD in output
    assert NEW not in output


def test_the_roll_out_refuses_before_the_stop_and_names_them(fleet: Fleet) -> None:
    before = fleet.snapshot(SERVER)
    run = fleet.play("harden", "--limit", SERVER, checkpoint_endpoint_restart=True)
    assert run.rc != 0
    for words in ("CLIENT-1: 2 clients", OLD, OLDER, "nothing was changed", "checkpoint_endpoint_legacy_clients.max"):
        assert words in run.text, run.output
    assert fleet.snapshot(SERVER) == before
    assert fleet.calls(SERVER, "cpstop") == 0


def test_what_stands_in_a_log_stays_data(fleet: Fleet, tmp_path: Path) -> None:
    """A host name can come from a resolver that somebody else controls."""
    log = fleet.apache("eps1") / "logs" / "ssl_request_log"
    line = log.read_text("ascii").splitlines()[-1].replace("TLSv1.2", "TLSv1")
    hostile = "{{lookup('pipe','touch${IFS}" + str(tmp_path / "owned") + "')}}"
    kept = log.read_bytes()
    try:
        with log.open("a") as stream:
            stream.writelines(line.replace(NEW, name) + "\n" for name in (LURE, hostile, "evil\x1b[2J"))
        found, rows, output = listed(fleet, tmp_path)
        audit = fleet.play("audit", "--limit", "eps1", checkpoint_endpoint_report_dir=str(tmp_path / "report"))
    finally:
        log.write_bytes(kept)
    assert audit.rc == 0, audit.output
    names = {client["address"] for client in found["clients"]} - {OLD, OLDER}
    assert len(names) == 2, "the one with an escape character is no name that Apache writes"
    assert all("{" not in name and "=" not in name for name in names)
    assert not any(row["address"].startswith("=") for row in rows)
    assert "\x1b" not in output
    assert not (tmp_path / "owned").exists()


def test_a_server_that_cannot_be_read_is_named_and_fails(fleet: Fleet, tmp_path: Path) -> None:
    fleet.lab("halt", "eps3")
    try:
        run = fleet.play("clients", checkpoint_endpoint_clients_json=str(tmp_path / "clients.json"))
    finally:
        fleet.lab("boot", "eps3")
    assert run.rc != 0
    assert "NOT READ: eps3" in run.text
    found = json.loads((tmp_path / "clients.json").read_text("utf-8"))
    assert {server["name"]: server["read"] for server in found["servers"]}["eps3"] is False
    assert OLD in {client["address"] for client in found["clients"]}
    assert {host for host, counts in run.stats.items() if counts["failed"]} == {"eps3"}


def test_upgraded_clients_are_told_apart_and_no_obstacle(fleet: Fleet, tmp_path: Path) -> None:
    heartbeats(fleet, OLD, "TLSv1.2")
    _found, rows, output = listed(fleet, tmp_path)
    assert {row["address"]: row["upgraded"] for row in rows} == {OLD: "yes", OLDER: "no"}
    assert "upgraded since" in output
    refused = fleet.play("harden", "--limit", SERVER, checkpoint_endpoint_restart=True)
    assert "CLIENT-1: 1 client used" in refused.text, refused.output
    more = fleet.play(
        "harden",
        "--check",
        "--limit",
        SERVER,
        checkpoint_endpoint_restart=True,
        checkpoint_endpoint_legacy_clients={"max": 1},
    )
    assert more.rc == 0, more.output
    assert fleet.calls(SERVER, "cpstop") == 0
    heartbeats(fleet, OLDER, "TLSv1.2")
    run = fleet.play("harden", "--limit", SERVER, checkpoint_endpoint_restart=True)
    assert run.rc == 0, run.output
    assert fleet.calls(SERVER, "cpstop") == 1
