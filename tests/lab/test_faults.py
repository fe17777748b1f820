# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Each fault does what its description says, and is gone when it is cleared."""

from __future__ import annotations

import errno
import os
import signal
import socket
import subprocess
import time

import pytest

from tests.lab.checkpoint_lab.heartbeat import Heartbeats
from tests.lab.checkpoint_lab.machine import full_folder
from tests.lab.conftest import Fleet, run_lab

pytestmark = pytest.mark.slow("waits for what each fault delays")

SERVER = "eps1"


def beat(fleet: Fleet, name: str = SERVER) -> bool:
    """Whether a client of today is answered."""
    return Heartbeats((fleet[name].address, 8443), "TLSv1.2", fleet.folder / "ca.crt").beat()


def listens(fleet: Fleet, name: str = SERVER) -> bool:
    """Whether the port accepts connections."""
    try:
        with socket.create_connection((fleet[name].address, 8443), timeout=2):
            return True
    except OSError:
        return False


def hangs(fleet: Fleet, command: str, name: str = SERVER) -> None:
    """A command that does not end; it is killed on the server, as a module with a time limit does."""
    killed = fleet.ssh(name, f"timeout -s KILL 1 {command} || exit $?")
    assert killed.returncode == 137, killed.stdout
    assert fleet.journal(name)[-1]["result"] == "killed"


def test_stop_fails(healthy: Fleet) -> None:
    healthy.run("fault", SERVER, "stop-fails")
    assert healthy.ssh(SERVER, "cpstop").returncode == 1
    assert healthy.state(SERVER)["services"] == "started"
    healthy.run("fault", SERVER, "none")
    assert healthy.ssh(SERVER, "cpstop").returncode == 0
    assert healthy.state(SERVER)["services"] == "stopped"


def test_stop_hangs(healthy: Fleet) -> None:
    healthy.run("fault", SERVER, "stop-hangs")
    hangs(healthy, "cpstop")
    assert healthy.state(SERVER)["services"] == "started"


def test_stop_half(healthy: Fleet) -> None:
    healthy.run("fault", SERVER, "stop-half")
    done = healthy.ssh(SERVER, "cpstop")
    assert (done.returncode, "SVN Foundation stopped" in done.stdout) == (0, False)
    state = healthy.state(SERVER)
    assert (state["services"], state["processes"]["EPM"], state["processes"]["CPD"]) == ("partial", False, True)
    assert not listens(healthy)
    healthy.run("fault", SERVER, "none")
    healthy.ssh(SERVER, "cpstart")
    assert healthy.state(SERVER)["services"] == "started"


def test_start_fails_once(healthy: Fleet) -> None:
    healthy.run("fault", SERVER, "start-fails-once")
    healthy.ssh(SERVER, "cpstop")
    assert healthy.ssh(SERVER, "cpstart").returncode == 1
    assert healthy.state(SERVER)["services"] == "partial"
    assert healthy.ssh(SERVER, "cpstart").returncode == 0
    assert healthy.state(SERVER)["services"] == "started"


def test_start_fails_while_the_configuration_is_changed(healthy: Fleet) -> None:
    conf = healthy[SERVER].apache / "conf/ssl.conf"
    old = conf.read_bytes()
    healthy.run("fault", SERVER, "start-fails:changed")
    healthy.ssh(SERVER, "cpstop")
    try:
        conf.write_bytes(old + b"# changed\n")
        assert [healthy.ssh(SERVER, "cpstart").returncode for _time in range(2)] == [1, 1]
    finally:
        conf.write_bytes(old)
    assert healthy.ssh(SERVER, "cpstart").returncode == 0
    assert beat(healthy)


def test_start_hangs(healthy: Fleet) -> None:
    healthy.run("fault", SERVER, "start-hangs")
    healthy.ssh(SERVER, "cpstop")
    hangs(healthy, "cpstart")
    assert healthy.state(SERVER)["services"] == "partial"


def test_start_late(healthy: Fleet) -> None:
    healthy.run("fault", SERVER, "start-late")
    healthy.ssh(SERVER, "cpstop")
    assert healthy.ssh(SERVER, "cpstart").returncode == 0
    assert not listens(healthy)
    until = time.monotonic() + 15
    while not beat(healthy):
        assert time.monotonic() < until
        time.sleep(0.1)


@pytest.mark.parametrize("fault, listening", [("start-refuses-handshakes", True), ("start-serves-nothing", False)])
def test_start_that_is_no_start(healthy: Fleet, fault: str, listening: bool) -> None:
    healthy.run("fault", SERVER, fault)
    done = healthy.ssh(SERVER, "cpstop; cpstart")
    assert done.returncode == 0
    assert all(healthy.state(SERVER)["processes"].values())
    assert listens(healthy) == listening
    assert not beat(healthy)
    healthy.run("fault", SERVER, "none")
    healthy.ssh(SERVER, "cpstop; cpstart")
    assert beat(healthy)


def test_watchdog_unreadable(healthy: Fleet) -> None:
    healthy.run("fault", SERVER, "watchdog-unreadable")
    done = healthy.ssh(SERVER, "cpwd_admin list")
    assert (done.returncode, "APP" in done.stdout) == (0, False)
    assert done.stdout != ""


def test_registry_empty_and_profile_missing(healthy: Fleet) -> None:
    registry = healthy[SERVER].cp_dir / "registry/HKLM_registry.data"
    before = registry.read_bytes()
    healthy.run("fault", SERVER, "registry-empty")
    healthy.run("fault", SERVER, "profile-missing")
    assert registry.read_bytes() == b""
    assert healthy.ssh(SERVER, "true").returncode != 0
    healthy.run("fault", SERVER, "none")
    assert registry.read_bytes() == before
    assert healthy.ssh(SERVER, "true").returncode == 0


def configured(fleet: Fleet) -> str:
    """The hash that the CA was told."""
    return str(fleet["epm1"].read("ca/ca")["configured"])


@pytest.mark.parametrize(
    "fault, status, said, changes",
    [
        ("ca-down", 1, "Operation failed. rc=-1", False),
        ("ca-wrong-server", 1, "Operation failed. rc=-1", False),
        ("ca-unknown-prompt", 1, "Type the name of the CA", False),
        ("ca-no-prompt", 0, "", False),
        ("ca-unasked", 0, "changed successfully", True),
        ("ca-fails-after-success", 1, "changed successfully", True),
    ],
)
def test_faults_of_the_ca(healthy: Fleet, fault: str, status: int, said: str, changes: bool) -> None:
    before = configured(healthy)
    wanted = "sha384" if before != "sha384" else "sha512"
    healthy.run("fault", "epm1", fault)
    done = healthy.ssh("epm1", f"cpca_client set_sign_hash {wanted}", "y\n")
    assert done.returncode == status
    assert said in done.stdout if said else done.stdout == ""
    assert configured(healthy) == (wanted if changes else before)
    assert ("(y/n)" in done.stdout) == (fault == "ca-fails-after-success")
    healthy.run("fault", "epm1", "none")
    assert healthy.ssh("epm1", f"cpca_client set_sign_hash {wanted}", "y\n").returncode == 0


def test_ca_down_survives_a_start_and_stops_renewals(healthy: Fleet) -> None:
    healthy.run("fault", "epm1", "ca-down")
    healthy.ssh("epm1", "cpstop; cpstart")
    done = run_lab(healthy.folder, "renew", "eps5")
    assert (done.returncode, "Operation failed" in done.stderr) == (2, True)
    healthy.run("fault", "epm1", "none")
    healthy.run("renew", "eps5")


def test_ca_hangs(healthy: Fleet) -> None:
    healthy.run("fault", "epm1", "ca-hangs")
    hangs(healthy, "cpca_client set_sign_hash sha256", "epm1")


def test_link_dropped_cuts_sessions_and_lets_in_new_ones(healthy: Fleet) -> None:
    variables = healthy.variables(SERVER)
    line = ["ssh", *variables["ansible_ssh_common_args"].split(), "-i", variables["ansible_ssh_private_key_file"]]
    line += ["-p", "2222", f"{variables['ansible_user']}@{variables['ansible_host']}", "echo here; exec sleep 30"]
    with subprocess.Popen(line, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as session:
        assert session.stdout is not None
        assert session.stdout.readline() == b"here\n"
        healthy.run("fault", SERVER, "link-dropped")
        assert session.wait(10) == 255
    assert healthy.ssh(SERVER, "true").returncode == 0
    assert healthy.state(SERVER)["faults"] == []


def test_unreachable(healthy: Fleet) -> None:
    healthy.run("fault", SERVER, "unreachable")
    assert healthy.ssh(SERVER, "true").returncode == 255
    assert beat(healthy)
    healthy.run("fault", SERVER, "none")
    assert healthy.ssh(SERVER, "true").returncode == 0


@pytest.mark.parametrize("fault", ["disk-full", "state-full"])
def test_a_full_file_system(healthy: Fleet, fault: str) -> None:
    server = healthy[SERVER]
    folder = full_folder(server, fault)
    before = sorted(path.name for path in folder.iterdir()) if folder.exists() else []
    done = run_lab(healthy.folder, "fault", SERVER, fault)
    if done.returncode == 2:
        assert os.geteuid() != 0 or "permission" in done.stderr.lower(), done.stderr
        pytest.skip(f"no right to mount here: {done.stderr.strip()}")
    with pytest.raises(OSError) as caught:
        (folder / "fresh").write_bytes(bytes(10000))
    assert caught.value.errno == errno.ENOSPC
    (folder / "fresh").unlink()
    healthy.run("fault", SERVER, "none")
    assert sorted(path.name for path in folder.iterdir()) == before
    (folder / "fresh").write_bytes(bytes(10000))
    (folder / "fresh").unlink()
    assert healthy.ssh(SERVER, "cpstop; cpstart").returncode == 0
    assert beat(healthy)


def test_a_killed_httpd_does_not_keep_the_next_from_starting(healthy: Fleet) -> None:
    pid_file = healthy[SERVER].apache / "logs/httpd.pid"
    os.kill(int(pid_file.read_text("ascii")), signal.SIGKILL)
    assert healthy.ssh(SERVER, "cpstop; cpstart").returncode == 0
    assert beat(healthy)
    # The number in a file that was left behind belongs to somebody else now.
    healthy.ssh(SERVER, "cpstop")
    pid_file.write_text(f"{os.getpid()}\n", "ascii")
    assert healthy.ssh(SERVER, "cpstart").returncode == 0
    assert beat(healthy)
