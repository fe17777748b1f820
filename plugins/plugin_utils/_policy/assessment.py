# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""The assessment of one server: what was read of it, what each rule says, and the verdict."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._policy.evaluate import findings
from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._policy.policy import read_policy
from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._policy.verdict import verdict

# A server that refuses every protocol outside the policy has no client to lose by it.
DECIDES_WHO_IS_REFUSED = ("TLS-1", "TLS-2")


def assess(
    name: str, declared: Mapping[str, Any], read: Mapping[str, Any], asked: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Judge what was read of one server.

    :param name: the server's name in the inventory
    :param declared: the policy
    :param read: the result of ``server_info``
    :param asked: the result of ``tls_client_info``, None where no log was read
    :returns: ``name``, ``at``, ``policy``, ``server``, ``probe``, ``clients``, ``findings``, and what the verdict says
    :raises PolicyError: when the policy cannot be used
    """
    server, probe, clients = read.get("server"), read.get("probe"), (asked or {}).get("clients")
    judged = findings(server, declared, probe=probe, clients=clients, name=name)
    return {
        "name": name,
        "at": datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "policy": dict(declared),
        "server": server,
        "probe": probe or [],
        "clients": clients,
        "findings": judged,
        **verdict(judged),
    }


def needs_clients(assessment: Mapping[str, Any], read_logs: bool) -> bool:
    """Return whether the server is to be asked who still connects with a protocol outside the policy."""
    if not read_logs or read_policy(assessment["policy"]).legacy_clients.action == "ignore":
        return False
    statuses = {finding["rule"]: finding["status"] for finding in assessment["findings"]}
    return any(statuses.get(rule) != "pass" for rule in DECIDES_WHO_IS_REFUSED)
