# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files of the project: what git tracks, and what is new and not ignored."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

from tools.environment import CACHE, NAME, ROOT

GIT_SECONDS = 60.0


def files(folder: Path = ROOT) -> list[str]:
    """Paths relative to ``folder`` that exist, in order."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--deduplicate"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=GIT_SECONDS, check=True)
    return sorted(name for name in done.stdout.split("\0") if name and (folder / name).exists())


def python_folders() -> list[str]:
    """Folders and files of the root with Python code of the project."""
    return sorted({name.partition("/")[0] for name in files() if name.endswith(".py")})


def export(place: str) -> Path:
    """Copy the files to ``.cache/PLACE/ansible_collections/...`` as a git repository of its own. Returns that folder.

    Tools that write into what they examine, or that want the collection's own path, get this copy. The same place is used
    again, so that what a tool keeps outside it stays true.
    """
    copy = CACHE / place / "ansible_collections" / NAME.replace(".", "/")
    shutil.rmtree(copy, ignore_errors=True)
    for name in files():
        target = copy / name
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / name, target, follow_symlinks=False)
    for command in (["git", "init", "-q"], ["git", "add", "-A"]):
        subprocess.run(command, cwd=copy, timeout=GIT_SECONDS, check=True)
    return copy
