# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""Check the declared policy of one server as its author wrote it: which variable, which entry, which value."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._policy.policy import (
    PolicyError,
    Waiver,
    read_policy,
)
from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._run.names import PREFIX
from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._run.values import quote, read_switch

# What this collection is there to end. Declaring it takes a second, explicit word.
WEAK = {"tls_protocols": ("SSLv2", "SSLv3", "TLSv1", "TLSv1.1"), "sign_hash": ("sha1",)}
_PARTS = ("tls_protocols", "sign_hash", "legacy_clients", "ignored_listeners", "extra_endpoints")
_ENTRY = re.compile(r"^waiver 1\b")


def policy_problems(declared: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with the policy among the variables of one server, one sentence for each part of it."""
    problems = []
    for part in _PARTS:
        if PREFIX + part in declared:
            problems += _refused({part: declared[PREFIX + part]}, "", PREFIX + part)
    return problems + _waiver_problems(declared) + _weak_problems(declared)


def read_waivers(declared: Mapping[str, Any]) -> list[Waiver]:
    """Return the waivers of one server that can be read; the others are problems already."""
    waivers: list[Waiver] = []
    for entry in _entries(declared):
        try:
            waivers += read_policy({"waivers": [entry]}).waivers
        except PolicyError:
            continue
    return waivers


def _entries(declared: Mapping[str, Any]) -> list[Any]:
    value = declared.get(PREFIX + "waivers") or []
    return list(value) if isinstance(value, Sequence) and not isinstance(value, str) else []


def _waiver_problems(declared: Mapping[str, Any]) -> list[str]:
    value = declared.get(PREFIX + "waivers") or []
    if isinstance(value, (str, Mapping)) or not isinstance(value, Sequence):
        return _refused({"waivers": value}, "", PREFIX + "waivers")
    problems = []
    for number, entry in enumerate(value, start=1):
        problems += _refused({"waivers": [entry]}, f"{PREFIX}waivers, entry {number},", quote(entry))
    return problems


def _refused(part: Mapping[str, Any], place: str, written: str) -> list[str]:
    """Return the refusal of a part of the policy; ``place`` stands instead of the number that the part alone would have."""
    try:
        read_policy(part)
    except PolicyError as error:
        text = str(error)
        return [f"{_ENTRY.sub(place, text)} (it reads {written})" if place else PREFIX + text]
    except (TypeError, ValueError, AttributeError):
        name = next(iter(part))
        return [f"{place or PREFIX + name} cannot be read; it is {quote(part[name])}"]
    return []


def _weak_problems(declared: Mapping[str, Any]) -> list[str]:
    try:
        allowed = read_switch(declared.get(PREFIX + "allow_weak", False))
    except ValueError:
        return []
    problems = []
    for part, weak in WEAK.items():
        value = declared.get(PREFIX + part) or []
        names = [value] if isinstance(value, str) else value if isinstance(value, Sequence) else []
        found = [str(name) for name in names if name in weak]
        if found and not allowed:
            problems.append(
                f"{PREFIX}{part} declares {', '.join(found)}, which is weak; "
                f"set {PREFIX}allow_weak to true if that is what you want"
            )
    return problems
