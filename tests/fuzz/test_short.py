# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The short run: some hundred examples for each target, the same ones every time."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings

from tests.fuzz.targets import TARGETS

EXAMPLES = 60


@pytest.mark.parametrize("name", list(TARGETS))
def test_no_example_breaks_it(name: str) -> None:
    target = TARGETS[name]
    checks = settings(
        max_examples=EXAMPLES * target.weight,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )
    checks(given(target.cases)(target.examine))()
