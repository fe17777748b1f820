# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Look for disagreements in many more configurations: python -m tests.differential.hunt --seed 1 --count 5000."""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections import Counter

from tests.differential.runner import Runner


def main() -> int:
    """Print what differs, seed by seed, and at the end the numbers; the exit code is 1 when anything did."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1, help="first seed")
    parser.add_argument("--count", type=int, default=1000, help="how many seeds")
    parser.add_argument("--jobs", type=int, default=0, help="processes; default: one for each processor")
    parser.add_argument("--brief", action="store_true", help="no configuration texts")
    options = parser.parse_args()
    began = time.monotonic()
    kinds: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    different = 0
    seeds = range(options.seed, options.seed + options.count)
    with Runner(options.jobs) as runner:
        runner.begin(seeds)
        for seed in seeds:
            outcome = runner.outcome(seed)
            kinds[outcome.kind] += 1
            if outcome.reason:
                reasons[re.sub(r"^\S+: |[.] .*|\d+", "", outcome.reason, flags=re.DOTALL)] += 1
            if outcome.differences:
                different += 1
                said = "\n".join([f"seed {seed}", *outcome.differences]) if options.brief else outcome.report()
                print(said, end="\n\n", flush=True)
            if seed % 100 == 0:
                print(f"seed {seed}, {time.monotonic() - began:.0f} s", file=sys.stderr)
    for kind, number in kinds.most_common():
        print(f"{number:6d}  httpd {kind}")
    for reason, number in reasons.most_common():
        print(f"{number:6d}  refused: {reason}")
    print(f"{options.count} configurations, {different} with differences, {time.monotonic() - began:.0f} s")
    return 1 if different else 0


if __name__ == "__main__":
    sys.exit(main())
