# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real ansible-playbook that waits between two tasks for the test to do its harm, is let go, or is killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

from tests.support.fleet import Fleet, Run, read_recap

CALLBACK = Path(__file__).with_name("callback")
# The first task that changes something on a server.
ARM = "Apply | Arm the guard on the server"
DISARM = "Apply | Disarm the guard"
SECONDS = 300.0


def until(condition: Callable[[], Any], seconds: float = SECONDS, pause: float = 0.05) -> bool:
    """Wait for a condition; False when it does not come true in time."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            return False
        time.sleep(pause)
    return True


class HeldRun:
    """A run of a playbook in a process group of its own. Used as a context, at whose end it is gone.

    :param at: the boundary to wait at, counted from the anchor (see the callback), ``each``, or None for none
    :param anchor: the task whose start is boundary 0
    :param occurrence: which start of that task counts
    """

    def __init__(
        self,
        fleet: Fleet,
        playbook: str,
        *arguments: str,
        at: int | str | None = None,
        anchor: str = ARM,
        occurrence: int = 1,
        **variables: Any,
    ) -> None:
        self.fleet = fleet
        self._folder = tempfile.TemporaryDirectory(prefix="held-")
        self.folder = Path(self._folder.name)
        self.command = fleet.command(playbook, *arguments, **variables)
        self.environment = fleet.controller(
            ANSIBLE_CALLBACK_PLUGINS=str(CALLBACK),
            HOLD_FOLDER=str(self.folder),
            HOLD_ANCHOR=anchor,
            HOLD_OCCURRENCE=str(occurrence),
            HOLD_AT="" if at is None else str(at),
        )
        self.began = time.monotonic()
        self.process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> HeldRun:
        with (self.folder / "output").open("wb") as output:
            self.process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=self.environment,
                start_new_session=True,
            )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.kill()
        self._folder.cleanup()

    @property
    def output(self) -> str:
        """What it printed up to now."""
        return (self.folder / "output").read_text("utf-8", "replace")

    @property
    def ended(self) -> bool:
        """Whether the playbook has come to an end."""
        assert self.process
        return self.process.poll() is not None

    @property
    def held(self) -> int | None:
        """The boundary at which it waits now."""
        try:
            number = int((self.folder / "held").read_text("ascii"))
        except FileNotFoundError:
            return None
        return None if (self.folder / f"go.{number}").exists() else number

    def tasks(self) -> list[dict[str, Any]]:
        """The starts of tasks up to now: ``number`` (of the boundary before it; None before the anchor), ``name``, ``action``, ``path``."""
        path = self.folder / "tasks"
        return [json.loads(line) for line in path.read_text("utf-8").splitlines()] if path.exists() else []

    def wait_held(self, seconds: float = SECONDS) -> int | None:
        """Wait for the boundary; None when the playbook ended before. Raises TimeoutError."""
        if not until(lambda: self.held is not None or self.ended, seconds):
            raise TimeoutError(f"no boundary was reached:\n{self.output}")
        return self.held

    def must_hold(self, name: str | None = None) -> int:
        """Wait for the boundary, before the task of that name where one is given. Raises AssertionError when it ended before."""
        number = self.wait_held()
        assert number is not None, self.output
        assert name is None or self.tasks()[-1]["name"] == name, self.tasks()[-1]
        return number

    def go(self) -> None:
        """Let it go on."""
        number = self.held
        assert number is not None
        (self.folder / f"go.{number}").touch()

    def kill(self) -> None:
        """SIGKILL to the whole process group, as it stands."""
        assert self.process
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def end(self, seconds: float = SECONDS) -> Run:
        """Wait for its end. Raises TimeoutError."""
        assert self.process
        try:
            rc = self.process.wait(seconds)
        except subprocess.TimeoutExpired:
            raise TimeoutError(f"the playbook does not end:\n{self.output}") from None
        return Run(rc, self.output, time.monotonic() - self.began, read_recap(self.output))


def boundaries(tasks: list[dict[str, Any]]) -> list[str]:
    """The names of the tasks that follow each boundary from the start of arming to the one behind the disarming.

    :param tasks: of a run that came to its end
    """
    counted = [task for task in tasks if task["number"] is not None]
    last = max(task["number"] for task in counted if task["name"] == DISARM)
    return [task["name"] for task in counted if task["number"] <= last + 1]
