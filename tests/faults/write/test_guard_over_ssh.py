# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The modules change_guard and config_restore as Ansible runs them: over ssh, from a file that is deleted afterwards, with each server's own Python."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from tests.faults.write.server import SmallServer
from tests.support.fleet import Fleet

pytestmark = pytest.mark.slow("one run of Ansible after the other, and guards that wait for their deadline")

SERVERS = ("epm1", "eps1", "eps2", "eps3")
# Seconds; what is done in between takes a few on a busy machine.
DEADLINE = 40
SECONDS = {"stop_timeout": 30, "start_timeout": 30}


@pytest.fixture(scope="module")
def fleet() -> Iterator[Fleet]:
    with TemporaryDirectory(prefix="lab-") as folder:
        raised = Fleet(Path(folder) / "lab")
        try:
            yield raised.up("--management", "1", "--policy", "3", "--stop-seconds", "0.2", "--start-seconds", "0.2")
        finally:
            raised.down()


def conf(fleet: Fleet, server: str) -> Path:
    return fleet.apache(server) / "conf" / "ssl.conf"


def arm(fleet: Fleet, server: str, deadline: int, **more: Any) -> dict[str, Any]:
    files = [path for path in conf(fleet, server).parent.rglob("*.conf") if b"SSLProtocol" in path.read_bytes()]
    given: dict[str, Any] = {"restore": [{"path": str(path)} for path in files], "reason": "a test", **SECONDS, **more}
    return fleet.module(server, "change_guard", state="armed", deadline=deadline, **given)


def state_file(fleet: Fleet, server: str) -> Path:
    return Path(fleet.hosts[server]["checkpoint_endpoint_state_dir"]) / "guard" / "state.json"


def guard(fleet: Fleet, server: str) -> dict[str, Any]:
    found: dict[str, Any] = fleet.module(server, "server_info")["server"]["guard"]
    return found


def put_away(fleet: Fleet, server: str) -> None:
    """Whatever a test left, the next one starts from nothing."""
    done = fleet.module(server, "change_guard", state="triggered")
    if "error" in done:
        fleet.module(server, "change_guard", state="disarmed", acknowledge=True)


def test_the_pythons_differ(fleet: Fleet) -> None:
    assert len({fleet.hosts[server]["ansible_python_interpreter"] for server in SERVERS}) > 1


def edit(fleet: Fleet, server: str, armed: dict[str, Any]) -> None:
    """Write the configuration as a step of the change does: what another party writes, the guard would leave."""
    done = fleet.module(server, "ssl_protocol", protocols=["TLSv1.2", "TLSv1.3"], guard=armed["guard"]["id"])
    assert done.get("changed"), done


def abandon(fleet: Fleet, server: str) -> dict[str, Any]:
    """Stop a server and change half of it, and then let nobody come any more. Returns what the guard tells afterwards."""
    before = fleet.configuration(server)
    armed = arm(fleet, server, DEADLINE)
    assert armed["changed"] and armed["guard"]["state"] == "armed", armed
    remote = Path(fleet.hosts[server]["ansible_remote_tmp"])
    assert not list(remote.glob("ansible-tmp*")), "the module's folder is still there"
    fleet.module(server, "services", state="stopped", timeout=30)
    edit(fleet, server, armed)
    assert not any(fleet.status()[server]["tls"].values())
    assert '"armed"' in state_file(fleet, server).read_text(), "the machine is too slow for this deadline"
    assert SmallServer.until(lambda: '"rolled_back"' in state_file(fleet, server).read_text(), 90)
    assert fleet.configuration(server) == before
    assert all(fleet.status()[server]["tls"].values())
    return guard(fleet, server)


def test_servers_come_back_when_nobody_does(fleet: Fleet, record_property: Callable[[str, object], None]) -> None:
    with ThreadPoolExecutor(2) as pool:
        told = list(pool.map(lambda server: abandon(fleet, server), SERVERS))
    assert all(item["state"] == "rolled_back" and "deadline" in item["reason"] for item in told), told
    record_property("outage_beyond", max(item["seconds"] for item in told))


@pytest.mark.parametrize("server", SERVERS[:2])
def test_confirmed_change_stays(fleet: Fleet, server: str) -> None:
    armed = arm(fleet, server, DEADLINE)
    again = arm(fleet, server, DEADLINE)
    assert (
        "error" in again and "another run is changing this server" in again["msg"] and " from 127." in again["msg"]
    ), again
    done = fleet.module(server, "change_guard", state="disarmed", id=armed["guard"]["id"])
    assert done["changed"] and done["guard"]["state"] == "disarmed", done
    conf(fleet, server).write_text(conf(fleet, server).read_text() + "# confirmed\n")
    assert SmallServer.until(lambda: not Path("/proc", str(armed["guard"]["pid"])).exists())
    time.sleep(2)
    assert conf(fleet, server).read_text().endswith("# confirmed\n")
    assert not fleet.module(server, "change_guard", state="disarmed")["changed"]


def test_check_mode_predicts_and_writes_nothing(fleet: Fleet) -> None:
    server = "eps1"
    before = fleet.snapshot(server)
    given: dict[str, Any] = {"restore": [{"path": str(conf(fleet, server))}], "deadline": 60}
    predicted = fleet.module(server, "change_guard", "--check", state="armed", **given)
    assert predicted["changed"] and predicted["guard"]["state"] == "armed"
    assert fleet.snapshot(server) == before
    wrong = [{"path": str(conf(fleet, server)), "sha256": "0" * 64}]
    for flags in (("--check",), ()):
        refused = fleet.module(server, "change_guard", *flags, state="armed", deadline=60, restore=wrong)
        assert (
            "error" in refused
            and "planned for" in refused["msg"]
            and refused["error"]["path"] == str(conf(fleet, server))
        )
    armed = arm(fleet, server, 60)
    before = fleet.snapshot(server)
    for state, then in (("disarmed", "disarmed"), ("triggered", "rolled_back")):
        predicted = fleet.module(server, "change_guard", "--check", state=state)
        assert predicted["changed"] and predicted["guard"]["state"] == then and predicted["restored"] == []
    assert fleet.snapshot(server) == before
    assert fleet.module(server, "change_guard", state="disarmed", id=armed["guard"]["id"])["changed"]


def test_reboot_leaves_a_stale_guard_and_the_way_out(fleet: Fleet) -> None:
    server = "eps2"
    armed = arm(fleet, server, 600)
    old = conf(fleet, server).read_text()
    edit(fleet, server, armed)
    assert conf(fleet, server).read_text() != old
    # The lab's reboot ends the processes of the server that the lab knows; this one has left every session.
    os.kill(armed["guard"]["pid"], signal.SIGKILL)
    fleet.lab("reboot", server)
    told = guard(fleet, server)
    assert told["state"] == "stale" and "state=triggered" in told["next_step"], told
    refused = arm(fleet, server, 60)
    assert "error" in refused and "left unfinished" in refused["msg"]
    done = fleet.module(server, "change_guard", state="triggered")
    assert done["restored"] == [str(conf(fleet, server))] and done["restarted"] is True, done
    assert conf(fleet, server).read_text() == old


def test_start_that_never_succeeds_is_told(fleet: Fleet) -> None:
    server = "eps3"
    arm(fleet, server, 600, start_timeout=2, stop_timeout=10)
    fleet.fault(server, "start-fails")
    try:
        fleet.module(server, "services", state="stopped", timeout=30)
        failed = fleet.module(server, "change_guard", state="triggered", reason="a fault")
    finally:
        fleet.fault(server, "none")
    assert "error" in failed and "could not be put back" in failed["msg"] and "goes on trying" in failed["msg"], failed
    assert guard(fleet, server)["state"] == "triggered"
    done = fleet.module(server, "change_guard", state="triggered")
    assert done["changed"] and done["guard"]["state"] == "rolled_back" and done["restarted"], done


def test_of_two_controllers_at_once_one_gets_the_server(fleet: Fleet) -> None:
    server = "epm1"
    put_away(fleet, server)
    with ThreadPoolExecutor(3) as pool:
        results = list(pool.map(lambda number: arm(fleet, server, 60, holder=f"controller {number}"), range(3)))
    won = [result for result in results if "error" not in result]
    assert len(won) == 1, results
    assert guard(fleet, server)["holder"] == won[0]["guard"]["holder"]
    fleet.module(server, "change_guard", state="disarmed")


@pytest.mark.parametrize("server", SERVERS)
def test_restoring_in_four_calls(fleet: Fleet, server: str) -> None:
    before = fleet.configuration(server)
    changed = fleet.module(server, "ssl_protocol", protocols=["TLSv1.2", "TLSv1.3"])
    assert changed["changed"], changed
    untouched = fleet.snapshot(server)
    predicted = fleet.module(server, "config_restore", "--check", "--diff")
    assert fleet.snapshot(server) == untouched and predicted["changed"]
    done = fleet.module(server, "config_restore", "--diff")
    assert done["changed"] and done["validated"] and done.get("diff") == predicted.get("diff"), done
    assert [item["path"] for item in done["files"]] == [item["path"] for item in predicted["files"]]
    assert fleet.configuration(server) == before
    settled = fleet.snapshot(server)
    for flags in (("--check",), ()):
        assert fleet.module(server, "config_restore", *flags)["changed"] is False
        assert fleet.snapshot(server) == settled
