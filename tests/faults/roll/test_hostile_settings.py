# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A rollout under each hostile setting of a controller alone: it leaves no healthy server down, and says what happened."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.faults.roll.conftest import Report, lab
from tests.support.hostile_settings import ALL, failing_rollout


@pytest.mark.parametrize("name", ALL)
def test_one_hostile_setting(name: str, tmp_path: Path, report: Report) -> None:
    with lab(1, 3) as fleet:
        failing_rollout(fleet, tmp_path, name)
    report(fault_points=1)
