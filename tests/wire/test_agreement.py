# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The probe against sslscan, openssl s_client and nmap, on generated configurations of a real Apache.

Every disagreement that is known stands in a table with the reason and with who is right. One that is not in the table fails, and
so does one that is in the table but no longer happens.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from tests.wire import peers
from tests.wire.configurations import Configuration
from tests.wire.conftest import HOST

Answers = dict[tuple[str, str], list[str]]
Probed = dict[tuple[int, str], dict[str, Any]]
Configured = dict[int, Configuration]

S_CLIENT_DIFFERS: Answers = {}
SSLSCAN_DIFFERS: Answers = {}
NMAP_DIFFERS: Answers = {
    # nmap 7.93 does not offer the group X448 in TLS 1.3. The probe is right: openssl s_client completes that handshake.
    ("only the group X448", ""): [
        "ours ['TLSv1', 'TLSv1.1', 'TLSv1.2', 'TLSv1.3']",
        "theirs ['TLSv1', 'TLSv1.1', 'TLSv1.2']",
    ],
}


def accepted(result: dict[str, Any], without: tuple[str, ...] = ()) -> list[str]:
    """The protocols that the probe found accepted."""
    answers = result["protocols"]
    return sorted(name for name in answers if answers[name]["result"] == "accepted" and name not in without)


def differences(
    configured: Configured, probed: Probed, ask: Callable[[str, int, str], list[str]], without: tuple[str, ...] = ()
) -> Answers:
    """Where another program says something else, by label and name: [what we say, what it says]."""
    asked = [(port, item, name) for port, item in configured.items() for name in item.names]
    with ThreadPoolExecutor(2) as pool:
        said = list(pool.map(lambda one: sorted(ask(HOST, one[0], one[2])), asked))
    found = {}
    for (port, item, name), other in zip(asked, said, strict=True):
        ours = accepted(probed[port, name], without)
        if ours != other:
            found[item.label, name] = [f"ours {ours}", f"theirs {other}"]
    return found


def need(*programs: str) -> None:
    gone = peers.missing(*programs)
    if gone:
        pytest.fail(f"not installed: {', '.join(gone)}; see TESTING.md")


def test_there_are_enough_configurations(configured: Configured) -> None:
    assert len(configured) >= 60


def test_sslscan_agrees(configured: Configured, probed: Probed) -> None:
    need("sslscan")
    assert differences(configured, probed, peers.ask_sslscan) == SSLSCAN_DIFFERS


def test_s_client_agrees(configured: Configured, probed: Probed) -> None:
    need("openssl")
    assert differences(configured, probed, peers.ask_s_client, ("SSLv3",)) == S_CLIENT_DIFFERS


def test_nmap_agrees(configured: Configured, probed: Probed) -> None:
    need("nmap")
    said = peers.ask_nmap(HOST, list(configured))
    found = {}
    for port, item in configured.items():
        ours = accepted(probed[port, ""])
        if ours != sorted(said[port]):
            found[item.label, ""] = [f"ours {ours}", f"theirs {sorted(said[port])}"]
    assert found == NMAP_DIFFERS
