# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""The rules about operation: services, the guard and the clock."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._policy.policy import Policy
from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._policy.rule import (
    Facts,
    Outcome,
    Unreadable,
    need,
)

# The clocks of a server and of the controller may differ by this much.
MOST_SKEW = timedelta(minutes=5)

# States of the guard and what they mean for a server.
QUIET_GUARD = ("none", "disarmed")
BUSY_GUARD = ("armed",)
BAD_GUARD = ("stale", "rolled_back", "failed", "triggered")


def running(facts: Facts) -> Outcome:
    """SERVICE-1: whether the services run, as the server itself judges its watchdog's processes."""
    services = facts.part("services")
    state = need(services, "state", str, "services")
    evidence: dict[str, Any] = {"state": state, "processes": len(services.get("processes") or [])}
    if state == "started":
        return Outcome("pass", "The services run.", evidence)
    if state not in ("stopped", "partial"):
        raise Unreadable(f"the services are in the unknown state {state!r}")
    return Outcome(
        "fail",
        "The services are stopped." if state == "stopped" else "Only some of the services run.",
        evidence,
        "Find out who stopped them and why, then start them with cpstart.",
    )


def guarded(facts: Facts) -> Outcome:
    """GUARD-1: how the last change ended, according to the guard on the server."""
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
            "pending",
            f"A change is in progress, held by {holder}.",
            evidence,
            "Wait until it ends or its deadline passes.",
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


def clocked(facts: Facts, policy: Policy) -> Outcome:
    """TIME-1: whether the server's clock agrees with the controller's. With another one, nothing that depends on time can be judged."""
    server = facts.now()
    skew = server - policy.now
    evidence = {"server": _text(server), "controller": _text(policy.now), "seconds": int(skew.total_seconds())}
    if abs(skew) <= MOST_SKEW:
        return Outcome("pass", "The clocks of the server and of the controller agree.", evidence)
    return Outcome(
        "error",
        f"The server's clock is {_duration(abs(skew))} {'ahead of' if skew > timedelta(0) else 'behind'} the controller's: "
        f"it showed {_text(server)} at {_text(policy.now)}.",
        evidence,
        "Set the clock that is wrong, on a Gaia server with NTP, then assess the server again: logs, certificates and waivers are "
        "judged by time.",
    )


def _text(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _duration(span: timedelta) -> str:
    if span >= timedelta(days=2):
        return f"{span.days} days"
    hours, minutes = divmod(int(span.total_seconds()) // 60, 60)
    return f"{hours} hours" if hours >= 2 else f"{60 * hours + minutes} minutes"
