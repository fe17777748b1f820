# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Let make run stages of ``tools/stages.mk``, two at a time, to the end whatever fails; then say what came of them.

    python3 tools/environment.py python3 tools/test.py STAGE|GROUP... [TURN=auto|NAME]

At the end: the stages, the slowest tests with the reason why they are slow, and a line that counts tests: those of pytest and of
ansible-test one by one, every other stage as one.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tools.environment import ROOT, variables
from tools.stage import RESULTS, Outcome

AT_A_TIME = 2
SLOWEST = 10


def tests(folder: Path) -> Iterator[tuple[float, str, str]]:
    """Seconds, name and reason of every test in the results of pytest."""
    for path in folder.glob("*.xml"):
        for case in ElementTree.parse(path).iter("testcase"):
            reasons = [str(found.get("value")) for found in case.iter("property") if found.get("name") == "slow"]
            yield float(case.get("time", 0)), f"{path.stem}: {case.get('name')}", "".join(reasons)


def report(outcomes: list[Outcome], seconds: float) -> Iterator[str]:
    """The lines of the report."""
    yield "\nStages, the longest first"
    yield from (str(outcome) for outcome in sorted(outcomes, key=lambda outcome: -outcome.seconds))
    yield "\nThe slowest tests"
    for taken, name, reason in sorted(tests(RESULTS), reverse=True)[:SLOWEST]:
        yield f"{taken:6.1f} s  {name}" + (f"  ({reason})" if reason else "")
    yield f"In {seconds / 60:.1f} minutes, on {os.cpu_count()} cores."
    skipped = sum(outcome.skipped for outcome in outcomes)
    counted = (
        f"{sum(outcome.passed for outcome in outcomes)} passed, {sum(outcome.failed for outcome in outcomes)} failed"
    )
    yield counted + (f", {skipped} skipped" if skipped else "")


def main(words: list[str]) -> int:
    """Returns the exit code: 0 only if everything passed."""
    environment = variables() | {"NO_COLOR": "1", "ANSIBLE_NOCOLOR": "1", "PY_COLORS": "0"}
    # Of a make that called this one.
    environment = {
        name: value for name, value in environment.items() if name not in ("MAKEFLAGS", "MAKELEVEL", "MFLAGS")
    }
    shutil.rmtree(RESULTS, ignore_errors=True)
    began = time.monotonic()
    make = ["make", "-f", "tools/stages.mk", "--no-print-directory", f"-j{AT_A_TIME}", "-k", *words]
    process = subprocess.Popen(make, cwd=ROOT, env=environment)
    for number in (signal.SIGINT, signal.SIGTERM):
        # This one make hands on, and waits until the stages have taken down what they raised.
        signal.signal(number, lambda number, frame: process.terminate())
    code = process.wait()
    outcomes = [Outcome(**json.loads(path.read_text())) for path in RESULTS.glob("*.json")]
    print(*report(outcomes, time.monotonic() - began), sep="\n")
    return 1 if code or not outcomes else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
