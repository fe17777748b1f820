# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""The rules about TLS: what is configured, what the wire accepts, and whether the configuration would start."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._policy.policy import Policy
from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._policy.rule import (
    Facts,
    Outcome,
    Unreadable,
    names,
    need,
    need_list,
)

# Every version that has to be tried before anybody may say that the wire accepts one set and refuses the rest.
PROBED = ("SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")


def configured(facts: Facts, policy: Policy) -> Outcome:
    """TLS-1: each TLS scope is governed and means the policy, and so does every directive that is not a comment."""
    tls = facts.part("tls")
    scopes = [scope for scope in need_list(tls, "scopes", "tls") if need(scope, "tls", bool, "a scope")]
    if not scopes:
        raise Unreadable("no scope that serves TLS was found in the configuration")
    problems: list[str] = []
    meaning: dict[str, list[str]] = {}
    negotiable: dict[str, list[str]] = {}
    for scope in scopes:
        name = need(scope, "name", str, "a scope")
        meaning[name] = need_list(scope, "configured", f"scope {name}")
        negotiable[name] = need_list(scope, "negotiable", f"scope {name}")
        problems.extend(_scope_problems(scope, name, meaning[name], negotiable[name], policy))
    for directive in need_list(tls, "directives", "tls"):
        problems.extend(_directive_problems(directive, policy))
    evidence = {"configured": meaning, "negotiable": negotiable, "problems": problems}
    if problems:
        message = f"Declared is {names(policy.tls_protocols)}, but {problems[0]}." + more(problems)
        return Outcome("fail", message, evidence, "Run the playbook harden.yml on this server.")
    return Outcome("pass", f"{len(scopes)} TLS scopes are configured for {names(policy.tls_protocols)}.", evidence)


def _scope_problems(
    scope: Mapping[str, Any], name: str, meaning: list[str], negotiable: list[str], policy: Policy
) -> list[str]:
    if "governed_by" not in scope:
        raise Unreadable(f"the fact 'governed_by' of scope {name} was not read")
    if not scope["governed_by"]:
        return [f"no SSLProtocol governs {name}, so the default of its httpd applies: {names(meaning)}"]
    if set(meaning) != set(policy.tls_protocols):
        return [f"{name} is configured for {names(meaning)}"]
    extra = [protocol for protocol in negotiable if protocol not in policy.tls_protocols]
    if extra:
        return [f"{name} can negotiate {names(extra)} in spite of its SSLProtocol"]
    return []


def _directive_problems(directive: Any, policy: Policy) -> list[str]:
    place = f"{need(directive, 'file', str, 'a directive')}:{directive.get('line')}"
    state = need(directive, "state", str, f"the directive at {place}")
    if directive.get("protocols", ()) is None:
        # What httpd does not read and nobody can evaluate (an unused macro, another TLS module's words) means nothing.
        if state == "inactive":
            return []
        return [f"{place} ({state}) has a value that cannot be evaluated"]
    protocols = need_list(directive, "protocols", f"the directive at {place}")
    if set(protocols) != set(policy.tls_protocols):
        return [f"{place} ({state}) means {names(protocols)}"]
    return []


def negotiated(facts: Facts, policy: Policy, probe: Any) -> Outcome:
    """TLS-2: real handshakes with every endpoint and server name are accepted and refused as declared."""
    tls = facts.part("tls")
    if probe is None:
        raise Unreadable("no handshake was tried")
    results = {}
    for result in probe:
        key = (str(need(result, "host", str, "a probe")), need(result, "port", int, "a probe"))
        results[(*key, need(result, "server_name", str, "a probe"))] = result
    endpoints = need_list(tls, "endpoints", "tls")
    if not endpoints:
        raise Unreadable("no TLS endpoint was found in the configuration")
    problems: list[str] = []
    accepted: dict[str, list[str]] = {}
    refused: dict[str, dict[str, str]] = {}
    for endpoint in endpoints:
        host, port = need(endpoint, "host", str, "an endpoint"), need(endpoint, "port", int, "an endpoint")
        for server_name in need_list(endpoint, "server_names", "an endpoint"):
            result = results.get((host, port, server_name))
            place = f"{host}:{port} with {server_name or 'no server name'}"
            if result is None:
                raise Unreadable(f"no handshake was tried with {place}")
            protocols = need(result, "protocols", dict, f"the probe of {place}")
            problems.extend(handshake_problems(protocols, place, policy))
            at = f"{host}:{port}/{server_name}"
            accepted[at] = accepted_of(protocols, place)
            refused[at] = {name: _how(protocols[name]) for name in PROBED if name not in accepted[at]}
    if not accepted:
        raise Unreadable("the endpoints have no server names to try")
    evidence = {"accepted": accepted, "refused": refused, "problems": problems}
    if problems:
        message = f"{problems[0]}." + more(problems)
        return Outcome("fail", message, evidence, "Run the playbook harden.yml on this server.")
    return Outcome("pass", f"{len(accepted)} endpoints and names accept {names(policy.tls_protocols)} alone.", evidence)


def more(problems: list[str]) -> str:
    """Return how many problems there are beside the first one, in words."""
    return f" {len(problems) - 1} more of this kind." if len(problems) > 1 else ""


def accepted_of(protocols: Mapping[str, Any], place: str) -> list[str]:
    """The versions that an endpoint accepts.

    :raises Unreadable: when one was not tried, or its handshake gave neither a clear yes nor a clear no
    """
    accepted = []
    for protocol in PROBED:
        answer = need(protocols, protocol, dict, f"the probe of {place}")
        result = need(answer, "result", str, f"{protocol} at {place}")
        if result not in ("accepted", "refused"):
            raise Unreadable(f"{place}: {protocol} is {result} ({answer.get('reason') or 'no reason given'})")
        if result == "accepted":
            accepted.append(protocol)
    return accepted


def handshake_problems(protocols: Mapping[str, Any], place: str, policy: Policy) -> list[str]:
    """Return where the answers of an endpoint differ from the policy."""
    problems = []
    accepted = accepted_of(protocols, place)
    for protocol in PROBED:
        answer = protocols[protocol]
        wanted = protocol in policy.tls_protocols
        if protocol in accepted:
            if not wanted:
                problems.append(f"{place} accepts {protocol}")
        elif wanted:
            problems.append(f"{place} refuses {protocol} ({_how(answer)})")
        # The probe knows every way to refuse a version, and tells them from one that is only held back: that comes back.
        elif need(answer, "latent", bool, f"{protocol} at {place}"):
            problems.append(f"{place} still allows {protocol}; something else held it back ({_how(answer)})")
    return problems


def _how(answer: Mapping[str, Any]) -> str:
    """How a version was refused, for a person: ``alert 70, the server does not allow this protocol version``."""
    alert = answer.get("alert")
    said = ["no alert" if alert is None else f"alert {alert}", str(answer.get("reason") or "")]
    return ", ".join(part for part in said if part)


def starts(facts: Facts) -> Outcome:
    """TLS-3: the httpd's own test of the configuration that it would start with."""
    tls = facts.part("tls")
    test = need(tls, "http_test", dict, "tls")
    passed = need(test, "ok", bool, "the configuration test")
    output = str(test.get("output", ""))
    evidence = {"command": test.get("command"), "output": output}
    if passed:
        return Outcome("pass", "The configuration test passes.", evidence)
    return Outcome(
        "fail",
        f"The configuration test fails: {output.strip() or 'it said nothing'}",
        evidence,
        "Repair the configuration by hand; the services would not come back after a restart.",
    )
