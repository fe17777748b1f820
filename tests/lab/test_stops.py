# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a cpstop leaves behind in the lab, and what the module services makes of it: one cpstop is enough, whatever lives on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from tests.support.fleet import Fleet

# epm1 and eps1 have R81.20, eps2 has R80.40.
FAULTS = [
    ("eps1", ""),
    ("epm1", ""),
    ("eps1", "watchdog-ends"),
    ("eps2", "watchdog-stays"),
    ("eps1", "watchdog-silent"),
    ("eps1", "front-answers"),
]


@pytest.fixture(scope="module")
def fleet() -> Iterator[Fleet]:
    with TemporaryDirectory(prefix="lab-") as folder:
        raised = Fleet(Path(folder) / "lab")
        try:
            yield raised.up("--management", "1", "--policy", "2", "--stop-seconds", "0.1", "--start-seconds", "0.1")
        finally:
            raised.down()


def port(fleet: Fleet, server: str) -> str:
    return f"{fleet.hosts[server]['ansible_host']}:8443"


@pytest.mark.parametrize(("server", "fault"), FAULTS)
def test_one_stop_is_enough(fleet: Fleet, server: str, fault: str) -> None:
    before = fleet.calls(server, "cpstop")
    if fault:
        fleet.fault(server, fault)
    try:
        stopped = fleet.module(server, "services", state="stopped", timeout=30, ports=[port(fleet, server)])
        assert stopped.get("changed"), stopped
        again = fleet.module(server, "services", state="stopped", timeout=30, ports=[port(fleet, server)])
        # Where the list says nothing that is known, nobody can tell that there is nothing to stop.
        assert again["changed"] == (fault == "watchdog-silent"), again
        started = fleet.module(server, "services", state="started", timeout=60, ports=[port(fleet, server)])
    finally:
        fleet.fault(server, "none")
    assert started["state"] == "started" and started["commands"] == ["cpstart"], started
    assert started["services"]["serving"] is True
    assert fleet.calls(server, "cpstop") - before == (2 if fault == "watchdog-silent" else 1)


def test_newer_releases_keep_their_watchdog(fleet: Fleet) -> None:
    kept = {}
    for server in ("eps1", "eps2"):
        found = fleet.module(server, "services", state="stopped", timeout=30)["services"]
        kept[server] = [process["name"] for process in found["processes"] if process["status"] == "E"]
        fleet.module(server, "services", state="started", timeout=60)
    assert kept == {"eps1": ["DASERVICE"], "eps2": []}


def test_what_the_watchdog_has_given_up_is_a_warning(fleet: Fleet) -> None:
    fleet.fault("eps1", "restarts-used-up")
    try:
        found = fleet.module("eps1", "services", state="restarted", timeout=60)
    finally:
        fleet.fault("eps1", "none")
    assert found["state"] == "started", found
    assert found["services"]["warnings"] == ["INDEXER was started 5 times, and the watchdog has given up"]
    fleet.module("eps1", "services", state="restarted", timeout=60)
