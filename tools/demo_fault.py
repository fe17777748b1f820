# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``make demo-fault``: the second act. A server that does not come back in the middle of a roll, and a controller that is lost at the worst moment."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

from rich import box
from rich.table import Table

from tools.demonstration import Demo

SICK = "eps2"
ORPHAN = "eps3"
# Seconds. Short ones for the lab, whose services stop and start within a second; a real server gets the defaults.
STOP_TIMEOUT, START_TIMEOUT, DEADLINE = 5, 10, 20
PATIENCE = DEADLINE + 60


def faults(demo: Demo) -> Table:
    """The second act; returns what its last lines show."""
    fleet = demo.fleet
    demo.chapter("Raise 1 management server and 4 policy servers")
    demo.console.print(fleet.lab("up", "--management", "1", "--policy", "4").rstrip(), highlight=False, markup=False)
    a_server_that_does_not_come_back(demo)
    a_controller_that_is_lost(demo)
    demo.chapter("Both causes are gone: the same command again")
    run = demo.play("harden", checkpoint_endpoint_restart=True)
    demo.checks.that(run.rc == 0, "the roll came to its end", run.rc)
    wrong = [
        (server, item)
        for server in fleet.hosts
        for item in fleet.wire(server)
        if (item.sslscan, item.openssl) != (("TLSv1.2",), ("TLSv1.2",))
    ]
    demo.checks.that(not wrong, "sslscan and openssl speak TLSv1.2 and nothing else with every server", wrong)
    table = Table(box=box.SIMPLE_HEAD, title="What happened", title_justify="left")
    for head in ("server", "what went wrong", "what became of it", "restarts in all", "in the end"):
        table.add_column(head)
    stories = {
        SICK: ("did not start with the new configuration", "put back by the run, which then stopped"),
        ORPHAN: ("controller lost while it was stopped", "put back by the guard on the server"),
    }
    for server in fleet.hosts:
        wrongs = [found for name, found in wrong if name == server]
        state = "at the policy" if not wrongs else "[bold red]NOT AT THE POLICY"
        table.add_row(server, *stories.get(server, ("-", "-")), str(fleet.calls(server, "cpstop")), state)
    return table


def a_server_that_does_not_come_back(demo: Demo) -> None:
    """cpstart fails with the new configuration: the old one comes back, the roll stops, nobody behind it is touched."""
    fleet, checks = demo.fleet, demo.checks
    demo.chapter(f"{SICK} will not start with its new configuration")
    fleet.fault(SICK, "start-fails:changed")
    before = {server: fleet.configuration(server) for server in fleet.hosts}
    wire = fleet.wire(SICK)
    stops = {server: fleet.calls(server, "cpstop") for server in fleet.hosts}
    run = demo.play("harden", checkpoint_endpoint_restart=True)
    checks.that(run.rc != 0, "the run fails")
    checks.that(fleet.configuration("eps1") != before["eps1"], "eps1, the canary before it, is hardened")
    checks.that(fleet.configuration(SICK) == before[SICK], f"{SICK} has its old bytes")
    checks.that(fleet.status()[SICK]["services"] == "started" and fleet.wire(SICK) == wire, f"{SICK} serves as before")
    later = [server for server in fleet.hosts if server not in ("eps1", SICK)]
    untouched = all(
        fleet.configuration(server) == before[server] and fleet.calls(server, "cpstop") == stops[server]
        for server in later
    )
    checks.that(untouched, f"the roll stopped: {', '.join(later)} are untouched")
    told = "the old configuration is back" in run.text and "run the playbook again" in run.text
    checks.that(told, "the message says what happened, the state now, where the backup is and what to do")
    fleet.fault(SICK, "none")


def a_controller_that_is_lost(demo: Demo) -> None:
    """ansible-playbook is killed between stop and start: the guard on the server needs nobody."""
    fleet, checks = demo.fleet, demo.checks
    demo.chapter(f"The controller is killed while {ORPHAN} is stopped")
    before = fleet.configuration(ORPHAN)
    # The guard's deadline must leave time for a stop and a start.
    limits = {
        "checkpoint_endpoint_stop_timeout": STOP_TIMEOUT,
        "checkpoint_endpoint_start_timeout": START_TIMEOUT,
        "checkpoint_endpoint_guard_deadline": DEADLINE,
    }
    command = fleet.command("harden", "--limit", ORPHAN, checkpoint_endpoint_restart=True, **limits)
    demo.console.print("[bold]$ ansible-playbook checkpoint_endpoint.hardening.harden &", highlight=False)
    with subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env=fleet.controller(),
        start_new_session=True,
    ) as playbook:
        stopped = until(lambda: fleet.status()[ORPHAN]["services"] == "stopped", 120.0)
        os.killpg(playbook.pid, signal.SIGKILL)
    killed = time.monotonic()
    checks.that(stopped and playbook.returncode == -signal.SIGKILL, "the controller is gone, the server is stopped")
    back = until(lambda: fleet.status()[ORPHAN]["services"] == "started", PATIENCE)
    checks.that(back, f"the guard brought {ORPHAN} back by itself, {time.monotonic() - killed:.0f} s later")
    checks.that(fleet.configuration(ORPHAN) == before, "with its old bytes")
    audit = demo.play("audit", "--limit", ORPHAN)
    findings = Path(fleet.hosts[ORPHAN]["checkpoint_endpoint_state_dir"]) / "guard" / "state.json"
    demo.console.print(
        f"  {findings.name} on the server says: {findings.read_text('utf-8').strip()}", highlight=False, markup=False
    )
    checks.that("GUARD-1" in audit.text, "the audit shows that a change was rolled back there (GUARD-1)")


def until(condition: Callable[[], bool], seconds: float) -> bool:
    """Wait for a condition; False when the time is over."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if condition():
            return True
        time.sleep(0.1)
    return False
