# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The SSH connection is cut between each two tasks of a change, for a moment or for good, and in the middle of a stop and of a start."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.faults.roll import roles
from tests.faults.roll.boundary import AT_ONCE, Harm, Harmed, fleet_for, harm_each, must_converge, must_have_come_back
from tests.faults.roll.conftest import Report, lab
from tests.faults.roll.held import HeldRun, boundaries, until
from tests.faults.roll.states import DEADLINE, PROTOCOLS, SLACK, calls, guard, policy, state_of
from tests.faults.roll.watch import Watch
from tests.support.fleet import Fleet, Run

pytestmark = pytest.mark.slow("one change for each boundary between two tasks, and each guard waits for its deadline")

# Long enough to be cut in the middle.
TOOL_SECONDS = ("--stop-seconds", "2", "--start-seconds", "2")


@pytest.fixture(scope="module")
def small() -> Iterator[Fleet]:
    """The management server with the CA, and policy servers of five kinds, of Python 2.7 and 3."""
    with lab(1, 5, *TOOL_SECONDS) as raised:
        yield raised


def cut_everywhere(fleet: Fleet, server: str) -> tuple[Run, list[str]]:
    """A run whose sessions are cut at each boundary; it finds the server again each time."""
    with HeldRun(fleet, "harden", "--limit", server, at="each", **policy(600)) as run:
        while run.wait_held() is not None:
            fleet.fault(server, "link-dropped")
            run.go()
            assert until(lambda: run.ended or run.held is not None)
        return run.end(), boundaries(run.tasks())


def test_cut_between_each_two_tasks_and_reachable_again(small: Fleet, report: Report) -> None:
    servers = ["eps2", "eps5", "epm1"]
    before = {server: state_of(small, server) for server in servers}
    with ThreadPoolExecutor(AT_ONCE) as pool:
        runs = dict(zip(servers, pool.map(lambda server: cut_everywhere(small, server), servers), strict=True))
    for server, (run, steps) in runs.items():
        assert run.rc == 0, run.output
        assert set(roles.guarded_tasks()) <= set(steps)
        now = state_of(small, server)
        assert (now.services, set(now.wire.values())) == ("started", {tuple(PROTOCOLS)})
        assert before[server].only_protocols_differ(now)
        assert [tool for tool, _result in calls(small, server)] == ["cpstart", "cpstop", "cpstart"]
        assert guard(small, server)["state"] == "disarmed"
    report(fault_points=sum(len(steps) for _run, steps in runs.values()))


@pytest.mark.parametrize("server, tool", [("eps1", "cpstop"), ("eps3", "cpstart")])
def test_cut_while_a_tool_runs(small: Fleet, server: str, tool: str, report: Report) -> None:
    """The tool goes on without its session; nobody waits for it any more, and the guard brings the server back."""
    before = state_of(small, server)
    begun = len(calls(small, server))
    with Watch(small, server) as watch, HeldRun(small, "harden", "--limit", server, **policy()) as run:
        assert until(lambda: (tool, "running") in calls(small, server)[begun:]), run.output
        small.fault(server, "link-dropped")
        done = run.end()
        assert done.rc != 0
        assert done.stats[server]["unreachable"] == 1, done.output
        assert f"fatal: [{server}]: UNREACHABLE!" in done.output
        assert until(lambda: guard(small, server)["state"] == "rolled_back", DEADLINE + SLACK)
        assert until(lambda: watch.answers, SLACK)
    now = state_of(small, server)
    assert now == before
    report(fault_points=1, longest_outage=watch.longest)
    assert small.play("harden", "--limit", server, **policy(600)).rc == 0
    assert set(state_of(small, server).wire.values()) == {tuple(PROTOCOLS)}
    assert watch.seen_only(before.files, small.configuration(server))


# -- for good


@pytest.fixture(scope="module")
def fleet(steps: list[str]) -> Iterator[Fleet]:
    with fleet_for(steps) as raised:
        yield raised


def lose(fleet: Fleet, server: str, held: HeldRun) -> Run:
    """The server is unreachable from now on; the run goes on and finds out."""
    fleet.fault(server, "unreachable")
    held.go()
    return held.end()


@pytest.fixture(scope="module")
def lost(fleet: Fleet, steps: list[str]) -> list[Harmed]:
    return harm_each(fleet, steps, Harm(lose))


@pytest.fixture(scope="module")
def changed(steps: list[str]) -> set[int]:
    """Behind the disarming nothing is asked of the server any more."""
    return {len(steps) - 1}


def test_lost_for_good_at_every_boundary(lost: list[Harmed], changed: set[int], report: Report) -> None:
    """The server helps itself while nobody can reach it; the run fails and says that it was lost."""
    must_have_come_back(lost, changed, report)
    for number, item in enumerate(lost):
        assert item.run
        asked = bool(item.run.stats[item.server]["unreachable"])
        assert (item.run.rc != 0, asked) == (number not in changed, number not in changed), item.run.output
        assert (f"fatal: [{item.server}]: UNREACHABLE!" in item.run.output) == asked


def test_a_rerun_converges(fleet: Fleet, lost: list[Harmed], changed: set[int]) -> None:
    for item in lost:
        fleet.fault(item.server, "none")
    must_converge(fleet, lost, changed)
