# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The server is restarted in the middle of a change, which its guard does not survive; with the controller lost, or going on as if nothing had happened."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest

from tests.faults.roll.conftest import Report, lab
from tests.faults.roll.held import DISARM, HeldRun
from tests.faults.roll.states import PROTOCOLS, ServerState, guard, leftovers, policy, state_of
from tests.support.fleet import Fleet, Run

pytestmark = pytest.mark.slow("a change and a reboot for each moment")

AT_ONCE = 3
WRITE, START = "Apply | Write the new configuration", "Apply | Start the services"
# What a boot finds: stopped with the old files, stopped with the new ones, running with the new ones.
MOMENTS = (WRITE, START, DISARM)
LOST, GOES_ON = ("eps1", "eps2", "eps3"), ("eps4", "eps5", "eps6")


@dataclass(frozen=True)
class Rebooted:
    """A server that was restarted before a task.

    :ivar booted: right after the boot
    :ivar run: the run that went on, None where it was killed
    """

    server: str
    before: ServerState
    booted: ServerState
    run: Run | None


@pytest.fixture(scope="module")
def fleet() -> Iterator[Fleet]:
    """A policy server for each moment, with and without a controller."""
    with lab(1, len(LOST) + len(GOES_ON)) as raised:
        yield raised


def reboot(fleet: Fleet, server: str, moment: str, goes_on: bool) -> Rebooted:
    """Restart a server before one task of its change."""
    before = state_of(fleet, server)
    with HeldRun(fleet, "harden", "--limit", server, at=0, anchor=moment, **policy(600)) as held:
        held.must_hold(moment)
        if not goes_on:
            held.kill()
        fleet.lab("reboot", server)
        booted = state_of(fleet, server)
        run = None
        if goes_on:
            held.go()
            run = held.end()
    return Rebooted(server, before, booted, run)


@pytest.fixture(scope="module")
def rebooted(fleet: Fleet) -> dict[str, Rebooted]:
    """All moments."""
    cases = [(server, moment, False) for server, moment in zip(LOST, MOMENTS, strict=True)]
    cases += [(server, moment, True) for server, moment in zip(GOES_ON, MOMENTS, strict=True)]
    with ThreadPoolExecutor(AT_ONCE) as pool:
        found = pool.map(lambda case: reboot(fleet, *case), cases)
        return {item.server: item for item in found}


def test_a_run_that_goes_on_puts_the_server_back_and_says_so(rebooted: dict[str, Rebooted], fleet: Fleet) -> None:
    """The guard was lost with the restart, so the change is not confirmed, however well it looks."""
    for server in GOES_ON:
        item = rebooted[server]
        assert item.run and item.run.rc != 0
        assert "State now: the old configuration is back and the services run with it" in item.run.text, item.run.output
        assert state_of(fleet, server) == item.before
        assert guard(fleet, server)["state"] == "rolled_back"


def test_a_server_boots_on_the_old_or_the_new_configuration(rebooted: dict[str, Rebooted], report: Report) -> None:
    for server, moment in zip(LOST, MOMENTS, strict=True):
        item = rebooted[server]
        assert item.booted.services == "started"
        if moment == WRITE:
            assert item.booted == item.before
        else:
            assert item.before.only_protocols_differ(item.booted)
            assert set(item.booted.wire.values()) == {tuple(PROTOCOLS)}
    report(fault_points=len(rebooted))


def test_an_audit_recognises_the_stale_guards(rebooted: dict[str, Rebooted], fleet: Fleet) -> None:
    before = {server: fleet.snapshot(server) for server in LOST}
    run = fleet.play("audit", "--limit", ",".join(LOST), **policy())
    assert run.rc == 0, run.output
    assert run.text.count("(guard stale)") >= len(LOST), run.output
    assert {server: fleet.snapshot(server) for server in LOST} == before
    failing = fleet.play("audit", "--limit", ",".join(LOST), **policy(checkpoint_endpoint_fail_on_findings=True))
    assert failing.rc != 0
    for server in LOST:
        assert f"{server}: GUARD-1" in failing.text or "GUARD-1" in failing.text, failing.output


def test_harden_without_consent_touches_only_what_needs_no_restart(rebooted: dict[str, Rebooted], fleet: Fleet) -> None:
    variables = policy(600, checkpoint_endpoint_serial="100%")
    del variables["checkpoint_endpoint_restart"]
    run = fleet.play("harden", "--limit", ",".join(LOST), **variables)
    assert run.rc != 0
    # The change of the others had come to its end, only its confirmation is missing.
    assert run.text.count("an earlier change was interrupted (guard stale") == 1, run.output
    assert guard(fleet, LOST[0])["state"] == "armed"
    assert state_of(fleet, LOST[0]) == rebooted[LOST[0]].booted
    for server in LOST[1:]:
        assert guard(fleet, server)["state"] == "disarmed"
        assert state_of(fleet, server) == rebooted[server].booted


def test_harden_with_consent_converges(rebooted: dict[str, Rebooted], fleet: Fleet) -> None:
    servers = ",".join([*LOST, *GOES_ON])
    run = fleet.play("harden", "--limit", servers, **policy(600, checkpoint_endpoint_serial="100%"))
    assert run.rc == 0, run.output
    for item in rebooted.values():
        now = state_of(fleet, item.server)
        assert item.before.only_protocols_differ(now)
        assert set(now.wire.values()) == {tuple(PROTOCOLS)}
        assert guard(fleet, item.server)["state"] == "disarmed"
        assert leftovers(fleet, item.server) == []
