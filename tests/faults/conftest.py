# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the fault tests measured, in one table at the end: fault points, and the longest outage that any of them caused."""

from __future__ import annotations

from typing import Any

import pytest

MEASURED = {"fault_points": "points", "longest_outage": "s longest outage", "outage_beyond": "s beyond stop and start"}


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """Print what the tests told by ``record_property``."""
    reports = [
        item for items in terminalreporter.stats.values() for item in items if isinstance(item, pytest.TestReport)
    ]
    total = 0
    for report in sorted(reports, key=lambda item: item.nodeid):
        found = [(MEASURED[name], value) for name, value in report.user_properties if name in MEASURED]
        if report.when == "call" and found:
            total += sum(int(str(value)) for unit, value in found if unit == "points")
            terminalreporter.write_line(
                f"{report.nodeid.partition('tests/faults/')[2] or report.nodeid}: "
                + ", ".join(f"{value} {unit}" for unit, value in found)
            )
    if total:
        terminalreporter.write_line(f"fault points in all: {total}")
