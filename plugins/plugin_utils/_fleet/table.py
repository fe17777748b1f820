# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""One line for each server of a fleet, for the console."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._policy.evaluate import Finding


def fleet_table(
    assessments: Sequence[Mapping[str, Any]], names: Sequence[str] = (), reasons: Mapping[str, Any] | None = None
) -> list[str]:
    """The assessments of a fleet as lines of text with aligned columns, and below them what the guards of servers say that are not at rest.

    :param assessments: as the role assess exports them
    :param names: all servers of the fleet; one without an assessment is shown as not read
    :param reasons: why there is none, by the server's name
    """
    by_name = {str(assessment.get("name")): assessment for assessment in assessments}
    rows: list[tuple[str, ...]] = [("server", "release", "role", "configured", "wire", "CA hash", "verdict")]
    for name in names or list(by_name):
        reason = " ".join(str((reasons or {}).get(name) or "no reason given").split())
        rows.append(_row(name, by_name[name]) if name in by_name else (name, *"?????", f"NOT READ: {reason}"))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return [lines[0], "  ".join("-" * width for width in widths), *lines[1:], *_guards(by_name, names)]


def _guards(by_name: Mapping[str, Mapping[str, Any]], names: Sequence[str]) -> list[str]:
    """A change that is going on, was left unfinished or was rolled back: whoever looks at the table wants to know why."""
    lines = []
    for name in names or list(by_name):
        for finding in by_name.get(name, {}).get("findings") or []:
            if finding["rule"] == "GUARD-1" and finding["status"] in ("fail", "pending"):
                lines.append(f"{name}: {' '.join(str(finding['message']).split())}")
    return lines


def _row(name: str, assessment: Mapping[str, Any]) -> tuple[str, ...]:
    facts = assessment.get("server") or {}
    product = facts.get("product") or {}
    roles = product.get("roles") or {}
    by_rule = {finding["rule"]: finding for finding in assessment.get("findings") or []}
    return (
        name,
        str(product.get("release") or "?"),
        _role(roles),
        _protocols(by_rule, "TLS-1", "configured"),
        _protocols(by_rule, "TLS-2", "accepted"),
        str(by_rule.get("ICA-1", {}).get("evidence", {}).get("sign_hash") or "-"),
        str(assessment.get("text") or "?"),
    )


def _role(roles: Mapping[str, Any]) -> str:
    if roles.get("management"):
        return "management, primary" if roles.get("primary") else "management, secondary"
    return "policy server" if roles.get("policy_server") else "?"


def _protocols(by_rule: Mapping[str, Finding], rule: str, key: str) -> str:
    """The protocols of all scopes or endpoints together, as a person asks for them."""
    found = by_rule.get(rule, {}).get("evidence", {}).get(key)
    if not isinstance(found, Mapping):
        return "?"
    order: list[str] = []
    for protocols in found.values():
        order += [str(protocol) for protocol in protocols if protocol not in order]
    return " ".join(sorted(order)) or "none"
