# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""The servers of a fleet with their assessments. Whatever one of them returned, the others keep their place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._fleet.failures import failure_reason
from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._plain_text import plain
from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._results.schema import Misfit
from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._results.shapes import read_assessment

Assessments = Sequence[Any] | Mapping[str, Any]


@dataclass(frozen=True)
class Member:
    """One server of the fleet.

    :ivar name: its name in the inventory
    :ivar assessment: what the role assess exported, empty when the server was not read
    :ivar reason: why it was not read, empty when it was
    """

    name: str
    assessment: Mapping[str, Any] = field(default_factory=dict)
    reason: str = ""

    @property
    def is_read(self) -> bool:
        """Return whether there is an assessment to show."""
        return bool(self.assessment)

    @property
    def findings(self) -> Sequence[Mapping[str, Any]]:
        """Return the findings, none when the server was not read."""
        found: Sequence[Mapping[str, Any]] = self.assessment.get("findings") or []
        return found

    def has(self, *statuses: str) -> bool:
        """Return whether a finding has one of the statuses."""
        return any(finding["status"] in statuses for finding in self.findings)

    @property
    def compliant(self) -> bool:
        """Return whether the server is at the policy, which its verdict and each of its findings must say."""
        return self.assessment.get("compliant") is True and not self.has("fail", "error")

    @property
    def text(self) -> str:
        """Return the verdict, or why there is none, as one line."""
        return plain(self.assessment.get("text") or "") or "no verdict" if self.is_read else f"not read: {self.reason}"


def members(assessments: Assessments, names: Sequence[Any] = (), reasons: Any = None) -> list[Member]:
    """Return every server of the fleet, in the order of the names.

    :param assessments: what the role assess exported: a list, or a dictionary by the server's name in the inventory. In a list the name
        in the assessment counts.
    :param names: all servers; without them, those of the assessments
    :param reasons: why there is no assessment, by the server's name: a text, or the failed result of a task
    """
    found = _by_name(assessments)
    known = reasons if isinstance(reasons, Mapping) else {}
    return [_member(str(name), found.get(str(name)), known.get(name)) for name in names or list(found)]


def _by_name(assessments: Assessments) -> dict[str, Any]:
    if isinstance(assessments, Mapping):
        return {str(name): assessment for name, assessment in assessments.items()}
    named = [
        (str(assessment["name"]), assessment)
        for assessment in assessments
        if isinstance(assessment, Mapping) and isinstance(assessment.get("name"), str)
    ]
    times = Counter(name for name, _assessment in named)
    # Which of two is the right one cannot be known, so neither is taken.
    return {name: assessment if times[name] == 1 else Misfit("it has two assessments") for name, assessment in named}


def _member(name: str, assessment: Any, reason: Any) -> Member:
    # A playbook that forgets an earlier assessment leaves an empty one.
    if not assessment:
        return Member(name, reason=failure_reason(reason))
    try:
        if isinstance(assessment, Misfit):
            raise assessment
        read = read_assessment(assessment)
    except Misfit as misfit:
        return Member(name, reason=plain(misfit))
    if not read["findings"]:
        return Member(name, reason=failure_reason(reason) if reason else "it was not judged")
    return Member(name, read)
