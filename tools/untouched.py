# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Proof that a run left the user's own ``~/.ansible`` and ``~/.ssh`` alone."""

from __future__ import annotations

import os
import pwd
from pathlib import Path

from tools.environment import CACHE

FOLDERS = (".ansible", ".ssh")
Listing = dict[str, tuple[int, int, int]]


def homes() -> list[Path]:
    """The user's home by the account, which ssh takes, and the one that HOME named when this run began."""
    named = [Path(pwd.getpwuid(os.getuid()).pw_dir), Path.home()]
    return [home for home in dict.fromkeys(named) if not home.is_relative_to(CACHE)]


def listing(homes: list[Path]) -> Listing:
    """Each file and folder in them with mode, size and time of its last change."""
    found: Listing = {}
    for top in (home / name for home in homes for name in FOLDERS):
        paths = [top, *(Path(folder) / name for folder, folders, files in os.walk(top) for name in (*folders, *files))]
        for path in paths:
            try:
                state = path.lstat()
            except FileNotFoundError:
                continue
            found[str(path)] = (state.st_mode, state.st_size, state.st_mtime_ns)
    return found


def differences(before: Listing, after: Listing) -> list[str]:
    """What is new, gone or changed, as sentences."""
    words = {(False, True): "was made", (True, False): "was removed", (True, True): "was changed"}
    names = sorted(set(before) | set(after))
    return [
        f"{name} {words[(name in before, name in after)]} during the run"
        for name in names
        if before.get(name) != after.get(name)
    ]
