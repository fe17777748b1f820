# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""The verdict on one server: whether it is at the policy, what has to change, and what forbids a change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._policy.evaluate import Finding, of_status

# Rules that must have been read and, but for what the change itself repairs, be in order before a server is stopped.
READ_FIRST = ("TLS-1", "TLS-2", "TLS-3", "SERVICE-1", "GUARD-1", "TIME-1", "CLIENT-1")
IN_ORDER_FIRST = ("TLS-3", "SERVICE-1")


def verdict(judged: Sequence[Finding]) -> dict[str, Any]:
    """Sum up the findings of one server.

    :returns: ``compliant`` (no failure, nothing unread), ``changes`` (``tls``, ``sign_hash``, ``restart``),
        ``restart_required``, ``blockers`` (findings that forbid a change), ``open`` (rules that fail), ``unread``
        (rules in error), ``pending`` and ``waived`` rules, and ``text``, one sentence
    """
    by_rule = {finding["rule"]: finding for finding in judged}
    changes = _changes(by_rule)
    failed, unread = of_status(judged, "fail"), of_status(judged, "error")
    result = {
        "compliant": bool(judged) and not failed and not unread,
        "changes": changes,
        "restart_required": bool(changes),
        "blockers": _blockers(by_rule, changes),
        "open": [finding["rule"] for finding in failed],
        "unread": [finding["rule"] for finding in unread],
        "pending": [finding["rule"] for finding in of_status(judged, "pending")],
        "waived": [finding["rule"] for finding in of_status(judged, "waived")],
    }
    result["text"] = _sentence(result, judged)
    return result


def _status(by_rule: Mapping[str, Finding], rule: str) -> str:
    return str(by_rule[rule]["status"]) if rule in by_rule else "error"


def _changes(by_rule: Mapping[str, Finding]) -> list[str]:
    changes = []
    if _status(by_rule, "TLS-1") == "fail":
        changes.append("tls")
    hash_waits = _status(by_rule, "ICA-1") == "fail" and by_rule["ICA-1"]["evidence"].get("restart_required") is True
    if _status(by_rule, "ICA-1") == "fail" and not hash_waits:
        changes.append("sign_hash")
    # The files say one thing and the wire another, or the CA one thing and its setting another: what runs has not read it yet.
    wire_waits = _status(by_rule, "TLS-1") == "pass" and _status(by_rule, "TLS-2") == "fail"
    if wire_waits or hash_waits:
        changes.append("restart")
    return changes


def _blockers(by_rule: Mapping[str, Finding], changes: Sequence[str]) -> list[Finding]:
    blockers = [by_rule[rule] for rule in READ_FIRST if rule in by_rule and _status(by_rule, rule) == "error"]
    blockers += [by_rule[rule] for rule in IN_ORDER_FIRST if rule in by_rule and _status(by_rule, rule) == "fail"]
    # A CA that was not read keeps nobody from the change of TLS; it is told nothing, and a run that has only the CA to judge stops.
    if not changes and _status(by_rule, "ICA-1") == "error" and "ICA-1" in by_rule:
        blockers.append(by_rule["ICA-1"])
    # A CA that does not run cannot be told anything.
    if "sign_hash" in changes and "ICA-3" in by_rule and _status(by_rule, "ICA-3") in ("fail", "error"):
        blockers.append(by_rule["ICA-3"])
    if "CLIENT-1" in by_rule and changes and _status(by_rule, "CLIENT-1") == "fail":
        blockers.append(by_rule["CLIENT-1"])
    return blockers


def _sentence(result: Mapping[str, Any], judged: Sequence[Finding]) -> str:
    """Return the verdict in one sentence. Whatever else it says, it names the rules that are waived."""
    notes = [f"{rule} pending" for rule in result["pending"]] + [f"{rule} waived" for rule in result["waived"]]
    return _headline(result, judged) + (f" ({', '.join(notes)})" if notes else "")


def _headline(result: Mapping[str, Any], judged: Sequence[Finding]) -> str:
    failed = f"{', '.join(result['open'])} failed" if result["open"] else ""
    if result["unread"]:
        messages = {finding["message"] for finding in judged}
        if len(result["unread"]) == len(judged) and len(messages) == 1:
            return f"not read: {messages.pop().removeprefix('Not read: ').removesuffix('.')}"
        text = f"could not judge {', '.join(result['unread'])}"
        return f"{text}; {failed}" if failed else text
    if failed:
        return failed + (f"; needs {', '.join(result['changes'])}" if result["changes"] else "")
    return "at the policy" if result["compliant"] else "nothing was judged"
