# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""What came of an audit: the servers that it read, why it did not read the others, and which of them it fails for."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._fleet.failures import failure_reason

LOST = "contact was lost"


def audit_outcome(results: Mapping[str, Any], run: str, strict: Collection[str] = ()) -> dict[str, Any]:
    """Sort the servers of an audit.

    :param results: the result of ``server_assessment`` of each server by its name, none for a server that did not get there
    :param run: what this run is called; a result of another one, by an earlier playbook, says nothing about now
    :param strict: names of servers that must be as declared
    :returns: ``assessments``; ``reasons``, why each other server was not read; and ``failed``, for each server that the audit is to fail for, why
    """
    assessments, reasons = [], {}
    for name, result in results.items():
        if not isinstance(result, Mapping) or not result or ("findings" in result and result.get("run") != run):
            reasons[name] = LOST
        elif "findings" in result:
            assessments.append(result)
        else:
            reasons[name] = failure_reason(result)
    failed = {name: f"not read: {reason}" for name, reason in reasons.items()}
    for assessment in assessments:
        if assessment["name"] in strict and not assessment["compliant"]:
            failed[assessment["name"]] = str(assessment["text"])
    return {"assessments": assessments, "reasons": reasons, "failed": failed}
