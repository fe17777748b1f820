# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fleet is hardened and rolled back, each twice: the second run of both changes nothing and stops nothing."""

from __future__ import annotations

import pytest

from tests.support.fleet import Fleet, changed_lines, only_protocol_lines

pytestmark = pytest.mark.slow("rollouts over four servers that restart one after the other")

Files = dict[str, dict[str, bytes]]
POLICY = (("TLSv1.2",), ("TLSv1.2",))


@pytest.fixture(scope="module")
def files(fleet: Fleet) -> Files:
    """The configuration of every server at the beginning."""
    return {server: fleet.configuration(server) for server in fleet.hosts}


def stops(fleet: Fleet) -> dict[str, int]:
    return {server: fleet.calls(server, "cpstop") for server in fleet.hosts}


def policy_servers_go_first(fleet: Fleet, since: dict[str, int]) -> bool:
    """Whether the journals say so: no policy server was stopped after a management server."""
    times: dict[str, list[str]] = {}
    for server in fleet.hosts:
        stopped = [str(call["time"]) for call in fleet.journal(server) if call["tool"] == "cpstop"]
        times[server] = stopped[since[server] :]
    return max(max(found) for server, found in times.items() if server != "epm1") < min(times["epm1"])


def test_harden(fleet: Fleet, files: Files) -> None:
    wire_before = fleet.wire("eps2")
    run = fleet.play("harden", checkpoint_endpoint_restart=True)
    assert run.rc == 0, run.output
    assert set(run.changed()) == set(fleet.hosts)
    assert stops(fleet) == dict.fromkeys(fleet.hosts, 1)
    assert policy_servers_go_first(fleet, dict.fromkeys(fleet.hosts, 0))
    assert ("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3") in {item.accepted for item in wire_before}
    for server in fleet.hosts:
        assert {(item.sslscan, item.openssl) for item in fleet.wire(server)} == {POLICY}
        now = fleet.configuration(server)
        lines = [line for name in now for line in changed_lines(files[server][name], now[name])]
        assert lines
        assert only_protocol_lines(lines)


def test_harden_again(fleet: Fleet) -> None:
    before = {server: fleet.snapshot(server) for server in fleet.hosts}
    run = fleet.play("harden", checkpoint_endpoint_restart=True)
    assert (run.rc, run.changed()) == (0, {}), run.output
    assert stops(fleet) == dict.fromkeys(fleet.hosts, 1)
    assert {server: fleet.snapshot(server) for server in fleet.hosts} == before


def test_roll_back_needs_consent_too(fleet: Fleet) -> None:
    run = fleet.play("rollback")
    assert run.rc != 0
    assert "eps1: nothing was changed" in run.text
    assert stops(fleet) == dict.fromkeys(fleet.hosts, 1)


def test_the_plan_of_a_rollback(fleet: Fleet) -> None:
    before = {server: fleet.snapshot(server) for server in fleet.hosts}
    run = fleet.play("rollback", "--check", "--diff", checkpoint_endpoint_restart=True)
    assert run.rc == 0, run.output
    assert set(run.changed()) == set(fleet.hosts)
    assert "+    SSLProtocol +TLSv1 +TLSv1.2" in run.output
    assert {server: fleet.snapshot(server) for server in fleet.hosts} == before


def test_roll_back(fleet: Fleet, files: Files) -> None:
    run = fleet.play("rollback", checkpoint_endpoint_restart=True)
    assert run.rc == 0, run.output
    assert stops(fleet) == dict.fromkeys(fleet.hosts, 2)
    assert policy_servers_go_first(fleet, dict.fromkeys(fleet.hosts, 1))
    assert {server: fleet.configuration(server) for server in fleet.hosts} == files
    assert ("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3") in {item.accepted for item in fleet.wire("eps2")}


def test_roll_back_again(fleet: Fleet, files: Files) -> None:
    run = fleet.play("rollback", checkpoint_endpoint_restart=True)
    assert (run.rc, run.changed()) == (0, {}), run.output
    assert stops(fleet) == dict.fromkeys(fleet.hosts, 2)
    assert {server: fleet.configuration(server) for server in fleet.hosts} == files
