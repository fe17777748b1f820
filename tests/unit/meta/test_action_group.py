# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The action group: what is set for the group must be accepted by each of its members, or every one of their tasks fails."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest
import yaml

ROOT = Path(__file__).resolve().parents[3]
MODULES = "ansible_collections.checkpoint_endpoint.hardening.plugins.modules"
GROUPS = yaml.safe_load((ROOT / "meta/runtime.yml").read_text("utf-8"))["action_groups"]


@pytest.mark.parametrize("name", GROUPS["server"])
def test_a_member_takes_the_options_of_the_group_and_says_so(name: str) -> None:
    module = importlib.import_module(f"{MODULES}.{name}")
    options = module.argument_spec()
    assert options["profile"] == {"type": "path"}
    assert options["state_dir"] == {"type": "path", "default": "/var/lib/checkpoint_endpoint_hardening"}
    fragments = yaml.safe_load(module.DOCUMENTATION)["extends_documentation_fragment"]
    assert {f"checkpoint_endpoint.hardening.{part}" for part in ("attributes.server", "profile", "state_dir")} <= set(
        fragments
    )


def test_whoever_claims_to_be_a_member_is_one() -> None:
    files = (ROOT / "plugins/modules").glob("*.py")
    claiming = [path.stem for path in files if "attributes.server\n" in path.read_text("utf-8")]
    assert sorted(claiming) == sorted(GROUPS["server"])
