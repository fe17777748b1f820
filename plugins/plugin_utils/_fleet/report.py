# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""The assessments of a fleet as one document, of which every form of the report is made."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._policy.policy import RULES
from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._results.shapes import STATUSES

# What a report tells of a server's facts. The rest stays out of files that are sent around.
REPORTED_FACTS = ("release", "build", "roles")
# What XML 1.0 (production Char) cannot hold, and a terminal should not be sent: an error that Ansible passes on may be coloured.
_UNPRINTABLE = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def fleet_report(
    assessments: Sequence[Mapping[str, Any]], names: Sequence[str], reasons: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Put a fleet's assessments together.

    :param assessments: as the role assess exports them
    :param names: all servers of the fleet; one without an assessment is reported as not read, never left out
    :param reasons: why there is none, by the server's name
    :returns: ``compliant`` (every server was read and is at the policy), ``totals`` {compliant, open, not_read, servers},
        ``statuses`` {status: number of findings}, ``rules`` {rule: title} and ``servers``, one entry for each name
    """
    by_name = {str(assessment.get("name")): assessment for assessment in assessments}
    servers = [
        _printable(_server(name, by_name.get(name), (reasons or {}).get(name))) for name in names or list(by_name)
    ]
    statuses = Counter(finding["status"] for server in servers for finding in server["findings"])
    compliant = sum(server["compliant"] for server in servers)
    not_read = sum(not server["read"] for server in servers)
    return {
        "compliant": bool(servers) and compliant == len(servers),
        "totals": {
            "servers": len(servers),
            "compliant": compliant,
            "open": len(servers) - compliant - not_read,
            "not_read": not_read,
        },
        "statuses": {status: statuses[status] for status in STATUSES},
        "rules": dict(RULES),
        "servers": servers,
    }


def _server(name: str, assessment: Mapping[str, Any] | None, reason: Any) -> dict[str, Any]:
    if assessment is None:
        said = " ".join(str(reason or "no reason given").split())
        return {"name": name, "read": False, "compliant": False, "text": f"not read: {said}", "at": "", "findings": []}
    product = (assessment.get("server") or {}).get("product") or {}
    return {
        "name": name,
        "read": True,
        # Judged anew from the key alone: a report must not say pass because a key is missing.
        "compliant": assessment.get("compliant") is True,
        "text": str(assessment.get("text") or "no verdict"),
        "at": str(assessment.get("at") or ""),
        "product": {key: product.get(key) for key in REPORTED_FACTS},
        "policy": assessment.get("policy") or {},
        "findings": list(assessment.get("findings") or []),
    }


def _printable(value: Any) -> Any:
    """The same with a question mark for each character that no report can hold."""
    if isinstance(value, str):
        return _UNPRINTABLE.sub("?", value)
    if isinstance(value, Mapping):
        return {_printable(key): _printable(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_printable(item) for item in value]
    return value
