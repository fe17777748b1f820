# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""The assessments of a fleet as one document, from which every format of the report is written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._fleet.members import (
    Assessments,
    Member,
    members,
)
from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._plain_text import plain
from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._policy.policy import RULES
from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._results.shapes import STATUSES

# The facts of a server that a report holds. The rest stays out of files that are sent around.
REPORTED_FACTS = ("release", "build", "roles")


def fleet_report(assessments: Assessments, names: Sequence[Any] = (), reasons: Any = None) -> dict[str, Any]:
    """Return the assessments of a fleet as one document.

    :param assessments: what the role assess exported: a list, or a dictionary by the server's name
    :param names: all servers of the fleet; one without an assessment is reported as not read, never left out
    :param reasons: why there is none, by the server's name
    :returns: ``compliant`` (every server was read and is at the policy, by waivers or without), ``totals`` {servers, compliant, waived,
        open, not_read}, ``statuses`` {status: number of findings}, ``rules`` {rule: title}, and ``servers``, one entry for each name
    """
    fleet = members(assessments, names, reasons)
    statuses = Counter(finding["status"] for member in fleet for finding in member.findings)
    return {
        "compliant": bool(fleet) and all(member.compliant for member in fleet),
        "totals": _totals(fleet),
        "statuses": {status: statuses[status] for status in STATUSES},
        "rules": dict(RULES),
        "servers": [_server(member) for member in fleet],
    }


def _totals(fleet: Sequence[Member]) -> dict[str, int]:
    not_read = sum(not member.is_read for member in fleet)
    at_policy = sum(member.compliant for member in fleet)
    waived = sum(member.compliant and member.has("waived") for member in fleet)
    return {
        "servers": len(fleet),
        "compliant": at_policy - waived,
        "waived": waived,
        "open": len(fleet) - at_policy - not_read,
        "not_read": not_read,
    }


def _server(member: Member) -> dict[str, Any]:
    found: dict[str, Any] = {
        "name": plain(member.name),
        "read": member.is_read,
        "compliant": member.compliant,
        "text": member.text,
        "at": plain(member.assessment.get("at") or ""),
        "findings": list(member.findings),
    }
    if member.is_read:
        product: Mapping[str, Any] = (member.assessment.get("server") or {}).get("product") or {}
        found["product"] = {key: product.get(key) for key in REPORTED_FACTS}
        found["policy"] = member.assessment.get("policy") or {}
    return found


def headline(report: Mapping[str, Any]) -> str:
    """Return in one sentence how many servers are at the policy, with waivers or without, open, or not read."""
    totals = report["totals"]
    parts = [
        f"{totals['compliant']} at the policy",
        f"{totals['waived']} at the policy only by waivers" if totals["waived"] else "",
        f"{totals['open']} open",
        f"{totals['not_read']} not read",
    ]
    servers = "1 server" if totals["servers"] == 1 else f"{totals['servers']} servers"
    return f"{servers}: {', '.join(part for part in parts if part)}."


def title(report: Mapping[str, Any]) -> str:
    """Return the verdict on the fleet in a few words."""
    if not report["compliant"]:
        return "NOT at the policy"
    return "at the policy by waivers" if report["totals"]["waived"] else "at the policy"


def open_findings(server: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the findings that a reader has to know about."""
    return [finding for finding in server["findings"] if finding["status"] not in ("pass", "not_applicable")]


def status_of(server: Mapping[str, Any], rule: str) -> str:
    """Return the status of a rule as a report shows it."""
    if not server["read"]:
        return "not read"
    return next((str(finding["status"]) for finding in server["findings"] if finding["rule"] == rule), "error")
