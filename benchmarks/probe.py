# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Probing many endpoints for their protocol versions: ours beside sslscan, nmap and sslyze, in one go on the same servers.

One real Apache serves all endpoints on loopback. Every round runs each program once, each as a process of its own with its
start-up counted, and the ratio of a round is taken within that round. The answers of all programs are compared.

    python benchmarks/probe.py --endpoints 200 --rounds 3 --sslyze /path/to/venv/bin/sslyze
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import json
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.support import apache, collection  # noqa: E402 - found through the line above
from tests.support.ports import free_ports  # noqa: E402 - as above
from tests.wire import peers  # noqa: E402 - as above

HOST = "127.0.38.1"
POLICIES = ("-all +TLSv1.2", "all", "-all +TLSv1.2 +TLSv1.3", "-all +TLSv1 +TLSv1.1 +TLSv1.2")
GOALS = {"sslscan": 2.0, "nmap": 20.0, "sslyze": 50.0}
SECONDS = 1800.0
Answers = dict[int, list[str]]


def probe_ours(ports: list[int]) -> Answers:
    """What the child process of ``run_ours`` does."""
    collection.make_importable()
    from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._tls.probe import probe

    results = probe([{"host": HOST, "port": port} for port in ports])
    return {
        item["port"]: sorted(name for name, found in item["protocols"].items() if found["result"] == "accepted")
        for item in results
    }


def run_ours(ports: list[int], folder: Path, python: str) -> Answers:
    """Ours, as its own process with its own start."""
    command = [python, str(Path(__file__).resolve()), "--child"]
    done = subprocess.run(command, input=json.dumps(ports), capture_output=True, text=True, timeout=SECONDS, check=True)
    return {int(port): names for port, names in json.loads(done.stdout).items()}


def run_sslscan(ports: list[int], folder: Path, parallel: int) -> Answers:
    """sslscan for each endpoint, ``parallel`` of them at a time, with everything but the versions switched off."""
    options = [option for option in peers.SSLSCAN_QUICK if not option.startswith("--xml")]
    command = [
        "xargs",
        "-P",
        str(parallel),
        "-I",
        "{}",
        "sslscan",
        *options,
        f"--xml={folder}/{{}}.xml",
        f"{HOST}:{{}}",
    ]
    lines = "".join(f"{port}\n" for port in ports)
    # It gives up on an endpoint whose busy server resets a connection: no answer, which then counts as a different one.
    subprocess.run(command, input=lines, stdout=subprocess.DEVNULL, text=True, timeout=SECONDS, check=False)
    found = {}
    for port in ports:
        with contextlib.suppress(ElementTree.ParseError):
            found[port] = sorted(peers.read_sslscan((folder / f"{port}.xml").read_text()))
    return found


def run_nmap(ports: list[int], folder: Path) -> Answers:
    """nmap once for all endpoints; it does the parallel work itself."""
    return {port: sorted(names) for port, names in peers.ask_nmap(HOST, ports, SECONDS).items()}


def run_sslyze(ports: list[int], folder: Path, program: str) -> Answers:
    """sslyze once for all endpoints, with the checks of versions alone; it does the parallel work itself."""
    targets, report = folder / "targets.txt", folder / "sslyze.json"
    targets.write_text("".join(f"{HOST}:{port}\n" for port in ports))
    checks = ["--sslv3", "--tlsv1", "--tlsv1_1", "--tlsv1_2", "--tlsv1_3"]
    command = [program, *checks, "--quiet", f"--json_out={report}", f"--targets_in={targets}"]
    # It exits with 1 when a server is not as Mozilla recommends, so the exit code says nothing here.
    subprocess.run(command, stdout=subprocess.DEVNULL, timeout=SECONDS, check=False)
    names = {"ssl_3_0": "SSLv3", "tls_1_0": "TLSv1", "tls_1_1": "TLSv1.1", "tls_1_2": "TLSv1.2", "tls_1_3": "TLSv1.3"}
    found = {}
    for item in json.loads(report.read_text())["server_scan_results"]:
        result = item["scan_result"] or {}
        attempts = {
            protocol: (result.get(f"{key}_cipher_suites") or {}).get("result") for key, protocol in names.items()
        }
        found[item["server_location"]["port"]] = sorted(
            protocol for protocol, attempt in attempts.items() if attempt and attempt["is_tls_version_supported"]
        )
    return found


def contenders(arguments: argparse.Namespace) -> dict[str, Callable[[list[int], Path], Answers]]:
    """The programs that this machine has, by name; says which are missing."""
    sslyze = arguments.sslyze or shutil.which("sslyze")
    found: dict[str, Callable[[list[int], Path], Answers]] = {
        "ours": lambda ports, folder: run_ours(ports, folder, arguments.python)
    }
    if shutil.which("sslscan"):
        for parallel in arguments.parallel:
            found[f"sslscan -P {parallel}"] = functools.partial(run_sslscan, parallel=parallel)
    if shutil.which("nmap"):
        found["nmap"] = run_nmap
    if sslyze:
        found["sslyze"] = lambda ports, folder: run_sslyze(ports, folder, sslyze)
    for name in ("sslscan", "nmap", "sslyze"):
        if not any(label.startswith(name) for label in found):
            print(f"{name} is not installed, so it is left out")
    return found


def measure(arguments: argparse.Namespace, folder: Path) -> int:
    """Run all rounds and print the table; returns the exit code: 1 for answers that differ or a goal that is missed."""
    certificate = apache.make_certificate(folder / "tls", "bench.example", key="rsa")
    ports = free_ports(arguments.endpoints)
    body = "".join(
        f"Listen {HOST}:{port}\n<VirtualHost {HOST}:{port}>\nServerName bench.example\nSSLEngine on\n"
        f"SSLProtocol {POLICIES[place % len(POLICIES)]}\nSSLCipherSuite ALL:@SECLEVEL=0\n"
        f"SSLCertificateFile {certificate.certificate}\nSSLCertificateKeyFile {certificate.key}\n</VirtualHost>\n"
        for place, port in enumerate(ports)
    )
    runs = contenders(arguments)
    seconds: dict[str, list[float]] = {name: [] for name in runs}
    differing: dict[str, int] = {}
    with apache.HttpServer(folder / "httpd", body, [(HOST, ports[-1])]):
        for number in range(arguments.rounds):
            ours: Answers = {}
            for name, run in runs.items():
                if number and name in arguments.once:
                    continue
                scratch = folder / f"{number}-{name.replace(' ', '')}"
                scratch.mkdir()
                started = time.perf_counter()
                answers = run(ports, scratch)
                seconds[name].append(time.perf_counter() - started)
                ours = ours or answers
                differing[name] = differing.get(name, 0) + sum(answers.get(port) != ours[port] for port in ports)
                print(f"round {number + 1}: {name} took {seconds[name][-1]:.2f} s", flush=True)
    reached = show(seconds, differing, arguments.endpoints)
    return 0 if reached and not any(differing.values()) else 1


def show(seconds: dict[str, list[float]], differing: dict[str, int], endpoints: int) -> bool:
    """Print a table: median seconds, and the median of the ratios within each round; returns whether all goals are reached."""
    reached = True
    print(f"\n{endpoints} endpoints x 5 versions, {os.cpu_count()} cores, median of {len(seconds['ours'])} rounds\n")
    print("| program | seconds | times ours | goal | endpoints answered differently |")
    print("|---|---|---|---|---|")
    for name, took in seconds.items():
        ratio = statistics.median(other / ours for other, ours in zip(took, seconds["ours"], strict=False))
        goal = GOALS.get(name.split()[0])
        reached = reached and (goal is None or ratio >= goal)
        met = "" if goal is None else f"at least {goal:g}: {'met' if ratio >= goal else 'MISSED'}"
        print(f"| {name} | {statistics.median(took):.2f} | {ratio:.1f} | {met} | {differing[name]} |")
    return reached


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--endpoints", type=int, default=200)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--parallel", type=int, nargs="+", default=[2, 4, 8], help="sslscan processes at a time")
    parser.add_argument("--python", default=sys.executable, help="the Python that runs ours")
    parser.add_argument("--sslyze", help="the sslyze program, where it is not on the PATH")
    parser.add_argument("--once", nargs="*", default=["sslyze"], help="programs that run in the first round only")
    parser.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        json.dump(probe_ours(json.load(sys.stdin)), sys.stdout)
        return 0
    with tempfile.TemporaryDirectory() as folder:
        return measure(arguments, Path(folder))


if __name__ == "__main__":
    sys.exit(main())
