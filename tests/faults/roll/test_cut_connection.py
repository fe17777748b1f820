# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The SSH connection is cut between each two tasks of a change, for a moment or for good, and in the middle of a stop and of a start."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from tests.faults.roll import roles
from tests.faults.roll.conftest import Report, lab
from tests.faults.roll.held import HeldRun, boundaries, until
from tests.faults.roll.states import (
    DEADLINE,
    PROTOCOLS,
    SLACK,
    ServerState,
    calls,
    dress,
    guard,
    leftovers,
    policy,
    state_of,
)
from tests.faults.roll.watch import Watch
from tests.support.fleet import Fleet, Run

AT_ONCE = 3
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


@dataclass(frozen=True)
class Lost:
    """What became of a server that was lost at one boundary.

    :ivar asked: whether anything was asked of the server after that
    """

    server: str
    run: Run
    before: ServerState
    after: ServerState
    guard: str
    watch: Watch

    @property
    def asked(self) -> bool:
        """Whether ansible noticed."""
        return bool(self.run.stats[self.server]["unreachable"])


@pytest.fixture(scope="module")
def steps(small: Fleet) -> list[str]:
    """The tasks behind each boundary, from a run that nothing disturbs."""
    with HeldRun(small, "harden", "--limit", "eps4", **policy(600)) as run:
        assert run.end().rc == 0, run.output
        return boundaries(run.tasks())


@pytest.fixture(scope="module")
def fleet(steps: list[str]) -> Iterator[Fleet]:
    """A policy server for each boundary."""
    with lab(1, len(steps)) as raised:
        for server in raised.hosts:
            dress(raised, server)
        yield raised


def lose_at(fleet: Fleet, number: int, task: str, slots: threading.Semaphore) -> Lost:
    """Let a server be unreachable from one boundary on, and wait for what becomes of it without us."""
    server = f"eps{number + 1}"
    with ExitStack() as stack:
        with slots:
            before = state_of(fleet, server)
            watch = stack.enter_context(Watch(fleet, server))
            with HeldRun(fleet, "harden", "--limit", server, at=number, **policy()) as held:
                assert held.must_hold(task) == number
                fleet.fault(server, "unreachable")
                held.go()
                run = held.end()
        assert until(lambda: guard(fleet, server)["state"] not in ("armed", "triggered"), DEADLINE + SLACK, 0.5)
        assert until(lambda: watch.answers, SLACK)
    with slots:
        return Lost(server, run, before, state_of(fleet, server), guard(fleet, server)["state"], watch)


@pytest.fixture(scope="module")
def lost(fleet: Fleet, steps: list[str]) -> list[Lost]:
    """Every boundary, at once."""
    slots = threading.Semaphore(AT_ONCE)
    with ThreadPoolExecutor(len(steps)) as pool:
        same = itertools.repeat
        return list(pool.map(lose_at, same(fleet), itertools.count(), steps, same(slots)))


def test_lost_for_good_at_every_boundary(lost: list[Lost], report: Report) -> None:
    """The server helps itself while nobody can reach it; the run fails and says that it was lost."""
    report(fault_points=len(lost), longest_outage=max(item.watch.longest for item in lost))
    last = len(lost) - 1
    for number, item in enumerate(lost):
        assert item.guard == ("none" if number == 0 else "disarmed" if number == last else "rolled_back"), item
        assert item.after.services == "started", item
        assert item.after.dress == item.before.dress, item
        if number < last:
            assert item.run.rc != 0 and item.asked, item.run.output
            assert f"fatal: [{item.server}]: UNREACHABLE!" in item.run.output
            assert (item.after.files, item.after.wire) == (item.before.files, item.before.wire), item
        else:
            assert item.run.rc == 0 and not item.asked, item.run.output
            assert item.before.only_protocols_differ(item.after), item
        assert item.watch.longest < DEADLINE + SLACK, item


def test_a_rerun_converges(fleet: Fleet, lost: list[Lost]) -> None:
    servers = [item.server for item in lost]
    for server in servers:
        fleet.fault(server, "none")
    run = fleet.play("harden", "--limit", ",".join(servers), **policy(600, checkpoint_endpoint_serial="100%"))
    assert run.rc == 0, run.output
    for item in lost:
        now = state_of(fleet, item.server)
        assert item.before.only_protocols_differ(now), item.server
        assert set(now.wire.values()) == {tuple(PROTOCOLS)}, item.server
        assert item.watch.seen_only(item.before.files, now.files), item
        assert leftovers(fleet, item.server) == []
