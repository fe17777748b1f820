# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The way back is as safe as the way there: a rollback that fails, or whose controller is lost, leaves the server as it was before the rollback."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest

from tests.faults.roll.conftest import Report, lab
from tests.faults.roll.held import DISARM, HeldRun, until
from tests.faults.roll.states import DEADLINE, SLACK, ServerState, calls, guard, policy, state_of
from tests.faults.roll.watch import Watch
from tests.support.fleet import Fleet, Run

pytestmark = pytest.mark.slow("a change and its rollback, and a guard that waits for its deadline")

START = "Apply | Start the services"
States = dict[str, ServerState]


@pytest.fixture(scope="module")
def both() -> Iterator[tuple[Fleet, States, States]]:
    """A fleet that was hardened, what it was before, and what it is since."""
    with lab(1, 4) as fleet:
        before = {server: state_of(fleet, server) for server in fleet.hosts}
        run = fleet.play("harden", **policy(600, checkpoint_endpoint_serial="100%"))
        assert run.rc == 0, run.output
        yield fleet, before, {server: state_of(fleet, server) for server in fleet.hosts}


@pytest.mark.parametrize("fault", ["start-fails:changed", "start-refuses-handshakes:changed", "start-hangs:once"])
def test_the_services_do_not_start_with_the_restored_files(
    both: tuple[Fleet, States, States], fault: str, report: Report
) -> None:
    fleet, _before, hardened = both
    fleet.fault("eps1", fault)
    others = {server: len(calls(fleet, server)) for server in fleet.hosts if server != "eps1"}
    with Watch(fleet, "eps1") as watch:
        run = fleet.play("rollback", **policy(checkpoint_endpoint_serial=1))
    fleet.fault("eps1", "none")
    assert run.rc != 0
    assert "eps1: the rollback failed at" in run.text, run.output
    assert "State now: the old configuration is back and the services run with it" in run.text
    assert "Left untouched: eps2, eps3, eps4, epm1." in run.text
    assert state_of(fleet, "eps1") == hardened["eps1"]
    assert {server: len(calls(fleet, server)) for server in others} == others
    report(fault_points=1, longest_outage=watch.longest)


def lose(run: HeldRun, fleet: Fleet, server: str) -> None:
    """The server cannot be reached any more."""
    fleet.fault(server, "unreachable")
    run.go()
    ended: Run = run.end()
    assert ended.rc != 0 and f"fatal: [{server}]: UNREACHABLE!" in ended.output, ended.output
    fleet.fault(server, "none")


def kill(run: HeldRun, _fleet: Fleet, _server: str) -> None:
    """The controller is gone."""
    run.kill()


def came_back(fleet: Fleet, server: str, watch: Watch) -> None:
    """Wait for the guard."""
    assert until(lambda: guard(fleet, server)["state"] == "rolled_back", DEADLINE + SLACK)
    assert until(lambda: watch.answers, SLACK)


def test_the_controller_or_the_server_is_lost_in_the_middle(both: tuple[Fleet, States, States], report: Report) -> None:
    fleet, _before, hardened = both
    cases: list[tuple[str, str, Callable[[HeldRun, Fleet, str], None]]] = [
        ("eps2", START, kill),
        ("eps3", DISARM, kill),
        ("eps4", DISARM, lose),
    ]
    with ExitStack() as stack:
        watches = {server: stack.enter_context(Watch(fleet, server)) for server, _task, _harm in cases}
        for server, task, harm in cases:
            with HeldRun(fleet, "rollback", "--limit", server, at=0, anchor=task, **policy()) as run:
                run.must_hold(task)
                harm(run, fleet, server)
        for server, _task, _harm in cases:
            came_back(fleet, server, watches[server])
    for server, _task, _harm in cases:
        assert state_of(fleet, server) == hardened[server]
        assert watches[server].longest < DEADLINE + SLACK
    report(fault_points=len(cases), longest_outage=max(watch.longest for watch in watches.values()))


def test_then_it_goes_back(both: tuple[Fleet, States, States]) -> None:
    """An interrupted rollback has not forgotten what the last change was."""
    fleet, before, _hardened = both
    run = fleet.play("rollback", **policy(600, checkpoint_endpoint_serial="100%"))
    assert run.rc == 0, run.output
    for server in fleet.hosts:
        assert state_of(fleet, server) == before[server], server
    again = fleet.play("rollback", **policy(600, checkpoint_endpoint_serial="100%"))
    assert (again.rc, again.changed()) == (0, {}), again.output
