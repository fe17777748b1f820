# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Kill a process right before its n-th file operation, for every n.

strace numbers the system calls and sends SIGKILL when the process enters the chosen one, which is then not executed. So "before operation n+1" is
"after operation n", and the points from the first to one behind the last see every state of the disk that the process ever makes.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

from tests.faults.write.write_path import BEGIN, END

PROGRAM = Path(__file__).with_name("write_path.py")
# Everything that makes, opens, fills, locks, renames, removes or closes a file. "?": not every architecture has all of them.
OPERATIONS = (
    "open,openat,creat,close,write,pwrite64,writev,fsync,fdatasync,ftruncate,fallocate,flock,fcntl,"
    "chmod,fchmod,fchmodat,chown,lchown,fchown,fchownat,setxattr,lsetxattr,fsetxattr,removexattr,fremovexattr,"
    "link,linkat,symlink,symlinkat,rename,renameat,renameat2,unlink,unlinkat,mkdir,mkdirat,rmdir,utimensat"
)
MARKS = ("access", "faccessat", "faccessat2")
_CALL = re.compile(r"^(\w+)\((.*)")
SECONDS = 120.0
FAILED = 3


@dataclass(frozen=True)
class KillPoint:
    """Before the ``occurrence``-th call of the system call ``name`` since the process was started."""

    name: str
    occurrence: int
    call: str

    def __str__(self) -> str:
        return f"{self.name} number {self.occurrence}: {self.call}"


def why_not() -> str | None:
    """Why processes cannot be traced here; None when they can."""
    program = shutil.which("strace")
    if program is None:
        return "needs strace"
    done = subprocess.run([program, "-qq", "-o", os.devnull, "true"], capture_output=True, timeout=SECONDS, check=False)
    return None if done.returncode == 0 else f"strace cannot trace here: {done.stderr.decode().strip()}"


def command(step: str, arguments: dict[str, object]) -> list[str]:
    """The argument list of one step."""
    return [os.environ.get("FAULT_PYTHON", sys.executable), "-B", str(PROGRAM), step, json.dumps(arguments)]


def run(step: str, arguments: dict[str, object]) -> subprocess.CompletedProcess[bytes]:
    """One step, undisturbed."""
    return subprocess.run(command(step, arguments), capture_output=True, timeout=SECONDS, check=False)


def _strace(options: list[str], step: str, arguments: dict[str, object]) -> subprocess.CompletedProcess[bytes]:
    calls = ",".join("?" + name for name in (*OPERATIONS.split(","), *MARKS))
    argv = ["strace", "-qq", "-s", "300", "-e", f"trace={calls}", *options, *command(step, arguments)]
    return subprocess.run(argv, capture_output=True, timeout=SECONDS, check=False)


def kill_points(step: str, arguments: dict[str, object], log: Path) -> list[KillPoint]:
    """All points of a step between its marks, found by running it once. Raises RuntimeError when the step fails."""
    done = _strace(["-o", str(log)], step, arguments)
    if done.returncode != 0:
        raise RuntimeError(f"{step} failed: {done.stdout.decode()}{done.stderr.decode()}")
    seen: Counter[str] = Counter()
    points: list[KillPoint] = []
    inside = False
    for line in log.read_text(errors="replace").splitlines():
        match = _CALL.match(line)
        if match is None:
            continue
        name, rest = match.groups()
        seen[name] += 1
        if name in MARKS and BEGIN in rest:
            inside = True
        elif inside:
            points.append(KillPoint(name, seen[name], rest[:160]))
            if name in MARKS and END in rest:
                return points
    raise RuntimeError(f"the end of {step} was not seen in {log}")


def between(points: list[KillPoint], folder: Path) -> list[KillPoint]:
    """From the first operation that changes something below ``folder`` to one behind the last.

    What a module only reads before that cannot leave anything behind.
    """
    changing = [number for number, point in enumerate(points) if _changes(point, str(folder))]
    return points[changing[0] : changing[-1] + 2]


def _changes(point: KillPoint, folder: str) -> bool:
    if point.name in ("open", "openat"):
        return folder in point.call and ("O_CREAT" in point.call or "O_TMPFILE" in point.call)
    return folder in point.call and point.name.startswith(("rename", "link", "unlink", "mkdir", "chmod", "chown"))


def kill_at(point: KillPoint, step: str, arguments: dict[str, object]) -> bool:
    """Run a step until the point; False when it ended before (nothing was killed)."""
    inject = f"inject={point.name}:signal=KILL:when={point.occurrence}"
    done = _strace(["-o", os.devnull, "-e", inject], step, arguments)
    if done.returncode in (0, FAILED):
        return False
    if done.returncode not in (-9, 137):
        raise RuntimeError(f"{step} at {point}: {done.returncode} {done.stdout.decode()}{done.stderr.decode()}")
    return True
