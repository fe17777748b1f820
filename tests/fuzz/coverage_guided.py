# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One target under libFuzzer, called by run.py: coverage_guided.py TARGET SEED SECONDS SUMMARY.

libFuzzer changes the bytes from which hypothesis makes an example. So every example has the structure of its target, and what reaches
new lines of the collection's code is kept in .cache/fuzz/corpus for the next time.
"""

from __future__ import annotations

import json
import random
import sys
from pathlib import Path
from typing import Any

import atheris

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from tests.support.collection import NAME, make_importable  # noqa: E402 - found through the line above

make_importable()

with atheris.instrument_imports(include=[NAME + ".plugins.module_utils"]):
    from tests.fuzz.findings import FOLDER, Watch
    from tests.fuzz.targets import TARGETS

from hypothesis import HealthCheck, given, settings  # noqa: E402 - found through the line above

LONGEST = 8192
SEEDS = 30


def _sow(corpus: Path, seed: int) -> None:
    """Something to begin with: bytes enough for whole examples."""
    chance = random.Random(seed)
    for number in range(SEEDS):
        (corpus / f"seed-{seed}-{number}").write_bytes(chance.randbytes(chance.randint(100, LONGEST)))


def main() -> None:
    """Run until the time is over; libFuzzer ends the process."""
    name, seed, seconds, summary = sys.argv[1:5]
    watch = Watch(TARGETS[name])
    checks = settings(deadline=None, database=None, suppress_health_check=list(HealthCheck))
    examine: Any = checks(given(watch.target.cases)(watch.examine))
    corpus = FOLDER / "corpus" / name
    corpus.mkdir(parents=True, exist_ok=True)
    _sow(corpus, int(seed))
    Path(summary).parent.mkdir(parents=True, exist_ok=True)

    def one(data: bytes) -> None:
        try:
            examine.hypothesis.fuzz_one_input(data)
        except Exception:
            watch.keep()
        if watch.examples % 50 == 0:
            tell()

    def tell() -> None:
        Path(summary).write_text(json.dumps({"examples": watch.examples, "found": len(watch.found)}), "utf-8")

    tell()
    # Short inputs make no example: libFuzzer must not begin with them.
    options = [
        "-len_control=0",
        f"-seed={seed}",
        f"-max_total_time={seconds}",
        f"-max_len={LONGEST}",
        "-rss_limit_mb=3000",
        "-print_final_stats=1",
        f"-artifact_prefix={FOLDER}/",
    ]
    atheris.Setup([sys.argv[0], *options, str(corpus)], one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
