# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""The rule about other TLS on a server: what this collection does not configure, but clients and scanners find there all the same."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._policy.other_listeners import ExtraEndpoint
from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._policy.policy import Policy
from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._policy.rule import (
    Facts,
    Outcome,
    Unreadable,
    names,
    need,
    need_list,
)
from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._policy.rules import tls
from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._policy.rules.tls import (
    PROBED,
    accepted_of,
    handshake_problems,
    more,
)

NEXT_STEP = (
    "Change the protocols of the named program, or accept it with a reason in checkpoint_endpoint_ignored_listeners. "
    "No playbook of this collection changes it."
)


def others(facts: Facts, policy: Policy, name: str) -> Outcome:
    """TLS-4: listeners of other programs, and further endpoints that are declared, accept nothing outside the policy.

    :param name: the server's name in the inventory, which ignored listeners are matched with
    """
    listeners = [entry for entry in facts.parts("listeners") if not need(entry, "ours", bool, "a listener")]
    asked = [entry for entry in listeners if need(entry, "asked", bool, "a listener")]
    ignored = {place_of(entry): reason for entry in asked if (reason := policy.ignores(entry, name)) is not None}
    problems: list[str] = []
    accepted: dict[str, list[str]] = {}
    silent: list[str] = []
    for entry in asked:
        place = place_of(entry)
        if place not in ignored:
            accepted[place] = _accepted(entry, place)
            problems += [
                f"{place} accepts {protocol}" for protocol in accepted[place] if protocol not in policy.tls_protocols
            ]
            silent += [] if _speaks_tls(entry) else [place]
    for endpoint in policy.extra_endpoints:
        for place, protocols in _results(facts, endpoint):
            accepted[place] = accepted_of(protocols, place)
            problems += handshake_problems(protocols, place, policy)
    evidence = {"accepted": accepted, "ignored": ignored, "no_tls": silent, "problems": problems}
    if problems:
        return Outcome("fail", f"{problems[0]}." + more(problems), evidence, NEXT_STEP)
    if not accepted and not ignored:
        found = f"{len(listeners)} other listeners" if listeners else "No other listener"
        return Outcome("not_applicable", f"{found}: none was to be asked for its protocols.", evidence)
    tried = len(accepted) - len(silent)
    message = f"{tried} other listeners and endpoints accept nothing but {names(policy.tls_protocols)}."
    message += f" Without an answer in TLS: {', '.join(silent)}." if silent else ""
    message += f" Ignored: {', '.join(ignored)}." if ignored else ""
    return Outcome("pass", message, evidence)


def negotiated(facts: Facts, policy: Policy, probe: Any) -> Outcome:
    """TLS-2, where no other program may answer in place of the Endpoint Apache."""
    ports = {need(entry, "port", int, "an endpoint") for entry in need_list(facts.part("tls"), "endpoints", "tls")}
    other = _other_on(facts, policy, ports)
    if other is not None:
        raise Unreadable(other)
    return tls.negotiated(facts, policy, probe)


def _other_on(facts: Facts, policy: Policy, ports: set[int]) -> str | None:
    """Return which other program listens on a port of the configuration without being declared as a front there."""
    try:
        listeners = facts.parts("listeners")
    except Unreadable:
        # TLS-4 says so.
        return None
    fronts = {endpoint.port for endpoint in policy.extra_endpoints if endpoint.front}
    for entry in listeners:
        port = need(entry, "port", int, "a listener")
        other = not need(entry, "ours", bool, "a listener") and entry.get("owner") and entry.get("reachable")
        if other and port in ports - fronts:
            return (
                f"{place_of(entry)} listens on port {port} of the Endpoint Apache's configuration, so handshakes there may say nothing about it; "
                f"stop that program, or declare it with front: true in checkpoint_endpoint_extra_endpoints"
            )
    return None


def place_of(entry: Mapping[str, Any]) -> str:
    """Return a listener for a person: ``httpd2 (process 5120) at 0.0.0.0:4434``."""
    address, port = need(entry, "address", str, "a listener"), need(entry, "port", int, "a listener")
    owner = entry.get("owner")
    program = "an unknown program"
    if isinstance(owner, Mapping):
        program = f"{owner.get('name') or owner.get('program') or 'a program'} (process {owner.get('pid')})"
    return f"{program} at {f'[{address}]' if ':' in address else address}:{port}"


def _speaks_tls(entry: Mapping[str, Any]) -> bool:
    protocols = need(entry, "protocols", dict, place_of(entry))
    return any(need(protocols, name, dict, place_of(entry)).get("result") in ("accepted", "refused") for name in PROBED)


def _accepted(entry: Mapping[str, Any], place: str) -> list[str]:
    """Return what a listener accepts; nothing where no answer is one of TLS."""
    return accepted_of(need(entry, "protocols", dict, place), place) if _speaks_tls(entry) else []


def _results(facts: Facts, endpoint: ExtraEndpoint) -> list[tuple[str, dict[str, Any]]]:
    results = {
        (result.get("host"), result.get("port"), result.get("server_name")): result
        for result in facts.parts("extra_endpoints")
    }
    found = []
    for server_name in endpoint.server_names:
        place = f"{endpoint.host}:{endpoint.port} with {server_name or 'no server name'}"
        result = results.get((endpoint.host, endpoint.port, server_name))
        if result is None:
            raise Unreadable(f"no handshake was tried with {place}")
        found.append((place, need(result, "protocols", dict, f"the probe of {place}")))
    return found
