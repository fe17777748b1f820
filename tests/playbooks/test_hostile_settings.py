# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A rollout under every hostile setting of a controller at once. Each alone is in the tests of faults."""

from __future__ import annotations

from pathlib import Path

from tests.support.fleet import raised
from tests.support.hostile_settings import ALL, failing_rollout


def test_all_hostile_settings_together(tmp_path: Path) -> None:
    with raised("--management", "1", "--policy", "3", "--stop-seconds", "0.1", "--start-seconds", "0.1") as fleet:
        failing_rollout(fleet, tmp_path, *ALL)
