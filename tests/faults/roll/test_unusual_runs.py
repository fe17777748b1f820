# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Controllers, inventories and neighbours that nobody thinks of: the promises of the roll hold with them, too."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults.roll.conftest import Report, lab
from tests.faults.roll.held import HeldRun
from tests.faults.roll.states import calls, guard, policy, state_of
from tests.support.fleet import Fleet

pytestmark = pytest.mark.slow("rollouts with one connection at a time")


@pytest.fixture
def fleet() -> Iterator[Fleet]:
    """Three policy servers and a management server, new for each test."""
    with lab(1, 3) as raised:
        yield raised


def untouched(fleet: Fleet, server: str) -> bool:
    """Whether a server was never stopped, and nobody ever armed a guard on it."""
    return len(calls(fleet, server)) == 1 and guard(fleet, server)["state"] == "none"


def test_the_controllers_own_strategy_has_no_say(fleet: Fleet, report: Report) -> None:
    """With the strategy free, ansible would go on to the next batch past a server that cannot be reached."""
    configuration = fleet.folder / "ansible.cfg"
    configuration.write_text(configuration.read_text("utf-8").replace("[defaults]", "[defaults]\nstrategy = free", 1))
    fleet.fault("eps1", "unreachable")
    run = fleet.play("harden", **policy(600, checkpoint_endpoint_serial=2))
    assert run.rc != 0
    assert "eps1 cannot be reached" in run.text, run.output
    assert untouched(fleet, "eps3") and untouched(fleet, "epm1"), run.output
    report(fault_points=1)


def test_a_server_in_both_groups_is_lost(fleet: Fleet, report: Report) -> None:
    """It is rolled out once, as a management server, and holds up the batch after its own."""
    groups = {"checkpoint_endpoint_policy_group": "eps1", "checkpoint_endpoint_management_group": "eps1:eps2:eps3"}
    facts = "Read the facts of the server"
    change = policy(600, checkpoint_endpoint_serial=2, **groups)
    with HeldRun(fleet, "harden", at=0, anchor=facts, occurrence=1, **change) as held:
        held.must_hold(facts)
        fleet.fault("eps1", "unreachable")
        held.go()
        run = held.end()
    assert run.rc != 0
    assert "eps1 was started but did not complete" in run.text, run.output
    assert untouched(fleet, "eps3"), run.output
    report(fault_points=1)


def test_more_servers_than_forks_need_a_longer_deadline(fleet: Fleet, report: Report) -> None:
    """All of a batch are stopped before the first is started: in waves, of which the deadline must know."""
    run = fleet.play("harden", "--forks", "1", **policy(60, checkpoint_endpoint_serial=3))
    assert run.rc != 0
    assert "3 times over: a batch of 3 servers is stopped and started 1 at a time" in run.text, run.output
    assert all(untouched(fleet, server) for server in fleet.hosts)
    report(fault_points=1)


def test_somebody_edits_another_file_behind_the_guards_back(fleet: Fleet, report: Report) -> None:
    """What the guard would not put back is not written: that edit stays, and everything else is as it was."""
    server, write = "eps1", "Apply | Write the new configuration"
    before = state_of(fleet, server)
    other = fleet.apache(server) / "conf" / "httpd.conf"
    with HeldRun(fleet, "harden", "--limit", server, at=0, anchor=write, **policy(600)) as held:
        held.must_hold(write)
        edited = other.read_bytes() + b"\nSSLProtocol TLSv1.2\n"
        other.write_bytes(edited)
        held.go()
        run = held.end()
    assert run.rc != 0
    assert "the configuration is not the one that the change was planned for any more" in run.text, run.output
    now = state_of(fleet, server)
    assert now.files == {**before.files, "httpd.conf": edited}
    assert (now.services, guard(fleet, server)["state"]) == ("started", "rolled_back")
    report(fault_points=1)
