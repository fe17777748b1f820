# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""The report of a fleet, or any other plain values, as JSON that every program reads: no NaN, and nothing outside of ASCII."""

from __future__ import annotations

import json
from typing import Any


def write_json(values: Any) -> str:
    """Return plain values as JSON.

    :raises ValueError: for what JSON cannot hold
    """
    return json.dumps(values, indent=4, allow_nan=False) + "\n"
