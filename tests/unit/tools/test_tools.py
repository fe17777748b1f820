# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The test run must notice what it is there to notice."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tools import checkout, sanity, stage, targets, test
from tools.environment import PYTHON_VERSIONS, ROOT, interpreters, search_path

NOBODY = 65534


@pytest.fixture
def logs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder for the logs of stages."""
    monkeypatch.setattr(stage, "LOGS", tmp_path)
    return tmp_path


def run(code: str, seconds: float = 30.0) -> stage.Outcome:
    return stage.run("some", seconds, [sys.executable, "-c", code])


@pytest.mark.parametrize(
    ("code", "passed", "failed", "skipped"),
    [
        ("print('12 passed, 3 skipped in 1s')", 12, 0, 3),
        ("print('== 2 failed, 5 passed, 1 error in 1s =='); raise SystemExit(1)", 5, 3, 0),
        ("print('5 passed in 1s'); raise SystemExit(3)", 5, 1, 0),
        ("raise SystemExit(3)", 0, 1, 0),
        ("print('looked at 7 files')", 1, 0, 0),
    ],
)
def test_a_stage_is_counted(logs: Path, code: str, passed: int, failed: int, skipped: int) -> None:
    outcome = run(code)
    assert (outcome.passed, outcome.failed, outcome.skipped) == (passed, failed, skipped)


def test_a_stage_that_hangs_is_ended_with_its_children(logs: Path) -> None:
    child = "import subprocess, sys, time; print(subprocess.Popen(['sleep', '60']).pid, flush=True); time.sleep(60)"
    outcome = run(child, seconds=2.0)
    assert outcome.seconds < 30
    assert (outcome.passed, outcome.failed, outcome.note) == (0, 1, "ended after 2 s")
    pid = (logs / "some.log").read_text().split()[0]
    status = Path(f"/proc/{pid}/stat")
    assert not status.exists() or status.read_text().split()[2] == "Z"


def test_the_report_names_the_slowest_tests_and_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cases = "".join(f'<testcase name="quick{number}" time="{number}"/>' for number in range(12))
    slow = '<testcase name="slow" time="99"><properties><property name="slow" value="because"/></properties></testcase>'
    (tmp_path / "unit.xml").write_text(f"<testsuites><testsuite>{cases}{slow}</testsuite></testsuites>")
    monkeypatch.setattr(test, "RESULTS", tmp_path)
    lines = list(test.report([stage.Outcome("a", 1.0, 3, 0, 1), stage.Outcome("b", 2.0, 4, 2)], 60.0))
    assert lines[1].split()[:2] == ["FAILED", "b"] and lines[2].split()[:2] == ["ok", "a"]
    assert lines[4:6] == ["  99.0 s  unit: slow  (because)", "  11.0 s  unit: quick11"]
    assert "quick3" in lines[13] and "quick2" not in "".join(lines)
    assert lines[-1] == "7 passed, 2 failed, 1 skipped"


def commands(*words: str) -> list[str]:
    """What make would run."""
    make = ["make", "-f", "tools/stages.mk", "-n", "--no-print-directory", *words]
    plain = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    return subprocess.run(
        make, cwd=ROOT, env=plain, capture_output=True, text=True, timeout=60, check=True
    ).stdout.splitlines()


def test_every_test_belongs_to_a_stage_and_no_stage_runs_twice() -> None:
    gate, rest = commands("gate"), commands("rest")
    places = {word for command in gate + rest for word in command.split() if word.startswith("tests/")}
    names = [name for name in checkout.files() if name.rpartition("/")[2].startswith("test_") and name.endswith(".py")]
    stray = [name for name in names if not any(name.startswith(f"{place}/") for place in (*places, "molecule"))]
    assert stray == []
    stages = [command.split()[2] for command in gate + rest]
    assert len(stages) == len(set(stages))


def test_long_groups_take_turns() -> None:
    def stages(turn: str, *more: str) -> list[str]:
        return [command.split()[2] for command in commands("rest", f"TURN={turn}", *more)]

    long = ["faults-roll", "faults-write", "matrix"]
    assert {*long, "sanity-all"} <= set(stages(""))
    for number, name in enumerate(long, start=99):
        assert [stage for stage in stages("auto", f"NUMBER={number}") if stage in long] == [name]
        assert [stage for stage in stages(name) if stage in long] == [name]
    assert "sanity-all" in stages("auto", "NUMBER=103")


def test_sanity_that_left_a_python_out_is_noticed() -> None:
    said = (
        'Running sanity test "compile" on Python 2.7\nRunning sanity test "compile" on Python 3.6\n'
        'Running sanity test "import" on Python 3.7\n'
    )
    assert sanity.untested(said, ["2.7", "3.6"]) == ["import with Python 3.6"]
    assert sanity.untested("", ["3.12"]) == ["compile with Python 3.12", "import with Python 3.12"]


def test_no_python_that_is_found_is_left_out() -> None:
    found = ["2.7", "3.6", "3.9", "3.13"]
    assert targets.chosen(["oldest"], found) + targets.chosen(["newer"], found) == found
    assert targets.chosen(["3.9", "2.7"], found) == ["3.9", "2.7"]
    assert targets.chosen([], found) == list(PYTHON_VERSIONS)


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
