# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``make demo``: a fleet is raised, audited, hardened in rolling batches, audited again, and nothing is believed.

What the last table says was measured by sslscan and openssl on the wire, by comparing files byte by byte, and in the journals of the
servers' own tools. Each line of the list above it is a check that can fail; the exit code is 0 only if every one of them held.
"""

from __future__ import annotations

import argparse
import io
import re
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from rich import box  # noqa: E402 - found through the line above
from rich.console import Console  # noqa: E402
from rich.table import Table  # noqa: E402

from tests.support.fleet import Fleet, Run, Seen, changed_lines, only_protocol_lines  # noqa: E402

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


def check_wire(demo: Demo, before: dict[str, list[Seen]], after: dict[str, list[Seen]]) -> None:
    """The proof by other programs."""
    old = sorted(server for server, seen in before.items() if "TLSv1" in accepted(seen).split())
    demo.checks.that(bool(old), f"before, sslscan and openssl spoke TLSv1 with {', '.join(old)}")
    wrong = [
        f"{server}:{item.port}/{item.name} {item}"
        for server, seen in after.items()
        for item in seen
        if item.sslscan != POLICY or item.openssl != POLICY
    ]
    number = sum(map(len, after.values()))
    demo.checks.that(
        not wrong,
        f"after, both speak TLSv1.2 and nothing else, {number} ports and names of {len(after)} servers",
        wrong,
    )


def check_files(demo: Demo, before: dict[str, dict[str, bytes]]) -> dict[str, int]:
    """Only SSLProtocol lines differ. Returns how many lines changed on each server."""
    changed = {}
    strange = []
    for server, files in before.items():
        now = demo.fleet.configuration(server)
        lines = [line for name in files for line in changed_lines(files[name], now.get(name, b""))]
        if set(files) != set(now) or not only_protocol_lines(lines):
            strange.append((server, lines))
        changed[server] = sum(line.startswith(b"+") for line in lines)
    total = sum(changed.values())
    demo.checks.that(not strange, f"{total} lines differ in all configuration files, each an SSLProtocol", strange)
    return changed


def result_table(
    demo: Demo,
    before: dict[str, list[Seen]],
    after: dict[str, list[Seen]],
    lines: dict[str, int],
    stops: dict[str, int],
) -> Table:
    """The table at the end."""
    table = Table(box=box.SIMPLE_HEAD, title="What other programs saw", title_justify="left")
    for head in ("server", "kind", "accepted before", "accepted after", "lines changed", "restarts", "proof"):
        table.add_column(head)
    for server, variables in demo.fleet.hosts.items():
        proof = (
            "sslscan, openssl"
            if all(item.accepted == POLICY for item in after[server])
            else "[bold red]NOT AS DECLARED"
        )
        table.add_row(
            server,
            f"{variables['lab_release']} {variables['lab_kind'].replace('_', ' ')}",
            accepted(before[server]),
            accepted(after[server]),
            str(lines[server]),
            str(stops[server]),
            proof,
        )
    return table


def harden(demo: Demo) -> Table:
    """The first act; returns what its last lines show."""
    fleet, checks = demo.fleet, demo.checks
    demo.chapter("Raise 2 management servers and 6 policy servers")
    demo.console.print(fleet.lab("up", "--management", "2", "--policy", "6").rstrip(), highlight=False, markup=False)
    files_before = {server: fleet.configuration(server) for server in fleet.hosts}
    stops_before = {server: fleet.calls(server, "cpstop") for server in fleet.hosts}

    demo.chapter("Audit before: what is configured, and what each server really accepts")
    audit = demo.play("audit")
    checks.that(audit.rc == 0 and not audit.changed(), "the audit read every server and changed nothing", audit.rc)
    before = demo.look()
    fleet.lab("renew", "epm1")
    renewed = demo.certificate_hash("epm1")
    checks.that(renewed.startswith("sha1"), f"a certificate that the internal CA issues now carries {renewed}")

    demo.chapter("Harden in rolling batches: policy servers first, one as the canary")
    run = demo.play("harden", checkpoint_endpoint_restart=True)
    checks.that(run.rc == 0, "the roll came to its end", run.rc)

    demo.chapter("Audit after")
    audit = demo.play("audit", checkpoint_endpoint_fail_on_findings=True)
    checks.that(audit.rc == 0, "every server is at the policy", audit.rc)
    after = demo.look()
    check_wire(demo, before, after)
    lines = check_files(demo, files_before)
    fleet.lab("renew", "epm1")
    renewed = demo.certificate_hash("epm1")
    checks.that(
        renewed == "sha256WithRSAEncryption", f"a certificate that the internal CA issues now carries {renewed}"
    )
    stops = {server: fleet.calls(server, "cpstop") - stops_before[server] for server in fleet.hosts}
    checks.that(max(stops.values()) == 1, "one stop and one start on each server that had to change", stops)
    idle = [server for server, number in stops.items() if number == 0]
    declared = [server for server, variables in fleet.hosts.items() if variables["lab_kind"] == "compliant"]
    checks.that(
        idle == declared,
        f"what was as declared before, in another spelling, was not stopped: {', '.join(declared)}",
        idle,
    )

    demo.chapter("Harden again: nothing left to do")
    snapshots = {server: fleet.configuration(server) for server in fleet.hosts}
    again = demo.play("harden", checkpoint_endpoint_restart=True)
    checks.that(again.rc == 0 and not again.changed(), "0 changed", again.changed() or again.rc)
    more = {server: fleet.calls(server, "cpstop") - stops_before[server] - stops[server] for server in fleet.hosts}
    checks.that(not any(more.values()), "no cpstop in any server's journal", more)
    checks.that(snapshots == {server: fleet.configuration(server) for server in fleet.hosts}, "no byte changed")
    return result_table(demo, before, after, lines, stops)


def draw(table: Table, file: Path) -> None:
    """Write a table as an SVG picture that needs nothing from elsewhere."""
    console = Console(record=True, file=io.StringIO(), width=WIDTH)
    console.print(table)
    picture = console.export_svg(title="make demo", unique_id="demo")
    # Rich has the fonts fetched from elsewhere; a viewer's own monospaced one does as well.
    picture = re.sub(r"@font-face \{.*?\n    \}", "", picture, flags=re.DOTALL)
    file.write_text("\n".join(line.rstrip() for line in picture.splitlines()) + "\n", "utf-8")


def main() -> int:
    """Run an act; returns the exit code."""
    parser = argparse.ArgumentParser(description="The demonstration.")
    parser.add_argument("--fault", action="store_true", help="the second act: what happens when something goes wrong")
    parser.add_argument("--dir", type=Path, default=ROOT / ".lab-demo", help="folder of the lab (default: .lab-demo)")
    parser.add_argument("--keep", action="store_true", help="leave the lab up")
    parser.add_argument("--picture", type=Path, metavar="FILE", help="write the last table as an SVG picture")
    options = parser.parse_args()
    console = Console(width=WIDTH if not sys.stdout.isatty() else None)
    demo = Demo(Fleet(options.dir), console)
    act: Callable[[Demo], Table] = harden
    if options.fault:
        from tools.demo_fault import faults

        act = faults
    demo.fleet.lab("down")
    try:
        table = act(demo)
    finally:
        if not options.keep:
            demo.fleet.lab("down")
    broken = demo.checks.broken
    console.print()
    for promise in broken:
        console.print(f"[bold red]BROKEN[/] {promise}", highlight=False)
    held = f"{len(demo.checks) - len(broken)} of {len(demo.checks)} checks held."
    console.print(held + ("" if options.keep else " The lab is down."))
    console.print(table)
    if options.picture:
        draw(table, options.picture)
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
