# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A server as a machine: switched on and off, and the faults that act at once instead of when a tool looks."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from . import httpd
from .faults import FILLER, clear, set_fault, set_now
from .processes import alive, descendants, end, marked, name_of, send, wait_gone
from .server import Record, Server
from .ssh import privilege_folder
from .tools import watchdog
from .tools.services import start_ca

BOOT_SECONDS = 60.0
DISK_SIZE = "2m"
SSHD_NAMES = ("sshd", "sshd-session", "sshd-auth")


class LabError(RuntimeError):
    """The lab could not do what was asked; the message says why and what to do."""


def switch_on(server: Server) -> None:
    """Start the server's first process unless it runs; it boots the rest without being waited for."""
    if alive(server.read("init")):
        return
    with privilege_folder():
        subprocess.Popen(
            [os.path.realpath(sys.executable), "-S", "-E", str(Path(__file__).with_name("init.py")), str(server.root)],
            stdin=subprocess.DEVNULL,
            stdout=(server.root / "var/log/init.log").open("ab"),
            stderr=subprocess.STDOUT,
            cwd="/",
            env=server.environment(),
            start_new_session=True,
        )
        wait_for_ssh(server)


def wait_for_ssh(server: Server, seconds: float = BOOT_SECONDS) -> None:
    """Wait until sshd answers. Raises LabError with sshd's own words."""
    until = time.monotonic() + seconds
    while not _greets(server.address, int(server.settings["ssh_port"])):
        log = server.root / "var/log/sshd.log"
        said = log.read_text("utf-8", "replace") if log.exists() else ""
        if time.monotonic() > until or "Cannot bind" in said:
            raise LabError(f"{server.name}: sshd does not answer: {said[-2000:]}")
        time.sleep(0.02)


def _greets(address: str, port: int) -> bool:
    try:
        with socket.create_connection((address, port), timeout=2) as link:
            return link.recv(4) == b"SSH-"
    except OSError:
        return False


def wait_for_boot(server: Server, seconds: float = BOOT_SECONDS) -> None:
    """Wait until the boot has started what it could. Raises LabError when it hangs."""
    until = time.monotonic() + seconds + float(server.settings["start_seconds"])
    while True:
        init = server.read("init", {})
        if alive(init) and init["boot"] and not alive(init["boot"]):
            return
        if time.monotonic() > until:
            raise LabError(f"{server.name}: the boot does not end: {boot_log(server)}")
        time.sleep(0.02)


def boot_log(server: Server) -> str:
    """The end of what the last boot printed."""
    path = server.root / "var/log/boot.log"
    return path.read_text("utf-8", "replace")[-2000:] if path.exists() else ""


def switch_off(server: Server) -> None:
    """Kill every process of the server, as pulling the plug does. Raises LabError when one stays."""
    init = server.read("init")
    if alive(init):
        send([init["pid"]], signal.SIGTERM)
        if wait_gone([init["pid"]], 15.0):
            end([*descendants(init["pid"]), init["pid"]])
    # Without its first process (killed by someone), what is left is found by its mark.
    left = end(marked(str(server.root)))
    if left:
        raise LabError(f"{server.name}: these processes do not end: {left}")


def state(server: Server) -> Record:
    """What runs on the server now, without asking it by SSH."""
    names = [program.name for program in watchdog.programs(server)]
    lives = {name: watchdog.running(server, name) for name in names}
    ports = {str(port): httpd.answers(server.address, port, 0.3) for port in server.ports()}
    services = "partial"
    if all(lives.values()) and all(ports.values()):
        services = "started"
    elif not any(lives.get(name) for name in watchdog.STOPPED) and not httpd.main_process(server):
        # The watchdog may live on with what it watches passively, and a front may answer.
        services = "stopped"
    return {
        "power": "on" if alive(server.read("init")) else "off",
        "ssh": _greets(server.address, int(server.settings["ssh_port"])),
        "services": services,
        "processes": lives,
        "tls": ports,
        "faults": set_now(server),
    }


# Faults that act at once


def _sessions(server: Server) -> list[int]:
    sshd = server.read("init", {}).get("sshd")
    return [pid for pid in descendants(sshd["pid"]) if name_of(pid) in SSHD_NAMES] if sshd and alive(sshd) else []


def _tell_init(server: Server, number: int) -> None:
    init = server.read("init")
    if not alive(init):
        raise LabError(f"{server.name} is switched off")
    send([init["pid"]], number)


def _wait_until_silent(server: Server) -> None:
    until = time.monotonic() + 10
    while _greets(server.address, int(server.settings["ssh_port"])) and time.monotonic() < until:
        time.sleep(0.02)


def full_folder(server: Server, name: str) -> Path:
    """The folder whose file system a fault fills."""
    return server.apache / "conf" if name == "disk-full" else Path(server.settings["state_dir"])


def _fill(server: Server, name: str) -> None:
    """Mount a tiny file system over a folder, with the folder's files in it, and fill the rest."""
    folder = full_folder(server, name)
    if os.path.ismount(folder):
        return
    folder.mkdir(parents=True, exist_ok=True)
    command = [
        "mount",
        "-t",
        "tmpfs",
        "-o",
        f"size={DISK_SIZE},mode={folder.stat().st_mode & 0o777:o}",
        "checkpoint_lab",
    ]
    kept = server.state / name
    shutil.copytree(folder, kept, symlinks=True)
    done = subprocess.run([*command, str(folder)], capture_output=True, text=True, timeout=30, check=False)
    if done.returncode != 0:
        shutil.rmtree(kept)
        raise LabError(f"{server.name}: {name} needs root, and the right to mount: {done.stderr.strip()}")
    shutil.copytree(kept, folder, symlinks=True, dirs_exist_ok=True)
    shutil.rmtree(kept)
    with (folder / FILLER).open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            pass


def _empty(server: Server, name: str) -> None:
    """Take the tiny file system away; the files of it stay as they are now."""
    folder = full_folder(server, name)
    if not os.path.ismount(folder):
        return
    (folder / FILLER).unlink(missing_ok=True)
    kept = server.state / name
    shutil.copytree(folder, kept, symlinks=True)
    unmount(folder)
    shutil.rmtree(folder)
    kept.rename(folder)


def unmount(folder: Path) -> None:
    """Unmount a file system, even one in use. Raises LabError."""
    done = subprocess.run(["umount", "-l", str(folder)], capture_output=True, text=True, timeout=30, check=False)
    if done.returncode != 0:
        raise LabError(f"cannot unmount {folder}: {done.stderr.strip()}")


def _swap(path: Path, kept: Path, away: bool) -> None:
    """Take a file away, or put it back."""
    if away and path.exists():
        path.rename(kept)
    elif not away and kept.exists():
        kept.rename(path)


def apply_fault(server: Server, text: str) -> None:
    """Set a fault (``NAME`` or ``NAME:MODE``). Raises ValueError for an unknown one, LabError when it cannot be."""
    name = set_fault(server, text)
    try:
        if name == "ca-down":
            watchdog.finish(server, "cpca")
        elif name == "link-dropped":
            end(_sessions(server))
            clear(server, name)
        elif name == "unreachable":
            _tell_init(server, signal.SIGUSR2)
            _wait_until_silent(server)
        elif name == "profile-missing":
            _swap(server.profile, server.state / "profile", away=True)
        elif name == "registry-empty":
            _swap(_registry(server), server.state / "registry", away=True)
            _registry(server).touch()
        elif name in ("disk-full", "state-full"):
            _fill(server, name)
    except LabError:
        clear(server, name)
        raise


def _registry(server: Server) -> Path:
    return server.cp_dir / "registry/HKLM_registry.data"


def clear_faults(server: Server) -> None:
    """Clear all faults of a server and undo what they did at once. What a tool did under a fault stays."""
    for name in set_now(server):
        clear(server, name)
        if name == "ca-down" and watchdog.running(server, "cpwd") and server.primary:
            start_ca(server)
        elif name == "unreachable" and alive(server.read("init")):
            with privilege_folder():
                _tell_init(server, signal.SIGUSR1)
                wait_for_ssh(server)
        elif name == "profile-missing":
            _swap(server.profile, server.state / "profile", away=False)
        elif name == "registry-empty":
            _swap(_registry(server), server.state / "registry", away=False)
        elif name in ("disk-full", "state-full"):
            _empty(server, name)
