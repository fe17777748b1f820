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
import sys
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from rich import box  # noqa: E402 - found through the line above
from rich.console import Console  # noqa: E402 - found through the line above
from rich.table import Table  # noqa: E402 - found through the line above

from tests.support.fleet import Fleet, Seen, changed_lines, only_protocol_lines  # noqa: E402 - found through the line above
from tools.demo_fault import faults  # noqa: E402 - found through the line above
from tools.demonstration import POLICY, WIDTH, Demo, accepted  # noqa: E402 - found through the line above


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
    act: Callable[[Demo], Table] = faults if options.fault else harden
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
