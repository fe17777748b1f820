# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The table of promises names tests that there are, for each promise of the design, and no fault test is left out of it."""

from __future__ import annotations

import re

import pytest

from tools.environment import ROOT

TABLE = ROOT / "docs" / "invariants.md"
ROWS = [line for line in TABLE.read_text("utf-8").splitlines() if re.match(r"\| \d ", line)]
NAMED = sorted(set(re.findall(r"`(tests/[^`]+)`", TABLE.read_text("utf-8"))))


def test_each_promise_has_a_row_with_tests() -> None:
    assert [row.split("|")[1].strip() for row in ROWS] == [str(number) for number in range(1, 10)]
    for row in ROWS:
        assert re.search(r"`tests/|as \d|Every test of", row), row


@pytest.mark.parametrize("path", NAMED)
def test_what_is_named_is_there(path: str) -> None:
    found = ROOT / path
    assert found.exists()
    assert found.is_dir() or "\ndef test_" in found.read_text("utf-8")


def test_no_fault_test_is_left_out() -> None:
    there = {str(path.relative_to(ROOT)) for path in (ROOT / "tests/faults").rglob("test_*.py")}
    assert there <= set(NAMED)
