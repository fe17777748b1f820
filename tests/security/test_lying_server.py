# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server whose Python answers with generated lies, first of its group: it decides nothing on the controller, and every honest server is read.

Nothing outside of the report directory is written, no variable of ours changes, no template of the server runs.
LIAR_SEED and LIAR_RUNS choose other answers and more of them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.security import liar
from tests.support.fleet import Fleet, Run

SEED = int(os.environ.get("LIAR_SEED", "1125"))
RUNS = int(os.environ.get("LIAR_RUNS", "1"))
LIARS = 6
HONEST = ("eps1", "epm1")


@dataclass(frozen=True)
class Lies:
    """Lying servers that stand before the honest ones in every group.

    :ivar inventory: what is read beside the lab's own inventory
    :ivar ground: a directory of the controller in which nothing may be made
    """

    inventory: Path
    ground: Path
    folders: tuple[Path, ...]

    @property
    def answers(self) -> int:
        """Return how many lies were told."""
        return sum(liar.calls(folder) for folder in self.folders)


@pytest.fixture(params=range(RUNS))
def lies(request: pytest.FixtureRequest, fleet: Fleet, tmp_path: Path) -> Iterator[Lies]:
    ground = tmp_path / "ground"
    ground.mkdir()
    hosts, folders = {}, []
    for number in range(LIARS):
        folder = tmp_path / f"liar{number}"
        answers = liar.answers(SEED + 1000 * request.param + number, 16, ground / "trap")
        # The first one goes for our variables with every answer: what a play takes from one server, it takes from this one.
        answers = [liar.bold_answer(ground / "trap")] if number == 0 else answers
        python = liar.install(folder, answers)
        hosts[f"a{number:02}liar"] = {**fleet.hosts["eps1"], "ansible_python_interpreter": str(python)}
        folders.append(folder)
    # Ansible reads inventories in the order given: the liars come first.
    inventory = tmp_path / "liars.yml"
    inventory.write_text(json.dumps({"endpoint_servers": {"children": {"endpoint_policy": {"hosts": hosts}}}}), "utf-8")
    before = {server: fleet.configuration(server) for server in HONEST}
    yield Lies(inventory, ground, tuple(folders))
    assert list(ground.iterdir()) == []
    assert {server: fleet.configuration(server) for server in HONEST} == before


def play(fleet: Fleet, lies: Lies, playbook: str, **variables: Any) -> Run:
    run = fleet.play(playbook, "-i", str(lies.inventory), "-i", str(fleet.folder / "inventory.yml"), **variables)
    assert "Traceback" not in run.output, run.output
    return run


def test_the_audit_of_a_fleet_with_liars(fleet: Fleet, lies: Lies, tmp_path: Path) -> None:
    report = tmp_path / "report"
    run = play(fleet, lies, "audit", checkpoint_endpoint_report_dir=str(report))
    servers = {server["name"]: server for server in json.loads((report / "report.json").read_text("utf-8"))["servers"]}
    assert len(servers) == LIARS + len(HONEST)
    for name in HONEST:
        assert servers[name]["read"] is True, run.output
        assert {finding["status"] for finding in servers[name]["findings"] if finding["rule"] == "TLS-1"} == {"fail"}
        assert run.stats[name].get("failed") == 0, run.output
    assert sorted(path.name for path in report.iterdir()) == [
        "report.html",
        "report.json",
        "report.junit.xml",
        "report.md",
    ]
    assert lies.answers >= LIARS


def test_the_clients_of_a_fleet_with_liars(fleet: Fleet, lies: Lies, tmp_path: Path) -> None:
    target = tmp_path / "clients.json"
    run = play(fleet, lies, "clients", checkpoint_endpoint_clients_json=str(target))
    servers = {server["name"]: server for server in json.loads(target.read_text("utf-8"))["servers"]}
    assert len(servers) == LIARS + len(HONEST)
    for name in HONEST:
        assert servers[name]["read"] is True, run.output
        assert run.stats[name].get("failed") == 0, run.output


def test_no_path_of_a_liar_is_written_where_none_was_declared(fleet: Fleet, lies: Lies) -> None:
    """Without a report directory and without files for the clients, no fact of a server names one."""
    for playbook in ("audit", "clients"):
        run = play(fleet, lies, playbook)
        assert all(run.stats[name].get("failed") == 0 for name in HONEST), run.output
    assert lies.answers >= 2 * LIARS


def test_the_bootstrap_of_a_fleet_with_liars(fleet: Fleet, lies: Lies, tmp_path: Path) -> None:
    folder = tmp_path / "host_vars"
    run = play(fleet, lies, "bootstrap", checkpoint_endpoint_host_vars_dir=str(folder))
    written = "".join(path.read_text("utf-8") for path in sorted(folder.rglob("*.yml")))
    assert "{{" not in written and str(lies.ground) not in written
    assert all(name in run.stats for name in HONEST), run.output
