# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Two runs over the same fleet, and an audit in the middle of a change."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults.roll.conftest import Report, lab
from tests.faults.roll.held import ARM, DISARM, HeldRun, boundaries
from tests.faults.roll.states import PROTOCOLS, calls, guard, policy, state_of
from tests.faults.roll.watch import lab_server
from tests.lab.checkpoint_lab import journal
from tests.support.fleet import Fleet

pytestmark = pytest.mark.slow("two rollouts over the same servers")

SERVERS = ["eps1", "eps2", "eps3"]
RUN = policy(600, checkpoint_endpoint_serial=1)
FIRST = "the first run, change 4711"


@pytest.fixture(scope="module")
def fleet() -> Iterator[Fleet]:
    """Three policy servers and a management server."""
    with lab(1, 4) as raised:
        yield raised


def one_at_a_time(fleet: Fleet, server: str) -> bool:
    """Whether no call of a tool began before the one before it had ended, and each stop was followed by a start."""
    found = [call for call in journal.read(lab_server(fleet, server)) if call["tool"] in ("cpstop", "cpstart")]
    order = [call["tool"] for call in found]
    return order == ["cpstart"] + ["cpstop", "cpstart"] * (len(order) // 2) and not any(
        call["result"] in ("killed", "running") for call in found
    )


def test_a_second_run_is_told_who_holds_the_server(fleet: Fleet, report: Report) -> None:
    """At every boundary of the first run. Only the first one changes anything, and it comes to its end undisturbed."""
    before = {server: state_of(fleet, server) for server in fleet.hosts}
    asked = 0
    with HeldRun(fleet, "harden", "--limit", "eps1", at="each", enforce_holder=FIRST, **RUN) as first:
        while (number := first.wait_held()) is not None:
            armed = guard(fleet, "eps1")["state"] == "armed"
            # Each third boundary: a run takes its time, and there are two tests more of this kind.
            if armed and number % 3 == 1:
                stopped = len(calls(fleet, "eps1"))
                second = fleet.play("harden", **RUN)
                assert second.rc != 0, second.output
                assert FIRST in second.text, second.output
                assert "Left untouched: eps2, eps3, eps4, epm1" in second.text, second.output
                assert len(calls(fleet, "eps1")) == stopped
                assert guard(fleet, "eps1")["state"] == "armed"
                asked += 1
            first.go()
        done = first.end()
        assert done.rc == 0, done.output
        assert asked >= (len(boundaries(first.tasks())) - 2) // 3
    assert set(state_of(fleet, "eps1").wire.values()) == {tuple(PROTOCOLS)}
    assert one_at_a_time(fleet, "eps1")
    for server in ("eps2", "eps3", "eps4", "epm1"):
        assert state_of(fleet, server) == before[server]
        assert len(calls(fleet, server)) == 1
    report(fault_points=asked)


def test_two_runs_that_start_together(fleet: Fleet, report: Report) -> None:
    """Whoever is later, on whichever server: one of them does the work, and no server is stopped twice."""
    with HeldRun(fleet, "harden", **RUN) as one, HeldRun(fleet, "harden", **RUN) as two:
        ends = [one.end(), two.end()]
    for run in ends:
        assert run.rc == 0 or "nothing was changed" in run.text or "changed nothing" in run.text, run.output
    assert fleet.play("harden", **RUN).rc == 0
    for server in fleet.hosts:
        assert one_at_a_time(fleet, server)
        assert [tool for tool, _result in calls(fleet, server)] == ["cpstart", "cpstop", "cpstart"]
        assert set(state_of(fleet, server).wire.values()) == {tuple(PROTOCOLS)}
    report(fault_points=1)


def test_an_audit_in_the_middle_of_a_change(fleet: Fleet, report: Report) -> None:
    """It reads what is there, says that a change is going on, changes nothing, and the change does not notice it."""
    change = policy(
        600, checkpoint_endpoint_tls_protocols=["TLSv1.3"], checkpoint_endpoint_legacy_clients={"action": "ignore"}
    )
    audited = 0
    with HeldRun(fleet, "harden", "--limit", "eps2", at="each", **change) as run:
        while (number := run.wait_held()) is not None:
            if number % 3 == 1 or run.tasks()[-1]["name"] in (ARM, DISARM):
                armed = guard(fleet, "eps2")["state"] == "armed"
                before = fleet.snapshot("eps2")
                audit = fleet.play("audit", "--limit", "eps2,eps3", **change)
                assert audit.rc == 0, audit.output
                assert ("GUARD-1 pending" in audit.text or "A change is in progress, held by" in audit.text) == armed, (
                    audit.output
                )
                assert fleet.snapshot("eps2") == before
                audited += 1
            run.go()
        done = run.end()
    assert done.rc == 0, done.output
    assert set(state_of(fleet, "eps2").wire.values()) == {("TLSv1.3",)}
    assert one_at_a_time(fleet, "eps2")
    report(fault_points=audited)
