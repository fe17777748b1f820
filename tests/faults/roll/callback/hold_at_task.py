# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A callback of ansible that tells a test which task is about to start, and waits there for its word: the boundary between two tasks.

At this moment the results of the task before are in and the next one has not been sent to any server. ``HOLD_FOLDER`` names a folder: each start is a
line of ``tasks`` in it. ``HOLD_ANCHOR`` names a task and ``HOLD_OCCURRENCE`` which of its starts (1 is the first); boundary 0 is before that start,
boundary 1 before the task behind it. ``HOLD_AT`` is the number of the boundary to wait at, or ``each``. Waiting, the file ``held`` holds the number,
and the file ``go.NUMBER`` ends it.
"""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

from ansible.plugins.callback import CallbackBase

# A test that died lets no playbook wait for ever.
LIMIT_SECONDS = 900.0


class CallbackModule(CallbackBase):
    """See above."""

    CALLBACK_VERSION = 2.0
    CALLBACK_TYPE = "notification"
    CALLBACK_NAME = "hold_at_task"
    CALLBACK_NEEDS_ENABLED = False

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(os.environ["HOLD_FOLDER"])
        self.anchor = os.environ.get("HOLD_ANCHOR", "")
        self.left = int(os.environ.get("HOLD_OCCURRENCE", "1"))
        self.at = os.environ.get("HOLD_AT", "")
        self.number: int | None = None

    def v2_playbook_on_task_start(self, task: Any, is_conditional: bool) -> None:
        """Note the start, and wait where it was asked for."""
        if self.number is not None:
            self.number += 1
        elif task.name == self.anchor:
            self.left -= 1
            self.number = None if self.left else 0
        note = {"number": self.number, "name": task.name, "action": task.action, "path": task.get_path()}
        with (self.folder / "tasks").open("a", encoding="utf-8") as file:
            file.write(json.dumps(note) + "\n")
        if self.number is not None and self.at in ("each", str(self.number)):
            self._wait(self.number)

    def _wait(self, number: int) -> None:
        held = self.folder / "held.new"
        held.write_text(str(number), "ascii")
        held.replace(self.folder / "held")
        until = time.monotonic() + LIMIT_SECONDS
        while not (self.folder / f"go.{number}").exists():
            if time.monotonic() > until:
                os._exit(99)
            time.sleep(0.02)
