# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole process group of ansible-playbook is killed at every boundary between two tasks, from before the guard is armed to behind its disarming.

Each boundary has a server of its own; together they are of all kinds. The servers must come back by themselves, on the old or the new configuration.
"""

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
    dress,
    guard,
    leftovers,
    policy,
    state_of,
)
from tests.faults.roll.watch import Watch, lab_server
from tests.lab.checkpoint_lab import machine
from tests.support.fleet import Fleet

# Playbooks that work at the same time; those that wait for a deadline do not count.
AT_ONCE = 3


@dataclass(frozen=True)
class Killed:
    """What was seen at one boundary.

    :ivar services_then: what ran when the playbook was killed
    :ivar new_then: whether the file had its new content at that moment
    :ivar after: when the guard had done its work
    """

    server: str
    task: str
    services_then: str
    new_then: bool
    before: ServerState
    after: ServerState
    guard: str
    watch: Watch


@pytest.fixture(scope="module")
def steps() -> list[str]:
    """The tasks behind each boundary, from a run that nothing disturbs."""
    with lab(1, 1) as fleet, HeldRun(fleet, "harden", "--limit", "eps1", **policy()) as run:
        done = run.end()
        assert done.rc == 0, done.output
        found = boundaries(run.tasks())
    assert set(roles.guarded_tasks()) <= set(found), "a task of the role was never begun"
    return found


@pytest.fixture(scope="module")
def fleet(steps: list[str]) -> Iterator[Fleet]:
    """A policy server for each boundary."""
    with lab(1, len(steps)) as raised:
        for server in raised.hosts:
            dress(raised, server)
        yield raised


def kill_at(fleet: Fleet, number: int, task: str, slots: threading.Semaphore) -> Killed:
    """Kill a run at one boundary, and wait for what becomes of the server."""
    server = f"eps{number + 1}"
    with ExitStack() as stack:
        with slots:
            before = state_of(fleet, server)
            watch = stack.enter_context(Watch(fleet, server))
            with HeldRun(fleet, "harden", "--limit", server, at=number, **policy()) as run:
                assert run.must_hold(task) == number
                then = machine.state(lab_server(fleet, server))["services"]
                new_then = fleet.configuration(server) != before.files
                run.kill()
        assert until(lambda: guard(fleet, server)["state"] not in ("armed", "triggered"), DEADLINE + SLACK, 0.5)
        assert until(lambda: watch.answers, SLACK)
    with slots:
        after = state_of(fleet, server)
    return Killed(server, task, then, new_then, before, after, guard(fleet, server)["state"], watch)


@pytest.fixture(scope="module")
def killed(fleet: Fleet, steps: list[str]) -> list[Killed]:
    """Every boundary, at once."""
    slots = threading.Semaphore(AT_ONCE)
    with ThreadPoolExecutor(len(steps)) as pool:
        same = itertools.repeat
        return list(pool.map(kill_at, same(fleet), itertools.count(), steps, same(slots)))


def test_every_boundary(killed: list[Killed], report: Report) -> None:
    """The server answers again with the configuration that lies on its disk, which is the old one until the change was confirmed."""
    report(fault_points=len(killed), longest_outage=max(item.watch.longest for item in killed))
    last = len(killed) - 1
    for number, item in enumerate(killed):
        assert item.guard == ("none" if number == 0 else "disarmed" if number == last else "rolled_back"), item
        assert item.after.services == "started", item
        assert item.after.dress == item.before.dress, item
        if number < last:
            assert (item.after.files, item.after.wire) == (item.before.files, item.before.wire), item
        else:
            assert item.before.only_protocols_differ(item.after), item
            assert set(item.after.wire.values()) == {tuple(PROTOCOLS)}
        assert item.watch.longest < DEADLINE + SLACK, item
    # Kills that never met a server in these states would prove nothing.
    met = {(item.services_then, item.new_then) for item in killed}
    assert {("started", False), ("stopped", False), ("stopped", True), ("started", True)} <= met


def test_an_audit_tells_what_the_guard_did(fleet: Fleet, killed: list[Killed]) -> None:
    run = fleet.play("audit", "--limit", ",".join(item.server for item in killed), **policy())
    assert run.rc == 0, run.output
    assert run.text.count("The deadline passed and the change was not confirmed") >= len(killed) - 2, run.output


def test_a_rerun_converges(fleet: Fleet, killed: list[Killed]) -> None:
    servers = [item.server for item in killed]
    run = fleet.play("harden", "--limit", ",".join(servers), **policy(600, checkpoint_endpoint_serial="100%"))
    assert run.rc == 0, run.output
    assert set(run.changed()) == set(servers[:-1]), "the last one was changed before its playbook was killed"
    for item in killed:
        now = state_of(fleet, item.server)
        assert item.before.only_protocols_differ(now), item.server
        assert set(now.wire.values()) == {tuple(PROTOCOLS)}, item.server
        assert item.watch.seen_only(item.before.files, now.files), item
        assert guard(fleet, item.server)["state"] == "disarmed"
        assert leftovers(fleet, item.server) == []
