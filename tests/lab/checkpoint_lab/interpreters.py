# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which Python a server has: that of its release where this machine has one that the controller's Ansible can use."""

from __future__ import annotations

import importlib.metadata
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

# ansible-core -> the Pythons of targets that it supports (its ansible_test constants), oldest and newest 3.x.
SUPPORTED = {
    "2.16": (("2.7",), 6, 12),
    "2.17": ((), 7, 12),
    "2.18": ((), 8, 13),
    "2.19": ((), 8, 13),
    "2.20": ((), 9, 14),
    "2.21": ((), 9, 14),
}
VERSION = re.compile(r"python(\d\.\d+)")


def controller_ansible() -> str:
    """The series of ansible-core that is in use here (``2.16``), an empty text when there is none."""
    try:
        found = importlib.metadata.version("ansible-core")
    except importlib.metadata.PackageNotFoundError:
        program = shutil.which("ansible")
        if program is None:
            return ""
        done = subprocess.run([program, "--version"], capture_output=True, text=True, timeout=60, check=False)
        match = re.search(r"core (\d+\.\d+)", done.stdout)
        found = match.group(1) if match else ""
    return ".".join(found.split(".")[:2])


def supported(ansible: str) -> list[str]:
    """The target Pythons of an ansible-core, oldest first; for an unknown or newer one those of the newest known."""
    older, first, last = SUPPORTED.get(ansible, SUPPORTED["2.21"] if ansible else SUPPORTED["2.16"])
    return [*older, *(f"3.{minor}" for minor in range(first, last + 1))]


def available() -> dict[str, Path]:
    """The Pythons of this machine by version. A pyenv shim is none: it runs whatever the folder's settings say."""
    folders = [Path(entry) for entry in os.environ.get("PATH", "").split(os.pathsep) if entry]
    folders += sorted(Path.home().glob(".pyenv/versions/*/bin"))
    found: dict[str, Path] = {}
    for folder in folders:
        if folder.name == "shims" or not folder.is_dir():
            continue
        for path in folder.glob("python[23].*"):
            match = VERSION.fullmatch(path.name)
            if match and os.access(path, os.X_OK):
                found.setdefault(match.group(1), path.resolve())
    return found


def choose(wanted: str, ansible: str, machine: dict[str, Path]) -> tuple[Path, str]:
    """The Python for a server.

    :param wanted: ``2.7``, ``3.7``, ``newest`` or ``current``
    :returns: its path, and why it is not the wanted one (empty when it is)
    """
    current = Path(sys.executable).resolve()
    if wanted == "current":
        return current, ""
    usable = [version for version in supported(ansible) if version in machine]
    if wanted == "newest" and usable:
        return machine[usable[-1]], ""
    if wanted in usable:
        return machine[wanted], ""
    why = "not on this machine" if wanted not in machine else f"not supported by ansible-core {ansible}"
    return current, f"Python {wanted} is {why}"
