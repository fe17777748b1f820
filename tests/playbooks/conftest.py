# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Playbooks run on labs: each file of tests has a fleet of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.fleet import Fleet, raised


@pytest.fixture(scope="module")
def fleet() -> Iterator[Fleet]:
    """One management server and three policy servers: stock, all but SSLv3, several virtual hosts."""
    with raised("--management", "1", "--policy", "3", "--stop-seconds", "0.1", "--start-seconds", "0.1") as lab:
        yield lab
