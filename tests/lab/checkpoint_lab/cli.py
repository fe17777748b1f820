# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line of the lab."""

from __future__ import annotations

import argparse
import concurrent.futures
import contextlib
import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from . import journal, machine
from .authority import Authority, AuthorityError
from .faults import FAULTS
from .heartbeat import Heartbeats
from .lab import CHECKOUT, Lab
from .machine import LabError
from .renew import renew
from .server import Record, Server

TABLE = "{name:<6} {kind:<14} {release:<7} {address:<14} {power:<6} {services:<9} {tls:<17} {python:<7} {faults}"


def _add_up(up: argparse.ArgumentParser) -> None:
    up.add_argument("--management", type=int, default=2, metavar="M", help="management servers, the first is primary")
    up.add_argument("--policy", type=int, default=6, metavar="P", help="policy servers, of six kinds in turn")
    up.add_argument("--stop-seconds", type=float, default=0.5, metavar="S", help="how long cpstop takes")
    up.add_argument("--start-seconds", type=float, default=1.0, metavar="S", help="how long cpstart takes")
    up.add_argument("--python", choices=("release", "current"), default="release", help="which Python the servers have")
    up.add_argument(
        "--root-hash", choices=("sha1", "sha256"), default="sha1", help="signature of the CA's root certificate"
    )


def _add_client(client: argparse.ArgumentParser) -> None:
    client.add_argument("--tls", default="TLSv1.2", metavar="VERSION", help="TLSv1, TLSv1.1, TLSv1.2 or TLSv1.3")
    client.add_argument("--seconds", type=float, default=5.0, metavar="N", help="how long")
    client.add_argument("--interval", type=float, default=0.2, metavar="S", help="seconds between two heartbeats")
    client.add_argument("--port", type=int, help="default: the server's first TLS port")
    client.add_argument("--server-name", default="", help="name for SNI (default: none)")
    client.add_argument("--source", help="the client's own address, any of 127.0.0.0/8")


def parser() -> argparse.ArgumentParser:
    """The commands and their options."""
    top = argparse.ArgumentParser(prog="lab", description="A fleet of Endpoint Security servers on one machine.")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND")
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument(
        "--dir", type=Path, default=CHECKOUT / ".lab", help="the lab's folder (default: .lab in the checkout)"
    )
    single = argparse.ArgumentParser(add_help=False, parents=[shared])
    single.add_argument("server", metavar="SERVER", help="its name in the inventory")

    _add_up(commands.add_parser("up", parents=[shared], help="build and start a lab"))
    commands.add_parser("down", parents=[shared], help="end every process and remove every file of a lab")
    status = commands.add_parser("status", parents=[shared], help="what runs where")
    status.add_argument("--json", action="store_true", help="for programs")
    commands.add_parser("renew", parents=[single], help="the CA issues new certificates with the hash that is set")
    client = "an endpoint client: heartbeats over TLS, and how many are lost"
    _add_client(commands.add_parser("client", parents=[single], help=client))
    fault = commands.add_parser(
        "fault", parents=[single], help="set a fault, or clear all with none; without a name: list"
    )
    fault.add_argument("name", metavar="NAME|none", nargs="?", help="NAME, NAME:once, NAME:3 (calls) or NAME:changed")
    for name, text in (
        ("boot", "switch on"),
        ("halt", "kill every process"),
        ("reboot", "kill every process, then boot"),
    ):
        commands.add_parser(name, parents=[single], help=text)
    calls = commands.add_parser("journal", parents=[single], help="every call of cpstop, cpstart and cpca_client")
    calls.add_argument("--json", action="store_true", help="for programs")
    return top


def _row(server: Server) -> Record:
    settings = server.settings
    row = {
        "name": server.name,
        "role": settings["role"],
        "kind": settings["kind"],
        "release": server.release,
        "address": server.address,
        "ssh_port": settings["ssh_port"],
        "root": str(server.root),
        "python": settings["python"][server.name],
        **machine.state(server),
    }
    if server.primary:
        record = Authority(server.ca_folder).record
        row["ca"] = {"configured": record["configured"], "active": record["active"]}
    return row


def command_up(lab: Lab, options: argparse.Namespace) -> int:
    """Build and start a lab."""
    began = time.monotonic()
    remarks = lab.up(
        options.management,
        options.policy,
        options.stop_seconds,
        options.start_seconds,
        options.python,
        options.root_hash,
    )
    for remark in remarks:
        print(f"note: {remark}")
    command_status(lab, argparse.Namespace(json=False))
    print(f"Up in {time.monotonic() - began:.1f} s. To use it: export ANSIBLE_CONFIG={lab.folder}/ansible.cfg")
    return 0


def command_status(lab: Lab, options: argparse.Namespace) -> int:
    """Print the state of all servers."""
    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        rows = list(pool.map(_row, lab.servers()))
    if options.json:
        print(json.dumps({"dir": str(lab.folder), "servers": rows}, indent=1))
        return 0
    heads = ("name", "kind", "release", "address", "power", "services", "tls", "python", "faults")
    print(TABLE.format(**{head: head.upper() for head in heads}).rstrip())
    for row in rows:
        ports = " ".join(port if answers else f"({port})" for port, answers in row["tls"].items())
        print(TABLE.format(**{**row, "tls": ports, "faults": " ".join(row["faults"])}).rstrip())
    return 0


def command_down(lab: Lab, _options: argparse.Namespace) -> int:
    """Take a lab down."""
    lab.down()
    return 0


def command_renew(lab: Lab, options: argparse.Namespace) -> int:
    """Renew a server's certificates."""
    for line in renew(lab.primary(), lab.server(options.server)):
        print(line)
    return 0


def command_client(lab: Lab, options: argparse.Namespace) -> int:
    """Be a client for a while; exit 1 when a heartbeat was lost."""
    server = lab.server(options.server)
    client = Heartbeats(
        (server.address, options.port or server.ports()[0]),
        options.tls,
        lab.folder / "ca.crt",
        options.server_name,
        options.source,
    )
    with contextlib.suppress(KeyboardInterrupt):
        client.run(options.seconds, options.interval)
    print(json.dumps({"server": server.name, **client.summary()}))
    return 1 if client.lost else 0


def command_fault(lab: Lab, options: argparse.Namespace) -> int:
    """Set or clear faults."""
    server = lab.server(options.server)
    if options.name is None:
        for name, text in FAULTS.items():
            print(f"{name:<25} {text}")
    elif options.name == "none":
        machine.clear_faults(server)
    else:
        machine.apply_fault(server, options.name)
    return 0


def command_power(lab: Lab, options: argparse.Namespace) -> int:
    """Switch a server off, on, or off and on."""
    server = lab.server(options.server)
    if options.command in ("halt", "reboot"):
        machine.switch_off(server)
    if options.command in ("boot", "reboot"):
        machine.switch_on(server)
        machine.wait_for_boot(server)
    return 0


def command_journal(lab: Lab, options: argparse.Namespace) -> int:
    """Print a server's journal."""
    for call in journal.read(lab.server(options.server)):
        if options.json:
            print(json.dumps(call))
        else:
            took = "" if call["seconds"] is None else f" {call['seconds']} s"
            print(
                f"{call['time']} {call['tool']} {' '.join(call['arguments'])} {call['result']}{took}".replace("  ", " ")
            )
    return 0


COMMANDS = {
    "up": command_up,
    "down": command_down,
    "status": command_status,
    "renew": command_renew,
    "client": command_client,
    "fault": command_fault,
    "boot": command_power,
    "halt": command_power,
    "reboot": command_power,
    "journal": command_journal,
}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns its exit status: 0, 1 for lost heartbeats, 2 for an error that is printed."""
    options = parser().parse_args(arguments)
    try:
        return COMMANDS[options.command](Lab(options.dir), options)
    except BrokenPipeError:
        # Whoever read our output has gone; there is nobody left to tell.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except (LabError, ValueError, AuthorityError, OSError, subprocess.SubprocessError) as error:
        print(f"lab: {error}", file=sys.stderr)
        return 2
