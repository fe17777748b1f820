# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The guard's state becomes unusable in many ways, at every moment of a change, and the controller is lost: the server comes back all the same.

Each point has a small server of its own, and all of them go through it at the same time.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils import _commands
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard import (
    daemon,
    earlier_release,
    recovery,
)
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.arm import arm

from tests.faults.write.server import SmallServer

# Seconds: how long a tool goes on that is caught in the middle, and what a busy machine may need for all of them.
MIDDLE, SLACK = 10, 120.0


def mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True, capture_output=True, timeout=30)


def move(server: SmallServer) -> None:
    Path(server.state_dir).rename(server.state_dir + ".moved")


def move_both(server: SmallServer) -> None:
    place = Path(server.place.directory)
    move(server)
    place.rename(place.with_name(place.name + ".moved"))


def open_to_the_group(server: SmallServer) -> None:
    Path(server.state_dir, "guard").chmod(0o770)
    Path(server.place.directory).chmod(0o770)


def give_parent_away(server: SmallServer) -> None:
    os.chown(server.root, 12345, 12345)


def mount_over(server: SmallServer) -> None:
    mount("-t", "tmpfs", "-o", "size=1m", "over", server.state_dir)


def make_read_only(server: SmallServer) -> None:
    for directory in (server.state_dir, str(Path(server.place.directory).parent)):
        mount("--bind", directory, directory)
        mount("-o", "remount,ro,bind", directory)


def fill(server: SmallServer) -> None:
    kept = Path(server.state_dir + ".kept")
    shutil.copytree(server.state_dir, kept)
    mount("-t", "tmpfs", "-o", "size=256k,mode=700", "full", server.state_dir)
    shutil.copytree(kept, server.state_dir, dirs_exist_ok=True)
    with Path(server.state_dir, "filler").open("wb", buffering=0) as filler:
        try:
            while True:
                filler.write(bytes(4096))
        except OSError:
            pass


def damage(server: SmallServer) -> None:
    Path(server.state_dir, "guard", "state.json").write_text("{")
    Path(server.place.record_path).write_text("\0\0\0")


def remove(server: SmallServer) -> None:
    Path(server.state_dir, "guard", "state.json").unlink()
    Path(server.place.record_path).unlink()


def replace_by_a_file(server: SmallServer) -> None:
    move(server)
    Path(server.state_dir).write_text("no directory\n")


def lead_elsewhere(server: SmallServer) -> None:
    for path in (Path(server.state_dir, "guard", "state.json"), Path(server.place.lock_path)):
        path.unlink()
        path.symlink_to("/dev/null")


def put_a_directory_there(server: SmallServer) -> None:
    for path in (Path(server.state_dir, "guard", "lock"), Path(server.place.lock_path)):
        path.unlink()
        path.mkdir()


WAYS: dict[str, Callable[[SmallServer], None]] = {
    "moved": move,
    "moved with the place": move_both,
    "open to the group": open_to_the_group,
    "parent given away": give_parent_away,
    "mounted over": mount_over,
    "read-only": make_read_only,
    "full": fill,
    "damaged": damage,
    "removed": remove,
    "a file": replace_by_a_file,
    "links": lead_elsewhere,
    "a directory for a lock": put_a_directory_there,
}
MOMENTS = ("armed", "stopping", "stopped", "edited", "starting")


@dataclass
class Point:
    """One way at one moment."""

    way: str
    moment: str
    server: SmallServer

    def arm(self) -> None:
        """Arm the guard; it is asked to act before its deadline, when all points are ready."""
        self.guard = arm(self.server.request(deadline=900, start_timeout=30, stop_timeout=30))

    def go_on(self) -> None:
        """Bring the change to its moment; what is in progress goes on beside."""
        reached = MOMENTS.index(self.moment)
        if reached >= 1:
            self._run("cpstop", self.moment == "stopping")
        if reached >= 3:
            self.server.write("new\n")
        if reached >= 4:
            self._run("cpstart", True)

    def _run(self, tool: str, in_the_middle: bool) -> None:
        seconds = self.server.root / "seconds"
        if in_the_middle:
            seconds.write_text(str(MIDDLE))
        calls = len(self.server.calls())
        process = subprocess.Popen([str(self.server.root / "bin" / tool)], start_new_session=True, cwd="/")
        assert SmallServer.until(lambda: len(self.server.calls()) > calls)
        if not in_the_middle:
            process.wait(30)
        seconds.unlink(missing_ok=True)

    def ended(self) -> bool:
        """Whether the guard has come to its end."""
        return not daemon.lives(self.guard.process)

    def came_back(self) -> bool:
        """Whether the server runs with its old file."""
        return self.server.runs() and self.server.runs_with() == "old\n" and self.server.conf.read_text() == "old\n"


@pytest.fixture
def points(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[Point]]:
    monkeypatch.setattr(earlier_release, "_PROCESSES", str(tmp_path))
    found = [
        Point(way, moment, SmallServer(tmp_path / f"server{number}"))
        for number, (way, moment) in enumerate((way, moment) for way in WAYS for moment in MOMENTS)
    ]
    yield found
    for point in found:
        if hasattr(point, "guard"):
            daemon.end(point.guard.process, politely=False)
    table = Path("/proc/self/mountinfo").read_text("utf-8")
    for line in reversed(table.splitlines()):
        if str(tmp_path) in line.split()[4]:
            subprocess.run(["umount", "-l", line.split()[4]], check=False, capture_output=True, timeout=30)
    if os.geteuid() == 0:
        for point in found:
            os.chown(point.server.root, 0, 0)


def test_the_server_comes_back(points: list[Point], record_property: Callable[[str, object], None]) -> None:
    for point in points:
        point.arm()
    for point in points:
        if point.moment not in ("stopping", "starting"):
            point.go_on()
    # The guard looks each second for what its run has announced.
    time.sleep(1.5)
    broken = [point for point in points if breaks(point)]
    for point in broken:
        os.kill(point.guard.pid, signal.SIGUSR1)
    SmallServer.until(lambda: all(point.ended() for point in broken), SLACK)
    down = [(point.way, point.moment) for point in broken if not point.server.runs()]
    other = [(point.way, point.moment, point.server.calls()) for point in broken if not point.came_back()]
    assert (down, other) == ([], [])
    for point in broken:
        assert point.server.calls().count("stop") <= 2, (point.way, point.moment, point.server.calls())
    assert len({point.way for point in broken}) >= (10 if os.geteuid() == 0 else 8)
    record_property("fault_points", len(broken))


def breaks(point: Point) -> bool:
    """Make the state unusable; False where this machine lets nobody do that."""
    try:
        if point.moment in ("stopping", "starting"):
            point.go_on()
            time.sleep(1.2 if point.moment == "starting" else 0)
        WAYS[point.way](point.server)
    except (PermissionError, subprocess.CalledProcessError):
        return False
    return True


def test_nothing_can_be_written_anywhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, record_property: Callable[[str, object], None]
) -> None:
    """The scratch directories are full, and so is the place of the logs: an unprivileged user can do that."""
    monkeypatch.setattr(earlier_release, "_PROCESSES", str(tmp_path))
    monkeypatch.setattr(_commands, "SCRATCH_FOLDERS", ("/proc",))
    server = SmallServer(tmp_path / "server")
    (server.root / "uepm" / "var").mkdir()
    (server.root / "uepm" / "var" / "log").write_text("no directory\n")
    guard = arm(server.request(deadline=3))
    server.stop()
    server.write("new\n")
    try:
        assert SmallServer.until(server.runs, 60)
        assert server.conf.read_text() == "old\n" and server.runs_with() == "old\n"
    finally:
        daemon.end(guard.process, politely=False)
    record_property("fault_points", 1)


def test_cpstart_fails_for_five_minutes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, record_property: Callable[[str, object], None]
) -> None:
    """Five minutes at one fiftieth: the pauses are 5 s, doubled each time, and here a fiftieth of that."""
    monkeypatch.setattr(earlier_release, "_PROCESSES", str(tmp_path))
    monkeypatch.setattr(recovery, "PAUSE", recovery.PAUSE / 50)
    server = SmallServer(tmp_path / "server")
    tool = server.root / "bin" / "cpstart"
    works = tool.read_text()
    guard = arm(server.request(deadline=2, start_timeout=1))
    server.stop()
    server.write("new\n")
    tool.write_text(f"#!/bin/bash\necho start >> {server.root}/calls\nexit 1\n")
    try:
        time.sleep(2 + 300 / 50)
        assert not server.runs()
        tool.write_text(works)
        assert SmallServer.until(server.runs, 30)
        assert "stop" not in server.calls() and server.runs_with() == "old\n"
    finally:
        daemon.end(guard.process, politely=False)
    record_property("fault_points", 1)
