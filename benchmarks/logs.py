# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Reading a large request log: ours beside awk, which counts the same, and grep -c, which only counts lines with a word.

One log is generated for each mix of protocols, in mod_ssl's own format. Every round runs each program once, as a process of its own with its
start-up counted, on a file that is in the page cache. The ratio of a round is taken within that round. The counts of ours and of awk are
compared, client by client. The peak memory is what the kernel reports of the child and its own children.

    python benchmarks/logs.py --mebibytes 1024 --rounds 5
"""

from __future__ import annotations

import argparse
import json
import os
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

COLLECTION = Path(__file__).resolve().parents[1] / "tests" / "support" / "collection.py"
SECONDS = 1800.0
MOST_KIBIBYTES = 64 * 1024
START = 1_795_435_200
# Shares of the requests, in percent: a fleet that is nearly upgraded, one that is not, one with two accepted protocols, and one of every kind.
MIXES = {
    "few-legacy": {"TLSv1.2": 98, "TLSv1": 2},
    "many-legacy": {"TLSv1.2": 70, "TLSv1": 30},
    "two-accepted": {"TLSv1.2": 49, "TLSv1.3": 49, "TLSv1": 2},
    "even": {"TLSv1": 25, "TLSv1.1": 25, "TLSv1.2": 25, "TLSv1.3": 25},
}
LEGACY = ("TLSv1", "TLSv1.1")

# The same questions as ours: requests by protocol; for each legacy client requests, first and last sight.
AWK = r"""
{ count[$4]++ }
$4 == "TLSv1" || $4 == "TLSv1.1" || $4 == "SSLv3" { requests[$3]++; last[$3] = $1; if (!($3 in first)) first[$3] = $1 }
END {
  for (name in count) print "protocol", name, count[name]
  for (name in requests) print "client", name, requests[name], first[name], last[name]
}
"""

# What the child process does. Nothing else of the project is loaded, as on a server.
OURS = r"""
import json, sys
collection = {'__file__': sys.argv[1], '__name__': 'collection'}
exec(open(sys.argv[1]).read(), collection)
collection['make_importable']()
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._logs.clients import read_clients
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._logs.log_file import available_processors
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._logs.log_format import STOCK_FORMAT
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._logs.sources import given_sources
sources = given_sources([(sys.argv[2].encode('utf-8'), STOCK_FORMAT)])
json.dump(read_clients(sources, b'TLSv1.2', limit=100000, processes=int(sys.argv[3]) or available_processors()), sys.stdout)
"""

# Starts and measures a program. A process of its own, because the kernel counts the memory of who starts a program as that program's.
LAUNCHER = r"""
import os, sys, time
started = time.perf_counter()
child = os.fork()
if not child:
    os.execvp(sys.argv[1], sys.argv[1:])
_child, status, usage = os.wait4(child, 0)
print(time.perf_counter() - started, usage.ru_utime + usage.ru_stime, usage.ru_maxrss, file=sys.stderr)
sys.exit(status != 0)
"""

Counts = tuple[dict[str, int], dict[str, int]]


@dataclass
class Contender:
    """A program, how its output is read, and what was measured."""

    command: list[str]
    read: Callable[[str], Counts] | None
    seconds: list[float] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)
    kibibytes: int = 0
    counts: Counts | None = None


def generate(path: Path, mebibytes: int, mix: dict[str, int], clients: int) -> None:
    """Write a log of a made-up fleet; the same one each time."""
    chance = random.Random(2026)
    addresses = [
        f"10.{chance.randrange(256)}.{chance.randrange(256)}.{chance.randrange(256)}" for _number in range(clients)
    ]
    old = addresses[: max(clients // 30, 1)]
    protocols, shares = list(mix), list(mix.values())
    size, moment = 0, float(START)
    with path.open("wb") as stream:
        while size < mebibytes * 1024 * 1024:
            lines = []
            for protocol in chance.choices(protocols, shares, k=20000):
                moment += chance.random() * 0.1
                written = time.strftime("[%d/%b/%Y:%H:%M:%S +0000]", time.gmtime(moment))
                client, cipher = (
                    (chance.choice(old), "AES256-SHA")
                    if protocol in LEGACY
                    else (chance.choice(addresses), "ECDHE-RSA-AES256-GCM-SHA384")
                )
                lines.append(
                    f'{written} {client} {protocol} {cipher} "POST /heartbeat/{chance.randrange(100000)} HTTP/1.1" {chance.randrange(5000)}\n'
                )
            data = "".join(lines).encode()
            size += stream.write(data)


def read_ours(output: str) -> Counts:
    found = json.loads(output)
    assert not found["unreadable"], found["unreadable"]
    return found["protocols"], {entry["address"]: entry["count"] for entry in found["legacy"]}


def read_awk(output: str) -> Counts:
    rows = [line.split() for line in output.splitlines()]
    by_kind = [{row[1]: int(row[2]) for row in rows if row[0] == kind} for kind in ("protocol", "client")]
    return by_kind[0], by_kind[1]


def version_of(python: str) -> str:
    """What a Python says it is: ``Python 3.7.16``; version 2 says it as an error."""
    done = subprocess.run([python, "--version"], capture_output=True, text=True, timeout=SECONDS, check=True)
    return (done.stdout + done.stderr).strip()


def contenders(arguments: argparse.Namespace, log: Path) -> dict[str, Contender]:
    """Everything that this machine can run, ours first."""
    found = {}
    for python in arguments.python:
        for processes in arguments.processes:
            label = f"ours, {version_of(python)}, {f'{processes} process' if processes == 1 else 'all processors'}"
            found[label] = Contender([python, "-c", OURS, str(COLLECTION), str(log), str(processes)], read_ours)
    for name in ("mawk", "gawk"):
        if shutil.which(name):
            found[name] = Contender([name, AWK, str(log)], read_awk)
    if not any(name in found for name in ("mawk", "gawk")):
        found["awk"] = Contender(["awk", AWK, str(log)], read_awk)
    found["grep -c"] = Contender(["grep", "-c", " TLSv1 ", str(log)], None)
    return found


def run(contender: Contender) -> None:
    """Run a program once and take note of wall time, processor time and peak memory."""
    with tempfile.TemporaryFile() as output:
        launcher = [sys.executable, "-I", "-S", "-c", LAUNCHER, *contender.command]
        done = subprocess.run(
            launcher,
            stdout=output,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, "LC_ALL": "C"},
            timeout=SECONDS,
            check=False,
        )
        if done.returncode != 0:
            sys.exit(f"{contender.command[0]} ended with {done.returncode}: {done.stderr}")
        seconds, processor, kibibytes = done.stderr.split()[-3:]
        contender.seconds.append(float(seconds))
        contender.processor.append(float(processor))
        contender.kibibytes = max(contender.kibibytes, int(kibibytes))
        output.seek(0)
        if contender.read is not None:
            contender.counts = contender.read(output.read().decode())


def measure(arguments: argparse.Namespace, name: str, folder: Path) -> int:
    """Run all rounds on one mix and print the table; returns 1 when counts differ, memory is too much, or an awk is faster."""
    log = folder / "ssl_request_log"
    generate(log, arguments.mebibytes, MIXES[name], arguments.clients)
    runs = contenders(arguments, log)
    subprocess.run(["cat", str(log)], stdout=subprocess.DEVNULL, check=True)
    for number in range(arguments.rounds):
        for program, contender in runs.items():
            run(contender)
            print(f"round {number + 1}: {program} took {contender.seconds[-1]:.2f} s", flush=True)
    return show(runs, name, log.stat().st_size, arguments)


def show(runs: dict[str, Contender], mix: str, size: int, arguments: argparse.Namespace) -> int:
    """Print the table; the times of ours in each row are those of the first contender."""
    ours = next(iter(runs.values()))
    shares = ", ".join(f"{protocol} {share} %" for protocol, share in MIXES[mix].items())
    print(
        f"\n{mix} ({shares}): {size / 2**30:.2f} GiB, {os.cpu_count()} processors, median of {arguments.rounds} rounds\n"
    )
    print("| program | seconds | times ours | processor seconds | MiB/s | peak MiB | counts |")
    print("|---|---|---|---|---|---|---|")
    wrong = False
    for name, contender in runs.items():
        ratio = statistics.median(other / own for other, own in zip(contender.seconds, ours.seconds, strict=True))
        took = statistics.median(contender.seconds)
        same = (
            "not compared" if contender.counts is None else "same" if contender.counts == ours.counts else "DIFFERENT"
        )
        wrong = wrong or same == "DIFFERENT" or (name.startswith("ours") and contender.kibibytes > MOST_KIBIBYTES)
        wrong = wrong or (name.endswith("awk") and ratio < 1)
        cells = (
            name,
            f"{took:.2f}",
            f"{ratio:.2f}",
            f"{statistics.median(contender.processor):.2f}",
            f"{size / 2**20 / took:.0f}",
        )
        print("| " + " | ".join((*cells, f"{contender.kibibytes / 1024:.0f}", same)) + " |")
    return 1 if wrong else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--mebibytes", type=int, default=1024)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--mixes", nargs="+", choices=MIXES, default=list(MIXES), help="protocols of the requests")
    parser.add_argument("--clients", type=int, default=5000)
    parser.add_argument("--python", nargs="+", default=[sys.executable], help="Pythons that run ours")
    parser.add_argument(
        "--processes", type=int, nargs="+", default=[0, 1], help="processes of ours; 0: as many as processors"
    )
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        return max(measure(arguments, name, Path(folder)) for name in arguments.mixes)


if __name__ == "__main__":
    sys.exit(main())
