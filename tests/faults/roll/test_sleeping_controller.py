# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The controller falls asleep at every boundary between two tasks and wakes up behind the deadline, as a laptop does that was shut.

The guard has undone the change by then. What the run does next must not begin it anew without a guard, and it must not call a server changed.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest

from tests.faults.roll.boundary import Harm, Harmed, fleet_for, harm_each, must_converge, must_have_come_back
from tests.faults.roll.conftest import Report
from tests.faults.roll.held import HeldRun
from tests.faults.roll.states import calls
from tests.support.fleet import Fleet, Run

pytestmark = pytest.mark.slow("sleeps until each guard's deadline is over")


@pytest.fixture(scope="module")
def fleet(steps: list[str]) -> Iterator[Fleet]:
    with fleet_for(steps) as raised:
        yield raised


def fall_asleep(_fleet: Fleet, _server: str, held: HeldRun) -> None:
    """Every process of the run stops where it is."""
    assert held.process
    os.killpg(held.process.pid, signal.SIGSTOP)
    held.go()


def wake_up(held: HeldRun) -> Run:
    """It goes on as if nothing had happened."""
    assert held.process
    os.killpg(held.process.pid, signal.SIGCONT)
    return held.end()


@pytest.fixture(scope="module")
def asleep(fleet: Fleet, steps: list[str]) -> list[Harmed]:
    return harm_each(fleet, steps, Harm(fall_asleep, wake_up))


@pytest.fixture(scope="module")
def changed(steps: list[str]) -> set[int]:
    """Before the guard is armed there is no deadline, and behind its disarming neither."""
    return {0, len(steps) - 1}


def test_every_boundary(asleep: list[Harmed], changed: set[int], report: Report) -> None:
    must_have_come_back(asleep, changed, report)


def test_the_run_fails_and_says_how_the_server_is(asleep: list[Harmed], changed: set[int]) -> None:
    for number, item in enumerate(asleep):
        assert item.run
        assert (item.run.rc == 0) == (number in changed), item.run.output
        if number not in changed:
            state = (
                "the old configuration is back and the services run with it",
                "no file was changed and the services were not stopped",
            )
            assert any(f"State now: {text}" in item.text for text in state), item.run.output


def test_no_service_is_stopped_without_a_guard(fleet: Fleet, asleep: list[Harmed], changed: set[int]) -> None:
    """One that was not stopped before its run fell asleep is not stopped at all."""
    for number, item in enumerate(asleep):
        if number not in changed and (item.services_then, item.new_then) == ("started", False):
            assert [tool for tool, _result in calls(fleet, item.server)] == ["cpstart"], item


def test_a_rerun_converges(fleet: Fleet, asleep: list[Harmed], changed: set[int]) -> None:
    must_converge(fleet, asleep, changed)
