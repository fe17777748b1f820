# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""cpstop and cpstart hang, fail for once or for good, come late or start something that does not serve; disks fill while the server is stopped.

Each fault has a server of its own. What the role promises for it stands in CASES.
"""

from __future__ import annotations

import itertools
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from tests.faults.roll.conftest import Report, lab
from tests.faults.roll.held import DISARM, HeldRun, until
from tests.faults.roll.states import (
    DEADLINE,
    PROTOCOLS,
    SLACK,
    START_TIMEOUT,
    STOP_TIMEOUT,
    ServerState,
    calls,
    guard,
    leftovers,
    policy,
    state_of,
)
from tests.faults.roll.watch import Watch
from tests.support.fleet import Fleet, FleetError, Run

pytestmark = pytest.mark.slow("tools that hang until their time limit")

# Most of the time they wait for a tool that hangs.
AT_ONCE = 5
WRITE, START = "Apply | Write the new configuration", "Apply | Start the services"
# What the run says in the end. A server that is put back answers as before; of one that cannot be, the run says so.
REFUSED = "nothing was changed"
BACK = "State now: the old configuration is back and the services run with it"
NOT_BACK = "State now: THE OLD STATE COULD NOT BE VERIFIED"
HARDENED = "failed=0"


@dataclass(frozen=True)
class Case:
    """A fault and what must become of it.

    :ivar fault: as the lab takes it
    :ivar before: the task before which it begins; None: before the run
    :ivar says: how the run ends
    :ivar words: what else it says
    :ivar answers: whether the server answers at the end of the run, with the fault still there
    :ivar helped: whether the guard has to act at its deadline, after the run
    """

    fault: str
    before: str | None
    says: str
    words: tuple[str, ...] = ()
    answers: bool = True
    helped: bool = False


LATE = "did not end within"
CASES = {
    "stop-hangs": Case("stop-hangs", None, BACK, ("cpstop " + LATE,)),
    "stop-half": Case("stop-half", None, BACK, ("the services did not stop within",)),
    "start-fails-once": Case("start-fails:once", None, BACK, ("the services did not start within",)),
    "start-fails": Case("start-fails", None, NOT_BACK, ("run cpstart, then audit.yml",), answers=False),
    "start-hangs-once": Case("start-hangs:once", None, BACK, ("cpstart " + LATE,)),
    "start-hangs": Case("start-hangs", None, NOT_BACK, ("cpstart " + LATE,), answers=False),
    "start-late": Case("start-late", None, HARDENED),
    "start-refuses-handshakes": Case(
        "start-refuses-handshakes", None, NOT_BACK, ("Verify files and wire",), answers=False
    ),
    "start-serves-nothing": Case("start-serves-nothing", None, NOT_BACK, ("does not answer",), answers=False),
    # Nobody can say whether the services run, but they do.
    "watchdog-unreadable": Case("watchdog-unreadable", START, NOT_BACK, ("list of processes cannot be read",)),
    # Unknown words of the watchdog's client are asked for again, until it says what runs.
    "watchdog-unreadable-thrice": Case("watchdog-unreadable:3", START, HARDENED),
    "disk-full": Case("disk-full", WRITE, BACK, ("No space left on device",)),
    "disk-full-after-the-change": Case("disk-full", START, HARDENED),
    "disk-full-from-the-beginning": Case("disk-full", None, REFUSED, ("MiB are free",)),
    "state-full": Case("state-full", WRITE, BACK, ("No space left on device",)),
    "state-full-from-the-beginning": Case("state-full", None, REFUSED, ("MiB are free",)),
    # The guard keeps room for its own record.
    "state-full-at-the-end": Case("state-full", DISARM, HARDENED),
    "profile-missing": Case("profile-missing", WRITE, NOT_BACK, (".CPprofile.sh",), answers=False, helped=True),
}


@dataclass(frozen=True)
class Met:
    """What a fault did.

    :ivar run: None where this machine lets nobody set the fault; ``why_not`` says why
    """

    case: Case
    server: str
    before: ServerState
    after: ServerState | None = None
    run: Run | None = None
    watch: Watch | None = None
    why_not: str = ""


@pytest.fixture(scope="module")
def fleet() -> Iterator[Fleet]:
    """A policy server for each case."""
    with lab(1, len(CASES)) as raised:
        yield raised


def meet(fleet: Fleet, number: int, case: Case, slots: threading.Semaphore) -> Met:
    """Run into one fault."""
    server = f"eps{number + 1}"
    with ExitStack() as stack:
        with slots:
            before = state_of(fleet, server)
            try:
                if case.before is None:
                    fleet.fault(server, case.fault)
            except FleetError as error:
                return Met(case, server, before, why_not=str(error))
            watch = stack.enter_context(Watch(fleet, server))
            at = 0 if case.before else None
            with HeldRun(fleet, "harden", "--limit", server, at=at, anchor=case.before or "", **policy()) as held:
                if case.before is not None:
                    held.must_hold(case.before)
                    try:
                        fleet.fault(server, case.fault)
                    except FleetError as error:
                        return Met(case, server, before, why_not=str(error))
                    held.go()
                run = held.end()
        if case.helped:
            until(lambda: watch.answers, DEADLINE + SLACK)
            # Without a profile nobody can look at the server either.
            fleet.fault(server, "none")
        # One look more than the end of the outage takes.
        until(lambda: watch.answers, 3)
    return Met(case, server, before, state_of(fleet, server), run, watch)


@pytest.fixture(scope="module")
def met(fleet: Fleet) -> dict[str, Met]:
    """All cases, some at a time."""
    slots = threading.Semaphore(AT_ONCE)
    with ThreadPoolExecutor(len(CASES)) as pool:
        same = itertools.repeat
        found = pool.map(meet, same(fleet), itertools.count(), CASES.values(), same(slots))
        return dict(zip(CASES, found, strict=True))


@pytest.mark.parametrize("name", CASES)
def test_a_fault(fleet: Fleet, met: dict[str, Met], name: str, report: Report) -> None:
    found = met[name]
    case, run, after, watch, server = found.case, found.run, found.after, found.watch, found.server
    if run is None or after is None or watch is None:
        pytest.skip(f"this machine cannot show the fault: {found.why_not}")
    report(fault_points=1)
    if case.answers or case.helped:
        report(longest_outage=watch.longest)
    assert (run.rc == 0) == (case.says == HARDENED), run.output
    for words in (case.says, *case.words):
        assert words in run.text, run.output
    if case.says == HARDENED:
        assert found.before.only_protocols_differ(after)
        assert set(after.wire.values()) == {tuple(PROTOCOLS)}
        return
    assert after.files == found.before.files
    assert after.dress == found.before.dress
    assert leftovers(fleet, server) == []
    if case.answers or case.helped:
        assert after.wire == found.before.wire
    if case.says == REFUSED:
        assert [tool for tool, _result in calls(fleet, server)] == ["cpstart"]
        assert watch.outages == []
    if case.answers:
        # However long the tools take: never more than their limits for the change and for the way back.
        assert watch.longest < 2 * (STOP_TIMEOUT + START_TIMEOUT) + SLACK


def test_a_stop_that_hangs_costs_nobody_anything(fleet: Fleet, met: dict[str, Met]) -> None:
    """The tool was killed before it stopped anything: there is nothing to restart."""
    found = met["stop-hangs"]
    assert found.watch and found.watch.outages == []
    assert calls(fleet, found.server)[1:] == [("cpstop", "killed")]


def test_the_causes_are_gone_and_a_rerun_converges(fleet: Fleet, met: dict[str, Met]) -> None:
    servers = [found.server for found in met.values()]
    for server in servers:
        fleet.fault(server, "none")
        # One that goes on trying by itself would find out within its next pause.
        if guard(fleet, server)["state"] == "triggered":
            assert fleet.module(server, "change_guard", state="triggered")["guard"]["state"] == "rolled_back"
    # Its httpd was started with options of the fault, and runs with them still.
    fleet.module(met["start-refuses-handshakes"].server, "services", state="restarted", timeout=60)
    run = fleet.play("harden", "--limit", ",".join(servers), **policy(600, checkpoint_endpoint_serial="100%"))
    assert run.rc == 0, run.output
    for found in met.values():
        now = state_of(fleet, found.server)
        assert now.services == "started"
        assert set(now.wire.values()) == {tuple(PROTOCOLS)}, found.server
        assert found.before.only_protocols_differ(now), found.server
        assert guard(fleet, found.server)["state"] == "disarmed"
        assert found.watch is None or found.watch.seen_only(found.before.files, now.files), found.server
