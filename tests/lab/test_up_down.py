# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A lab comes and goes without a trace, whatever happens to it in between."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.lab.checkpoint_lab.lab import Lab
from tests.lab.checkpoint_lab.machine import LabError
from tests.lab.checkpoint_lab.processes import descendants, marked, started
from tests.lab.conftest import PROGRAM, Fleet, run_lab

pytestmark = pytest.mark.slow("raises labs and takes them down")

QUICK = ("--stop-seconds", "0", "--start-seconds", "0")


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder for a lab that is down afterwards, whatever the test found."""
    yield tmp_path / "lab"
    run_lab(tmp_path / "lab", "down")


def processes_of(folder: Path) -> list[int]:
    """Every process of a lab, sshd included, which hides its environment."""
    known = marked(str(folder / "servers"))
    return sorted({*known, *descendants(*known)})


def assert_gone(folder: Path, pids: list[int]) -> None:
    """No process, no file, no folder of control sockets."""
    assert [pid for pid in pids if started(pid)] == []
    assert processes_of(folder) == []
    assert not folder.exists()
    assert not Lab(folder).control.exists()


def test_down_leaves_no_process_and_no_file(folder: Path) -> None:
    done = run_lab(folder, "up", "--management", "1", "--policy", "1", *QUICK)
    assert done.returncode == 0, done.stderr
    pids = processes_of(folder)
    assert len(pids) > 20
    assert run_lab(folder, "down").returncode == 0
    assert_gone(folder, pids)


def test_down_of_nothing_is_no_error(folder: Path) -> None:
    assert run_lab(folder, "down").returncode == 0
    assert not folder.exists()


def test_down_spares_what_else_is_in_the_folder(folder: Path) -> None:
    folder.mkdir()
    (folder / "mine.txt").write_text("kept\n", "ascii")
    assert run_lab(folder, "up", "--management", "1", "--policy", "0", *QUICK).returncode == 0
    assert run_lab(folder, "down").returncode == 0
    assert [path.name for path in folder.iterdir()] == ["mine.txt"]


def test_labs_stand_side_by_side(fleet: Fleet, folder: Path) -> None:
    assert run_lab(folder, "up", "--management", "1", "--policy", "0", *QUICK).returncode == 0
    second = Lab(folder)
    assert {server.address for server in second.servers()}.isdisjoint(s.address for s in fleet.lab.servers())
    assert run_lab(folder, "down").returncode == 0
    assert {fleet.state(server.name)["services"] for server in fleet.lab.servers()} == {"started"}


def test_a_second_lab_in_the_same_folder_is_refused_and_the_first_one_stays(fleet: Fleet) -> None:
    done = run_lab(fleet.folder, "up")
    assert done.returncode == 2
    assert "take it down first" in done.stderr
    assert fleet.state("epm1")["services"] == "started"


@pytest.mark.parametrize("name", ["with space", "dollar$", "quote'"])
def test_a_folder_that_ansible_would_split_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(LabError, match="without spaces and special characters"):
        Lab(tmp_path / name)


def test_an_up_that_fails_takes_itself_down(folder: Path, tmp_path: Path) -> None:
    bin_folder = tmp_path / "bin"
    bin_folder.mkdir()
    (bin_folder / "ssh-keygen").write_text("#!/bin/sh\nexit 1\n", "ascii")
    (bin_folder / "ssh-keygen").chmod(0o755)
    command = [sys.executable, str(PROGRAM), "up", "--management", "1", "--policy", "0", "--dir", str(folder)]
    environment = {**os.environ, "PATH": f"{bin_folder}:{os.environ['PATH']}"}
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment, check=False)
    assert done.returncode == 2
    assert "ssh-keygen" in done.stderr
    assert_gone(folder, [])


@pytest.mark.parametrize("file", ["lab.json", "servers/epm1/var/lab/init.json", "servers/epm1/var/lab/watchdog.json"])
def test_an_up_that_was_killed_is_taken_down(folder: Path, file: str) -> None:
    command = [sys.executable, str(PROGRAM), "up", "--management", "1", "--policy", "1", *QUICK, "--dir", str(folder)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    until = time.monotonic() + 60
    while not (folder / file).exists() and process.poll() is None and time.monotonic() < until:
        time.sleep(0.002)
    process.kill()
    process.wait()
    pids = processes_of(folder)
    assert run_lab(folder, "down").returncode == 0
    assert_gone(folder, pids)


def test_servers_whose_first_process_was_killed_are_taken_down(folder: Path) -> None:
    assert run_lab(folder, "up", "--management", "1", "--policy", "1", *QUICK).returncode == 0
    pids = processes_of(folder)
    for server in Lab(folder).servers():
        os.kill(server.read("init")["pid"], signal.SIGKILL)
    assert run_lab(folder, "down").returncode == 0
    assert_gone(folder, pids)


def test_a_lab_whose_files_were_deleted_is_taken_down(folder: Path) -> None:
    assert run_lab(folder, "up", "--management", "1", "--policy", "0", *QUICK).returncode == 0
    pids = processes_of(folder)
    subprocess.run(["rm", "-r", str(folder)], check=True, timeout=60)
    assert run_lab(folder, "down").returncode == 0
    assert_gone(folder, pids)
