# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The smallest thing that a guard can guard: a folder with the tools of a Check Point server and one service that reads one file."""

from __future__ import annotations

import contextlib
import hashlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._checkpoint.environment import (
    read_environment,
)
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.place import Place, place_of
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.record import GuardRequest

PROFILE = (
    "CPDIR={root}; FWDIR={root}; UEPMDIR={root}/uepm; PATH={root}/bin:/usr/bin:/bin; export CPDIR FWDIR UEPMDIR PATH\n"
)
TOOLS = {
    "cpstart": """#!/bin/bash
echo start >> {root}/calls
[ -e {root}/seconds ] && sleep $(cat {root}/seconds)
cp {root}/ssl.conf {root}/running_with
touch {root}/running
""",
    "cpstop": """#!/bin/bash
echo stop >> {root}/calls
[ -e {root}/seconds ] && sleep $(cat {root}/seconds)
rm -f {root}/running
""",
    "cpwd_admin": """#!/bin/bash
echo 'APP        PID    STAT  #START  START_TIME             MON  COMMAND'
if [ -e {root}/running ]; then
    echo 'CPD        1001   E     1       [10:00:00] 1/1/2026    Y    cpd'
else
    echo 'CPD        0      T     0       [10:00:00] 1/1/2026    Y    cpd'
fi
""",
}


class SmallServer:
    """A server below ``root``, with its services running and ``ssl.conf`` holding ``old``."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.conf = root / "ssl.conf"
        self.state_dir = str(root / "state")
        (root / "bin").mkdir(parents=True)
        (root / "uepm").mkdir()
        (root / "profile.sh").write_text(PROFILE.format(root=root))
        for name, text in TOOLS.items():
            (root / "bin" / name).write_text(text.replace("{root}", str(root)))
            (root / "bin" / name).chmod(0o755)
        self.conf.write_text("old\n")
        self.start_with_what_is_there()

    def start_with_what_is_there(self) -> None:
        """As if cpstart had run, without a trace in ``calls``."""
        (self.root / "running_with").write_text(self.conf.read_text())
        (self.root / "running").touch()

    def settings(self, **changes: object) -> dict[str, Any]:
        """What the module change_guard would be given, for a program of its own."""
        given: dict[str, Any] = {
            "deadline": 600, "restore": [{"path": str(self.conf)}], "reason": "a test", "holder": "somebody", "id": None,
            "acknowledge": False, "ports": [], "stop_timeout": 10, "start_timeout": 10,
            "profile": str(self.root / "profile.sh"), "state_dir": self.state_dir,
        }  # fmt: skip
        return {**given, **changes}

    def request(self, **changes: object) -> GuardRequest:
        """What the module change_guard would be given."""
        return GuardRequest(**self.settings(**changes))

    @property
    def place(self) -> Place:
        """What belongs to this server whatever the state directory is."""
        found: Place = place_of(read_environment(str(self.root / "profile.sh")))
        return found

    def write(self, text: str) -> None:
        """Write the file as a step of the run does: announced, then written."""
        record = self.place.load()
        self.place.announce(record.id, {str(self.conf): hashlib.sha256(text.encode()).hexdigest()})
        self.conf.write_text(text)

    def stop(self) -> None:
        """As if cpstop had run, without a trace in ``calls``."""
        (self.root / "running").unlink()

    def runs(self) -> bool:
        """Whether the service runs."""
        return (self.root / "running").exists()

    def runs_with(self) -> str:
        """The settings that the service read when it was started."""
        return (self.root / "running_with").read_text()

    def calls(self) -> list[str]:
        """What was asked of cpstop and cpstart so far."""
        path = self.root / "calls"
        return path.read_text().split() if path.exists() else []

    def is_busy(self) -> bool:
        """Whether one of the tools still runs."""
        return any(str(self.root / "bin") in text for text in self._command_lines())

    @staticmethod
    def _command_lines() -> list[str]:
        return [text.replace("\0", " ") for text in _of_processes("cmdline").values()]

    def guard_processes(self) -> set[int]:
        """The numbers of the guard processes that programs called with this server in their arguments have left."""
        own = {number for number, text in _of_processes("cmdline").items() if str(self.root) in text}
        return {number for number, name in _of_processes("comm").items() if name.strip() == "endpoint_guard"} & own

    @staticmethod
    def until(condition: Callable[[], bool], seconds: float = 20.0) -> bool:
        """Wait for something; False when it does not come."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if condition():
                return True
            time.sleep(0.02)
        return condition()


def _of_processes(name: str) -> dict[int, str]:
    """A file of /proc for each process that is still there."""
    found = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with contextlib.suppress(OSError):
                found[int(folder.name)] = (folder / name).read_bytes().decode("utf-8", "replace")
    return found
