# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One lab for all tests of it, with stops and starts that take no time to speak of."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.lab.checkpoint_lab import machine
from tests.lab.checkpoint_lab.lab import Lab
from tests.lab.checkpoint_lab.server import Server

PROGRAM = Path(__file__).with_name("lab")


def run_lab(folder: Path, *arguments: str, seconds: float = 120.0) -> subprocess.CompletedProcess[str]:
    """Run the lab's command line as a user does."""
    command = [sys.executable, str(PROGRAM), *arguments, "--dir", str(folder)]
    return subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=False)


@dataclass
class Fleet:
    """A lab that is up."""

    lab: Lab

    @property
    def folder(self) -> Path:
        """Its folder."""
        return self.lab.folder

    def __getitem__(self, name: str) -> Server:
        return self.lab.server(name)

    def run(self, *arguments: str) -> str:
        """Run a command of the lab that must work; returns what it printed."""
        done = run_lab(self.folder, *arguments)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def state(self, name: str) -> dict[str, Any]:
        """What runs on a server."""
        return machine.state(self[name])

    def journal(self, name: str) -> list[dict[str, Any]]:
        """The calls of a server's tools."""
        return [json.loads(line) for line in self.run("journal", name, "--json").splitlines()]

    def ssh(self, name: str, command: str, stdin: str = "", seconds: float = 60.0) -> subprocess.CompletedProcess[str]:
        """Run a command on a server by SSH, with the environment of Check Point's tools, as Ansible would connect."""
        variables = self.variables(name)
        line = ["ssh", *variables["ansible_ssh_common_args"].split(), "-o", "BatchMode=yes"]
        line += ["-i", variables["ansible_ssh_private_key_file"], "-p", str(variables["ansible_port"])]
        line += [f"{variables['ansible_user']}@{variables['ansible_host']}"]
        return subprocess.run(
            [*line, f". {variables['checkpoint_endpoint_profile']} && {command}"],
            input=stdin,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=seconds,
            check=False,
        )

    def variables(self, name: str) -> dict[str, Any]:
        """A host's variables as the inventory has them."""
        text = (self.folder / "inventory.yml").read_text("utf-8").partition("---\n")[2]
        top = json.loads(text)["endpoint_servers"]
        hosts = {host: values for group in top["children"].values() for host, values in group["hosts"].items()}
        return {**top["vars"], **hosts[name]}


@pytest.fixture(scope="session")
def fleet(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Fleet]:
    """The fleet of the issue: 2 management and 6 policy servers."""
    folder = tmp_path_factory.mktemp("lab") / "fleet"
    done = run_lab(folder, "up", "--stop-seconds", "0.1", "--start-seconds", "0.2")
    try:
        assert done.returncode == 0, done.stderr
        yield Fleet(Lab(folder))
    finally:
        run_lab(folder, "down")


@pytest.fixture
def healthy(fleet: Fleet) -> Iterator[Fleet]:
    """The fleet; a server that a test left with faults or stopped is put right."""
    yield fleet
    for server in fleet.lab.servers():
        if machine.state(server)["faults"] or machine.state(server)["services"] != "started":
            machine.clear_faults(server)
            machine.switch_off(server)
            machine.switch_on(server)
            machine.wait_for_boot(server)
            assert machine.state(server)["services"] == "started"
