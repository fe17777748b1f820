# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Four programs on every server of the lab, before and after the change: the probe, sslscan, openssl and nmap say the same.

And while it changes, a client of each server beats: a server is away during its own restart and at no other time.
"""

from __future__ import annotations

import contextlib
import threading
import time
from collections.abc import Iterator
from datetime import datetime

import pytest
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._tls.probe import probe

from tests.lab.checkpoint_lab.heartbeat import Heartbeats
from tests.support.fleet import UNKNOWN_NAME, Fleet, raised
from tests.wire import peers

pytestmark = pytest.mark.slow("a rollout over eight servers, each asked by four programs")

Answers = dict[tuple[int, str], list[str]]
# Seconds between two heartbeats, and by how much a window may be wider than the journal says on a busy machine.
INTERVAL = 0.2
MARGIN = 2.0


@pytest.fixture(scope="module")
def fleet() -> Iterator[Fleet]:
    """All kinds of servers that the lab has."""
    with raised("--stop-seconds", "0.1", "--start-seconds", "0.1") as lab:
        yield lab


def ours(fleet: Fleet, server: str) -> Answers:
    """What the probe finds accepted, by port and server name; nothing may be unclear."""
    host = fleet.hosts[server]["ansible_host"]
    endpoints = [
        {"host": host, "port": port, "server_names": ["", *names, UNKNOWN_NAME]}
        for port, names in fleet.names(server).items()
    ]
    found = {}
    for item in probe(endpoints):
        answers = item["protocols"]
        assert {answer["result"] for answer in answers.values()} <= {"accepted", "refused"}
        accepted = [protocol for protocol, answer in answers.items() if answer["result"] == "accepted"]
        found[item["port"], item["server_name"]] = sorted(accepted)
    return found


def differences(fleet: Fleet, server: str) -> dict[str, Answers]:
    """Where another program says something else than the probe."""
    probed = ours(fleet, server)
    seen = {(item.port, item.name): item for item in fleet.wire(server)}
    assert seen.keys() == probed.keys()
    nmap = peers.ask_nmap(fleet.hosts[server]["ansible_host"], list(fleet.names(server)))
    others: dict[str, Answers] = {
        "sslscan": {key: sorted(item.sslscan) for key, item in seen.items()},
        # openssl cannot speak SSLv3, and no server of the lab does.
        "openssl": {key: sorted(item.openssl) for key, item in seen.items()},
        "nmap": {(port, ""): sorted(names) for port, names in nmap.items()},
    }
    return {
        program: wrong
        for program, answers in others.items()
        if (wrong := {key: answer for key, answer in answers.items() if answer != probed[key]})
    }


def test_before(fleet: Fleet) -> None:
    assert {server: differences(fleet, server) for server in fleet.hosts} == {server: {} for server in fleet.hosts}
    assert ["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"] in ours(fleet, "eps2").values()


@contextlib.contextmanager
def beating(fleet: Fleet) -> Iterator[dict[str, Heartbeats]]:
    """A TLSv1.2 client of each server, for as long as the block runs."""
    clients = {
        server: Heartbeats(
            (fleet.hosts[server]["ansible_host"], min(fleet.names(server))), "TLSv1.2", fleet.folder / "ca.crt"
        )
        for server in fleet.hosts
    }
    ended = threading.Event()

    def beat(client: Heartbeats) -> None:
        while not ended.wait(INTERVAL):
            client.beat()

    threads = [threading.Thread(target=beat, args=(client,)) for client in clients.values()]
    for thread in threads:
        thread.start()
    try:
        yield clients
    finally:
        time.sleep(5 * INTERVAL)
        ended.set()
        for thread in threads:
            thread.join()


def away(fleet: Fleet, server: str) -> tuple[float, float]:
    """From when to when the server was being restarted, by its own journal (seconds since the epoch); at the beginning it was started."""
    calls = {call["tool"]: call for call in fleet.journal(server) if call["tool"] in ("cpstop", "cpstart")}
    if "cpstop" not in calls:
        return 0.0, 0.0
    moments = {
        tool: datetime.fromisoformat(call["time"].replace("Z", "+00:00")).timestamp() for tool, call in calls.items()
    }
    return moments["cpstop"] - MARGIN, moments["cpstart"] + calls["cpstart"]["seconds"] + MARGIN


def test_after(fleet: Fleet) -> None:
    with beating(fleet) as clients:
        run = fleet.play("harden", checkpoint_endpoint_restart=True)
    assert run.rc == 0, run.output
    for server, client in clients.items():
        begin, end = away(fleet, server)
        assert client.sent > client.lost
        assert [item for item in client.outages if item["from"] < begin or item["to"] > end] == [], server
    assert clients["eps6"].lost == 0, "it was as declared"
    assert {server: differences(fleet, server) for server in fleet.hosts} == {server: {} for server in fleet.hosts}
    for server in fleet.hosts:
        assert set(map(tuple, ours(fleet, server).values())) == {("TLSv1.2",)}
