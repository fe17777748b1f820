# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules run by Ansible over ssh on the servers of one lab, each with the Python of its release."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.support.fleet import Fleet


@pytest.fixture(scope="session")
def fleet() -> Iterator[Fleet]:
    """A lab of all kinds of servers; tests leave each server as they found it, or with another policy."""
    with TemporaryDirectory(prefix="lab-") as folder:
        raised = Fleet(Path(folder) / "lab")
        try:
            yield raised.up("--management", "2", "--policy", "6", "--stop-seconds", "0.1", "--start-seconds", "0.1")
        finally:
            raised.down()
