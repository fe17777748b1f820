# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters that judge servers by the declared policy. The judgement itself is in ``plugin_utils/_policy``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._fleet import report, table
from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._policy import evaluate
from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._policy import verdict as summing
from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._policy.policy import PolicyError
from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._policy.wire_differences import (
    wire_differences as list_differences,
)


def findings(server: Any, policy: Any, probe: Any = None, clients: Any = None, name: str = "") -> list[dict[str, Any]]:
    """Judge the facts of one server."""
    if not isinstance(policy, Mapping):
        raise AnsibleFilterError("checkpoint_endpoint.hardening.findings: the policy must be a dictionary")
    try:
        return evaluate.findings(server, policy, probe=probe, clients=clients, name=name)
    except PolicyError as error:
        raise AnsibleFilterError(f"The declared policy cannot be used: {error}") from error


def verdict(judged: Any) -> dict[str, Any]:
    """Sum up the findings of one server."""
    return summing.verdict(_list(judged, "verdict"))


def fleet_table(assessments: Any, names: Any = (), reasons: Any = None) -> list[str]:
    """Show many assessments as lines of text."""
    return table.fleet_table(_list(assessments, "fleet_table"), _list(names, "fleet_table"), reasons)


def fleet_report(assessments: Any, names: Any = (), reasons: Any = None) -> dict[str, Any]:
    """Put many assessments together for a report."""
    return report.fleet_report(_list(assessments, "fleet_report"), _list(names, "fleet_report"), reasons)


def wire_differences(server: Any, probe: Any) -> list[str]:
    """Say where handshakes show something else than the files."""
    return list_differences(server, _list(probe, "wire_differences"))


def _list(value: Any, name: str) -> list[Any]:
    if isinstance(value, (str, bytes, Mapping)) or not hasattr(value, "__iter__"):
        raise AnsibleFilterError(f"checkpoint_endpoint.hardening.{name}: a list is needed, not {type(value).__name__}")
    return list(value)


class FilterModule:
    """The filters of this file by name."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Names and functions, as Ansible asks for them."""
        return {
            "findings": findings,
            "verdict": verdict,
            "fleet_report": fleet_report,
            "fleet_table": fleet_table,
            "wire_differences": wire_differences,
        }
