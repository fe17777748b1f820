# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Labs for faults in the middle of a roll."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.faults.roll import roles
from tests.faults.roll.held import HeldRun, boundaries
from tests.faults.roll.states import policy
from tests.support.fleet import Fleet

QUICK = ("--stop-seconds", "0.2", "--start-seconds", "0.2")
Report = Callable[..., None]


@contextmanager
def lab(management: int, policy: int, *options: str) -> Iterator[Fleet]:
    """A lab that is gone at the end."""
    with TemporaryDirectory(prefix="lab-") as folder:
        raised = Fleet(Path(folder) / "lab")
        try:
            yield raised.up("--management", str(management), "--policy", str(policy), *QUICK, *options)
        finally:
            raised.down()


@pytest.fixture
def report(record_property: Callable[[str, object], None]) -> Report:
    """Tells what was measured, for the table at the end."""

    def tell(**measured: float) -> None:
        for name, value in measured.items():
            record_property(name, round(value, 1) if isinstance(value, float) else value)

    return tell


@pytest.fixture(scope="session")
def steps() -> list[str]:
    """The tasks behind each boundary, from a run that nothing disturbs."""
    with lab(1, 1) as fleet, HeldRun(fleet, "harden", "--limit", "eps1", **policy()) as run:
        done = run.end()
        assert done.rc == 0, done.output
        found = boundaries(run.tasks())
    assert set(roles.guarded_tasks()) <= set(found), "a task of the role was never begun"
    return found
