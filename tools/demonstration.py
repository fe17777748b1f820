# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What both acts of the demonstration are made of: a fleet, its checks, and how they are told."""

from __future__ import annotations

import subprocess
from typing import Any

from rich.console import Console

from tests.support.fleet import Fleet, Run, Seen

POLICY = ("TLSv1.2",)
WIDTH = 150
# How much of what was found instead is shown.
SHOWN = 400


class Checks:
    """What was promised, and whether it held."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._results: list[tuple[bool, str]] = []

    def that(self, held: bool, promise: str, otherwise: object = "") -> None:
        """Take note of a promise and show it at once; ``otherwise`` tells what was found instead."""
        self._results.append((held, promise))
        mark = "[green]held[/]  " if held else "[bold red]BROKEN[/]"
        self._console.print(
            f"  {mark} {promise}" + ("" if held or not otherwise else f": {otherwise}"), highlight=False
        )

    @property
    def broken(self) -> list[str]:
        """The promises that did not hold."""
        return [promise for held, promise in self._results if not held]

    def __len__(self) -> int:
        return len(self._results)


class Demo:
    """One fleet and what is seen of it."""

    def __init__(self, fleet: Fleet, console: Console) -> None:
        self.fleet = fleet
        self.console = console
        self.checks = Checks(console)

    def chapter(self, title: str) -> None:
        """Begin a part."""
        self.console.print()
        self.console.rule(f"[bold]{title}", align="left")

    def play(self, playbook: str, *arguments: str, **variables: Any) -> Run:
        """Run a playbook and show what a person would look at: its tables, messages and recap."""
        words = [f"checkpoint_endpoint.hardening.{playbook}", *arguments]
        words += [f"-e {name}={str(value).lower()}" for name, value in variables.items()]
        self.console.print(f"[bold]$ ansible-playbook {' '.join(words)}", highlight=False)
        run = self.fleet.play(playbook, *arguments, **variables)
        for line in told(run.output):
            self.console.print(f"  {line}", highlight=False, markup=False, soft_wrap=True)
        return run

    def look(self) -> dict[str, list[Seen]]:
        """Every server's answers to sslscan and openssl."""
        return {server: self.fleet.wire(server) for server in self.fleet.hosts}

    def certificate_hash(self, server: str) -> str:
        """The signature algorithm of the server's web certificate, as openssl reads it."""
        path = self.fleet.apache(server) / "conf/ssl.crt/server.crt"
        command = ["openssl", "x509", "-in", str(path), "-noout", "-text"]
        text = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
        return text.partition("Signature Algorithm:")[2].split()[0]


def told(output: str) -> list[str]:
    """The lines of ansible's output that carry a message: tables, failures and the recap."""
    lines = []
    recap = False
    for line in output.splitlines():
        recap = recap or line.startswith("PLAY RECAP")
        text = line.strip().rstrip(",").strip('"')
        if (recap and line.strip()) or line.startswith(("PLAY [", "fatal:", "changed:")):
            lines.append(line.rstrip())
        elif line.startswith("        ") and text and not text.startswith(("{", "}", "[", "]")):
            lines.append(text)
    return lines


def accepted(seen: list[Seen]) -> str:
    """The protocols that any port and name of a server accepts."""
    order = ("SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")
    return " ".join(name for name in order if any(name in item.accepted for item in seen))
