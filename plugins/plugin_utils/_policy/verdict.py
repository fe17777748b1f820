# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""What follows from findings: is the server at the policy, what has to change, what stands in the way."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._policy.evaluate import Finding, of_status

# Rules that must have been read and, but for what the change itself repairs, be in order before a server is stopped.
READ_FIRST = ("TLS-1", "TLS-2", "TLS-3", "ICA-1", "SERVICE-1", "GUARD-1", "CLIENT-1")
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
    result["text"] = _sentence(result)
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
    # A CA that does not run cannot be told anything.
    if "sign_hash" in changes and "ICA-3" in by_rule and _status(by_rule, "ICA-3") in ("fail", "error"):
        blockers.append(by_rule["ICA-3"])
    if "CLIENT-1" in by_rule and changes and _status(by_rule, "CLIENT-1") == "fail":
        blockers.append(by_rule["CLIENT-1"])
    return blockers


def _sentence(result: Mapping[str, Any]) -> str:
    if result["unread"]:
        text = f"not judged: {', '.join(result['unread'])} could not be read"
        return text + (f"; {', '.join(result['open'])} failed" if result["open"] else "")
    if result["open"]:
        todo = f"; to do: {', '.join(result['changes'])}, one restart" if result["changes"] else ""
        return f"{', '.join(result['open'])} failed{todo}"
    notes = [f"{rule} pending" for rule in result["pending"]] + [f"{rule} waived" for rule in result["waived"]]
    text = "at the policy" if result["compliant"] else "nothing was judged"
    return text + (f" ({', '.join(notes)})" if notes else "")


def fleet_table(
    assessments: Sequence[Mapping[str, Any]], names: Sequence[str] = (), reasons: Mapping[str, Any] | None = None
) -> list[str]:
    """The assessments of a fleet as lines of text with aligned columns, and below them what the guards of servers say that are not at rest.

    :param assessments: as the role assess exports them
    :param names: all servers of the fleet; one without an assessment is shown as not read
    :param reasons: why there is none, by the server's name
    """
    by_name = {str(assessment.get("name")): assessment for assessment in assessments}
    rows: list[tuple[str, ...]] = [("server", "release", "role", "configured", "wire", "CA hash", "verdict")]
    for name in names or list(by_name):
        reason = " ".join(str((reasons or {}).get(name) or "no reason given").split())
        rows.append(_row(name, by_name[name]) if name in by_name else (name, *"?????", f"NOT READ: {reason}"))
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return [lines[0], "  ".join("-" * width for width in widths), *lines[1:], *_guards(by_name, names)]


def _guards(by_name: Mapping[str, Mapping[str, Any]], names: Sequence[str]) -> list[str]:
    """A change that is going on, was left unfinished or was rolled back: whoever looks at the table wants to know why."""
    lines = []
    for name in names or list(by_name):
        for finding in by_name.get(name, {}).get("findings") or []:
            if finding["rule"] == "GUARD-1" and finding["status"] in ("fail", "pending"):
                lines.append(f"{name}: {' '.join(str(finding['message']).split())}")
    return lines


def _row(name: str, assessment: Mapping[str, Any]) -> tuple[str, ...]:
    facts = assessment.get("server") or {}
    product = facts.get("product") or {}
    roles = product.get("roles") or {}
    by_rule = {finding["rule"]: finding for finding in assessment.get("findings") or []}
    return (
        name,
        str(product.get("release") or "?"),
        _role(roles),
        _protocols(by_rule, "TLS-1", "configured"),
        _protocols(by_rule, "TLS-2", "accepted"),
        str(by_rule.get("ICA-1", {}).get("evidence", {}).get("sign_hash") or "-"),
        str(assessment.get("text") or "?"),
    )


def _role(roles: Mapping[str, Any]) -> str:
    if roles.get("management"):
        return "management, primary" if roles.get("primary") else "management, secondary"
    return "policy server" if roles.get("policy_server") else "?"


def _protocols(by_rule: Mapping[str, Finding], rule: str, key: str) -> str:
    """The protocols of all scopes or endpoints together, as a person asks for them."""
    found = by_rule.get(rule, {}).get("evidence", {}).get(key)
    if not isinstance(found, Mapping):
        return "?"
    order: list[str] = []
    for protocols in found.values():
        order += [str(protocol) for protocol in protocols if protocol not in order]
    return " ".join(sorted(order)) or "none"
