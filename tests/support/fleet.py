# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A fleet of the lab with a controller: raise it, run playbooks on it, and look at it from outside with other programs.

What is seen here owes nothing to the collection: virtual hosts are listed by httpd itself, handshakes are made by sslscan and
openssl, files are read as they lie on the disk. So it can say whether the collection is right.
"""

from __future__ import annotations

import contextlib
import difflib
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.support.collection import ROOT
from tests.wire import peers

LAB = Path(ROOT) / "tests" / "lab" / "lab"
PLAYBOOKS = Path(ROOT) / "playbooks"
UNKNOWN_NAME = "unknown.invalid"
# What runs all the time on a server, and what a connection of Ansible leaves: everything else must lie still.
RESTLESS = ("logs/", "tmp/", "var/lab/", "var/run/", "log/", "run/")
_RECAP = re.compile(r"^(?P<host>\S+)\s+: (?P<counts>ok=\d+.*)$", re.MULTILINE)
_PORT_HEAD = re.compile(r"^\S*?:(?P<port>\d+)\s+(?:is a NameVirtualHost|(?P<name>\S+) \()")
_NAMED = re.compile(r"^\s+port (?P<port>\d+) namevhost (?P<name>\S+) \(")
_ALIAS = re.compile(r"^\s+(?:wild )?alias (?P<name>\S+)$")


class FleetError(RuntimeError):
    """The lab did not do what was asked; the text holds what it said."""


@dataclass(frozen=True)
class Run:
    """One run of a playbook."""

    rc: int
    output: str
    seconds: float
    stats: dict[str, dict[str, int]] = field(default_factory=dict)

    def changed(self) -> dict[str, int]:
        """The servers that reported a change, and how many."""
        return {host: counts["changed"] for host, counts in self.stats.items() if counts["changed"]}

    @property
    def text(self) -> str:
        """The output with line breaks and runs of white space folded, to look for sentences in."""
        return " ".join(self.output.replace("\\n", " ").split())


@dataclass(frozen=True)
class Seen:
    """How a server answers one port and server name, as two other programs say."""

    port: int
    name: str
    sslscan: tuple[str, ...]
    openssl: tuple[str, ...]

    @property
    def accepted(self) -> tuple[str, ...]:
        """What either of them could speak."""
        order = ("SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")
        return tuple(name for name in order if name in self.sslscan or name in self.openssl)


class Fleet:
    """A lab in a folder and the controller's side of it.

    :param folder: the lab's folder; ``up`` makes it, ``down`` removes it
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        self._hosts: dict[str, dict[str, Any]] = {}

    # -- the lab

    def lab(self, *arguments: str, seconds: float = 120.0) -> str:
        """Run a command of the lab and return what it printed. Raises FleetError."""
        command = [sys.executable, str(LAB), *arguments, "--dir", str(self.folder)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=False)
        if done.returncode != 0:
            raise FleetError(f"lab {' '.join(arguments)} ended with {done.returncode}: {done.stdout}{done.stderr}")
        return done.stdout

    def up(self, *options: str) -> Fleet:
        """Raise the lab."""
        self.lab("up", *options)
        return self

    def down(self) -> None:
        """Take the lab down."""
        self.lab("down")

    def status(self) -> dict[str, dict[str, Any]]:
        """What runs where, by server."""
        return {server["name"]: server for server in json.loads(self.lab("status", "--json"))["servers"]}

    def journal(self, server: str) -> list[dict[str, Any]]:
        """The calls of the server's tools, oldest first."""
        return [json.loads(line) for line in self.lab("journal", server, "--json").splitlines()]

    def calls(self, server: str, tool: str) -> int:
        """How often a tool was called on a server."""
        return sum(call["tool"] == tool for call in self.journal(server))

    def fault(self, server: str, name: str) -> None:
        """Switch a fault on, or all off with ``none``."""
        self.lab("fault", server, name)

    # -- the inventory

    @property
    def hosts(self) -> dict[str, dict[str, Any]]:
        """The variables of each server as the lab's inventory has them."""
        if not self._hosts:
            text = (self.folder / "inventory.yml").read_text("utf-8")
            groups = json.loads(text.partition("---\n")[2])["endpoint_servers"]["children"]
            self._hosts = {name: hosts for group in groups.values() for name, hosts in group["hosts"].items()}
        return self._hosts

    def root(self, server: str) -> Path:
        """The folder that is the server's root."""
        return Path(self.hosts[server]["lab_root"])

    def apache(self, server: str) -> Path:
        """The folder of the server's Apache."""
        script = '. "$1" >/dev/null && printf %s "$UEPMDIR"'
        command = ["bash", "-c", script, "bash", self.hosts[server]["checkpoint_endpoint_profile"]]
        folder = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout
        return next(Path(folder).glob("apache*"))

    # -- the controller

    def controller(self, **more: str) -> dict[str, str]:
        """The environment of the controller's programs."""
        kept = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
        kept |= {"ANSIBLE_CONFIG": str(self.folder / "ansible.cfg"), "ANSIBLE_NOCOLOR": "1", "LC_ALL": "C.UTF-8"}
        return kept | more

    def command(self, playbook: str, *arguments: str, **variables: Any) -> list[str]:
        """The command line for a playbook of the collection, or for any other with its path."""
        path = PLAYBOOKS / f"{playbook}.yml" if "/" not in playbook else Path(playbook)
        program = Path(sys.executable).parent / "ansible-playbook"
        found = str(program) if program.exists() else shutil.which("ansible-playbook") or "ansible-playbook"
        extra = ["-e", json.dumps(variables)] if variables else []
        return [found, str(path), *extra, *_with_controller(arguments)]

    def play(
        self, playbook: str, *arguments: str, seconds: float = 600.0, start: Path | None = None, **variables: Any
    ) -> Run:
        """Run a playbook to its end; never raises for its exit code.

        :param start: the directory that the run is started in
        """
        began = time.monotonic()
        done = subprocess.run(
            self.command(playbook, *arguments, **variables),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=seconds,
            env=self.controller(),
            cwd=start,
            check=False,
        )
        return Run(done.returncode, done.stdout, time.monotonic() - began, read_recap(done.stdout))

    def module(self, server: str, module: str, *flags: str, seconds: float = 300.0, **arguments: Any) -> dict[str, Any]:
        """Run one module of the collection on one server and return its result, as ansible keeps it.

        The server's own profile and state directory are given where the module takes them.

        :param flags: ``--check``, ``--diff``
        """
        variables = self.hosts[server]
        if module != "tls_probe_info":
            arguments.setdefault("profile", variables["checkpoint_endpoint_profile"])
        if module not in ("tls_probe_info", "tls_client_info"):
            arguments.setdefault("state_dir", variables["checkpoint_endpoint_state_dir"])
        program = str(Path(self.command("audit")[0]).with_name("ansible"))
        with tempfile.TemporaryDirectory() as tree:
            name = f"checkpoint_endpoint.hardening.{module}"
            command = [program, server, "-m", name, "-a", json.dumps(arguments), "--tree", tree, *flags]
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=seconds, env=self.controller(), check=False
            )
            result = Path(tree) / server
            if not result.exists():
                raise FleetError(f"{module} on {server} gave no result: {done.stdout}{done.stderr}")
            found: dict[str, Any] = json.loads(result.read_text("utf-8"))
            return found

    # -- looking from outside

    def names(self, server: str) -> dict[int, list[str]]:
        """The TLS ports of a server with the server names of each, as its own httpd lists them."""
        apache = self.apache(server)
        done = subprocess.run(
            [str(apache / "bin/httpd"), "-t", "-D", "DUMP_VHOSTS"],
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        return read_virtual_hosts(done.stdout)

    def wire(self, server: str) -> list[Seen]:
        """What sslscan and openssl (at security level 0) can speak with no name, each name and an unknown one."""
        address = str(self.hosts[server]["ansible_host"])
        asked = [(port, name) for port, names in self.names(server).items() for name in ("", *names, UNKNOWN_NAME)]

        def ask(item: tuple[int, str]) -> Seen:
            port, name = item
            return Seen(
                port,
                name,
                tuple(peers.ask_sslscan(address, port, name)),
                tuple(peers.ask_s_client(address, port, name)),
            )

        with ThreadPoolExecutor(4) as pool:
            return list(pool.map(ask, asked))

    def configuration(self, server: str) -> dict[str, bytes]:
        """The bytes of the server's Apache configuration files, by their path below conf/."""
        conf = self.apache(server) / "conf"
        return {
            str(path.relative_to(conf)): path.read_bytes()
            for path in sorted(conf.rglob("*"))
            if path.is_file() and path.suffix not in (".crt", ".key", ".pem")
        }

    def snapshot(self, server: str) -> dict[str, tuple[Any, ...]]:
        """Everything about every file of the server that a reader must not change: bytes, times, mode, owner, inode."""
        root = self.root(server)
        return {str(path.relative_to(root)): _identity(path) for path in _still_files(root)}


@contextlib.contextmanager
def raised(*options: str) -> Iterator[Fleet]:
    """A fleet in a temporary folder for as long as the block runs; nothing is left of it."""
    with tempfile.TemporaryDirectory(prefix="lab-") as folder:
        fleet = Fleet(Path(folder) / "lab")
        try:
            yield fleet.up(*options)
        finally:
            fleet.down()


def read_recap(output: str) -> dict[str, dict[str, int]]:
    """The PLAY RECAP of ansible-playbook by server."""
    found = {}
    for match in _RECAP.finditer(output.rpartition("PLAY RECAP")[2]):
        pairs = (pair.split("=") for pair in match["counts"].split())
        found[match["host"]] = {key: int(value) for key, value in pairs}
    return found


def read_virtual_hosts(listing: str) -> dict[int, list[str]]:
    """Ports and server names of ``httpd -t -D DUMP_VHOSTS``."""
    found: dict[int, list[str]] = {}
    port = 0
    for line in listing.splitlines():
        head, named, alias = _PORT_HEAD.match(line), _NAMED.match(line), _ALIAS.match(line)
        match = head or named
        if match:
            port = int(match["port"])
            found.setdefault(port, [])
        name = (match or alias or {"name": None})["name"]
        if name and name not in found.setdefault(port, []):
            found[port].append(name)
    return found


def changed_lines(before: bytes, after: bytes) -> list[bytes]:
    """The lines that stand in one version of a file and not in the other, endings included, with ``-`` or ``+`` before each."""
    old, new = before.splitlines(keepends=True), after.splitlines(keepends=True)
    found = []
    for kind, begin, end, begin_new, end_new in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if kind != "equal":
            found += [b"-" + line for line in old[begin:end]] + [b"+" + line for line in new[begin_new:end_new]]
    return found


def only_protocol_lines(lines: Sequence[bytes]) -> bool:
    """Whether changed lines are SSLProtocol directives alone; the lines that continue one belong to it."""
    continues = {b"-": False, b"+": False}
    for line in lines:
        sign = line[:1]
        if not continues[sign] and not re.match(rb"\s*SSLProtocol\b", line[1:], re.IGNORECASE):
            return False
        continues[sign] = line.rstrip(b"\r\n").endswith(b"\\")
    return True


def _with_controller(arguments: Sequence[str]) -> Iterator[str]:
    """Yield arguments in which ``--limit`` names localhost as well, where the check of a run takes place."""
    for before, argument in zip(("", *arguments), arguments, strict=False):
        yield f"{argument},localhost" if before == "--limit" else argument


def _still_files(root: Path) -> Iterator[Path]:
    for folder, _folders, files in os.walk(root):
        for name in files:
            path = Path(folder) / name
            if not any(part in f"{path.relative_to(root)}" for part in RESTLESS):
                yield path


def _identity(path: Path) -> tuple[Any, ...]:
    status = path.lstat()
    content = str(path.readlink()) if path.is_symlink() else hashlib.sha256(path.read_bytes()).hexdigest()
    times = (status.st_mtime_ns, status.st_ctime_ns)
    return (content, *times, status.st_mode, status.st_uid, status.st_gid, status.st_ino)
