# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run reads and writes nothing in the user's own ``~/.ansible`` and ``~/.ssh``, neither by HOME nor by the account, which ssh asks."""

from __future__ import annotations

import os
import pwd
import subprocess
from pathlib import Path

import pytest

from tests.support.fleet import Fleet

pytestmark = pytest.mark.slow("every system call of a run is traced")

CALLS = "open,openat,creat,mkdir,mkdirat,rename,renameat,renameat2,link,linkat,symlink,symlinkat,unlink,unlinkat,truncate,chmod,fchmodat,utimensat"
FOLDERS = (".ansible", ".ssh")


def touched(trace: str, homes: set[str]) -> list[str]:
    """The lines of a trace that name something in these folders."""
    places = [f"{home}/{folder}" for home in homes for folder in FOLDERS]
    return [
        line for line in trace.splitlines() if any(f'"{place}"' in line or f'"{place}/' in line for place in places)
    ]


def test_a_run_leaves_the_users_folders_alone(fleet: Fleet, tmp_path: Path) -> None:
    trace = tmp_path / "trace"
    # Its calls are looked at, not the folders: another Ansible may use those meanwhile. A connection that stays open would keep strace.
    command = [
        "strace",
        "-f",
        "-qq",
        "-s",
        "4096",
        "-e",
        f"trace={CALLS}",
        "-e",
        "signal=none",
        "-o",
        str(trace),
        *fleet.command("audit", "--limit", "eps1"),
    ]
    environment = fleet.controller(ANSIBLE_SSH_ARGS="-o ControlMaster=no")
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, env=environment, check=False)
    found = trace.read_text("utf-8", "replace")
    assert "/known_hosts" in found, done.stdout
    assert touched(found, {pwd.getpwuid(os.getuid()).pw_dir, os.environ["HOME"]}) == []


@pytest.mark.parametrize(
    "text", ['openat(AT_FDCWD, "/home/a/.ssh/known_hosts", O_RDONLY)', '1 mkdir("/home/a/.ansible", 0700)']
)
def test_what_is_touched_is_seen(text: str) -> None:
    assert touched(text, {"/home/a"}) == [text]
    assert touched(text, {"/home/b"}) == []


def test_home_is_a_place_where_nobody_can_write() -> None:
    with pytest.raises(NotADirectoryError):
        (Path(os.environ["HOME"]) / ".ansible").mkdir()
