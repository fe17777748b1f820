# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""The one pure function of the policy: facts of a server and a policy in, findings out."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timezone
from typing import Any

from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._policy.policy import (
    RULES,
    Policy,
    read_policy,
)
from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._policy.rule import (
    Facts,
    Outcome,
    Unreadable,
)
from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._policy.rules import (
    certificates,
    listeners,
    operations,
    tls,
)
from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._policy.rules import clients as client_rules
from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._results.schema import Misfit
from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._results.shapes import (
    read_clients,
    read_probe,
    read_server,
)

Finding = dict[str, Any]

MISFIT_STEP = (
    "Find out what answers in place of this collection's module on this server, for example with ansible -m "
    "checkpoint_endpoint.hardening.server_info, then assess the server again."
)


def findings(
    server: Any, declared: Mapping[str, Any], probe: Any = None, clients: Any = None, name: str = ""
) -> list[Finding]:
    """Judge one server by the policy.

    :param server: facts as ``server_info`` returns them
    :param declared: the policy: tls_protocols, sign_hash, waivers, legacy_clients, now
    :param probe: results of ``tls_probe_info``, None when no handshake was tried
    :param clients: result of ``tls_client_info``, None when no log was read
    :param name: the server's name in the inventory, which waivers are matched with
    :returns: one finding for each rule, in the order of the rules. A server whose answer does not have the shape of the module was
        not read: every finding is an error then.
    :raises PolicyError: when the policy itself cannot be used
    """
    policy = read_policy(declared)
    try:
        facts = Facts(read_server(server))
        wire = None if probe is None else read_probe(probe)
        seen = None if clients is None else read_clients(clients)
    except Misfit as misfit:
        return [Outcome("error", f"Not read: {misfit}.", {}, MISFIT_STEP).finding(rule) for rule in RULES]
    outcomes = {
        rule: _waive(rule, outcome, policy, name) for rule, outcome in _outcomes(facts, policy, wire, name).items()
    }
    tls_statuses = outcomes["TLS-1"].status, outcomes["TLS-2"].status
    judged = _judge(lambda: client_rules.depending(seen, facts, policy, tls_statuses))
    outcomes["CLIENT-1"] = _waive("CLIENT-1", judged, policy, name)
    return [outcomes[rule].finding(rule) for rule in RULES]


def _outcomes(facts: Facts, policy: Policy, probe: Any, name: str) -> dict[str, Outcome]:
    """Judge by every rule that does not depend on the outcome of another one."""
    return {
        "TLS-1": _judge(lambda: tls.configured(facts, policy)),
        "TLS-2": _judge(lambda: listeners.negotiated(facts, policy, probe)),
        "TLS-3": _judge(lambda: tls.starts(facts)),
        "TLS-4": _judge(lambda: listeners.others(facts, policy, name)),
        "ICA-1": _judge(lambda: certificates.signs(facts, policy)),
        "ICA-2": _judge(lambda: certificates.root(facts, policy)),
        "ICA-3": _judge(lambda: certificates.runs(facts)),
        "CERT-1": _judge(lambda: certificates.certificates(facts, policy)),
        "SERVICE-1": _judge(lambda: operations.running(facts)),
        "GUARD-1": _judge(lambda: operations.guarded(facts)),
        "TIME-1": _judge(lambda: operations.clocked(facts, policy)),
    }


def _judge(rule: Callable[[], Outcome]) -> Outcome:
    """Run one rule. What it could not read, or could not make sense of, is an error of that rule alone."""
    try:
        return rule()
    except Unreadable as missing:
        reason = str(missing)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as odd:
        reason = f"the facts have an unexpected shape ({type(odd).__name__}: {odd})"
    return Outcome("error", f"Not read: {reason}.", {}, "Make this part readable, then assess the server again.")


def _waive(rule: str, outcome: Outcome, policy: Policy, name: str) -> Outcome:
    """Apply the waivers to a failure. An error stays one: nobody can accept what was not read."""
    if outcome.status != "fail":
        return outcome
    matching = [waiver for waiver in policy.waivers if waiver.covers(rule, name)]
    if not matching:
        return outcome
    latest = max(matching, key=lambda waiver: waiver.expires)
    evidence = {**outcome.evidence, "waiver": {"reason": latest.reason, "expires": latest.expires.isoformat()}}
    if policy.now.astimezone(timezone.utc).date() <= latest.expires:
        message = f"{outcome.message} Waived until {latest.expires}: {latest.reason}"
        return Outcome("waived", message, evidence, f"Remove the cause before {latest.expires}.")
    message = f"{outcome.message} The waiver of {latest.expires} has expired: {latest.reason}"
    return Outcome("fail", message, evidence, outcome.next_step)


def of_status(judged: Sequence[Finding], *statuses: str) -> list[Finding]:
    """Return the findings that have one of the statuses."""
    return [finding for finding in judged if finding["status"] in statuses]
