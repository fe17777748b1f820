# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.
"""Freeze what is declared for a server, before the server can say anything that Ansible would put beside it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._run.names import PREFIX

LEGACY_CLIENTS = {"days": 7, "max": 0, "action": "fail"}
STATE_DIR = "/var/lib/checkpoint_endpoint_hardening"

# The variables of the roles, with what each is when neither it nor its namesake of the collection is declared. The roles'
# own defaults say the same for use without the playbooks; a test compares them.
DEFAULTS: dict[str, Any] = {
    "assess_tls_protocols": ["TLSv1.2"],
    "assess_sign_hash": "sha256",
    "assess_waivers": [],
    "assess_legacy_clients": LEGACY_CLIENTS,
    "assess_read_logs": True,
    "assess_profile": "",
    "assess_state_dir": STATE_DIR,
    "assess_command_timeout": 60,
    "assess_handshake_timeout": 5,
    "assess_probe_listeners": "web",
    "assess_ignored_listeners": [],
    "assess_extra_endpoints": [],
    "assess_listener_mark": "",
    "assess_run": "",
    "enforce_tls_protocols": ["TLSv1.2"],
    "enforce_sign_hash": "sha256",
    "enforce_waivers": [],
    "enforce_legacy_clients": LEGACY_CLIENTS,
    "enforce_read_logs": True,
    "enforce_restart": "",
    "enforce_profile": "",
    "enforce_state_dir": STATE_DIR,
    "enforce_stop_timeout": 900,
    "enforce_start_timeout": 900,
    "enforce_guard_deadline": 0,
    "enforce_holder": "",
    "enforce_rollback_files": [],
    "enforce_free_mib": 32,
}

# Variables of the collection that playbooks read themselves, without a role.
PLAYBOOK_DEFAULTS: dict[str, Any] = {
    "checkpoint_endpoint_clients_days": 0,
    "checkpoint_endpoint_clients_limit": 5000,
    "checkpoint_endpoint_fail_on_findings": False,
    "checkpoint_endpoint_read_timeout": 900,
}


def freeze(declared: Mapping[str, Any]) -> dict[str, Any]:
    """Return a value for every variable of the roles and of the playbooks.

    :param declared: the variables of one server whose names begin with the collection's or a role's prefix
    """
    frozen = {name: declared.get(name, default) for name, default in PLAYBOOK_DEFAULTS.items()}
    for name, default in DEFAULTS.items():
        namesake = PREFIX + name.partition("_")[2]
        frozen[name] = declared.get(name, declared.get(namesake, default))
    return frozen


def plain(value: Any) -> Any:
    """Return a value made of nothing but dictionaries, lists, texts, numbers and booleans; days become text."""
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple, set)):
        return [plain(item) for item in value]
    if isinstance(value, date):
        return value.isoformat()
    return value if isinstance(value, (int, float, bool)) or value is None else str(value)
