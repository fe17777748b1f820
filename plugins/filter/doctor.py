# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters of doctor.yml. The work itself is in ``plugin_utils/_doctor``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._doctor import assumptions, questions


def doctor_script(profile: Any = "") -> str:
    """Return the shell script that asks a server."""
    return questions.doctor_script(str(profile or ""))


def doctor_report(output: Any) -> dict[str, Any]:
    """Return which assumptions hold, from what the script printed."""
    found = assumptions.judge(questions.read_answers(str(output or "")))
    return {"format": 1, "assumptions": found}


def doctor_lines(report: Any) -> list[str]:
    """Show which assumptions hold as lines of text."""
    if not isinstance(report, Mapping) or "assumptions" not in report:
        raise AnsibleFilterError("checkpoint_endpoint.hardening.doctor_lines: the result of doctor_report is needed")
    return assumptions.lines(report["assumptions"])


class FilterModule:
    """The filters of this file by name."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the functions by the names that Ansible asks for."""
        return {"doctor_script": doctor_script, "doctor_report": doctor_report, "doctor_lines": doctor_lines}
