# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What goes wrong before the stop is refused there; what goes wrong after it puts the old state back, and both stop the roll."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.fleet import PLAYBOOKS, Fleet, Run, Seen

pytestmark = pytest.mark.slow("rollouts that fail, and put the old state back")

Files = dict[str, dict[str, bytes]]


@pytest.fixture(scope="module")
def files(fleet: Fleet) -> Files:
    """The configuration of every server at the beginning."""
    return {server: fleet.configuration(server) for server in fleet.hosts}


@pytest.fixture(scope="module")
def wire(fleet: Fleet) -> dict[str, list[Seen]]:
    """What every server accepted at the beginning."""
    return {server: fleet.wire(server) for server in fleet.hosts}


@pytest.fixture(autouse=True)
def everything_is_as_before(fleet: Fleet, files: Files, wire: dict[str, list[Seen]]) -> Iterator[None]:
    """Whatever went wrong: old bytes, running services, the same answers on the wire."""
    yield
    for server in fleet.hosts:
        fleet.fault(server, "none")
    assert {server: fleet.configuration(server) for server in fleet.hosts} == files
    assert {state["services"] for state in fleet.status().values()} == {"started"}
    assert {server: fleet.wire(server) for server in fleet.hosts} == wire


def harden(fleet: Fleet, *arguments: str) -> Run:
    return fleet.play("harden", *arguments, checkpoint_endpoint_restart=True)


@pytest.mark.parametrize(
    ("fault", "words"),
    [
        ("profile-missing", ".CPprofile.sh"),
        ("registry-empty", "registry"),
        ("watchdog-unreadable", "eps1: nothing was changed"),
        ("unreachable", "eps1 cannot be reached"),
    ],
)
def test_a_server_that_would_not_come_back_is_not_stopped(fleet: Fleet, fault: str, words: str) -> None:
    stops = {server: fleet.calls(server, "cpstop") for server in fleet.hosts}
    fleet.fault("eps1", fault)
    run = harden(fleet)
    assert run.rc != 0
    assert words in run.text, run.output
    assert {server: fleet.calls(server, "cpstop") for server in fleet.hosts} == stops


@pytest.mark.parametrize(
    "fault", ["start-fails:changed", "start-serves-nothing:changed", "start-refuses-handshakes:changed"]
)
def test_a_change_that_does_not_start_is_taken_back(fleet: Fleet, fault: str) -> None:
    stops = {server: fleet.calls(server, "cpstop") for server in fleet.hosts}
    fleet.fault("eps1", fault)
    run = harden(fleet)
    assert run.rc != 0
    assert "the old configuration is back and the services run with it" in run.text, run.output
    assert "Left untouched: eps2, eps3, epm1" in run.text
    assert "Backup: /" in run.text
    more = {server for server in fleet.hosts if fleet.calls(server, "cpstop") > stops[server]}
    assert more == {"eps1"}


@pytest.mark.parametrize("fault", ["stop-fails", "stop-half:once"])
def test_a_stop_that_fails_is_taken_back(fleet: Fleet, fault: str) -> None:
    fleet.fault("eps1", fault)
    run = harden(fleet, "--limit", "eps1")
    assert run.rc != 0
    assert "State now:" in run.text, run.output


@pytest.mark.parametrize("fault", ["ca-unknown-prompt", "ca-no-prompt", "ca-down", "ca-wrong-server"])
def test_an_internal_ca_that_does_not_answer_as_known_stops_nothing(fleet: Fleet, fault: str) -> None:
    stops = fleet.calls("epm1", "cpstop")
    fleet.fault("epm1", fault)
    run = harden(fleet, "--limit", "epm1")
    assert run.rc != 0
    assert "no file was changed and the services were not stopped" in run.text or "nothing was changed" in run.text, (
        run.output
    )
    assert fleet.calls("epm1", "cpstop") == stops


def test_an_audit_does_not_show_what_an_earlier_one_of_the_same_run_saw(fleet: Fleet, tmp_path: Path) -> None:
    """Playbooks are imported one behind the other; what was lost in between was not read."""
    audit = PLAYBOOKS / "audit.yml"
    site = tmp_path / "site.yml"
    lose = [{"name": "Lose a server", "ansible.builtin.set_fact": {"ansible_port": 1}}]
    plays = [
        {"ansible.builtin.import_playbook": str(audit)},
        {"name": "In between", "hosts": "eps1", "gather_facts": False, "tasks": lose},
        {"ansible.builtin.import_playbook": str(audit)},
    ]
    site.write_text(json.dumps(plays), "utf-8")
    run = fleet.play(str(site))
    assert run.rc != 0
    table = run.output.rpartition("Show every server of the play")[2]
    assert "eps1    ?" in table and "NOT READ" in table, run.output
