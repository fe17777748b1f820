# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Modules run by Ansible over ssh on the servers of one lab, each with the Python of its release."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.fleet import Fleet, raised


@pytest.fixture(scope="session")
def fleet() -> Iterator[Fleet]:
    """A lab of all kinds of servers; tests leave each server as they found it, or with another policy."""
    with raised("--management", "2", "--policy", "6", "--stop-seconds", "0.1", "--start-seconds", "0.1") as lab:
        yield lab
