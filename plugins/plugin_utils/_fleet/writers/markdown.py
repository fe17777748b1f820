# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""The report of a fleet as Markdown. Whatever a text holds, it stays text: no markup, no HTML, no link and no image."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._fleet.report import (
    headline,
    open_findings,
    status_of,
    title,
)
from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._plain_text import printable

# What means something inside a line. The second part is for programs that make links of bare addresses: www.x, x.y, https://x, //x.
_SPECIAL = re.compile(r"[\\`*_{}\[\]<>#|~&!@$=^]|[.:](?=[^\W\d]|/)|/(?=/)")


def escape(text: Any) -> str:
    """Return a text as one line of Markdown that shows it as it is."""
    return _SPECIAL.sub(r"\\\g<0>", printable(" ".join(str(text).split())))


def write_markdown(report: Mapping[str, Any]) -> str:
    """Return a report, as ``fleet_report`` makes it, as Markdown."""
    lines = [
        f"# Endpoint Security policy: {title(report)}",
        "",
        headline(report),
        "",
        _row(["server", *report["rules"], "verdict"]),
        _row(["---"] * (len(report["rules"]) + 2)),
    ]
    for server in report["servers"]:
        statuses = [status_of(server, rule).replace("_", " ") for rule in report["rules"]]
        lines.append(_row([escape(server["name"]), *statuses, escape(server["text"])]))
    for server in report["servers"]:
        lines += _details(server)
    return "\n".join(lines) + "\n"


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _details(server: Mapping[str, Any]) -> list[str]:
    found = open_findings(server)
    if not found:
        return []
    lines = ["", f"## {escape(server['name'])}", ""]
    for finding in found:
        said = f"* **{escape(finding['rule'])}** {escape(finding['status'])}: {escape(finding['message'])}"
        lines.append(f"{said} Next: {escape(finding['next_step'])}" if finding["next_step"] else said)
    return lines
