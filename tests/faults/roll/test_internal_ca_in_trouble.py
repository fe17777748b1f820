# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The internal CA's tool hangs, changes the hash and fails all the same, or does not ask; and the controller is lost right behind it.

Nothing is stopped for a change of the hash that did not end plainly; whatever the tool did, the next run comes to the declared hash.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults.roll.conftest import Report, lab
from tests.faults.roll.held import HeldRun, until
from tests.faults.roll.states import DEADLINE, SLACK, calls, guard, policy, state_of
from tests.faults.roll.watch import Watch
from tests.support.fleet import Fleet

pytestmark = pytest.mark.slow("a change for each fault, and a tool that hangs until its time limit")

SERVER = "epm1"
# The tool alone may take 60 s of it.
PATIENT = 240


@pytest.fixture(scope="module")
def fleet() -> Iterator[Fleet]:
    """The management server that has the CA."""
    with lab(1, 0) as raised:
        yield raised


def configured(fleet: Fleet) -> str:
    """The hash that the CA was told."""
    return str(fleet.status()[SERVER]["ca"]["configured"])


def active(fleet: Fleet) -> str:
    """The hash that the running CA signs with."""
    return str(fleet.status()[SERVER]["ca"]["active"])


@pytest.mark.parametrize(
    "fault, wanted, changes, words",
    [
        ("ca-hangs", "sha256", False, "did not end within 60 s and was killed"),
        ("ca-fails-after-success", "sha384", True, "ended with exit code 1"),
        ("ca-unasked", "sha512", True, "the tool did not ask its question"),
    ],
)
def test_nothing_is_stopped(fleet: Fleet, fault: str, wanted: str, changes: bool, words: str, report: Report) -> None:
    before, hash_before, begun = state_of(fleet, SERVER), configured(fleet), calls(fleet, SERVER)
    fleet.fault(SERVER, fault)
    with Watch(fleet, SERVER) as watch:
        run = fleet.play("harden", **policy(PATIENT, checkpoint_endpoint_sign_hash=wanted))
    fleet.fault(SERVER, "none")
    assert run.rc != 0
    assert words in run.text, run.output
    assert "State now: no file was changed and the services were not stopped" in run.text
    if changes:
        assert "it is not known which hash the CA signs with" in run.text
    assert configured(fleet) == (wanted if changes else hash_before)
    assert state_of(fleet, SERVER) == before
    assert calls(fleet, SERVER) == begun
    assert watch.outages == []
    assert guard(fleet, SERVER)["state"] == "disarmed"
    run = fleet.play("harden", **policy(600, checkpoint_endpoint_sign_hash=wanted))
    assert run.rc == 0, run.output
    assert (configured(fleet), active(fleet)) == (wanted, wanted)
    report(fault_points=1)


def test_the_controller_is_lost_right_after_the_hash_was_set(fleet: Fleet, report: Report) -> None:
    """The CA keeps its new hash, which harms nobody; the restart that makes it count comes with the next run."""
    before, begun = state_of(fleet, SERVER), len(calls(fleet, SERVER))
    anchor = "Apply | Record that the services are being stopped"
    change = policy(checkpoint_endpoint_sign_hash="sha256")
    with Watch(fleet, SERVER) as watch:
        with HeldRun(fleet, "harden", at=0, anchor=anchor, **change) as run:
            run.must_hold(anchor)
            assert (configured(fleet), active(fleet)) == ("sha256", "sha512")
            run.kill()
        assert until(lambda: guard(fleet, SERVER)["state"] == "rolled_back", DEADLINE + SLACK)
    assert state_of(fleet, SERVER) == before
    assert watch.outages == []
    assert len(calls(fleet, SERVER)) == begun, "what still runs as before is not restarted"
    done = fleet.play("harden", **{**change, "checkpoint_endpoint_guard_deadline": 600})
    assert done.rc == 0, done.output
    assert (configured(fleet), active(fleet)) == ("sha256", "sha256")
    report(fault_points=1)


def test_a_ca_that_does_not_come_back_with_the_services_is_told(fleet: Fleet, report: Report) -> None:
    """Everything else came back, so nothing is undone; but nobody is told that all is well, and no run stops the server again for it."""
    start = "Apply | Start the services"
    with HeldRun(fleet, "harden", at=0, anchor=start, **policy(600, checkpoint_endpoint_sign_hash="sha384")) as held:
        held.must_hold(start)
        fleet.fault(SERVER, "ca-down")
        held.go()
        run = held.end()
    assert run.rc != 0
    assert (
        "the change is made and confirmed (sign_hash). But the internal CA ran before it and does not run now."
        in run.text
    ), run.output
    assert guard(fleet, SERVER)["state"] == "disarmed"
    stops = calls(fleet, SERVER)
    again = fleet.play("harden", **policy(600, checkpoint_endpoint_sign_hash="sha512"))
    assert again.rc != 0 and "ICA-3: The internal CA does not run" in again.text, again.output
    assert calls(fleet, SERVER) == stops
    fleet.fault(SERVER, "none")
    assert fleet.play("harden", **policy(600, checkpoint_endpoint_sign_hash="sha512")).rc == 0
    report(fault_points=1)
