# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole process group of ansible-playbook is killed at every boundary between two tasks, from before the guard is armed to behind its disarming."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults.roll.boundary import Harm, Harmed, fleet_for, harm_each, must_converge, must_have_come_back
from tests.faults.roll.conftest import Report
from tests.faults.roll.held import HeldRun
from tests.faults.roll.states import policy
from tests.support.fleet import Fleet

pytestmark = pytest.mark.slow("one change for each boundary between two tasks, and each guard waits for its deadline")


@pytest.fixture(scope="module")
def fleet(steps: list[str]) -> Iterator[Fleet]:
    with fleet_for(steps) as raised:
        yield raised


def kill(_fleet: Fleet, _server: str, held: HeldRun) -> None:
    """As it stands, held."""
    held.kill()


@pytest.fixture(scope="module")
def killed(fleet: Fleet, steps: list[str]) -> list[Harmed]:
    return harm_each(fleet, steps, Harm(kill))


@pytest.fixture(scope="module")
def changed(steps: list[str]) -> set[int]:
    """Behind the disarming there is nothing left to undo."""
    return {len(steps) - 1}


def test_every_boundary(killed: list[Harmed], changed: set[int], report: Report) -> None:
    must_have_come_back(killed, changed, report)


def test_an_audit_tells_what_the_guard_did(fleet: Fleet, killed: list[Harmed]) -> None:
    run = fleet.play("audit", "--limit", ",".join(item.server for item in killed), **policy())
    assert run.rc == 0, run.output
    assert run.text.count("The deadline passed and the change was not confirmed") >= len(killed) - 2, run.output


def test_a_rerun_converges(fleet: Fleet, killed: list[Harmed], changed: set[int]) -> None:
    must_converge(fleet, killed, changed)
