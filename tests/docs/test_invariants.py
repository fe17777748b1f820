# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documents name files that exist: every guarantee has its tests, no fault test is left out, and the architecture is that of the tree."""

from __future__ import annotations

import re

import pytest

from tools.environment import ROOT

TABLE = ROOT / "docs" / "invariants.md"
ROWS = [line for line in TABLE.read_text("utf-8").splitlines() if re.match(r"\| \d+ ", line)]
NAMED = sorted(set(re.findall(r"`(tests/[^`]+)`", TABLE.read_text("utf-8"))))
ARCHITECTURE = (ROOT / "docs" / "architecture.md").read_text("utf-8")
PLACES = sorted(set(re.findall(r"`((?:docs|playbooks|plugins|roles|tests|tools)/[^`]+)`", ARCHITECTURE)))


def test_each_guarantee_has_a_row_with_tests() -> None:
    assert [row.split("|")[1].strip() for row in ROWS] == [str(number) for number in range(1, 12)]
    for row in ROWS:
        assert re.search(r"`tests/|as \d|Every test of", row), row


@pytest.mark.parametrize("path", NAMED)
def test_named_tests_exist(path: str) -> None:
    found = ROOT / path
    assert found.exists()
    assert found.is_dir() or "\ndef test_" in found.read_text("utf-8")


def test_no_fault_test_is_left_out() -> None:
    there = {str(path.relative_to(ROOT)) for path in (ROOT / "tests/faults").rglob("test_*.py")}
    assert there <= set(NAMED)


@pytest.mark.parametrize("path", PLACES)
def test_files_named_by_the_architecture_exist(path: str) -> None:
    assert (ROOT / path).exists()


def test_the_architecture_draws_every_room_of_the_servers() -> None:
    drawing = ARCHITECTURE.partition("```text")[2].partition("```")[0]
    rooms = {
        path.name
        for path in (ROOT / "plugins/module_utils").iterdir()
        if path.name not in ("__pycache__", "__init__.py")
    }
    missing = {room for room in rooms if not re.search(rf"(?<!\w){re.escape(room)}(?![\w.])", drawing)}
    assert rooms and missing == set()
