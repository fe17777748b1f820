# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters that make one list of the legacy clients of a fleet. The work itself is in ``plugin_utils/_fleet``."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._fleet import clients as fleet

NAME = "checkpoint_endpoint.hardening"


def fleet_clients(clients: Any, names: Any, reasons: Any = None) -> dict[str, Any]:
    """Join the legacy clients of many servers."""
    listed, servers = _list(clients, "fleet_clients"), _list(names, "fleet_clients")
    if len(listed) != len(servers):
        raise AnsibleFilterError(f"{NAME}.fleet_clients: {len(listed)} results do not fit {len(servers)} names")
    return fleet.fleet_clients(fleet.pairs(servers, listed, reasons if isinstance(reasons, Mapping) else {}))


def clients_table(joined: Any) -> list[str]:
    """Show the joined list as lines of text."""
    return fleet.clients_table(_fleet(joined, "clients_table"))


def clients_csv(joined: Any) -> str:
    """Show the joined list as CSV."""
    return fleet.clients_csv(_fleet(joined, "clients_csv"))


def _list(value: Any, name: str) -> list[Any]:
    if isinstance(value, (str, bytes, Mapping)) or not hasattr(value, "__iter__"):
        raise AnsibleFilterError(f"{NAME}.{name}: a list is needed, not {type(value).__name__}")
    return list(value)


def _fleet(value: Any, name: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping) or "clients" not in value or "servers" not in value:
        raise AnsibleFilterError(f"{NAME}.{name}: the result of {NAME}.fleet_clients is needed")
    return value


class FilterModule:
    """The filters of this file by name."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Names and functions, as Ansible asks for them."""
        return {"fleet_clients": fleet_clients, "clients_table": clients_table, "clients_csv": clients_csv}
