# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection under its own name, from this checkout, wherever it lies and whatever else is installed."""

from __future__ import annotations

import sys
import types
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
NAME = "ansible_collections.checkpoint_endpoint.hardening"


def make_importable() -> None:
    """Let ``import ansible_collections.checkpoint_endpoint.hardening...`` find this checkout; harmless when called again."""
    parent, folders = None, {NAME: [str(ROOT)]}
    for name in ("ansible_collections", "ansible_collections.checkpoint_endpoint", NAME):
        module = sys.modules.get(name)
        if module is None:
            module = types.ModuleType(name)
            module.__path__ = folders.get(name, [])
            sys.modules[name] = module
        if parent is not None:
            setattr(parent, name.rpartition(".")[2], module)
        parent = module
