# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Values of the inventory that try to be commands or templates: every variable of every playbook, and nothing runs.

The values are marked as unsafe, as text from elsewhere is; what an administrator writes into the inventory as a template is meant as one.
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from tests.security.conftest import Canary
from tests.support.fleet import Fleet, Run

ABSOLUTE = "/nowhere/"


def unsafe(text: str) -> dict[str, str]:
    """How JSON tells Ansible that a text is not a template."""
    return {"__ansible_unsafe": text}


def values(text: str) -> dict[str, tuple[str, dict[str, Any]]]:
    """For each variable a playbook that uses it and its hostile value; the other variables are such that the run gets that far."""
    path = unsafe(ABSOLUTE + text)
    word = unsafe(text)
    consent = {"checkpoint_endpoint_restart": True}
    found: dict[str, tuple[str, dict[str, Any]]] = {
        "profile": ("audit", {"checkpoint_endpoint_profile": path}),
        "state_dir": ("audit", {"checkpoint_endpoint_state_dir": path}),
        "tls_protocols": ("audit", {"checkpoint_endpoint_tls_protocols": [word]}),
        "sign_hash": ("audit", {"checkpoint_endpoint_sign_hash": word}),
        "waivers": ("audit", {"checkpoint_endpoint_waivers": [{"rule": word, "reason": word, "expires": word}]}),
        "legacy_clients": ("audit", {"checkpoint_endpoint_legacy_clients": {"days": word, "max": 0, "action": word}}),
        "read_logs": ("audit", {"checkpoint_endpoint_read_logs": word}),
        "fail_on_findings": ("audit", {"checkpoint_endpoint_fail_on_findings": word}),
        "clients_days": ("clients", {"checkpoint_endpoint_clients_days": word}),
        "bootstrap profile": ("bootstrap", {"checkpoint_endpoint_profile": path}),
        "bootstrap profile that is only a word": ("bootstrap", {"checkpoint_endpoint_profile": word}),
        "restart": ("harden", {"checkpoint_endpoint_restart": word}),
        "guard_deadline": ("harden", {"checkpoint_endpoint_guard_deadline": word, **consent}),
        "stop_timeout": ("harden", {"checkpoint_endpoint_stop_timeout": word, **consent}),
        "harden profile": ("harden", {"checkpoint_endpoint_profile": path, **consent}),
        "harden state_dir": ("harden", {"checkpoint_endpoint_state_dir": path, "enforce_free_mib": word, **consent}),
        "harden protocols": ("harden", {"checkpoint_endpoint_tls_protocols": [word], **consent}),
        "rollback_files": ("rollback", {"checkpoint_endpoint_rollback_files": [{"path": path, "backup": path}], **consent}),
    }  # fmt: skip
    return found


NAMES = list(values(""))


@pytest.fixture(scope="module")
def runs(fleet: Fleet, tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[Run, list[str]]]:
    """Every run with what its canary says; several at once, because each one mostly waits."""
    stops = {server: fleet.calls(server, "cpstop") for server in fleet.hosts}
    before = {server: fleet.configuration(server) for server in fleet.hosts}

    def run(name: str) -> tuple[Run, list[str]]:
        bird = Canary(tmp_path_factory.mktemp("canary"))
        playbook, variables = values(bird.value())[name]
        return fleet.play(playbook, "--limit", "eps1", "-e", json.dumps(variables)), bird.sung

    with ThreadPoolExecutor(3) as pool:
        found = dict(zip(NAMES, pool.map(run, NAMES), strict=True))
    assert {server: fleet.calls(server, "cpstop") for server in fleet.hosts} == stops
    assert {server: fleet.configuration(server) for server in fleet.hosts} == before
    return found


@pytest.mark.parametrize("name", NAMES)
def test_a_hostile_value_runs_nothing(runs: dict[str, tuple[Run, list[str]]], name: str) -> None:
    run, sung = runs[name]
    assert sung == []
    assert "Traceback" not in run.output, run.output
    assert "eps1" in run.stats, run.output


def test_a_canary_sings(fleet: Fleet, tmp_path: Path) -> None:
    """The same text as a template of the administrator's own is evaluated: the other tests could fail."""
    bird = Canary(tmp_path)
    fleet.play("audit", "--limit", "eps1", checkpoint_endpoint_sign_hash=bird.template())
    assert bird.sung == ["template"]


def test_hostile_folders_on_the_controller(fleet: Fleet, canary: Canary, tmp_path: Path) -> None:
    folder = tmp_path / canary.value().replace("/", ":")[:200]
    variables = {
        "checkpoint_endpoint_report_dir": unsafe(str(folder)),
        "checkpoint_endpoint_clients_csv": unsafe(str(folder) + ".csv"),
    }
    audit = fleet.play("audit", "--limit", "eps1", "-e", json.dumps(variables))
    assert audit.rc == 0, audit.output
    assert (folder / "report.json").is_file()
    clients = fleet.play("clients", "--limit", "eps1", "-e", json.dumps(variables))
    assert clients.rc == 0, clients.output


def test_the_user_of_the_controller_is_no_template(
    fleet: Fleet, canary: Canary, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("USER", canary.value())
    run = fleet.play("harden", "--check", "--limit", "eps1", checkpoint_endpoint_restart=True)
    assert run.rc == 0, run.output
