# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""The variables that an inventory or a command line may set, and what each of them may hold."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

PREFIX = "checkpoint_endpoint_"

# Name after the prefix, and the kind of value: see values.py.
KINDS = {
    "allow_empty": "switch",
    "allow_weak": "switch",
    "clients_csv": "controller_path",
    "clients_days": "count",
    "clients_json": "controller_path",
    "clients_limit": "count",
    "doctor_dir": "controller_path",
    "extra_endpoints": "policy",
    "fail_on_findings": "switch",
    "group": "text",
    "guard_deadline": "count",
    "host_vars_dir": "controller_path",
    "ignored_listeners": "policy",
    "legacy_clients": "policy",
    "listener_mark": "text",
    "management_group": "text",
    "policy_group": "text",
    "probe_listeners": "listeners",
    "profile": "text",
    "read_logs": "switch",
    "read_timeout": "count",
    "report_dir": "controller_path",
    "report_formats": "formats",
    "restart": "consent",
    "rollback_files": "files",
    "serial": "serial",
    "sign_hash": "policy",
    "start_timeout": "count",
    "state_dir": "text",
    "stop_timeout": "count",
    "tls_protocols": "policy",
    "waivers": "policy",
}


def is_known(name: str) -> bool:
    """Return whether a variable with our prefix is one that the collection reads."""
    return name.removeprefix(PREFIX) in KINDS


def kind_of(name: str) -> str:
    """Return the kind of value that a known variable holds."""
    return KINDS[name.removeprefix(PREFIX)]


def unknown_names(names: Iterable[str]) -> list[str]:
    """Return the names with our prefix that the collection does not read, sorted."""
    return sorted(name for name in names if name.startswith(PREFIX) and not is_known(name))


def closest(name: str, known: Iterable[str] | None = None) -> str:
    """Return the known name that is spelt most like another one, or an empty string.

    :param known: names to choose from; by default the variables of the collection
    """
    choices = [PREFIX + known_name for known_name in KINDS] if known is None else list(known)
    matches = difflib.get_close_matches(name, choices, n=1, cutoff=0.75)
    return matches[0] if matches else ""
