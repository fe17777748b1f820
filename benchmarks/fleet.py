# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Auditing a fleet: ours beside a playbook of builtin modules that asks the same questions, and beside what Ansible itself takes.

All servers are those of one lab on this machine. Every round runs each contender once, one after the other, so that what else the machine does
hits all of them; a ratio is taken within its round, and the median of the rounds counts. Wall time and the processor time of the controller's
own processes are two columns: the servers' programs run on the same processors here, but not in a real fleet. The floor is a ping that carries
the same payload: what any module with this code and an answer of this size would take.

    python benchmarks/fleet.py --servers 20 --rounds 5
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.support.fleet import Fleet, raised  # noqa: E402 - found through the line above

SECONDS = 1800.0
MODULE = "checkpoint_endpoint.hardening.server_info"
ASKED = "profile={{ checkpoint_endpoint_profile }} state_dir={{ checkpoint_endpoint_state_dir }}"

# Everything that server_info brings to a server is brought, and nothing of it is run.
FLOOR = """\
from ansible.module_utils.basic import AnsibleModule
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._checkpoint.environment import read_environment
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._server_facts import read_server


def main():
    module = AnsibleModule(argument_spec=dict(answer=dict(type='path', required=True)))
    with open(module.params['answer']) as stream:
        module.exit_json(**module.from_json(stream.read()))


if __name__ == '__main__':
    main()
"""

# What an administrator without this collection writes to learn as much.
BUILTIN = """\
- name: Audit with builtin modules
  hosts: endpoint_servers
  gather_facts: false
  vars:
    profile: ". {{ checkpoint_endpoint_profile }} > /dev/null 2>&1"
  tasks:
    - name: Ask for release and roles
      ansible.builtin.shell: >-
        {{ profile }}; fw ver;
        for question in FwIsFirewallMgmt FwIsPrimary UepmIsInstalled UepmIsPolicyServer; do echo "$question $(cpprod_util $question 2>&1)"; done
      register: product
      changed_when: false

    - name: Find the configuration
      ansible.builtin.shell: "{{ profile }}; ls $UEPMDIR/apache*/conf/ssl.conf $UEPMDIR/apache*/conf/httpd.conf"
      register: paths
      changed_when: false

    - name: Read the configuration
      ansible.builtin.slurp:
        src: "{{ item }}"
      loop: "{{ paths.stdout_lines }}"
      register: files

    - name: Test the configuration
      ansible.builtin.shell: "{{ profile }}; $UEPMDIR/apache*/bin/httpd -t"
      register: tested
      changed_when: false
      failed_when: tested.rc not in [0, 1]

    - name: List the services
      ansible.builtin.shell: "{{ profile }}; cpwd_admin list"
      register: services
      changed_when: false

    - name: Read the certificate of the server
      ansible.builtin.shell: >-
        {{ profile }};
        cpopenssl pkcs12 -in $CPDIR/conf/sic_cert.p12 -nokeys -nomacver -passin pass: | cpopenssl x509 -noout -text
      register: certificate
      changed_when: false

    - name: Try a handshake with each old protocol
      ansible.builtin.shell: >-
        for version in tls1 tls1_1 tls1_2; do
        openssl s_client -connect {{ ansible_host }}:8443 -$version < /dev/null 2>&1 | grep -c 'Cipher is [A-Z]'; done
      register: wire
      changed_when: false
      failed_when: wire.rc not in [0, 1]

    - name: Judge the server
      ansible.builtin.assert:
        that: (files.results | map(attribute='content') | map('b64decode') | join) is search('SSLProtocol')
        quiet: true
"""


@dataclass(frozen=True)
class Taken:
    """What one run took: seconds of wall time, and of the controller's processors."""

    wall: float
    processors: float


@dataclass(frozen=True)
class Goal:
    """At most, or at least, this many times what another contender takes."""

    contender: str
    other: str
    column: str
    most: float | None = None
    least: float | None = None

    def met(self, ratio: float) -> bool:
        """Return whether a ratio reaches the goal."""
        return (self.most is None or ratio <= self.most) and (self.least is None or ratio >= self.least)


GOALS = (
    Goal("audit", "ping", "processors", most=2.0),
    Goal("audit", "ping", "wall", most=3.0),
    Goal("builtin modules", "audit", "wall", least=2.0),
)


def run(command: Sequence[str], environment: dict[str, str], folder: Path) -> Taken:
    """Run one contender to its end. Raises RuntimeError with what it said if it fails."""
    said = folder / "said.txt"
    with said.open("w") as stream:
        started = time.perf_counter()
        process = subprocess.Popen(
            command, env=environment, cwd=folder, stdin=subprocess.DEVNULL, stdout=stream, stderr=subprocess.STDOUT
        )
        # Its children are counted as far as they were waited for: workers and ssh, but no connection that outlives it.
        _, status, usage = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise RuntimeError(f"{' '.join(command)} ended with {process.returncode}: {said.read_text()[-2000:]}")
    return Taken(wall, usage.ru_utime + usage.ru_stime)


def contenders(fleet: Fleet, folder: Path) -> dict[str, list[str]]:
    """Return the commands by name, and write the files that they need."""
    (folder / "builtin.yml").write_text(BUILTIN, "utf-8")
    (folder / "library").mkdir()
    (folder / "library/floor.py").write_text(FLOOR, "utf-8")
    server = next(iter(fleet.hosts))
    answer = fleet.module(server, "server_info")
    (folder / "answer.json").write_text(json.dumps({"server": answer["server"], "probe": answer["probe"]}), "utf-8")
    programs = Path(sys.executable).parent
    everyone = [str(programs / "ansible"), "endpoint_servers", "-m"]
    return {
        "ping": [*everyone, "ansible.builtin.ping"],
        "ping with the same payload": [
            *everyone,
            "floor",
            "-a",
            f"answer={folder}/answer.json",
            "-M",
            f"{folder}/library",
        ],
        "server_info": [*everyone, MODULE, "-a", ASKED],
        "audit": fleet.command("audit"),
        "audit without logs": fleet.command("audit", checkpoint_endpoint_read_logs=False),
        "builtin modules": fleet.command(str(folder / "builtin.yml")),
    }


def measure(arguments: argparse.Namespace, fleet: Fleet, folder: Path) -> int:
    """Run all rounds and show them; returns the exit code: 0 only if every goal is reached."""
    environment = fleet.controller(ANSIBLE_FORKS=str(arguments.forks))
    commands = contenders(fleet, folder)
    # The first connection to each server is opened here, not in the first contender.
    run(commands["ping"], environment, folder)
    taken: dict[str, list[Taken]] = {name: [] for name in commands}
    for number in range(arguments.rounds):
        for name, command in commands.items():
            taken[name].append(run(command, environment, folder))
            last = taken[name][-1]
            print(
                f"round {number + 1}: {name} took {last.wall:.2f} s, {last.processors:.2f} s of processors", flush=True
            )
    if arguments.json:
        figures = {name: [vars(entry) for entry in entries] for name, entries in taken.items()}
        Path(arguments.json).write_text(json.dumps(figures), "utf-8")
    return 0 if show(taken, arguments) else 1


def ratio_of(taken: dict[str, list[Taken]], name: str, other: str, column: str) -> float:
    """Return the median of the ratios within each round."""
    pairs = zip(taken[name], taken[other], strict=True)
    return float(statistics.median(getattr(mine, column) / getattr(theirs, column) for mine, theirs in pairs))


def show(taken: dict[str, list[Taken]], arguments: argparse.Namespace) -> bool:
    """Print the tables; returns whether all goals are reached."""
    print(
        f"\n{arguments.servers} servers, {arguments.forks} forks, {os.cpu_count()} cores, median of {arguments.rounds} rounds\n"
    )
    print("| contender | wall, seconds | times ping | controller's processors, seconds | times ping |")
    print("|---|---|---|---|---|")
    for name, entries in taken.items():
        cells = [name]
        for column in ("wall", "processors"):
            middle = statistics.median(getattr(entry, column) for entry in entries)
            cells += [f"{middle:.2f}", f"{ratio_of(taken, name, 'ping', column):.2f}"]
        print(f"| {' | '.join(cells)} |")
    reached = True
    print()
    for goal in GOALS:
        ratio = ratio_of(taken, goal.contender, goal.other, goal.column)
        bound = f"at most {goal.most:g}" if goal.least is None else f"at least {goal.least:g}"
        reached = reached and goal.met(ratio)
        verdict = "met" if goal.met(ratio) else "MISSED"
        print(f"{goal.contender} / {goal.other}, {goal.column}: {ratio:.2f}, goal {bound}: {verdict}")
    return reached


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--servers", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--forks", type=int, default=16)
    parser.add_argument("--json", help="a file for the figures of every run")
    arguments = parser.parse_args()
    with (
        raised("--management", "2", "--policy", str(arguments.servers - 2)) as fleet,
        tempfile.TemporaryDirectory() as folder,
    ):
        return measure(arguments, fleet, Path(folder).resolve())


if __name__ == "__main__":
    sys.exit(main())
