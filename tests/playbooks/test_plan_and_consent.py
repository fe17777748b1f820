# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Before anything is changed: the plan, the consent, and everything that is refused while the servers still run.

No test of this file may change a server, so all of them compare with what the fleet was like at the beginning.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.support.fleet import Fleet, Run

pytestmark = pytest.mark.slow("one run of Ansible after the other")

Snapshot = dict[str, dict[str, tuple[Any, ...]]]


@pytest.fixture(scope="module")
def beginning(fleet: Fleet) -> Snapshot:
    """Every file of every server."""
    return {server: fleet.snapshot(server) for server in fleet.hosts}


@pytest.fixture(autouse=True)
def nothing_is_touched(fleet: Fleet, beginning: Snapshot) -> Iterator[None]:
    """Whatever a test did: no file differs and nothing was stopped."""
    yield
    for server, before in beginning.items():
        after = fleet.snapshot(server)
        assert {path for path in before.keys() | after.keys() if before.get(path) != after.get(path)} == set(), server
        assert fleet.calls(server, "cpstop") == 0


def refused(run: Run, *words: str) -> None:
    """The run failed and said so."""
    assert run.rc != 0, run.output
    for word in words:
        assert word in run.text, run.output


def test_an_audit_reads_all_servers_and_writes_reports(fleet: Fleet, tmp_path: Path) -> None:
    # A directory that others use too keeps its mode, and reports are no change of anything.
    (tmp_path / "report").mkdir()
    (tmp_path / "report").chmod(0o1777)
    run = fleet.play("audit", checkpoint_endpoint_report_dir=str(tmp_path / "report"))
    assert (run.rc, run.changed()) == (0, {}), run.output
    assert (tmp_path / "report").stat().st_mode & 0o7777 == 0o1777
    report = json.loads((tmp_path / "report/report.json").read_text("utf-8"))
    assert report["totals"] == {"servers": 4, "compliant": 0, "waived": 0, "open": 4, "not_read": 0}
    rules = {finding["rule"]: finding["status"] for finding in report["servers"][0]["findings"]}
    assert (rules["TLS-1"], rules["TIME-1"]) == ("fail", "pass")
    root = ElementTree.parse(tmp_path / "report/report.junit.xml").getroot()
    assert {suite.get("name") for suite in root} == set(fleet.hosts)
    assert "<table>" in (tmp_path / "report/report.html").read_text("utf-8")


def test_an_audit_fails_on_findings_when_asked(fleet: Fleet) -> None:
    refused(fleet.play("audit", checkpoint_endpoint_fail_on_findings=True), "eps2: TLS-1, TLS-2 failed")


def test_check_mode_shows_the_whole_plan(fleet: Fleet) -> None:
    run = fleet.play("harden", "--check", "--diff", checkpoint_endpoint_restart=True)
    assert run.rc == 0, run.output
    assert set(run.changed()) == set(fleet.hosts)
    for line in ("-    SSLProtocol +TLSv1 +TLSv1.2", "+    SSLProtocol TLSv1.2", "-    SSLProtocol all"):
        assert line in run.output
    assert run.stats["epm1"]["changed"] == 3, "the edit, the hash and the restart"


def test_check_mode_shows_the_plan_without_a_decision_about_the_restart(fleet: Fleet) -> None:
    run = fleet.play("harden", "--check")
    assert run.rc == 0, run.output
    assert "checkpoint_endpoint_restart is not set" in run.text


def test_nobody_decided_about_the_restart(fleet: Fleet) -> None:
    run = fleet.play("harden")
    refused(
        run, "eps1: nothing was changed", "Set checkpoint_endpoint_restart to true", "Left untouched: eps2, eps3, epm1"
    )


def test_a_restart_that_is_not_allowed_changes_nothing_and_says_what_would(fleet: Fleet) -> None:
    run = fleet.play("harden", checkpoint_endpoint_restart=False)
    assert (run.rc, run.changed()) == (0, {}), run.output
    for server in fleet.hosts:
        assert f"{server} is left as it is" in run.text


@pytest.mark.parametrize(
    ("protocols", "words"),
    [
        ([], ("tls_protocols",)),
        (["TLSv1.4"], ("TLSv1.4", "TLSv1.2")),
        (["TLSv1.2", "{{ 7 * 7 }}"], ("tls_protocols",)),
        (["SSLv3"], ("SSLv3",)),
    ],
)
def test_a_policy_that_cannot_be_carried_out(fleet: Fleet, protocols: list[str], words: tuple[str, ...]) -> None:
    run = fleet.play("harden", checkpoint_endpoint_restart=True, checkpoint_endpoint_tls_protocols=protocols)
    refused(run, *words)


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("checkpoint_endpoint_sign_hash", "md5", ("md5",)),
        ("checkpoint_endpoint_restart", "perhaps", ("checkpoint_endpoint_restart",)),
        ("checkpoint_endpoint_guard_deadline", 5, ("guard's deadline of 5 s",)),
        ("checkpoint_endpoint_profile", "/nonexistent/.CPprofile.sh", ("/nonexistent/.CPprofile.sh",)),
        (
            "checkpoint_endpoint_waivers",
            [{"rule": "TLS-9", "servers": ["*"], "reason": "x", "expires": "2027-01-01"}],
            ("TLS-9",),
        ),
    ],
)
def test_a_value_that_makes_no_sense(fleet: Fleet, variable: str, value: Any, words: tuple[str, ...]) -> None:
    variables = {"checkpoint_endpoint_restart": True, variable: value}
    refused(fleet.play("harden", **variables), *words)


def test_a_waiver_keeps_a_server_as_it_is(fleet: Fleet) -> None:
    waivers = [
        {"rule": rule, "servers": ["eps*", "epm1"], "reason": "spring", "expires": "2099-12-31"}
        for rule in ("TLS-1", "TLS-2", "ICA-1")
    ]
    run = fleet.play("harden", checkpoint_endpoint_restart=True, checkpoint_endpoint_waivers=waivers)
    assert (run.rc, run.changed()) == (0, {}), run.output
    assert "TLS-1 waived" in run.text
