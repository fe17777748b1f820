# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Put in place what the demo or the tests need: programs of the distribution, and a virtual environment in the checkout.

python3 tools/setup.py demo|lint|test        # called by make; quick when nothing is missing
"""

from __future__ import annotations

import fcntl
import importlib
import importlib.util
import os
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tools.environment import CACHE, ROOT, VENV, home_folder, link_collection, link_interpreters, search_path

OLDEST_PYTHON = (3, 11)
INSTALL_SECONDS = 900.0
# Present while packages are installed: tells Debian's maintainer scripts to start no service.
POLICY = Path("/usr/sbin/policy-rc.d")
POLICY_TEXT = "#!/bin/sh\nexit 101\n"
SSH_SERVICES = ("ssh.service", "ssh.socket")


class SetupError(Exception):
    """What is missing and what to do about it."""


@dataclass(frozen=True)
class Need:
    """Something outside Python: present when one of ``programs`` is found, else
    ``package`` of Debian and Ubuntu brings it."""

    package: str
    programs: tuple[str, ...]


VENV_NEED = Need("python3-venv", ())
# apache2-bin is the server without Debian's service and configuration: nothing to start, stop or disturb.
DEMO_NEEDS = (
    VENV_NEED,
    Need("apache2-bin", ("apache2", "httpd")),
    Need("openssh-server", ("sshd",)),
    Need("openssh-client", ("ssh", "ssh-keygen")),
    Need("openssl", ("openssl",)),
    Need("bash", ("bash",)),
    # It proves on the wire what the collection says.
    Need("sslscan", ("sslscan",)),
)
TEST_NEEDS = (
    *DEMO_NEEDS,
    Need("apache2-utils", ("rotatelogs",)),
    Need("git", ("git",)),
    Need("faketime", ("faketime",)),
    Need("nmap", ("nmap",)),
    Need("strace", ("strace",)),
)
NEEDS = {"demo": DEMO_NEEDS, "lint": (VENV_NEED, Need("git", ("git",))), "test": TEST_NEEDS}


def missing(needs: Sequence[Need]) -> list[Need]:
    """The needs that this machine does not meet."""
    importlib.invalidate_caches()
    able = (VENV / "bin" / "python").exists() or importlib.util.find_spec("ensurepip") is not None
    met = {need: able if need is VENV_NEED else any(_program(name) for name in need.programs) for need in needs}
    return [need for need, good in met.items() if not good]


def _program(name: str) -> str | None:
    return shutil.which(name, path=search_path())


def root_prefix() -> list[str] | None:
    """What to put before a command so that root runs it; None when there is no way without a question."""
    if os.geteuid() == 0:
        return []
    if shutil.which("sudo") is None:
        return None
    done = subprocess.run(["sudo", "-n", "true"], capture_output=True, timeout=30, check=False)
    return ["sudo", "-n"] if done.returncode == 0 else None


def run(command: Sequence[str], said: str, text: str | None = None) -> None:
    """Run a step of the installation. Raises SetupError with the end of what it said."""
    done = subprocess.run(
        command,
        input=text,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=INSTALL_SECONDS,
        check=False,
    )
    if done.returncode != 0:
        raise SetupError(f"{said} failed: {' '.join(command)}\n{done.stdout[-4000:]}")


def install(needs: Sequence[Need]) -> None:
    """Install packages of the distribution. Raises SetupError where this user may not, or the system has no apt."""
    packages = [need.package for need in needs]
    prefix = root_prefix()
    if shutil.which("apt-get") is None:
        programs = ", ".join("/".join(need.programs) or need.package for need in needs)
        raise SetupError(f"Missing: {programs}. Install what provides them on this system, then try again.")
    if prefix is None:
        raise SetupError(f"Missing. As root: apt-get update && apt-get install {' '.join(packages)}\nThen try again.")
    print(f"setup: installing {' '.join(packages)}", flush=True)
    apt = [*prefix, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-q", "-y", "-o", "DPkg::Lock::Timeout=300"]
    run([*apt, "update"], "refreshing the list of packages")
    own_policy = not POLICY.exists()
    if own_policy:
        run([*prefix, "tee", str(POLICY)], "keeping services from starting", POLICY_TEXT)
        run([*prefix, "chmod", "755", str(POLICY)], "keeping services from starting")
    try:
        run([*apt, "install", "--no-install-recommends", *packages], "installing packages")
    finally:
        if own_policy:
            run([*prefix, "rm", "-f", str(POLICY)], "letting services start again")
    if "openssh-server" in packages and Path("/run/systemd/system").is_dir():
        # It came only as a program for the lab: no remote login into this machine from its next start on.
        run([*prefix, "systemctl", "disable", *SSH_SERVICES], "leaving the distribution's ssh service off")
    if still := missing(needs):
        raise SetupError(f"Still not found on {search_path()}: {', '.join(need.package for need in still)}")


def build_environment(
    venv: Path, kind: str, *more: str, python: str = sys.executable, served_by: Sequence[str] = ()
) -> None:
    """A virtual environment with ``requirements/KIND.txt``; nothing to do when it is there and nothing changed since.

    :param more: further arguments of pip install, for example another requirement
    :param python: the interpreter that makes it
    :param served_by: kinds that bring all of this one as well
    """
    maker, made_by = f"{_identity(python)} {venv}", venv / ".made-by"
    working = (venv / "bin" / "pip").exists() and made_by.exists() and made_by.read_text() == maker
    stamps = {venv / f".has-{name}": requirements(name, more) for name in (kind, *served_by)}
    if working and any(stamp.exists() and stamp.read_text() == text for stamp, text in stamps.items()):
        return
    print(f"setup: {' '.join((f'requirements/{kind}.txt', *more))} into {venv.relative_to(ROOT)}", flush=True)
    for stamp in venv.glob(".has-*"):
        stamp.unlink()
    if not working:
        # Made by another interpreter, or moved here: its scripts name the old place.
        shutil.rmtree(venv, ignore_errors=True)
        run([python, "-m", "venv", str(venv)], "making the virtual environment")
        made_by.write_text(maker)
    pip = [str(venv / "bin" / "python"), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
    run([*pip, "-r", str(ROOT / "requirements" / f"{kind}.txt"), *more], "installing Python packages")
    (venv / f".has-{kind}").write_text(requirements(kind, more))


def requirements(kind: str, more: Sequence[str] = ()) -> str:
    """Everything that ``requirements/KIND.txt`` asks for, with the files that it names, to see whether it changed."""
    text = (ROOT / "requirements" / f"{kind}.txt").read_text()
    named = [line.split()[1].removesuffix(".txt") for line in text.splitlines() if line.startswith(("-r ", "-c "))]
    return "\n".join([text, *more, *(requirements(name) for name in named)])


def _identity(python: str) -> str:
    if python == sys.executable:
        return f"{sys.version} {sys.base_prefix}"
    code = "import sys; print(sys.version, sys.base_prefix, end='')"
    return subprocess.run([python, "-c", code], capture_output=True, text=True, timeout=60, check=True).stdout


def main(kind: str) -> None:
    """Set up for one purpose, which is the name of a file in ``requirements``; one run at a time. Raises SetupError."""
    if sys.version_info < OLDEST_PYTHON:
        wanted = ".".join(map(str, OLDEST_PYTHON))
        raise SetupError(
            f"Python {wanted} or later is needed, this is {sys.version.split()[0]}: make PYTHON=python3.X ..."
        )
    CACHE.mkdir(exist_ok=True)
    with (CACHE / "setup.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if needs := missing(NEEDS.get(kind, TEST_NEEDS)):
            install(needs)
        if kind in NEEDS:
            build_environment(VENV, "demo" if kind == "demo" else "test", served_by=("test",))
        else:
            build_environment(CACHE / f"venv-{kind}", kind)
        home_folder()
        link_collection()
        link_interpreters()


if __name__ == "__main__":
    if len(sys.argv) != 2 or sys.argv[1] not in (*NEEDS, "fuzz", "benchmark"):
        sys.exit("usage: python3 tools/setup.py demo|lint|test|fuzz|benchmark")
    try:
        main(sys.argv[1])
    except (SetupError, subprocess.TimeoutExpired) as problem:
        sys.exit(f"setup: {problem}")
