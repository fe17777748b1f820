# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What came of an audit: no server is lost, and none is shown as an earlier playbook saw it."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._fleet.audit import audit_outcome


def result(name: str, run: str = "now", compliant: bool = True) -> dict[str, Any]:
    """The result of server_assessment, cut to what counts here."""
    return {"name": name, "run": run, "findings": [], "compliant": compliant, "text": "TLS-1 failed"}


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        ({}, "contact was lost"),
        (None, "contact was lost"),
        (result("a", run="before"), "contact was lost"),
        ({"unreachable": True, "msg": "Connection refused"}, "Connection refused"),
        ({"failed": True, "msg": "no profile of Check Point was found"}, "no profile of Check Point was found"),
    ],
)
def test_a_server_that_was_not_read_has_a_reason_and_fails(found: Any, reason: str) -> None:
    outcome = audit_outcome({"a": found, "b": result("b")}, "now")
    assert [entry["name"] for entry in outcome["assessments"]] == ["b"]
    assert (outcome["reasons"], outcome["failed"]) == ({"a": reason}, {"a": f"not read: {reason}"})


@pytest.mark.parametrize(("strict", "failed"), [((), {}), (("a",), {"a": "TLS-1 failed"}), (("b",), {})])
def test_findings_fail_the_servers_that_are_to_be_as_declared(strict: tuple[str, ...], failed: dict[str, str]) -> None:
    outcome = audit_outcome({"a": result("a", compliant=False), "b": result("b")}, "now", strict)
    assert (len(outcome["assessments"]), outcome["failed"]) == (2, failed)
