# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the lab keeps about a server: faults that are used up, calls that were killed, processes that are not taken for others."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.lab.checkpoint_lab import faults, journal, processes
from tests.lab.checkpoint_lab.server import Server


@pytest.fixture
def server(tmp_path: Path) -> Server:
    """A server that is a folder with a configuration, and nothing else."""
    root = tmp_path / "eps1"
    (root / "var/lab").mkdir(parents=True)
    made = Server(root)
    made.settings = {"label": "R81.20"}
    (made.apache / "conf").mkdir(parents=True)
    (made.apache / "conf/ssl.conf").write_text("SSLProtocol all\n", "ascii")
    return made


def shown(server: Server, name: str, times: int) -> list[bool]:
    """What a tool sees when it looks several times."""
    return [faults.active(server, name) for _time in range(times)]


@pytest.mark.parametrize(
    "text, seen",
    [
        ("stop-fails", [True, True, True]),
        ("stop-fails:once", [True, False, False]),
        ("stop-fails:2", [True, True, False]),
    ],
)
def test_a_fault_is_used_up(server: Server, text: str, seen: list[bool]) -> None:
    assert faults.set_fault(server, text) == "stop-fails"
    assert shown(server, "stop-fails", 3) == seen


def test_a_fault_of_the_changed_configuration_goes_with_the_change(server: Server) -> None:
    faults.set_fault(server, "start-fails:changed")
    assert shown(server, "start-fails", 1) == [False]
    conf = server.apache / "conf/ssl.conf"
    before = conf.read_bytes()
    conf.write_bytes(b"SSLProtocol TLSv1.2\n")
    assert shown(server, "start-fails", 2) == [True, True]
    conf.write_bytes(before)
    assert shown(server, "start-fails", 1) == [False]


def test_a_name_for_a_single_failure(server: Server) -> None:
    faults.set_fault(server, "start-fails-once")
    assert faults.set_now(server) == ["start-fails"]
    assert shown(server, "start-fails", 2) == [True, False]


@pytest.mark.parametrize("text", ["no-such", "stop-fails:sometimes", "none"])
def test_what_is_no_fault(server: Server, text: str) -> None:
    with pytest.raises(ValueError, match="unknown"):
        faults.set_fault(server, text)
    assert faults.set_now(server) == []


def test_the_journal_has_one_line_per_call(server: Server) -> None:
    with journal.recorded(server, "cpstop", ["-fwflag"]) as outcome:
        assert [call["result"] for call in journal.read(server)] == ["running"]
        outcome["result"] = "rc=0"
    (call,) = journal.read(server)
    assert (call["tool"], call["arguments"], call["result"]) == ("cpstop", ["-fwflag"], "rc=0")
    assert call["seconds"] >= 0


def test_a_killed_call_is_in_the_journal(server: Server) -> None:
    script = (
        "import os, signal, sys; from pathlib import Path\n"
        "from tests.lab.checkpoint_lab import journal; from tests.lab.checkpoint_lab.server import Server\n"
        "with journal.recorded(Server(Path(sys.argv[1])), 'cpstart', []): os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    root = Path(__file__).resolve().parents[3]
    done = subprocess.run([sys.executable, "-c", script, str(server.root)], cwd=root, timeout=60, check=False)
    assert done.returncode == -9
    assert [(call["tool"], call["result"]) for call in journal.read(server)] == [("cpstart", "killed")]
    assert len(journal.read(server)) == 1


def test_a_reused_number_is_another_process() -> None:
    mine = processes.identify(os.getpid())
    assert processes.alive(mine)
    assert not processes.alive({**mine, "started": mine["started"] - 1})
    assert not processes.alive(None)


def test_processes_are_found_by_their_mark_and_ended(tmp_path: Path) -> None:
    environment = {**os.environ, processes.MARK: str(tmp_path / "servers/eps1")}
    one = subprocess.Popen(["sleep", "60"], env=environment)
    other = subprocess.Popen(["sleep", "60"], env={**environment, processes.MARK: str(tmp_path / "servers/eps10")})
    try:
        assert processes.marked(str(tmp_path / "servers/eps1")) == [one.pid]
        assert sorted(processes.marked(str(tmp_path / "servers"))) == sorted([one.pid, other.pid])
        assert processes.end([one.pid]) == []
        assert processes.marked(str(tmp_path / "servers/eps1")) == []
    finally:
        for process in (one, other):
            process.kill()
            process.wait()
