# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters that judge servers by the declared policy. The judgement itself is in ``plugin_utils/_policy``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._fleet import failures, report, table
from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._fleet.writers import (
    html_page,
    json_text,
    junit,
    markdown,
)
from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._policy import evaluate
from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._policy import verdict as summing
from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._policy.policy import PolicyError
from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._policy.wire_differences import (
    wire_differences as list_differences,
)
from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._results.schema import Misfit
from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._results.shapes import read_findings

WRITERS: dict[str, Callable[[Any], str]] = {
    "html": html_page.write_html,
    "json": json_text.write_json,
    "junit": junit.write_junit,
    "markdown": markdown.write_markdown,
}


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
    try:
        return summing.verdict(read_findings(_list(judged, "verdict")))
    except Misfit as misfit:
        raise AnsibleFilterError(f"checkpoint_endpoint.hardening.verdict: {misfit}") from misfit


def fleet_table(assessments: Any, names: Any = (), reasons: Any = None) -> list[str]:
    """Show many assessments as lines of text."""
    return table.fleet_table(_assessments(assessments, "fleet_table"), _list(names, "fleet_table"), reasons)


def fleet_report(assessments: Any, names: Any = (), reasons: Any = None) -> dict[str, Any]:
    """Put many assessments together for a report."""
    return report.fleet_report(_assessments(assessments, "fleet_report"), _list(names, "fleet_report"), reasons)


def report_text(document: Any, form: str) -> str:
    """Write the document of fleet_report in one format."""
    if form not in WRITERS:
        raise AnsibleFilterError(f"checkpoint_endpoint.hardening.report_text: {form!r} is none of {', '.join(WRITERS)}")
    if not isinstance(document, Mapping) or not {"servers", "rules", "totals"} <= set(document):
        raise AnsibleFilterError(
            "checkpoint_endpoint.hardening.report_text: the result of checkpoint_endpoint.hardening.fleet_report is needed"
        )
    return WRITERS[form](document)


def failure_reason(result: Any) -> str:
    """Return why a task failed on a server, in one line."""
    return failures.failure_reason(result)


def wire_differences(server: Any, probe: Any) -> list[str]:
    """List differences between the configuration and what handshakes negotiate."""
    return list_differences(server, _list(probe, "wire_differences"))


def _assessments(value: Any, name: str) -> list[Any] | Mapping[str, Any]:
    # One assessment instead of a list of them is a mistake of the playbook.
    return (
        value if isinstance(value, Mapping) and "findings" not in value and "rule" not in value else _list(value, name)
    )


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
            "failure_reason": failure_reason,
            "fleet_report": fleet_report,
            "fleet_table": fleet_table,
            "report_text": report_text,
            "wire_differences": wire_differences,
        }
