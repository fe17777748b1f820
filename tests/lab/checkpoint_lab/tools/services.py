# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""cpstart and cpstop: they start and stop the server's processes and its Apache, say what the real ones say, and take their time.

Their exit status says little, as little as is known of the real ones: 0 as well when Apache did not start.
"""

from __future__ import annotations

import os
import signal
import time
from pathlib import Path

from .. import front, httpd
from ..authority import Authority
from ..faults import active
from ..journal import recorded
from ..server import Server
from . import watchdog

HANG_SECONDS = 3600.0
LATE_SECONDS = 3.0
WORKER_SECONDS = 20.0


def say(text: str = "") -> None:
    """Print at once: a caller may be watching, or kill us."""
    print(text, flush=True)


def cpstart(server: Server, arguments: list[str]) -> int:
    """Start what does not run."""
    with recorded(server, "cpstart", arguments) as outcome:
        status = _start(server)
        outcome["result"] = f"rc={status}"
    return status


def _start(server: Server) -> int:
    seconds = float(server.settings["start_seconds"])
    say("cpstart: Power-Up self tests passed successfully\n")
    time.sleep(seconds / 2)
    _start_foundation(server)
    if active(server, "start-hangs"):
        time.sleep(HANG_SECONDS)
    if active(server, "start-fails"):
        say("\ncpstart: Starting product - VPN-1\n\nFireWall-1: Failed to start")
        return 1
    _start_firewall(server)
    for product in ("Eventia Suite",):
        say(f"\ncpstart: Starting product - {product}\n")
        _start_product(server, product)
    say("\ncpstart: Starting product - Management Portal\n\ncpstart: Starting product - UEPM\n")
    _start_endpoint(server, seconds / 2)
    say("\ncpstart: Starting product - Deployment Agent\n")
    _start_product(server, "Deployment Agent")
    if active(server, "restarts-used-up"):
        watchdog.give_up(server, "SMARTVIEW" if server.management else "INDEXER")
    return 0


def _start_foundation(server: Server) -> None:
    say("cpstart: Starting product - SVN Foundation\n")
    if watchdog.running(server, "cpwd"):
        say("SVN Foundation: cpWatchDog already running")
    else:
        watchdog.forget(server)
        watchdog.launch(server, "cpwd", "cpwd")
        say("SVN Foundation: Starting cpWatchDog")
    say("Starting cpviewd\nstarting the history daemon")
    _start_product(server, "SVN Foundation")
    say("SVN Foundation: Starting cpd\nSVN Foundation started")


def _start_firewall(server: Server) -> None:
    say("\ncpstart: Starting product - VPN-1\n\nFireWall-1: Starting fwd")
    if server.management:
        say("FireWall-1: Starting cpm. Please wait...\nFireWall-1: Finished starting cpm successfully")
        say("FireWall-1: Starting fwm (SmartCenter Server)")
    _start_product(server, "VPN-1", quiet=True)
    if server.primary and not active(server, "ca-down"):
        start_ca(server)
    say("FireWall-1 started")


def start_ca(server: Server) -> None:
    """Start the CA process unless it runs; a fresh one signs with the hash that was set last."""
    if not watchdog.running(server, "cpca"):
        authority = Authority(server.ca_folder)
        authority.change(active=authority.record["configured"])
        watchdog.launch(server, "cpca", "cpca")


def _start_product(server: Server, product: str, quiet: bool = False) -> None:
    for program in watchdog.programs(server):
        if program.product == product and not watchdog.running(server, program.name):
            pid = watchdog.launch(server, program.name, program.command, program.monitored)
            if not quiet:
                say(f"cpwd_admin: \nProcess {program.name} started successfully (pid={pid}) ")


def _start_endpoint(server: Server, seconds: float) -> None:
    say("UEPM: Starting Endpoint Security Server")
    time.sleep(seconds)
    _start_product(server, "UEPM")
    if active(server, "start-serves-nothing"):
        return
    front.stop(server)
    options = httpd.REFUSE_HANDSHAKES if active(server, "start-refuses-handshakes") else ()
    if active(server, "start-late"):
        _in_background(server, options)
        return
    trouble = httpd.start(server, options)
    say(trouble.rstrip("\n") if trouble else "UEPM: Endpoint Security Server started")


def _in_background(server: Server, options: tuple[str, ...]) -> None:
    """Start Apache later, in a process that outlives cpstart; not when the services were stopped meanwhile."""
    if os.fork() == 0:
        os.setsid()
        with Path(os.devnull).open("r+b") as nothing:
            for number in range(3):
                os.dup2(nothing.fileno(), number)
        time.sleep(LATE_SECONDS)
        if watchdog.running(server, "EPM"):
            httpd.start(server, options)
        os._exit(0)


def cpstop(server: Server, arguments: list[str]) -> int:
    """Stop everything; the watchdog ends last, or lives on with the processes that it watches passively."""
    with recorded(server, "cpstop", arguments) as outcome:
        status = _stop(server)
        outcome["result"] = f"rc={status}"
    return status


def _stop(server: Server) -> int:
    if active(server, "stop-hangs"):
        time.sleep(HANG_SECONDS)
    if active(server, "stop-leaves-worker"):
        _leave_worker(server)
        time.sleep(HANG_SECONDS)
    if active(server, "stop-fails"):
        say("cpstop: Failed to stop products")
        return 1
    half = active(server, "stop-half")
    say("Uninstalling Security Policy...\n")
    if not watchdog.outlives_stop(server):
        _stop_program(server, "DASERVICE")
    say("UEPM: Stopping Endpoint Security Server")
    httpd.stop(server)
    if active(server, "front-answers"):
        front.start(server)
    _stop_program(server, "EPM")
    time.sleep(float(server.settings["stop_seconds"]))
    if half:
        return 0
    for program in reversed(watchdog.programs(server)):
        if program.name not in ("DASERVICE", "EPM", "CPD"):
            _stop_program(server, program.name)
    watchdog.finish(server, "cpca")
    say("FireWall-1 stopped")
    _stop_program(server, "CPD")
    say("SVN Foundation: cpd stopped")
    if not watchdog.outlives_stop(server):
        watchdog.finish(server, "cpwd")
        watchdog.forget(server)
        say("SVN Foundation: cpWatchDog stopped")
    say("SVN Foundation stopped")
    return 0


def _leave_worker(server: Server) -> None:
    """Start a child of this cpstop that nobody asks to end in vain, and that stops Apache when it comes to it."""
    if os.fork() == 0:
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        time.sleep(WORKER_SECONDS)
        httpd.stop(server)
        os._exit(0)


def _stop_program(server: Server, name: str) -> None:
    if watchdog.finish(server, name):
        say(f"cpwd_admin: \nProcess {name} terminated ")
