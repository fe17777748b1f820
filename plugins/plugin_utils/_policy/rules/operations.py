# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""The rules about running: services, the guard, and the clients that would lose contact."""

from __future__ import annotations

from typing import Any

from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._policy.rule import (
    Facts,
    Outcome,
    Unreadable,
    need,
)

# States of the guard and what they mean for a server.
QUIET_GUARD = ("none", "disarmed")
BUSY_GUARD = ("armed",)
BAD_GUARD = ("stale", "rolled_back", "failed", "triggered")


def running(facts: Facts) -> Outcome:
    """SERVICE-1: the watchdog's processes, judged by the server itself."""
    services = facts.part("services")
    state = need(services, "state", str, "services")
    evidence: dict[str, Any] = {"state": state, "processes": len(services.get("processes") or [])}
    if state == "started":
        return Outcome("pass", "The services run.", evidence)
    if state not in ("stopped", "partial"):
        raise Unreadable(f"the services are in the unknown state {state!r}")
    return Outcome(
        "fail",
        "The services are stopped." if state == "stopped" else "Only a part of the services runs.",
        evidence,
        "Find out who stopped them and why, then start them with cpstart.",
    )


def guarded(facts: Facts) -> Outcome:
    """GUARD-1: what the guard on the server says about the last change."""
    guard = facts.part("guard")
    state = need(guard, "state", str, "guard")
    evidence = {key: value for key, value in guard.items() if isinstance(value, (str, int, float, bool))}
    reason = str(guard.get("reason") or guard.get("message") or "").strip()
    told = f" Reason: {reason}" if reason else ""
    if state in QUIET_GUARD:
        return Outcome("pass", "No change is open and none was rolled back.", evidence)
    if state in BUSY_GUARD:
        holder = guard.get("holder") or "an unknown holder"
        return Outcome(
            "pending", f"A change is going on, held by {holder}.", evidence, "Wait for its end or its deadline."
        )
    if state not in BAD_GUARD:
        raise Unreadable(f"the guard is in the unknown state {state!r}")
    if state == "rolled_back":
        return Outcome(
            "fail",
            f"The last change was rolled back on the server itself.{told}",
            evidence,
            "Read the reason, remove its cause, then run the playbook harden.yml again.",
        )
    return Outcome(
        "fail",
        f"A change was left unfinished (guard {state}).{told}",
        evidence,
        "Compare the configuration with the backup, then run the playbook harden.yml or rollback.yml.",
    )
