# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server fails or is lost somewhere in a roll: nobody behind it is touched, and the messages say who is where."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.faults.roll.conftest import Report, lab
from tests.faults.roll.held import HeldRun, until
from tests.faults.roll.states import (
    PROTOCOLS,
    SLACK,
    ServerState,
    calls,
    guard,
    policy,
    state_of,
)
from tests.support.fleet import Fleet

pytestmark = pytest.mark.slow("several rollouts over six servers")

START = "Apply | Start the services"
# Seconds until the guard acts: servers that are changed together take longer on a busy machine.
PATIENT = 120
States = dict[str, ServerState]


@pytest.fixture
def fleet() -> Iterator[Fleet]:
    """Five policy servers and a management server, new for each test."""
    with lab(1, 5) as raised:
        yield raised


@pytest.fixture
def before(fleet: Fleet) -> States:
    """Every server at the beginning."""
    return {server: state_of(fleet, server) for server in fleet.hosts}


def touched(fleet: Fleet, before: States) -> set[str]:
    """The servers that were stopped, or whose files or wire are not as they were."""
    return {
        server for server in fleet.hosts if len(calls(fleet, server)) > 1 or state_of(fleet, server) != before[server]
    }


def converges(fleet: Fleet, *servers: str) -> None:
    """The cause is gone: the same command again ends well everywhere."""
    for server in servers:
        fleet.fault(server, "none")
    run = fleet.play("harden", **policy(600, checkpoint_endpoint_serial=[2, "100%"]))
    assert run.rc == 0, run.output
    for server in fleet.hosts:
        assert set(state_of(fleet, server).wire.values()) == {tuple(PROTOCOLS)}, server


def run_with(serial: Any) -> dict[str, Any]:
    return policy(PATIENT, checkpoint_endpoint_serial=serial)


def test_the_canary_fails(fleet: Fleet, before: States, report: Report) -> None:
    fleet.fault("eps1", "start-fails:changed")
    run = fleet.play("harden", **run_with([1, 2, 3]))
    assert run.rc != 0
    assert "The rollout stops at eps1" in run.text, run.output
    assert "Completed: none." in run.text
    assert "Left untouched: eps2, eps3, eps4, eps5, epm1." in run.text
    assert touched(fleet, before) == {"eps1"}
    assert state_of(fleet, "eps1") == before["eps1"]
    report(fault_points=1)


def test_a_server_of_the_second_batch_is_unreachable_at_its_start(fleet: Fleet, before: States, report: Report) -> None:
    fleet.fault("eps3", "unreachable")
    run = fleet.play("harden", **run_with([1, 2, 3]))
    assert run.rc != 0
    assert "eps3 cannot be reached:" in run.text, run.output
    assert "Nothing was changed on it, and the servers after it are left untouched." in run.text
    # eps2 is in the batch that had begun; whether it is changed is not promised, only that it is well.
    assert touched(fleet, before) - {"eps2"} == {"eps1"}
    for server in ("eps1", "eps2"):
        assert state_of(fleet, server).services == "started"
        assert guard(fleet, server)["state"] in ("none", "disarmed")
    for server in ("eps4", "eps5", "epm1"):
        assert f"{server} did not complete" not in run.text
    converges(fleet, "eps3")
    report(fault_points=1)


@pytest.mark.parametrize("serial, lost, batch", [(2, "eps3", ["eps3", "eps4"]), (3, "eps2", ["eps1", "eps2", "eps3"])])
def test_a_server_is_lost_in_the_middle_of_a_batch(
    fleet: Fleet, before: States, serial: int, lost: str, batch: list[str], report: Report
) -> None:
    """The others of its batch come to their end, the lost one helps itself, and nobody behind them is touched."""
    first = [] if serial == 3 else ["eps1", "eps2"]
    occurrence = 1 if serial == 3 else 2
    with HeldRun(fleet, "harden", at=0, anchor=START, occurrence=occurrence, **run_with(serial)) as held:
        held.must_hold(START)
        fleet.fault(lost, "unreachable")
        held.go()
        run = held.end()
    assert run.rc != 0
    assert run.stats[lost]["unreachable"] == 1, run.output
    assert f"{lost} was started but did not complete" in run.text, run.output
    well = ", ".join([*first, *(server for server in batch if server != lost)])
    assert f"Completed: {well}." in run.text, run.output
    assert f"{lost} did not complete. The guard on such a server puts the old configuration back" in run.text or (
        f"{lost}" in run.output.rpartition("TASK [Show the fleet]")[2]
    )
    assert until(lambda: guard(fleet, lost)["state"] == "rolled_back", PATIENT + SLACK)
    assert touched(fleet, before) == {*first, *batch}
    assert state_of(fleet, lost) == before[lost]
    for server in {*first, *batch} - {lost}:
        assert set(state_of(fleet, server).wire.values()) == {tuple(PROTOCOLS)}
        assert guard(fleet, server)["state"] == "disarmed"
    converges(fleet, lost)
    report(fault_points=1)


def test_a_batch_of_one_is_lost(fleet: Fleet, before: States, report: Report) -> None:
    """ansible ends with a batch of which nobody is left: nobody behind it is touched, and what it says is its own."""
    with HeldRun(fleet, "harden", at=0, anchor=START, occurrence=2, **run_with(1)) as held:
        held.must_hold(START)
        fleet.fault("eps2", "unreachable")
        held.go()
        run = held.end()
    assert run.rc != 0
    assert run.stats["eps2"]["unreachable"] == 1, run.output
    assert until(lambda: guard(fleet, "eps2")["state"] == "rolled_back", PATIENT + SLACK)
    assert touched(fleet, before) == {"eps1", "eps2"}
    assert state_of(fleet, "eps2") == before["eps2"]
    report(fault_points=1)
