# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Long fuzzing: python tests/fuzz/run.py --minutes 60 [--seed 1] [--target rewriting] [--engine random|coverage|both].

All targets in turn, in slices. ``random`` draws examples from the targets' strategies; ``coverage`` lets libFuzzer (atheris) change what the
strategies are made of, by which lines it reaches, and keeps its corpus for the next run. Every finding is saved under .cache/fuzz/findings and
can be run again with --replay FILE. The exit code is 1 when something was found.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import subprocess
import sys
import time
import zlib
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.support.collection import make_importable  # noqa: E402 - found through the line above

make_importable()

from hypothesis import HealthCheck, Phase, given, seed, settings  # noqa: E402 - found through the line above

from tests.fuzz.findings import FOLDER, Watch, replay  # noqa: E402 - found through the line above
from tests.fuzz.targets import TARGETS  # noqa: E402 - found through the line above

EXAMPLES = 400
COVERAGE_SECONDS = 60.0
COVERAGE = Path(__file__).with_name("coverage_guided.py")


def random_slice(watch: Watch, number: int) -> None:
    """Some hundred examples from one seed."""
    checks = settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        phases=[Phase.generate, Phase.shrink],
        suppress_health_check=list(HealthCheck),
        report_multiple_bugs=False,
    )
    try:
        seed(number)(checks(given(watch.target.cases)(watch.examine)))()
    except Exception:
        watch.keep()


def coverage_slice(name: str, number: int, seconds: float) -> dict[str, int]:
    """One target for some time in a process of its own, which libFuzzer needs; returns its examples and findings."""
    summary = FOLDER / "coverage" / f"{name}.json"
    summary.unlink(missing_ok=True)
    command = [sys.executable, str(COVERAGE), name, str(number), str(int(seconds)), str(summary)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=seconds * 3 + 300, check=False)
    print(
        "".join(line for line in done.stdout.splitlines(keepends=True) if line.startswith(("FOUND", " "))),
        end="",
        flush=True,
    )
    if done.returncode != 0:
        print(f"{name}: the coverage-guided run ended with {done.returncode}: {done.stderr[-3000:]}", flush=True)
    if not summary.exists():
        return {"examples": 0, "found": 1}
    found: dict[str, int] = json.loads(summary.read_text("utf-8"))
    return found


def run(names: list[str], until: float, first_seed: int, engines: list[str]) -> int:
    """All targets in turn until the time is over; returns the number of findings."""
    watches = {name: Watch(TARGETS[name]) for name in names}
    guided: Counter[str] = Counter()
    found = round_number = 0
    while time.monotonic() < until:
        for name, watch in watches.items():
            number = zlib.crc32(f"{first_seed} {round_number} {name}".encode())
            if "random" in engines and time.monotonic() < until:
                random_slice(watch, number)
            left = until - time.monotonic()
            if "coverage" in engines and left > 5:
                told = coverage_slice(name, number % 2**31, min(COVERAGE_SECONDS, left))
                guided[name] += told["examples"]
                found += told["found"]
        round_number += 1
        print(
            f"round {round_number} of seed {first_seed} done, {sum(w.examples for w in watches.values()) + guided.total()} examples",
            flush=True,
        )
    for name, watch in watches.items():
        print(
            f"{name:18} {watch.examples:9d} random, {guided[name]:9d} coverage-guided, {len(watch.found)} kinds of failure by chance"
        )
    return found + sum(len(watch.found) for watch in watches.values())


def main() -> int:
    """Read the command line and do it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=1, help="the random examples of a seed are always the same")
    parser.add_argument(
        "--target", action="append", choices=list(TARGETS), help="may be given several times; default: all"
    )
    parser.add_argument(
        "--engine", choices=["random", "coverage", "both"], help="default: both where atheris is installed"
    )
    parser.add_argument("--replay", type=Path, metavar="FILE", help="run a saved finding again, and nothing else")
    options = parser.parse_args()
    if options.replay:
        return replay(options.replay, TARGETS)
    guided = importlib.util.find_spec("atheris") is not None
    if options.engine in ("coverage", "both") and not guided:
        parser.error("atheris is not installed: pip install -r requirements/fuzz.txt")
    engine = options.engine or ("both" if guided else "random")
    engines = ["random", "coverage"] if engine == "both" else [engine]
    found = run(options.target or list(TARGETS), time.monotonic() + options.minutes * 60, options.seed, engines)
    print(f"{found} findings" + (f", see {FOLDER / 'findings'}" if found else ""))
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
