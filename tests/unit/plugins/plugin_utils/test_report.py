# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reports in every form, from assessments with hostile text: nothing is left out, nothing escapes."""

from __future__ import annotations

import json
from datetime import date
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jinja2
import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.checkpoint_endpoint.hardening.plugins.filter.findings import FilterModule
from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._fleet.report import fleet_report
from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._policy.evaluate import findings
from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._policy.verdict import verdict

from tests.support import server_facts as sample
from tests.support.collection import ROOT

FILTERS = FilterModule().filters()
TEMPLATES = Path(ROOT) / "roles" / "report" / "templates"
HOSTILE = "<script>alert(1)</script> & \"quoted\" 'x' | {{ 7 * 7 }}\nsecond line \x1b[31m\ud800"


def assessment(name: str, **facts: Any) -> dict[str, Any]:
    server = {**sample.facts(), **facts}
    judged = findings(server, sample.policy(), probe=sample.probe(), name=name)
    return {"name": name, "at": sample.NOW, "server": server, "findings": judged, **verdict(judged)}


@pytest.fixture
def report() -> dict[str, Any]:
    stopped = {"services": {**sample.facts()["services"], "state": "stopped"}}
    rolled_back = {"guard": {"state": "rolled_back", "reason": HOSTILE}}
    fleet = [assessment("good"), assessment("stopped", **stopped), assessment("back", **rolled_back)]
    return fleet_report(fleet, ["good", "stopped", "back", "gone"], {"gone": HOSTILE})


def rendered(report: dict[str, Any], form: str) -> str:
    environment = jinja2.Environment(loader=jinja2.FileSystemLoader(TEMPLATES), trim_blocks=True)
    environment.filters["checkpoint_endpoint.hardening.report_text"] = FILTERS["report_text"]
    return environment.get_template("report.j2").render(__report_fleet=report, item=form)


def test_totals_count_every_server(report: dict[str, Any]) -> None:
    assert report["totals"] == {"servers": 4, "compliant": 1, "waived": 0, "open": 2, "not_read": 1}
    assert report["compliant"] is False
    assert report["statuses"]["fail"] == 2


def test_a_fleet_is_compliant_only_when_every_server_is() -> None:
    assert fleet_report([assessment("a")], ["a"])["compliant"] is True
    assert fleet_report([assessment("a")], ["a", "b"])["compliant"] is False
    assert fleet_report([], [])["compliant"] is False
    unjudged = {key: value for key, value in assessment("a").items() if key != "compliant"}
    assert fleet_report([unjudged], ["a"])["compliant"] is False


def test_json_holds_the_document(report: dict[str, Any]) -> None:
    assert json.loads(rendered(report, "json")) == json.loads(json.dumps(report))


def test_junit_is_xml_with_the_right_numbers(report: dict[str, Any]) -> None:
    root = ElementTree.fromstring(rendered(report, "junit"))
    assert (root.get("tests"), root.get("failures"), root.get("errors")) == (
        str(3 * len(report["rules"]) + 1),
        "2",
        "1",
    )
    suites = {suite.get("name"): suite for suite in root}
    assert list(suites) == ["good", "stopped", "back", "gone"]
    assert [len(suites[name].findall(".//failure")) for name in suites] == [0, 1, 1, 0]
    assert len(suites["gone"].findall(".//error")) == 1
    assert suites["good"].get("skipped") == str(len(suites["good"].findall(".//skipped")))
    assert "<script>" in str(suites["gone"].find(".//error").get("message"))  # type: ignore[union-attr]  # it was counted above


def test_html_shows_hostile_text_as_text(report: dict[str, Any]) -> None:
    page = rendered(report, "html")
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert "{{ 7 * 7 }}" in page and "49" not in page
    assert page.count("not read</td>") == len(report["rules"])


def test_markdown_has_one_row_for_each_server(report: dict[str, Any]) -> None:
    text = rendered(report, "markdown")
    rows = [line for line in text.splitlines() if line.startswith(("| good", "| stopped", "| back", "| gone"))]
    assert len(rows) == 4
    assert all(row.replace("\\|", "").count("|") == len(report["rules"]) + 3 for row in rows)


def test_facts_that_nobody_needs_stay_out(report: dict[str, Any]) -> None:
    assert "/opt/registry" not in json.dumps(report)
    assert set(report["servers"][0]["product"]) == {"release", "build", "roles"}


def test_a_format_that_nobody_writes_and_another_document_are_refused(report: dict[str, Any]) -> None:
    for document, form in ((report, "pdf"), ({}, "html"), ("text", "html")):
        with pytest.raises(AnsibleFilterError, match="report_text"):
            FILTERS["report_text"](document, form)


def test_the_headline_counts_waived_servers_on_their_own() -> None:
    waived = assessment("waived")
    waived["findings"][0].update(status="waived")
    report = fleet_report([assessment("good"), waived], ["good", "waived"])
    assert report["compliant"] is True
    assert report["totals"] == {"servers": 2, "compliant": 1, "waived": 1, "open": 0, "not_read": 0}
    for form in ("html", "markdown"):
        text = rendered(report, form)
        assert "2 servers: 1 at the policy, 1 at the policy only by waivers, 0 open, 0 not read." in text
        assert "Endpoint Security policy: at the policy by waivers" in text


def test_a_report_never_says_pass_against_its_own_findings() -> None:
    forged = {**assessment("a"), "compliant": True}
    forged["findings"][0].update(status="error")
    report = fleet_report([forged], ["a"])
    assert (report["compliant"], report["totals"]["open"]) == (False, 1)
    assert fleet_report([{"name": "a", "compliant": True, "findings": []}], ["a"])["totals"]["not_read"] == 1


def test_a_policy_of_the_inventory_may_hold_dates() -> None:
    dated = {**assessment("a"), "policy": {"waivers": [{"expires": date(2027, 6, 30)}]}}
    report = fleet_report([dated], ["a"])
    assert report["servers"][0]["policy"]["waivers"] == [{"expires": "2027-06-30"}]
