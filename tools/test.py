# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the stages of ``tools/stages.py``, two at a time, to the end whatever fails, and say what came of each.

    python3 tools/environment.py python3 tools/test.py [STAGE or GROUP...]

What a stage printed is in ``.cache/logs/STAGE.log``; of one that failed it is shown. The last line counts tests: those of
pytest one by one, those of ansible-test one by one, every other stage as one.
"""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tools.environment import CACHE, ROOT, variables
from tools.stages import Stage, all_stages, fault_stage, stray_tests

CORES = 2
LOGS = CACHE / "logs"
LINES_SHOWN = 400
PAUSE = 0.1


@dataclass
class Run:
    """A stage that was started, and what became of it."""

    stage: Stage
    process: subprocess.Popen[bytes]
    started: float
    ended: float = 0.0
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    note: str = ""

    @property
    def log(self) -> Path:
        """Where its output is."""
        return LOGS / f"{self.stage.name}.log"


def choose(words: Sequence[str]) -> list[Stage]:
    """The stages that the words name, by name or group; without words all of them. Exits on an unknown word."""
    stages = all_stages()
    if words == ["faults"]:
        return [fault_stage()]
    known = {stage.name for stage in stages} | {stage.group for stage in stages if stage.group}
    if unknown := [word for word in words if word not in known]:
        sys.exit(f"No such stage: {' '.join(unknown)}. There are: {' '.join(sorted(known))}, and faults alone")
    return [stage for stage in stages if not words or stage.name in words or stage.group in words]


def start(stage: Stage, environment: dict[str, str]) -> Run:
    """Start a stage as a session of its own, so that it can be ended with everything that it started."""
    print(f"start   {stage.name}", flush=True)
    with (LOGS / f"{stage.name}.log").open("wb") as log:
        process = subprocess.Popen(
            stage.command,
            cwd=ROOT,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    return Run(stage, process, time.monotonic())


def end(process: subprocess.Popen[bytes]) -> None:
    """End a stage's processes: first as Ctrl-C does, so that its tests take down what they raised; then surely."""
    for number, seconds in ((signal.SIGINT, 90.0), (signal.SIGTERM, 10.0), (signal.SIGKILL, 10.0)):
        with contextlib.suppress(ProcessLookupError, subprocess.TimeoutExpired):
            os.killpg(process.pid, number)
            process.wait(seconds)


def counts(text: str) -> dict[str, int]:
    """Tests counted by the last line that counts them, in the words of pytest; empty when there is none."""
    lines = [line for line in text.splitlines() if re.search(r"\b\d+ (passed|failed|errors?)\b", line)]
    found = re.findall(r"(\d+) (passed|failed|error|skipped)", lines[-1]) if lines else []
    return {word: int(number) for number, word in found}


def judge(run: Run, late: bool) -> None:
    """Fill in what the ended stage came to, and say so."""
    run.ended = time.monotonic()
    text = run.log.read_text("utf-8", "replace")
    found = counts(text) if run.stage.group != "lint" else {}
    run.passed, run.skipped = found.get("passed", 0), found.get("skipped", 0)
    run.failed = found.get("failed", 0) + found.get("error", 0)
    wrong = run.process.returncode != 0
    if late:
        run.note = f"ended after {run.stage.seconds:.0f} s"
    if wrong and not run.failed:
        run.failed = 1
        run.note = run.note or f"exit code {run.process.returncode}"
    if not found and not wrong:
        run.passed = 1
    if run.failed:
        lines = text.splitlines()
        print(f"\n===== {run.stage.name}: {' '.join(run.stage.command)}")
        print("\n".join(lines[-LINES_SHOWN:]))
        print(f"===== {run.stage.name} failed; all of it: {run.log.relative_to(ROOT)}\n")
    print(describe(run), flush=True)


def describe(run: Run) -> str:
    """One line about an ended stage."""
    word = "FAILED" if run.failed else "ok"
    skipped = f", {run.skipped} skipped" if run.skipped else ""
    note = f"  ({run.note})" if run.note else ""
    return f"{word:7} {run.stage.name:14} {run.ended - run.started:6.1f} s  {run.passed} passed, {run.failed} failed{skipped}{note}"


def run_all(stages: Sequence[Stage], environment: dict[str, str]) -> list[Run]:
    """Run them beside each other as the cores allow, in their order otherwise."""
    waiting, running, ended = list(stages), list[Run](), list[Run]()
    try:
        while waiting or running:
            free = CORES - sum(run.stage.cores for run in running)
            fitting = next((stage for stage in waiting if stage.cores <= free), None)
            if fitting is not None:
                waiting.remove(fitting)
                running.append(start(fitting, environment))
                continue
            time.sleep(PAUSE)
            for run in list(running):
                late = time.monotonic() - run.started > run.stage.seconds
                if late:
                    end(run.process)
                if run.process.poll() is not None:
                    running.remove(run)
                    judge(run, late)
                    ended.append(run)
    finally:
        for run in running:
            end(run.process)
    return ended


def main(words: Sequence[str]) -> int:
    """Returns the exit code: 0 only if everything passed."""
    stages = choose(words)
    environment = variables() | {"NO_COLOR": "1", "ANSIBLE_NOCOLOR": "1", "PY_COLORS": "0"}
    os.environ["PATH"] = environment["PATH"]
    LOGS.mkdir(parents=True, exist_ok=True)
    began = time.monotonic()
    runs = run_all(stages, environment)
    problems = [f"no stage runs {name}" for name in stray_tests()]
    print("\nStages, the longest first")
    for run in sorted(runs, key=lambda run: run.started - run.ended):
        print(describe(run))
    for problem in problems:
        print(f"FAILED  {problem}")
    passed = sum(run.passed for run in runs) + (0 if problems else 1)
    failed = sum(run.failed for run in runs) + len(problems)
    skipped = sum(run.skipped for run in runs)
    print(f"In {(time.monotonic() - began) / 60:.1f} minutes, on {os.cpu_count()} cores.")
    print(f"{passed} passed, {failed} failed" + (f", {skipped} skipped" if skipped else ""))
    return 1 if failed else 0


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(128 + number))
    # Also where a shell that runs this in the background switched it off: stages are ended with it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    sys.exit(main(sys.argv[1:]))
