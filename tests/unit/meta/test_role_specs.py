# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Argument specifications of roles contain only keys that every supported ansible-doc displays."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

SPECS = sorted((Path(__file__).resolve().parents[3] / "roles").glob("*/meta/argument_specs.yml"))
# ansible-doc of ansible-core 2.19 warns of any other key, for example "attributes", and 2.20 ignores it.
KEYS = {"short_description", "description", "author", "version_added", "options", "seealso"}


@pytest.mark.parametrize("path", SPECS, ids=lambda path: path.parents[1].name)
def test_entry_points_have_only_keys_that_are_displayed(path: Path) -> None:
    entries = yaml.safe_load(path.read_text("utf-8"))["argument_specs"]
    assert entries
    assert {name: set(entry) - KEYS for name, entry in entries.items()} == {name: set() for name in entries}
