# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The search for examples is the same in every run of the gate, whatever else was imported before."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st


def drawn() -> list[tuple[int, bytes, str]]:
    """Return all examples of one search."""
    found = []

    def take(number: int, data: bytes, text: str) -> None:
        found.append((number, data, text))

    given(st.integers(), st.binary(), st.text())(take)()
    return found


def test_what_is_imported_does_not_change_the_examples(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = drawn()
    module = tmp_path / "with_constants.py"
    module.write_text(
        "".join(f"A{number} = ({number}, b'{number} bytes', '{number} letters')\n" for number in range(5000, 5300))
    )
    specification = importlib.util.spec_from_file_location("with_constants", module)
    assert specification is not None
    monkeypatch.setitem(sys.modules, "with_constants", importlib.util.module_from_spec(specification))
    assert drawn() == before


def test_nothing_is_kept_for_the_next_run() -> None:
    assert settings.default is not None
    assert settings.default.derandomize
    assert settings.default.database is None
