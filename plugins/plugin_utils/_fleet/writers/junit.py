# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""The report of a fleet as JUnit XML, so that a CI server shows each rule of each server as a test."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any
from xml.etree import ElementTree as etree

SKIPPED = ("pending", "waived", "not_applicable")


def write_junit(report: Mapping[str, Any]) -> str:
    """Return a report, as ``fleet_report`` makes it, as JUnit XML.

    A rule that fails is a failure, one that could not be judged an error, and what is pending, waived or not applicable is skipped with
    its reason. A server that was not read is one test with an error.
    """
    root = etree.Element("testsuites", name="Endpoint Security policy")
    totals: Counter[str] = Counter()
    for server in report["servers"]:
        counts = _counts(server)
        totals.update(counts)
        suite = etree.SubElement(root, "testsuite", {"name": server["name"], **_numbers(counts), "time": "0"})
        if server["at"]:
            suite.set("timestamp", server["at"].removesuffix("Z"))
        _cases(suite, server)
    root.attrib.update(_numbers(totals))
    etree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + etree.tostring(root, encoding="unicode") + "\n"


def _counts(server: Mapping[str, Any]) -> Counter[str]:
    if not server["read"]:
        return Counter(tests=1, errors=1)
    statuses = Counter(finding["status"] for finding in server["findings"])
    return Counter(
        tests=len(server["findings"]),
        failures=statuses["fail"],
        errors=statuses["error"],
        skipped=sum(statuses[status] for status in SKIPPED),
    )


def _numbers(counts: Counter[str]) -> dict[str, str]:
    return {name: str(counts[name]) for name in ("tests", "failures", "errors", "skipped")}


def _cases(suite: etree.Element, server: Mapping[str, Any]) -> None:
    if not server["read"]:
        case = etree.SubElement(suite, "testcase", classname=server["name"], name="assessment", time="0")
        etree.SubElement(case, "error", message=server["text"], type="not read")
    for finding in server["findings"]:
        name = f"{finding['rule']} {finding['title']}"
        case = etree.SubElement(suite, "testcase", classname=server["name"], name=name, time="0")
        _result(case, finding)


def _result(case: etree.Element, finding: Mapping[str, Any]) -> None:
    status = finding["status"]
    if status in SKIPPED:
        etree.SubElement(case, "skipped", message=f"{status}: {finding['message']}")
    elif status != "pass":
        kind = "failure" if status == "fail" else "error"
        etree.SubElement(case, kind, message=finding["message"], type=status).text = finding["next_step"]
