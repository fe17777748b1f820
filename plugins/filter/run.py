# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Filters for the start of a run. The work itself is in ``plugin_utils/_run``."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping
from typing import Any

from ansible.errors import AnsibleFilterError
from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._fleet import audit
from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._run import (
    addresses,
    bootstrap,
    check,
    settings,
)
from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._run.groups import VARIABLES, Group

NAME = "checkpoint_endpoint.hardening"


def run_check(known: Any) -> dict[str, Any]:
    """Check a run before it contacts a server."""
    run = _mapping(known, "run_check")
    groups = {
        role: Group(str(group["pattern"]), tuple(group["servers"]))
        for role, group in _mapping(run.get("groups"), "run_check").items()
    }
    if set(groups) != set(VARIABLES):
        raise AnsibleFilterError(f"{NAME}.run_check: the groups are {', '.join(VARIABLES)}")
    result = check.check_run(
        check.Run(
            groups=groups,
            known_groups=list(run.get("known_groups") or []),
            declared=dict(run.get("declared") or {}),
            controller=dict(run.get("controller") or {}),
            facts=dict(run.get("facts") or {}),
            tags=list(run.get("tags") or []),
        )
    )
    return {**result, "id": uuid.uuid4().hex}


def frozen_variables(declared: Any) -> dict[str, Any]:
    """Return a value for every variable of the roles, declared or default."""
    return settings.freeze(_mapping(declared, "frozen_variables"))


def plain_values(value: Any) -> Any:
    """Return the same value made of dictionaries, lists, texts, numbers and booleans."""
    return settings.plain(value)


def endpoint_addresses(endpoints: Any) -> list[str]:
    """Return the addresses at which a server is to answer."""
    if isinstance(endpoints, (str, bytes, Mapping)) or not hasattr(endpoints, "__iter__"):
        raise AnsibleFilterError(f"{NAME}.endpoint_addresses: a list is needed, not {type(endpoints).__name__}")
    return addresses.format_addresses([endpoint for endpoint in endpoints if isinstance(endpoint, Mapping)])


def bootstrap_result(answer: Any, name: str, core: str, user: str = "admin") -> dict[str, Any]:
    """Read what a login shell answered about itself and about the Pythons of the server."""
    return bootstrap.read_bootstrap(str(name), _mapping(answer, "bootstrap_result"), str(core), str(user))


def bootstrap_lines(found: Any) -> list[str]:
    """Show what was found out about the servers as lines of text."""
    return bootstrap.bootstrap_lines(list(found))


def audit_outcome(results: Any, run: str, strict: Any = ()) -> dict[str, Any]:
    """Sort the servers of an audit."""
    return audit.audit_outcome(_mapping(results, "audit_outcome"), run, strict)


def _mapping(value: Any, name: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise AnsibleFilterError(f"{NAME}.{name}: a dictionary is needed, not {type(value).__name__}")
    return value


class FilterModule:
    """The filters of this file by name."""

    def filters(self) -> dict[str, Callable[..., Any]]:
        """Return the functions by the names that Ansible asks for."""
        return {
            "run_check": run_check,
            "frozen_variables": frozen_variables,
            "plain_values": plain_values,
            "bootstrap_result": bootstrap_result,
            "bootstrap_lines": bootstrap_lines,
            "audit_outcome": audit_outcome,
            "endpoint_addresses": endpoint_addresses,
        }
