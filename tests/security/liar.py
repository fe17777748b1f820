# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A Python that lies: in place of the module that Ansible sends, it prints the next answer of a file.

The answers are made by the test: ``answers`` is a file with one JSON text on each line, and ``number`` counts the calls.
"""

from __future__ import annotations

import json
import math
import random
import stat
import sys
from pathlib import Path
from typing import Any

from tests.support import hostile

PROGRAM = """#!{python}
import os, sys
folder = {folder!r}
if not sys.stdin.isatty():
    sys.stdin.buffer.read()
with open(folder + "/calls", "ab") as calls:
    calls.write(b"x")
    number = calls.tell()
with open(folder + "/answers", "rb") as answers:
    lines = answers.read().splitlines()
os.write(1, lines[number % len(lines)] + b"\\n")
"""

# What a module may return to Ansible itself, and what a compromised server would put there.
FACTS = (
    "report_dir",
    "report_formats",
    "clients_csv",
    "clients_json",
    "host_vars_dir",
    "restart",
    "waivers",
    "tls_protocols",
    "group",
    "profile",
    "legacy_clients",
)


def install(folder: Path, answers: list[bytes]) -> Path:
    """Make the Python of a lying server and return its path."""
    folder.mkdir(parents=True)
    (folder / "answers").write_bytes(b"\n".join(answers))
    program = folder / "python3"
    program.write_text(PROGRAM.format(python=sys.executable, folder=str(folder)), "utf-8")
    program.chmod(program.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
    return program


def calls(folder: Path) -> int:
    """Return how often it was asked."""
    return (folder / "calls").stat().st_size


def answers(seed: int, count: int, trap: Path) -> list[bytes]:
    """Return answers that no module gives, each with lies about itself, about our variables and about files of the controller.

    :param trap: a path on the controller that nothing may write, below a directory that is there
    """
    chance = random.Random(seed)
    return [_answer(chance, trap) for _number in range(count)]


def bold_answer(trap: Path) -> bytes:
    """Return an answer that succeeds, and with it a value for each of our variables: a path that nothing may write."""
    found = hostile.answer()
    facts = {f"checkpoint_endpoint_{name}": str(trap) for name in FACTS} | {"report_dir": str(trap)}
    return json.dumps(
        {"changed": False, "ping": "pong", "results": found.pop("probe"), **found, "ansible_facts": facts}
    ).encode()


def _answer(chance: random.Random, trap: Path) -> bytes:
    lies = hostile.lie(chance)
    found: dict[Any, Any] = {"changed": chance.choice([False, True]), "server": lies.get("server")}
    found |= {"results": lies.get("probe"), "clients": lies.get("clients"), "ping": "pong"}
    if chance.random() < 0.7:
        found["ansible_facts"] = _facts(chance, trap)
    if chance.random() < 0.3:
        found["add_host"] = {"host_name": "honest", "groups": ["endpoint_servers"], "host_vars": _facts(chance, trap)}
    if chance.random() < 0.3:
        # What fails is registered too, under the name of an assessment.
        forged = {"rule": "TLS-1", "status": "pass", "message": "", "evidence": {}, "title": "", "next_step": ""}
        found |= {"failed": True, "name": "eps1", "compliant": True, "text": "at the policy", "findings": [forged]}
    elif chance.random() < 0.2:
        found |= {"failed": True, "msg": chance.choice(hostile.TEXTS)}
    if chance.random() < 0.1:
        found |= {"_ansible_delegated_vars": {"ansible_host": "127.0.0.1"}, "_ansible_verbose_always": True}
    if chance.random() < 0.1:
        return chance.choice(hostile.TEXTS).encode("utf-8", "replace").replace(b"\n", b" ")
    return json.dumps(_for_json(found)).encode("ascii")


def _facts(chance: random.Random, trap: Path) -> dict[str, Any]:
    template = "{{ lookup('pipe', 'touch " + str(trap) + "') }}"
    values: list[Any] = [str(trap), template, [str(trap)], True, {"days": 1, "max": 10**9, "action": "ignore"}]
    facts = {f"checkpoint_endpoint_{name}": chance.choice(values) for name in chance.sample(FACTS, 4)}
    for name in (
        "assess_assessment",
        "__audit_failure",
        "__clients_seen",
        "__clients_fleet",
        "__report_fleet",
        "fleet_reasons",
    ):
        if chance.random() < 0.3:
            facts[name] = chance.choice(
                [{"name": "eps1", "compliant": True, "text": "at the policy", "findings": []}, template]
            )
    facts |= {"ansible_connection": "local", "ansible_python_interpreter": template, "report_dir": str(trap)}
    return facts


def _for_json(value: Any) -> Any:
    """Return the same as JSON can hold it; NaN and Infinity stay, because Python's reader takes them."""
    if isinstance(value, dict):
        return {str(key): _for_json(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_for_json(item) for item in value]
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > 2**63:
        return 2**64
    if isinstance(value, float) and math.isnan(value):
        return value
    return value.decode() if isinstance(value, bytes) else value
