# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A lab: a folder with its servers, its CA, its keys, and the files by which Ansible finds them."""

from __future__ import annotations

import concurrent.futures
import contextlib
import hashlib
import os
import re
import shutil
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from tests.support.apache import ApacheError, find_installation

from . import build, machine
from .authority import Authority
from .fleet import DOMAIN, Member, plan_on_free_network
from .interpreters import available, choose, controller_ansible
from .inventory import write_controller_files
from .machine import LabError
from .processes import end, marked
from .server import Record, Server, read_json, write_json
from .ssh import PRIVILEGE_FOLDER, find_sshd, remove_privilege_folder, sshd_config

CHECKOUT = Path(__file__).resolve().parents[3]
SAFE_PATH = re.compile(r"[A-Za-z0-9_./+@,:-]+")
WORKERS = 8


def _each(servers: Sequence[Server], work: Callable[[Server], None]) -> None:
    """Do something with all servers at once; the first error is raised after all have ended."""
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        for done in [pool.submit(work, server) for server in servers]:
            done.result()


def _expect_started(server: Server) -> None:
    machine.wait_for_boot(server)
    if machine.state(server)["services"] != "started":
        raise LabError(f"{server.name}: the services did not start: {machine.boot_log(server)}")


def _shared_settings(members: list[Member], python: str) -> tuple[Record, list[str]]:
    """What all servers of a lab know alike, and remarks about Pythons that this machine does not have.

    :param python: ``release`` or ``current``
    :raises LabError: when this machine has no Apache
    """
    try:
        httpd = find_installation()
    except ApacheError as error:
        raise LabError(f"{error}; install the package apache2 (or httpd and mod_ssl)") from error
    ansible, machine_pythons = controller_ansible(), available()
    chosen = {
        member.name: choose(member.kind.python if python == "release" else "current", ansible, machine_pythons)
        for member in members
    }
    common = {
        "httpd": str(httpd.httpd),
        "modules": str(httpd.modules),
        "sshd": find_sshd(),
        "sleep": shutil.which("sleep"),
        "organization": f"{members[0].full_name}.{hashlib.sha256(members[0].full_name.encode()).hexdigest()[:6]}",
        "domain": DOMAIN,
        "primary_address": members[0].address,
        "secondary_exists": any(member.role == "secondary" for member in members),
        "python_path": {name: str(path) for name, (path, _why) in chosen.items()},
        "python": {name: path.name.removeprefix("python") for name, (path, _why) in chosen.items()},
    }
    return common, sorted({f"{name}: {why}, so it has {path}" for name, (path, why) in chosen.items() if why})


class Lab:
    """The lab in a folder, whether it is up or not.

    :raises LabError: for a folder whose name Ansible would split or expand
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder.resolve()
        if not SAFE_PATH.fullmatch(str(self.folder)):
            raise LabError(f"the lab's folder must have a name without spaces and special characters: {self.folder}")
        # ssh allows some 100 bytes for a control socket's path, so it cannot be in the lab's folder.
        token = hashlib.sha256(str(self.folder).encode()).hexdigest()[:8]
        self.control = Path(tempfile.gettempdir()) / f"cplab-{os.geteuid()}-{token}"

    @property
    def record(self) -> Record:
        """What ``up`` wrote about the lab, empty when there is none."""
        found: Record = read_json(self.folder / "lab.json", {})
        return found

    def servers(self) -> list[Server]:
        """The servers in the order of the inventory. Raises LabError when there is no lab."""
        names = self.record.get("servers")
        if not names:
            raise LabError(f"there is no lab in {self.folder}: make one with `tests/lab/lab up`")
        return [Server(self.folder / "servers" / name) for name in names]

    def server(self, name: str) -> Server:
        """One server. Raises LabError for an unknown name."""
        for server in self.servers():
            if server.name == name:
                return server
        raise LabError(f"there is no server {name!r} in this lab: {', '.join(self.record['servers'])}")

    def primary(self) -> Server:
        """The server whose internal CA works."""
        return next(server for server in self.servers() if server.primary)

    def up(
        self,
        management: int,
        policy: int,
        stop_seconds: float = 0.5,
        start_seconds: float = 1.0,
        python: str = "release",
        root_hash: str = "sha1",
    ) -> list[str]:
        """Build and start the lab; takes itself down again when that fails. Returns remarks for the user."""
        if self.record or (self.folder / "servers").exists():
            raise LabError(f"there is a lab in {self.folder}: take it down first with `tests/lab/lab down`")
        existed = self.folder.exists()
        try:
            members = plan_on_free_network(management, policy)
            self._prepare(members)
            remarks = self._build(members, stop_seconds, start_seconds, python, root_hash)
            servers = self.servers()
            _each(servers, machine.switch_on)
            _each(servers, _expect_started)
        except BaseException:
            self.down()
            if not existed:
                shutil.rmtree(self.folder, ignore_errors=True)
            raise
        return remarks

    def _prepare(self, members: list[Member]) -> None:
        self.folder.mkdir(mode=0o711, parents=True, exist_ok=True)
        record = {"servers": [member.name for member in members], "made_run_sshd": not PRIVILEGE_FOLDER.exists()}
        write_json(self.folder / "lab.json", record)
        for name in ("keys", "servers", "ansible"):
            (self.folder / name).mkdir()
        (self.folder / "keys").chmod(0o700)
        self.control.mkdir(mode=0o700)

    def _build(
        self, members: list[Member], stop_seconds: float, start_seconds: float, python: str, root_hash: str
    ) -> list[str]:
        common, remarks = _shared_settings(members, python)
        common |= {"stop_seconds": stop_seconds, "start_seconds": start_seconds}
        authority = Authority(self.folder / "servers" / members[0].name / "var/lab/ca")
        servers = []
        for number, member in enumerate(members):
            server = Server(self.folder / "servers" / member.name)
            state_dir = server.root / "var/lib/checkpoint_endpoint_hardening"
            build.lay_out(server, member, {**common, "number": number, "state_dir": str(state_dir)})
            servers.append(server)
        authority.create(common["organization"], root_hash, "sha1")
        _each(servers, lambda server: build.give_certificates(server, authority, time.time()))
        self._give_keys(servers)
        for server in servers:
            build.keep_originals(server, self.folder / "originals")
            if server.management:
                build.write_topology(server, members)
        shutil.copyfile(authority.certificate, self.folder / "ca.crt")
        write_controller_files(servers, self.folder, self.control, CHECKOUT)
        return remarks

    def _give_keys(self, servers: list[Server]) -> None:
        public = build.make_ssh_key(self.folder / "keys/administrator", "administrator of the lab")
        known: dict[str, str] = {}

        def one(server: Server) -> None:
            etc = server.root / "etc/ssh"
            key = build.make_ssh_key(etc / "host_key", server.name)
            known[server.name] = f"[{server.address}]:{server.settings['ssh_port']} {key}\n"
            (etc / "authorized_keys").write_text(public + "\n", "ascii")
            (etc / "sshd_config").write_text(sshd_config(server), "utf-8")

        _each(servers, one)
        (self.folder / "known_hosts").write_text("".join(known.values()), "ascii")

    def down(self) -> None:
        """End every process and remove every file of the lab, however much of it there is. Raises LabError."""
        record = self.record
        self._close_controls()
        with contextlib.suppress(LabError):
            _each(self.servers(), machine.switch_off)
        left = end(marked(str(self.folder / "servers")))
        if left:
            raise LabError(f"these processes do not end: {left}")
        for mount in _mounts_below(self.folder):
            machine.unmount(mount)
        for name in ("servers", "keys", "ansible", "originals", "collections"):
            shutil.rmtree(self.folder / name, ignore_errors=True)
        for name in ("inventory.yml", "ansible.cfg", "known_hosts", "ca.crt", "lab.json"):
            (self.folder / name).unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            self.folder.rmdir()
        if record.get("made_run_sshd") and os.geteuid() == 0:
            remove_privilege_folder()

    def _close_controls(self) -> None:
        """End the ssh processes that keep connections open for Ansible, and remove their sockets."""
        if not self.control.is_dir() or self.control.is_symlink() or self.control.stat().st_uid != os.geteuid():
            return
        for control in self.control.iterdir():
            command = ["ssh", "-F", "/dev/null", "-o", f"ControlPath={control}", "-O", "exit", "lab"]
            subprocess.run(command, capture_output=True, timeout=20, check=False)
        shutil.rmtree(self.control, ignore_errors=True)


def _mounts_below(folder: Path) -> list[Path]:
    """File systems that are mounted below a folder, the deepest first."""
    found = []
    for line in Path("/proc/self/mountinfo").read_text("utf-8", "replace").splitlines():
        path = line.split()[4].encode().decode("unicode_escape")
        if path.startswith(f"{folder}/"):
            found.append(Path(path))
    return sorted(found, reverse=True)
