# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run one stage of the tests with a time limit, keep its output in ``.cache/logs``, and say in one line what came of it.

python3 tools/stage.py NAME SECONDS COMMAND [ARGUMENT...]      # called by tools/stages.mk
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import resource
import signal
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from types import FrameType

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tools.environment import CACHE, ROOT

LOGS, RESULTS = CACHE / "logs", CACHE / "results"
LINES_SHOWN = 400


@dataclass(frozen=True)
class Outcome:
    """What came of a stage. One that counts no tests is one test itself."""

    name: str
    seconds: float
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    note: str = ""
    processor: float = 0.0

    def __str__(self) -> str:
        word = "FAILED" if self.failed else "ok"
        skipped = f", {self.skipped} skipped" if self.skipped else ""
        counted = f"{self.passed} passed, {self.failed} failed{skipped}"
        times = f"{self.seconds:6.1f} s, {self.processor:6.1f} s of processor time"
        return f"{word:7} {self.name:17} {times}  {counted}" + (f"  ({self.note})" if self.note else "")


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


def judge(name: str, seconds: float, code: int, text: str, note: str) -> Outcome:
    """What a stage came to, by its exit code and by what it printed."""
    found = counts(text)
    failed = found.get("failed", 0) + found.get("error", 0)
    if code != 0 and not failed:
        return Outcome(name, seconds, found.get("passed", 0), 1, found.get("skipped", 0), note or f"exit code {code}")
    return Outcome(name, seconds, found.get("passed", 0 if failed else 1), failed, found.get("skipped", 0), note)


def run(name: str, limit: float, command: list[str]) -> Outcome:
    """Run a stage as a session of its own, so that it can be ended with everything that it started."""
    began, note = time.monotonic(), ""
    log = LOGS / f"{name}.log"
    # pytest keeps the directories of the last three runs of a user, and removes those of runs that still go on elsewhere.
    with (
        tempfile.TemporaryDirectory(prefix="t-", ignore_cleanup_errors=True) as own,
        log.open("wb") as output,
    ):
        process = subprocess.Popen(
            command,
            env=os.environ | {"PYTEST_DEBUG_TEMPROOT": own},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        try:
            process.wait(limit)
        except subprocess.TimeoutExpired:
            note = f"ended after {limit:.0f} s"
        finally:
            if process.poll() is None:
                end(process)
    return judge(name, time.monotonic() - began, process.returncode, log.read_text("utf-8", "replace"), note)


def main(name: str, limit: float, command: list[str]) -> int:
    """Returns the exit code: 0 only if everything passed."""
    for folder in (LOGS, RESULTS):
        folder.mkdir(parents=True, exist_ok=True)
    print(f"start   {name}", flush=True)
    outcome = run(name, limit, command)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    outcome = replace(outcome, processor=used.ru_utime + used.ru_stime)
    (RESULTS / f"{name}.json").write_text(json.dumps(asdict(outcome)))
    if outcome.failed:
        log = LOGS / f"{name}.log"
        print(
            f"\n===== {name}: {' '.join(command)}",
            *log.read_text("utf-8", "replace").splitlines()[-LINES_SHOWN:],
            sep="\n",
        )
        print(f"===== {name} failed; all of it: {log.relative_to(ROOT)}\n")
    print(outcome, flush=True)
    return 1 if outcome.failed else 0


def stop(number: int, frame: FrameType | None) -> None:
    """Leave in good order at the first signal: nothing may interrupt the end of the stage's processes."""
    for one in (signal.SIGINT, signal.SIGTERM):
        signal.signal(one, signal.SIG_IGN)
    sys.exit(128 + number)


if __name__ == "__main__":
    # Also where a shell that runs this in the background switched SIGINT off.
    for signal_number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(signal_number, stop)
    sys.exit(main(sys.argv[1], float(sys.argv[2]), sys.argv[3:]))
