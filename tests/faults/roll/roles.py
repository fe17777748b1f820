# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the role itself says about its tasks: so that a task added later is not left out by the tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from tests.faults.roll.held import DISARM
from tests.support.collection import ROOT

APPLY = Path(ROOT) / "roles/enforce/tasks/apply.yml"


def guarded_tasks() -> list[str]:
    """The names of the tasks of apply.yml up to the one behind the disarming, those of its blocks included, without its rescue."""
    names = _names(yaml.safe_load(APPLY.read_text("utf-8")))
    return names[: names.index(DISARM) + 2]


def _names(tasks: list[dict[str, Any]]) -> list[str]:
    found: list[str] = []
    for task in tasks:
        found += _names(task["block"]) if "block" in task else [str(task["name"])]
    return found
