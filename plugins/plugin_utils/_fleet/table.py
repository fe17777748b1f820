# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""The assessments of a fleet as a table for the console, one row for each server."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._fleet.members import (
    Assessments,
    Member,
    members,
)
from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._fleet.rendering import render
from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._plain_text import plain

HEADING = ("server", "release", "role", "configured", "wire", "CA hash", "verdict")
LONGEST_CELLS = (32, 12, 21, 27, 27, 8)
# A reason or a verdict that does not fit its row stands below the table.
LONGEST_NOTE = 450


def fleet_table(assessments: Assessments, names: Sequence[Any] = (), reasons: Any = None) -> list[str]:
    """Return the assessments of a fleet as lines of text with aligned columns, and notes below them.

    The notes hold what did not fit a row, and what the guards say of a change that is in progress, unfinished or rolled back.

    :param assessments: what the role assess exported: a list, or a dictionary by the server's name
    :param names: all servers of the fleet; one without an assessment is shown as not read
    :param reasons: why there is none, by the server's name
    """
    fleet = members(assessments, names, reasons)
    rows = [_row(member) for member in fleet]
    lines = render([HEADING, *rows], LONGEST_CELLS)
    notes = [
        f"{plain(member.name, 64)}: {plain(row[-1], LONGEST_NOTE)}"
        for member, row, line in zip(fleet, rows, lines[2:], strict=True)
        if not line.endswith(plain(row[-1]))
    ]
    return lines + notes + _guards(fleet)


def _row(member: Member) -> tuple[str, ...]:
    if not member.is_read:
        return (member.name, *"?????", f"NOT READ: {member.reason}")
    product = (member.assessment.get("server") or {}).get("product") or {}
    by_rule = {finding["rule"]: finding for finding in member.findings}
    return (
        member.name,
        product.get("release") or "?",
        _role(product.get("roles") or {}),
        _protocols(by_rule, "TLS-1", "configured"),
        _protocols(by_rule, "TLS-2", "accepted"),
        str(by_rule.get("ICA-1", {}).get("evidence", {}).get("sign_hash") or "-"),
        member.text,
    )


def _role(roles: Mapping[str, Any]) -> str:
    if roles.get("management"):
        return "management, primary" if roles.get("primary") else "management, secondary"
    return "policy server" if roles.get("policy_server") else "?"


def _protocols(by_rule: Mapping[str, Any], rule: str, key: str) -> str:
    """Return the protocols of all scopes or endpoints together."""
    found = by_rule.get(rule, {}).get("evidence", {}).get(key)
    if not isinstance(found, Mapping) or not all(isinstance(protocols, list) for protocols in found.values()):
        return "?"
    return " ".join(sorted({str(protocol) for protocols in found.values() for protocol in protocols})) or "none"


def _guards(fleet: Sequence[Member]) -> list[str]:
    """Return why a change is in progress, unfinished or was rolled back: whoever looks at the table wants to know."""
    return [
        f"{plain(member.name, 64)}: {plain(finding['message'], LONGEST_NOTE)}"
        for member in fleet
        for finding in member.findings
        if finding["rule"] == "GUARD-1" and finding["status"] in ("fail", "pending")
    ]
