# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The test run must notice what it is there to notice."""

from __future__ import annotations

import os
import sys
import time
from pathlib import Path

import pytest

from tools import sanity, test
from tools.environment import interpreters, search_path
from tools.stages import Stage

NOBODY = 65534


@pytest.fixture
def logs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for the logs of stages."""
    monkeypatch.setattr(test, "LOGS", tmp_path)
    monkeypatch.setattr(test, "ROOT", tmp_path)
    return tmp_path


def python(name: str, code: str, seconds: float = 30.0, cores: int = 1) -> Stage:
    return Stage(name, (sys.executable, "-c", code), cores, seconds)


def test_every_stage_runs_to_the_end_and_is_counted(logs: Path) -> None:
    stages = [
        python("good", "print('12 passed, 3 skipped in 1s')"),
        python("bad", "print('== 2 failed, 5 passed, 1 error in 1s =='); raise SystemExit(1)"),
        python("silent", "raise SystemExit(3)"),
        python("lint", "print('looked at 7 files')", cores=2),
    ]
    runs = {run.stage.name: run for run in test.run_all(stages, dict(os.environ))}
    assert {name: (run.passed, run.failed, run.skipped) for name, run in runs.items()} == {
        "good": (12, 0, 3),
        "bad": (5, 3, 0),
        "silent": (0, 1, 0),
        "lint": (1, 0, 0),
    }


def test_a_stage_that_hangs_is_ended_with_its_children(logs: Path) -> None:
    child = "import subprocess, sys, time; print(subprocess.Popen(['sleep', '60']).pid, flush=True); time.sleep(60)"
    began = time.monotonic()
    (run,) = test.run_all([python("hangs", child, seconds=2.0)], dict(os.environ))
    assert time.monotonic() - began < 30
    assert (run.passed, run.failed) == (0, 1)
    pid = run.log.read_text().split()[0]
    status = Path(f"/proc/{pid}/stat")
    assert not status.exists() or status.read_text().split()[2] == "Z"


def test_sanity_that_left_a_python_out_is_noticed() -> None:
    said = (
        'Running sanity test "compile" on Python 2.7\nRunning sanity test "compile" on Python 3.6\n'
        'Running sanity test "import" on Python 3.7\n'
    )
    assert sanity.untested(said, ["2.7", "3.6"]) == ["import with Python 3.6"]
    assert sanity.untested("", ["3.12"]) == ["compile with Python 3.12", "import with Python 3.12"]


def test_interpreters_are_real_ones() -> None:
    found = interpreters()
    assert ".".join(map(str, sys.version_info[:2])) in found
    assert not any("shims" in program.parts for program in found.values())
    assert "shims" not in search_path()


def test_folders_of_another_user_are_as_good_as_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After ``su`` without a new environment, PATH and PYENV_ROOT name folders that this user may not enter."""
    closed = tmp_path / "closed"
    (closed / "versions").mkdir(parents=True)
    monkeypatch.setenv("PYENV_ROOT", str(closed))
    monkeypatch.setenv("PATH", f"{closed}/bin")
    closed.chmod(0)
    root = os.geteuid() == 0
    if root:
        os.seteuid(NOBODY)
    try:
        found = interpreters()
    finally:
        if root:
            os.seteuid(0)
        closed.chmod(0o700)
    assert not any(program.is_relative_to(closed) for program in found.values())
