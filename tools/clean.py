# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Remove what was made in this checkout: first a lab that still stands, with its processes, then the files."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tools.environment import CACHE, ROOT, VENV

LEFT = (".hypothesis", ".mypy_cache", ".pytest_cache", ".ruff_cache", ".ansible", "dist")
SECONDS = 300.0

if __name__ == "__main__":
    for lab in sorted(ROOT.glob(".lab*")):
        subprocess.run([str(ROOT / "tests/lab/lab"), "down", "--dir", str(lab)], timeout=SECONDS, check=True)
        shutil.rmtree(lab, ignore_errors=True)
    for folder in (VENV, CACHE, *(ROOT / name for name in LEFT)):
        shutil.rmtree(folder, ignore_errors=True)
    for folder in ROOT.rglob("__pycache__"):
        shutil.rmtree(folder, ignore_errors=True)
