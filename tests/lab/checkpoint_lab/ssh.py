# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The SSH server of one lab server, as root or as an ordinary user, and what the client must know."""

from __future__ import annotations

import contextlib
import fcntl
import os
import pwd
import re
import shlex
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from .processes import MARK, all_pids, name_of
from .server import Server

PRIVILEGE_FOLDER = Path("/run/sshd")


def user_name() -> str:
    """The account that the lab runs as; the only one that may log in."""
    return pwd.getpwuid(os.geteuid()).pw_name


def find_sshd() -> str:
    """The absolute path of sshd, which it insists on. Raises FileNotFoundError."""
    found = shutil.which("sshd", path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/local/sbin:/sbin")
    if found is None:
        raise FileNotFoundError("no sshd found: install the package openssh-server")
    return found


def _version() -> tuple[int, int]:
    done = subprocess.run(["ssh", "-V"], capture_output=True, text=True, timeout=20, check=False)
    match = re.search(r"OpenSSH_(\d+)\.(\d+)", done.stderr)
    return (int(match.group(1)), int(match.group(2))) if match else (0, 0)


def _locked(user: str) -> bool:
    """Whether the account's password is locked: sshd lets it in only where PAM decides, keys or not."""
    with contextlib.suppress(OSError):
        for line in Path("/etc/shadow").read_text("utf-8", "replace").splitlines():
            if line.startswith(f"{user}:"):
                return line.split(":")[1].startswith("!")
    return False


def sshd_config(server: Server) -> str:
    """The configuration: keys alone, this user alone, nothing of the machine's own configuration or of the client's environment."""
    etc = server.root / "etc/ssh"
    lines = [
        f"ListenAddress {server.address}:{server.settings['ssh_port']}",
        f'HostKey "{etc}/host_key"',
        f'AuthorizedKeysFile "{etc}/authorized_keys"',
        "PidFile none",
        # The folder can lie below one that others may write; the file itself is ours.
        "StrictModes no",
        f"AllowUsers {user_name()}",
        "AuthenticationMethods publickey",
        "PermitRootLogin prohibit-password",
        "PasswordAuthentication no",
        "ChallengeResponseAuthentication no",
        f"UsePAM {'yes' if os.geteuid() == 0 and _locked(user_name()) else 'no'}",
        "PermitUserRC no",
        "AllowTcpForwarding no",
        "X11Forwarding no",
        "PrintMotd no",
        "PrintLastLog no",
        "UseDNS no",
        "MaxStartups 200",
        "MaxSessions 100",
        "Subsystem sftp internal-sftp",
        f'SetEnv "{MARK}={server.root}"',
    ]
    if _version() >= (9, 8):
        # Sessions that a fault cut would be held against the client.
        lines.append("PerSourcePenalties no")
    return "\n".join(lines) + "\n"


@contextlib.contextmanager
def privilege_folder() -> Iterator[None]:
    """While sshd is started by root, its empty folder under /run is there; no lab takes it away meanwhile."""
    if os.geteuid() != 0:
        yield
        return
    with _run_locked():
        PRIVILEGE_FOLDER.mkdir(mode=0o755, exist_ok=True)
        yield


@contextlib.contextmanager
def _run_locked() -> Iterator[None]:
    folder = os.open(PRIVILEGE_FOLDER.parent, os.O_RDONLY)
    try:
        fcntl.flock(folder, fcntl.LOCK_EX)
        yield
    finally:
        os.close(folder)


def remove_privilege_folder() -> None:
    """Remove sshd's folder under /run when a lab made it and no sshd runs on this machine."""
    with _run_locked():
        if "sshd" not in {name_of(pid) for pid in all_pids()}:
            with contextlib.suppress(OSError):
                PRIVILEGE_FOLDER.rmdir()


def client_options(folder: Path) -> list[str]:
    """Options for ssh: the lab's known hosts and key, and nothing of the user's own configuration.

    :param folder: the lab's folder
    """
    options = [
        "-F",
        "/dev/null",
        "-o",
        f"UserKnownHostsFile={folder}/known_hosts",
        "-o",
        "GlobalKnownHostsFile=/dev/null",
    ]
    return [*options, "-o", "StrictHostKeyChecking=yes", "-o", "IdentitiesOnly=yes", "-o", "IdentityAgent=none"]


def client_line(folder: Path) -> str:
    """The same as one text for ``ansible_ssh_common_args``."""
    return shlex.join(client_options(folder))
