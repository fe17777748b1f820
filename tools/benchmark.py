# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Run the benchmarks one after the other, beside the other tools they compare with.

python3 tools/environment.py python3 tools/benchmark.py [NAME...]      # files of benchmarks/ without .py
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tools.environment import CACHE, ROOT

SECONDS = 3600.0
# Made by tools/setup.py: the tools that are compared with.
COMPARED = CACHE / "venv-benchmark"


def main(wanted: list[str]) -> int:
    """Returns the exit code: 0 only if every benchmark reached its goals."""
    # Last on the PATH: only for the programs that are nowhere else.
    environment = os.environ | {"PATH": os.pathsep.join([os.environ["PATH"], str(COMPARED / "bin")])}
    failed = 0
    for path in sorted((ROOT / "benchmarks").glob("*.py")):
        if wanted and path.stem not in wanted:
            continue
        print(f"\n===== benchmarks/{path.name}", flush=True)
        done = subprocess.run([sys.executable, str(path)], cwd=ROOT, env=environment, timeout=SECONDS, check=False)
        failed += done.returncode != 0
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
