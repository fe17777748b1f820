# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reports in every form, made by Ansible's own templates from assessments with hostile text: nothing is left out, nothing escapes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import jinja2
import pytest
from ansible.plugins.filter.core import FilterModule as CoreFilters
from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._fleet.report import fleet_report
from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._policy.evaluate import findings
from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._policy.verdict import verdict

from tests.support import server_facts as sample
from tests.support.collection import ROOT

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


def rendered(report: dict[str, Any], name: str) -> str:
    environment = jinja2.Environment(loader=jinja2.FileSystemLoader(TEMPLATES), trim_blocks=True)
    environment.filters.update(CoreFilters().filters())
    return environment.get_template(name).render(__report_fleet=report)


def test_totals_count_every_server(report: dict[str, Any]) -> None:
    assert report["totals"] == {"servers": 4, "compliant": 1, "open": 2, "not_read": 1}
    assert report["compliant"] is False
    assert report["statuses"]["fail"] == 2


def test_a_fleet_is_compliant_only_when_every_server_is() -> None:
    assert fleet_report([assessment("a")], ["a"])["compliant"] is True
    assert fleet_report([assessment("a")], ["a", "b"])["compliant"] is False
    assert fleet_report([], [])["compliant"] is False
    unjudged = {key: value for key, value in assessment("a").items() if key != "compliant"}
    assert fleet_report([unjudged], ["a"])["compliant"] is False


def test_json_holds_the_document(report: dict[str, Any]) -> None:
    assert json.loads(rendered(report, "report.json.j2")) == json.loads(json.dumps(report))


def test_junit_is_xml_with_the_right_numbers(report: dict[str, Any]) -> None:
    root = ElementTree.fromstring(rendered(report, "report.junit.xml.j2"))
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
    page = rendered(report, "report.html.j2")
    assert "<script>" not in page
    assert "&lt;script&gt;" in page
    assert "{{ 7 * 7 }}" in page and "49" not in page
    assert page.count("not read</td>") == len(report["rules"])


def test_markdown_has_one_row_for_each_server(report: dict[str, Any]) -> None:
    text = rendered(report, "report.md.j2")
    rows = [line for line in text.splitlines() if line.startswith(("| good", "| stopped", "| back", "| gone"))]
    assert len(rows) == 4
    assert all(row.replace("\\|", "").count("|") == len(report["rules"]) + 3 for row in rows)


def test_facts_that_nobody_needs_stay_out(report: dict[str, Any]) -> None:
    assert "/opt/registry" not in json.dumps(report)
    assert set(report["servers"][0]["product"]) == {"release", "build", "roles"}


def test_the_templates_are_the_documented_forms() -> None:
    assert sorted(path.name for path in Path(TEMPLATES).iterdir()) == [
        "report.html.j2",
        "report.json.j2",
        "report.junit.xml.j2",
        "report.md.j2",
    ]
