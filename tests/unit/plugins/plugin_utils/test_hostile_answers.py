# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Generated lies of one server through every filter: nothing is raised, and every other server keeps its row, to the letter.

HOSTILE_SEED and HOSTILE_COUNT choose other answers and more of them.
"""

from __future__ import annotations

import csv
import io
import json
import os
import random
from typing import Any
from xml.etree import ElementTree

import pytest
from ansible_collections.checkpoint_endpoint.hardening.plugins.filter.clients import FilterModule as ClientFilters
from ansible_collections.checkpoint_endpoint.hardening.plugins.filter.findings import FilterModule

from tests.support import hostile
from tests.support import server_facts as sample

FILTERS = {**FilterModule().filters(), **ClientFilters().filters()}
SEED = int(os.environ.get("HOSTILE_SEED", "20261125"))
COUNT = int(os.environ.get("HOSTILE_COUNT", "600"))
BATCHES = 6
Values = dict[str, Any]


def assess(answer: Values, name: str) -> Values:
    """Return what the role assess exports."""
    policy = sample.policy()
    server, probe, clients = answer.get("server"), answer.get("probe"), answer.get("clients")
    judged = FILTERS["findings"](server, policy, probe=probe, clients=clients, name=name)
    found = {"name": name, "at": sample.NOW, "policy": policy, "server": server, "probe": probe, "clients": clients}
    return {**found, "findings": judged, **FILTERS["verdict"](judged)}


HONEST = {name: assess(hostile.answer(), name) for name in ("eps2", "epm1")}


def rows_of_the_honest(lines: list[str]) -> list[list[str]]:
    return [line.split() for line in lines if line.startswith(("eps2", "epm1"))]


ALONE = FILTERS["fleet_table"]([{"name": "eps1"}, *HONEST.values()], ["eps1", *HONEST])
REPORT_ALONE = FILTERS["fleet_report"](HONEST)


def check(lies: Values) -> None:
    liar = assess(lies, "eps1")
    assert liar["compliant"] is False
    fleet = [liar, *HONEST.values()]
    lines = FILTERS["fleet_table"](fleet, ["eps1", *HONEST])
    assert rows_of_the_honest(lines) == rows_of_the_honest(ALONE)
    assert all(line.isprintable() and len(line) < 600 for line in lines), lines
    report = FILTERS["fleet_report"]({assessment["name"]: assessment for assessment in fleet})
    assert report["servers"][1:] == REPORT_ALONE["servers"]
    assert json.loads(FILTERS["report_text"](report, "json"), parse_constant=pytest.fail) == report
    ElementTree.fromstring(FILTERS["report_text"](report, "junit"))
    assert "<script" not in FILTERS["report_text"](report, "html")
    FILTERS["report_text"](report, "markdown")
    FILTERS["wire_differences"](lies.get("server"), [])
    joined = FILTERS["fleet_clients"](
        [lies.get("clients"), hostile.clients()], ["eps1", "eps2"], {"eps1": lies.get("server")}
    )
    assert any("eps2" in client["servers"] and client["address"] == "10.1.1.7" for client in joined["clients"])
    assert [server["read"] for server in joined["servers"]][1:] == [True]
    assert all(line.isprintable() for line in FILTERS["clients_table"](joined))
    rows = list(csv.reader(io.StringIO(FILTERS["clients_csv"](joined), newline="")))
    assert {len(row) for row in rows} == {7}
    assert FILTERS["failure_reason"](lies.get("server")).isprintable()


@pytest.mark.parametrize("batch", range(BATCHES))
def test_lies_change_nobody_elses_row(batch: int) -> None:
    for number in range(COUNT // BATCHES):
        seed = SEED * 1_000_003 + batch * 100_000_000 + number
        lies = hostile.lie(random.Random(seed))
        try:
            check(lies)
        except Exception as error:
            raise AssertionError(f"seed {seed}: {lies!r:.3000}") from error


@pytest.mark.parametrize("text", hostile.TEXTS)
def test_a_hostile_text_in_every_field_at_once(text: str) -> None:
    check(hostile.texts_everywhere(text))


@pytest.mark.parametrize("assessment", [*hostile.VALUES, *hostile.TEXTS[:5]])
def test_whatever_stands_in_the_place_of_an_assessment(assessment: Any) -> None:
    lines = FILTERS["fleet_table"]([assessment, *HONEST.values()], ["eps1", *HONEST])
    assert rows_of_the_honest(lines) == rows_of_the_honest(ALONE)
    assert lines[2].startswith("eps1") and "NOT READ" in lines[2]
    report = FILTERS["fleet_report"]({"eps1": assessment, **HONEST})
    assert (report["servers"][0]["read"], report["servers"][1:]) == (False, REPORT_ALONE["servers"])


def test_nobody_takes_the_name_of_another_server() -> None:
    """In a list the name decides, and two assessments of one name are none; by name, what an assessment calls itself means nothing."""
    forged = {**assess(hostile.answer(), "eps2"), "text": "at the policy"}
    lines = FILTERS["fleet_table"]([forged, *HONEST.values()], ["eps1", *HONEST])
    assert "NOT READ: it has two assessments" in lines[3]
    report = FILTERS["fleet_report"]({"eps1": forged, **HONEST})
    assert [server["name"] for server in report["servers"]] == ["eps1", "eps2", "epm1"]
    assert report["servers"][1:] == REPORT_ALONE["servers"]


def test_a_large_answer_takes_neither_time_nor_room() -> None:
    lies = hostile.answer()
    lies["server"]["product"]["release"] = "R" * 10_000_000
    lies["clients"]["legacy"] = lies["clients"]["legacy"] * 400_000
    lines = FILTERS["fleet_table"]([assess(lies, "eps1"), *HONEST.values()], ["eps1", *HONEST])
    assert sum(map(len, lines)) < 3000
    joined = FILTERS["fleet_clients"]([lies["clients"]], ["eps1"])
    assert joined["servers"][0]["read"] is False and "larger than" in joined["servers"][0]["not_known"][0]


def test_the_clients_of_one_server_do_not_push_those_of_another_out_of_the_table() -> None:
    flood = hostile.clients()
    flood["legacy"] = [
        {**flood["legacy"][0], "address": f"10.9.{number // 250}.{number % 250}", "last_seen": "2026-11-23T09:00:00Z"}
        for number in range(1000)
    ]
    joined = FILTERS["fleet_clients"]([flood, hostile.clients()], ["eps1", "eps2"])
    lines = FILTERS["clients_table"](joined)
    assert any(line.startswith("10.1.1.7") for line in lines)
    assert sum(line.startswith("10.9.") for line in lines) == 199
