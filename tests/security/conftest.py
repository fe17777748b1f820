# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A small lab for all tests here, and canaries: files that a hostile value would make if a shell or a template ever took it for code."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.support.fleet import Fleet


@dataclass(frozen=True)
class Canary:
    """A folder that must stay empty."""

    folder: Path

    def command(self, name: str) -> str:
        """A shell command that leaves a trace."""
        return f"touch {self.folder}/{name}"

    def template(self, name: str = "template") -> str:
        """A template that leaves a trace when it is evaluated."""
        return "{{ lookup('pipe', '" + self.command(name) + "') }}"

    def value(self, name: str = "value") -> str:
        """Everything at once: quotes, substitutions, separators, line ends, templates."""
        run = self.command(name)
        return f"a'b\"c$({run})`{run}`;{run} & {run}|{run}\n{run}\n{self.template(name)}" + "{% raw %}<b>&amp;"

    @property
    def sung(self) -> list[str]:
        """What was run."""
        return sorted(path.name for path in self.folder.iterdir())


@pytest.fixture
def canary() -> Iterator[Canary]:
    """A canary that is heard at the end of every test."""
    with TemporaryDirectory(prefix="canary-") as folder:
        bird = Canary(Path(folder))
        yield bird
        assert bird.sung == []


@pytest.fixture(scope="session")
def fleet() -> Iterator[Fleet]:
    """One management and one policy server."""
    with TemporaryDirectory(prefix="lab-security-") as folder:
        raised = Fleet(Path(folder) / "lab")
        try:
            yield raised.up("--management", "1", "--policy", "1", "--stop-seconds", "0.1", "--start-seconds", "0.1")
        finally:
            raised.down()
