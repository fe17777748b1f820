# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers whose Python answers every module with generated lies, first in their groups: nobody else's row changes, and nothing is written.

LIES says how many answers are tried at least; the default fits into a test run.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.security.conftest import Canary
from tests.support import server_facts
from tests.support.fleet import Fleet

LIES = int(os.environ.get("LIES", "40"))
LIARS = min(20, max(4, LIES // 10))
LIAR = """#!{python}
import json, os, random, sys
seed = int.from_bytes(os.urandom(6), "big")
chance = random.Random(seed)
with open({log!r}, "a") as log:
    log.write("%d\\n" % seed)
with open({truth!r}) as stream:
    truth = json.load(stream)
JUNK = [None, True, -1, 10**400, 1e308, float("nan"), float("inf"), "", "x" * 100000, {hostile!r}, "\\r# at the policy", "\\u202e\\x9b",
        [], {{}}, [[]], [[[[[[]]]]]], {{"a": {{"b": []}}}}, [None], ["TLSv1.2", 3], {{"": ""}}]
def mutate(value):
    if isinstance(value, dict) and value and chance.random() < 0.9:
        key = chance.choice(sorted(value))
        value[key] = mutate(value[key])
        return value
    if isinstance(value, list) and value and chance.random() < 0.9:
        place = chance.randrange(len(value))
        value[place] = mutate(value[place])
        return value
    return chance.choice(JUNK)
NAMES = {names!r}
def facts():
    return {{chance.choice(NAMES): chance.choice([{owned!r}, True, {hostile!r}, {{"problems": [], "controller": {{"report_dir": {owned!r}}}}}])
            for _ in range(4)}}
for _ in range(chance.randrange(4)):
    truth = mutate(truth) if isinstance(truth, dict) else truth
if not isinstance(truth, dict):
    truth = {{"msg": truth}}
if chance.random() < 0.6:
    truth["ansible_facts"] = facts()
truth.update(chance.choice([{{}}, {{}}, {{"failed": chance.choice(JUNK)}}, {{"changed": chance.choice(JUNK)}}, {{"msg": chance.choice(JUNK)}},
    {{"add_host": {{"host_name": "evil", "groups": ["endpoint_policy"]}}}}, {{"_ansible_no_log": True}}, {{"results": [{{}}]}}, {{"unreachable": True}},
    {{"warnings": chance.choice(JUNK), "deprecations": chance.choice(JUNK)}}, {{"invocation": chance.choice(JUNK)}}, {{"diff": chance.choice(JUNK)}}]))
text = json.dumps(truth)
kind = chance.random()
print(text if kind < 0.85 else text[: chance.randrange(len(text))] if kind < 0.95 else chance.choice(["", "CLINFR0329", "[]", "7", "null", text + text]))
sys.exit(chance.choice([0, 0, 0, 1, 255]))
"""
NAMES = [
    *(f"checkpoint_endpoint_{name}" for name in ("restart", "report_dir", "clients_csv", "clients_json", "host_vars_dir", "doctor_dir", "group")),
    *("enforce_restart", "enforce_rollback_files", "report_dir", "report_names", "fleet_names", "fleet_reasons", "__run", "__run_frozen"),
    *("__audit_failure", "__rollout_done", "__rollout_entry", "__enforce_consent", "__enforce_assess_part", "assess_assessment", "groups"),
    *("ansible_connection", "ansible_python_interpreter", "ansible_host", "hostvars", "inventory_hostname", "playbook_dir", "ansible_check_mode"),
]  # fmt: skip


@pytest.fixture
def liars(fleet: Fleet, canary: Canary, tmp_path: Path) -> tuple[list[str], Path]:
    """Return arguments for an inventory with liars before the fleet's own servers, and the file that counts their answers."""
    (tmp_path / "home").mkdir()
    log = tmp_path / "answers"
    log.touch()
    truth: dict[str, Any] = {
        "changed": False,
        "ping": "pong",
        "server": server_facts.facts(),
        "results": [],
        "clients": {},
    }
    (tmp_path / "truth.json").write_text(json.dumps(truth), "utf-8")
    script = tmp_path / "python"
    owned = str(tmp_path / "home/.bashrc")
    parts = {"log": str(log), "truth": str(tmp_path / "truth.json"), "hostile": canary.value(), "owned": owned}
    script.write_text(LIAR.format(python=sys.executable, names=NAMES, **parts), "utf-8")
    script.chmod(0o755)
    lying = {"ansible_connection": "local", "ansible_python_interpreter": str(script)}
    names = [f"a_liar{number:02}" for number in range(LIARS)]
    groups = {
        group: {"hosts": dict.fromkeys(names[start::2], lying)}
        for start, group in enumerate(("endpoint_policy", "endpoint_management"))
    }
    more = tmp_path / "liars.json"
    more.write_text(json.dumps({"endpoint_servers": {"children": groups}}), "utf-8")
    return ["-i", str(more), "-i", str(fleet.folder / "inventory.yml")], log


def test_lies_stay_with_the_liar(fleet: Fleet, liars: tuple[list[str], Path], tmp_path: Path) -> None:
    arguments, log = liars
    stops = {server: fleet.calls(server, "cpstop") for server in fleet.hosts}
    report = tmp_path / "report"
    kept = set(tmp_path.rglob("*"))
    while True:
        for playbook in ("audit", "clients", "harden"):
            run = fleet.play(
                playbook,
                *arguments,
                start=tmp_path / "home",
                checkpoint_endpoint_report_dir=str(report),
                seconds=1200.0,
            )
            assert "Traceback (most recent call last)" not in run.output.replace("\\n", "\n").partition("PLAY [Show")[2]
            if playbook == "harden":
                continue
            for server in fleet.hosts:
                assert server in run.stats, run.output
                assert run.stats[server]["failed"] == 0 and run.stats[server]["unreachable"] == 0, run.output
            assert run.stats["localhost"]["failed"] == 0, run.output
        shown = json.loads((report / "report.json").read_text("utf-8"), parse_constant=pytest.fail)
        rows = {server["name"]: server for server in shown["servers"]}
        for server in fleet.hosts:
            assert rows[server]["findings"], rows[server]
        assert len(rows) == len(fleet.hosts) + LIARS
        assert {path for path in tmp_path.rglob("*") if report not in (path, *path.parents)} == kept
        assert {server: fleet.calls(server, "cpstop") for server in fleet.hosts} == stops
        if len(log.read_text("utf-8").splitlines()) >= LIES:
            break
