# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""Differences between the configuration and what handshakes negotiate, whatever the policy is: the proof after a rollback."""

from __future__ import annotations

from typing import Any

from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._policy.rule import (
    Facts,
    Unreadable,
    names,
    need,
    need_list,
)
from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._policy.rules.tls import PROBED, accepted_of
from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._results.schema import Misfit
from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._results.shapes import (
    read_probe,
    read_server,
)


def wire_differences(server: Any, probe: Any) -> list[str]:
    """List the differences between the configuration and what handshakes negotiate.

    A protocol that is configured and only held back, for example by the security level, is no difference: the cause is not in the
    files that this collection changes.

    :param server: facts as ``server_info`` returns them
    :param probe: results of ``tls_probe_info``
    :returns: a sentence for each endpoint and name that differs, was not tried or gave no clear answer; empty when the wire
        agrees with the files
    """
    try:
        return _differences(read_server(server), read_probe(probe or []))
    except (Misfit, Unreadable) as missing:
        return [f"Not read: {missing}"]
    except (AttributeError, LookupError, TypeError, ValueError) as odd:
        return [f"Not read: the facts have an unexpected shape ({type(odd).__name__}: {odd})"]


def _differences(server: Any, probe: Any) -> list[str]:
    endpoints = need_list(Facts(server).part("tls"), "endpoints", "tls")
    if not endpoints:
        raise Unreadable("no TLS endpoint was found in the configuration")
    tried = {(result["host"], result["port"], result["server_name"]): result["protocols"] for result in probe or []}
    different = []
    for endpoint in endpoints:
        expected = need(endpoint, "expected", dict, "an endpoint")
        for server_name in need_list(endpoint, "server_names", "an endpoint"):
            place = f"{endpoint['host']}:{endpoint['port']} with {server_name or 'no server name'}"
            answers = tried.get((endpoint["host"], endpoint["port"], server_name))
            if answers is None:
                raise Unreadable(f"no handshake was tried with {place}")
            try:
                accepted = accepted_of(answers, place)
            except Unreadable as missing:
                # The other endpoints may still differ, which is worth knowing too.
                different.append(f"Not read: {missing}")
                continue
            held_back = [protocol for protocol in PROBED if answers[protocol].get("latent")]
            if set(accepted) != set(expected[server_name]) - set(held_back):
                different.append(
                    f"{place} accepts {names(accepted)}, its files say {names(sorted(expected[server_name]))}"
                )
    return different
