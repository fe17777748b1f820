# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One harm at every boundary between two tasks of a change, each on a server of its own, and what must be true of all of them afterwards."""

from __future__ import annotations

import itertools
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from tests.faults.roll.conftest import Report, lab
from tests.faults.roll.held import HeldRun, until
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
from tests.support.fleet import Fleet, Run

# Playbooks that work at the same time; those that wait for a deadline do not count.
AT_ONCE = 3


@dataclass(frozen=True)
class Harm:
    """What is done to a run that is held at a boundary.

    :ivar at_once: done while the run is held; returns the run where it came to its end
    :ivar behind_the_deadline: done when the guard has acted
    """

    at_once: Callable[[Fleet, str, HeldRun], Run | None]
    behind_the_deadline: Callable[[HeldRun], Run] | None = None


@dataclass(frozen=True)
class Harmed:
    """What was seen of one server.

    :ivar services_then: what ran when the harm was done
    :ivar new_then: whether the file had its new content at that moment
    :ivar after: when all was over
    :ivar run: None where it was killed
    """

    server: str
    task: str
    services_then: str
    new_then: bool
    before: ServerState
    after: ServerState
    guard: str
    watch: Watch
    run: Run | None

    @property
    def text(self) -> str:
        """What the run said; nothing where it was killed."""
        return self.run.text if self.run else ""


@contextmanager
def fleet_for(steps: list[str]) -> Iterator[Fleet]:
    """A lab with a policy server for each boundary; together they are of all kinds."""
    with lab(1, len(steps)) as raised:
        for server in raised.hosts:
            dress(raised, server)
        yield raised


def harm_each(fleet: Fleet, steps: list[str], harm: Harm) -> list[Harmed]:
    """Do it at every boundary, at once."""
    slots = threading.Semaphore(AT_ONCE)
    with ThreadPoolExecutor(len(steps)) as pool:
        same = itertools.repeat
        return list(pool.map(_harm_at, same(fleet), itertools.count(), steps, same(harm), same(slots)))


def _harm_at(fleet: Fleet, number: int, task: str, harm: Harm, slots: threading.Semaphore) -> Harmed:
    server = f"eps{number + 1}"
    with ExitStack() as stack:
        with slots:
            before = state_of(fleet, server)
            watch = stack.enter_context(Watch(fleet, server))
            held = stack.enter_context(HeldRun(fleet, "harden", "--limit", server, at=number, **policy()))
            assert held.must_hold(task) == number
            then = machine.state(lab_server(fleet, server))["services"]
            new_then = fleet.configuration(server) != before.files
            run = harm.at_once(fleet, server, held)
        assert until(lambda: guard(fleet, server)["state"] not in ("armed", "triggered"), DEADLINE + SLACK, 0.5)
        if harm.behind_the_deadline:
            with slots:
                run = harm.behind_the_deadline(held)
        assert until(lambda: watch.answers, SLACK)
    with slots:
        after = state_of(fleet, server)
    return Harmed(server, task, then, new_then, before, after, guard(fleet, server)["state"], watch, run)


def must_have_come_back(harmed: list[Harmed], changed: set[int], report: Report) -> None:
    """The servers answer with the configuration that lies on their disks, which is the old one unless the change was confirmed.

    :param changed: the boundaries at which the harm comes too early or too late to keep the change from its end
    """
    report(fault_points=len(harmed), longest_outage=max(item.watch.longest for item in harmed))
    for number, item in enumerate(harmed):
        assert item.after.services == "started", item
        assert item.after.dress == item.before.dress, item
        if number in changed:
            assert item.guard == "disarmed", item
            assert item.before.only_protocols_differ(item.after), item
            assert set(item.after.wire.values()) == {tuple(PROTOCOLS)}, item
        else:
            assert item.guard == ("rolled_back" if number else "none"), item
            assert (item.after.files, item.after.wire) == (item.before.files, item.before.wire), item
        assert item.watch.longest < DEADLINE + SLACK, item
    # A harm that never met a server in these states would prove nothing.
    met = {(item.services_then, item.new_then) for item in harmed}
    assert {("started", False), ("stopped", False), ("stopped", True), ("started", True)} <= met


def must_converge(fleet: Fleet, harmed: list[Harmed], changed: set[int]) -> None:
    """Run again over all of them, once and undisturbed."""
    servers = [item.server for item in harmed]
    run = fleet.play("harden", "--limit", ",".join(servers), **policy(600, checkpoint_endpoint_serial="100%"))
    assert run.rc == 0, run.output
    assert set(run.changed()) == {server for number, server in enumerate(servers) if number not in changed}
    for item in harmed:
        now = state_of(fleet, item.server)
        assert item.before.only_protocols_differ(now), item.server
        assert set(now.wire.values()) == {tuple(PROTOCOLS)}, item.server
        assert item.watch.seen_only(item.before.files, now.files), item
        assert guard(fleet, item.server)["state"] == "disarmed", item.server
        assert leftovers(fleet, item.server) == [], item.server
