# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Configurations that once showed a disagreement, each with a sentence: what it was, and who was right."""

from __future__ import annotations

from tests.differential.configuration import Configuration

CASES: list[Configuration] = []
