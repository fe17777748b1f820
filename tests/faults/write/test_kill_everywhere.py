# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Killed at every file operation, one by one: old or new, never others; the next run converges; nothing stays behind."""

from __future__ import annotations

import os
import shutil
import stat
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.backups import (
    list_backups,
    read_backup,
)
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.records import (
    read_record,
    write_record,
)
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard import daemon, earlier_release
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.arm import arm
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.disarm import disarm
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.record import GuardRequest
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.state import Store, read_guard

from tests.faults.write import kill_points as faults
from tests.faults.write.server import SmallServer
from tests.support import apache
from tests.support.ports import free_port

reason = faults.why_not()
pytestmark = [
    pytest.mark.skipif(reason is not None, reason=str(reason)),
    pytest.mark.slow("a process of its own for each system call at which it is killed"),
]

OLD, NEW = "old\n" * 5000, "new\n" * 9000
MODE = 0o640
OWNER = (12345, 54321) if os.geteuid() == 0 else (os.geteuid(), os.getegid())


def put(path: Path, text: str) -> None:
    path.write_text(text)
    os.chown(path, *OWNER)
    path.chmod(MODE)


def assert_dressed(path: Path) -> None:
    status = path.stat()
    assert (stat.S_IMODE(status.st_mode), status.st_uid, status.st_gid) == (MODE, *OWNER)


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def only_guard(server: SmallServer, known: set[int]) -> bool:
    return server.guard_processes() == known


def is_gone(process: dict[str, Any]) -> bool:
    return not daemon.lives(process)


def leftovers(folder: Path) -> list[Path]:
    return sorted(folder.rglob(".checkpoint_endpoint_hardening.*"))


@pytest.fixture
def report(record_property: Callable[[str, object], None]) -> Callable[[str, int], None]:
    """Tells the number of points, in the test's report and with ``pytest -s``."""

    def tell(what: str, number: int) -> None:
        record_property("fault_points", number)
        print(f"\n{what}: killed at {number} points")

    return tell


@pytest.mark.parametrize("named", [False, True], ids=["nameless", "named"])
def test_replacing_a_file(tmp_path: Path, named: bool, report: Callable[[str, int], None]) -> None:
    target = tmp_path / "conf" / "ssl.conf"
    target.parent.mkdir()
    arguments: dict[str, object] = {"path": str(target), "data": NEW, "named": named}
    put(target, OLD)
    points = faults.kill_points("replace", arguments, tmp_path / "log")
    seen = set()
    for point in points:
        put(target, OLD)
        assert faults.kill_at(point, "replace", arguments), point
        text = target.read_text()
        assert text in (OLD, NEW), point
        assert_dressed(target)
        seen.add((text == NEW, len(leftovers(tmp_path))))
        assert faults.run("replace", arguments).returncode == 0, point
        assert target.read_text() == NEW and names(target.parent) == ["ssl.conf"], point
        assert_dressed(target)
    report(f"replace, {'named' if named else 'nameless'}", len(points))
    # A harness that never met the states in question would prove nothing.
    assert {(False, 0), (False, 1), (True, 0)} <= seen


def test_file_without_a_name_until_it_is_complete(tmp_path: Path) -> None:
    """Where the kernel can, only two system calls see a second file in the directory, and it is complete."""
    target = tmp_path / "conf" / "ssl.conf"
    target.parent.mkdir()
    arguments: dict[str, object] = {"path": str(target), "data": NEW}
    put(target, OLD)
    exposed = 0
    for point in faults.kill_points("replace", arguments, tmp_path / "log"):
        put(target, OLD)
        faults.kill_at(point, "replace", arguments)
        for leftover in leftovers(tmp_path):
            exposed += 1
            assert leftover.read_text() == NEW, point
            leftover.unlink()
    if exposed > 5:
        pytest.skip("this file system has no files without a name")
    assert exposed == 1


@pytest.mark.parametrize("named", [False, True], ids=["nameless", "named"])
def test_creating_a_file(tmp_path: Path, named: bool, report: Callable[[str, int], None]) -> None:
    target = tmp_path / "conf" / "new.conf"
    target.parent.mkdir()
    arguments: dict[str, object] = {"path": str(target), "data": NEW, "named": named}
    points = faults.kill_points("create", arguments, tmp_path / "log")
    for point in points:
        target.unlink(missing_ok=True)
        assert faults.kill_at(point, "create", arguments), point
        assert not target.exists() or (target.read_text() == NEW and stat.S_IMODE(target.stat().st_mode) == MODE), point
        target.unlink(missing_ok=True)
        assert faults.run("create", arguments).returncode == 0, point
        assert names(target.parent) == ["new.conf"], point
    report(f"create, {'named' if named else 'nameless'}", len(points))


@pytest.mark.parametrize("named", [False, True], ids=["nameless", "named"])
def test_keeping_a_copy(tmp_path: Path, named: bool, report: Callable[[str, int], None]) -> None:
    target = tmp_path / "ssl.conf"
    put(target, OLD)
    points = faults.kill_points(
        "back_up", {"path": str(target), "folder": str(tmp_path / "measured"), "named": named}, tmp_path / "log"
    )
    for number, point in enumerate(points):
        folder = tmp_path / f"state{number}" / "backups"
        arguments: dict[str, object] = {"path": str(target), "folder": str(folder), "named": named}
        assert faults.kill_at(point, "back_up", arguments), point
        for backup in list_backups(str(target), str(folder)):
            assert read_backup(backup.backup)[1].decode() == OLD, point
        assert faults.run("back_up", arguments).returncode == 0, point
        kept = list_backups(str(target), str(folder))
        assert len(kept) == 1 and len(names(folder)) == 2 and leftovers(folder) == [], point
        assert_dressed(target)
    report(f"backup, {'named' if named else 'nameless'}", len(points))


def test_writing_a_record(tmp_path: Path, report: Callable[[str, int], None]) -> None:
    folder = tmp_path / "records"
    folder.mkdir(mode=0o700)
    path = folder / "record.json"
    arguments: dict[str, object] = {"path": str(path), "text": "new"}
    points = faults.kill_points("record", arguments, tmp_path / "log")
    for point in points:
        write_record(str(path), {"text": "old"})
        assert faults.kill_at(point, "record", arguments), point
        assert read_record(str(path)) in ({"text": "old", "format": 2}, {"text": "new", "format": 2}), point
        assert faults.run("record", arguments).returncode == 0
        assert read_record(str(path)) == {"text": "new", "format": 2} and names(folder) == ["record.json"], point
    report("record", len(points))


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SmallServer]:
    monkeypatch.setattr(earlier_release, "_PROCESSES", str(tmp_path))
    small = SmallServer(tmp_path / "server")
    yield small
    for record in Store(small.state_dir, small.place).records():
        daemon.end(record.process, politely=False)


def settings(server: SmallServer) -> dict[str, Any]:
    return {"settings": server.settings()}


# The steps of the guard wait for processes, so how often they look depends on the time, and behind their last change there is nothing but looks.
# A point that a run does not come to counts for nothing; the run then ended undisturbed, which must hold as well.


def test_arming(server: SmallServer, tmp_path: Path, report: Callable[[str, int], None]) -> None:
    points = faults.between(faults.kill_points("arm", settings(server), tmp_path / "log"), tmp_path)
    disarm(server.request())
    states = set()
    killed = 0
    for number, point in enumerate(points):
        # Each time the first guard of its server: there is the most to make.
        given = server.settings(state_dir=str(server.root / f"state{number}"))
        killed += faults.kill_at(point, "arm", {"settings": given})
        told = read_guard(given["state_dir"])
        states.add(told["state"])
        assert server.conf.read_text() == "old\n" and server.runs() and server.calls() == []
        # No process stays that the state does not tell of.
        armed = {told["pid"]} if told["state"] == "armed" else set()
        assert server.until(partial(only_guard, server, armed)), point
        done = faults.run("arm", {"settings": given})
        assert done.returncode == 0 and read_guard(given["state_dir"])["state"] == "armed", (point, done.stdout)
        disarm(GuardRequest(**given))
    assert states == {"none", "armed"} and leftovers(tmp_path) == []
    assert killed > 0.9 * len(points)
    report("arm", killed)


def test_disarming(server: SmallServer, tmp_path: Path, report: Callable[[str, int], None]) -> None:
    arguments = settings(server)
    arm(server.request())
    points = faults.between(faults.kill_points("disarm", arguments, tmp_path / "log"), tmp_path)
    killed = 0
    for point in points:
        guard = arm(server.request())
        killed += faults.kill_at(point, "disarm", arguments)
        state = read_guard(server.state_dir)["state"]
        assert state in ("armed", "disarmed"), point
        if state == "disarmed":
            assert server.until(partial(is_gone, guard.process)), point
        assert faults.run("disarm", arguments).returncode == 0, point
        assert read_guard(server.state_dir)["state"] == "disarmed" and server.calls() == [], point
        daemon.end(guard.process)
    assert killed > 0.9 * len(points)
    report("disarm", killed)


def test_rolling_back(server: SmallServer, tmp_path: Path, report: Callable[[str, int], None]) -> None:
    """Killed in the middle of a rollback, while the services are being started too: the next one ends it, and restarts what runs with new settings."""
    arguments = settings(server)

    def half_changed() -> None:
        guard = arm(server.request())
        daemon.end(guard.process, politely=False)
        server.write("new\n")
        server.start_with_what_is_there()

    half_changed()
    points = faults.between(faults.kill_points("roll_back", arguments, tmp_path / "log"), tmp_path)
    killed = 0
    for point in points:
        half_changed()
        killed += faults.kill_at(point, "roll_back", arguments)
        assert server.conf.read_text() in ("old\n", "new\n"), point
        server.conf.with_name("ssl.conf").stat()
        server.until(lambda: not server.is_busy())
        told = read_guard(server.state_dir)
        assert told["state"] in ("stale", "rolled_back"), point
        done = faults.run("roll_back", arguments)
        assert done.returncode == 0 and read_guard(server.state_dir)["state"] == "rolled_back", (
            point,
            done.stdout,
        )
        assert server.conf.read_text() == "old\n" and server.runs() and server.runs_with() == "old\n", point
        assert leftovers(tmp_path) == [], point
    assert killed > 0.9 * len(points)
    report("roll back", killed)


SSL_CONF = """Listen 127.0.0.1:{port}
<VirtualHost 127.0.0.1:{port}>
    SSLEngine on
    SSLCertificateFile "{certificate}"
    SSLCertificateKeyFile "{key}"
    SSLProtocol all -SSLv3
    Include extra.conf
</VirtualHost>
"""
EXTRA_CONF = "SSLProtocol +TLSv1 +TLSv1.2\n"


def test_the_whole_module_ssl_protocol(tmp_path: Path, report: Callable[[str, int], None]) -> None:
    """With two files to write, a real httpd that tests them, backups and the record of the change."""
    installation = apache.find_installation()
    root = tmp_path / "apache"
    made = apache.make_certificate(root, "server")
    main, ssl, extra = root / "httpd.conf", root / "ssl.conf", root / "extra.conf"
    main.write_text(apache.preamble(installation, root) + f'\nInclude "{ssl}"\n')
    old = {ssl: SSL_CONF.format(port=free_port(), certificate=made.certificate, key=made.key), extra: EXTRA_CONF}
    arguments: dict[str, object] = {
        "settings": {
            "path": str(ssl), "httpd": str(installation.httpd), "httpd_conf": str(main), "protocols": ["TLSv1.2"],
            "backup": True, "backup_dir": None, "state_dir": str(tmp_path / "state"), "profile": None, "timeout": 60,
        }
    }  # fmt: skip

    def reset() -> None:
        shutil.rmtree(tmp_path / "state", ignore_errors=True)
        for path, text in old.items():
            put(path, text)

    reset()
    points = faults.between(faults.kill_points("ssl_protocol", arguments, tmp_path / "log"), tmp_path)
    new = {path: path.read_text() for path in old}
    assert all(new[path] != old[path] for path in old)
    for point in points:
        reset()
        assert faults.kill_at(point, "ssl_protocol", arguments), point
        for path in old:
            assert path.read_text() in (old[path], new[path]), point
            assert_dressed(path)
        done = faults.run("ssl_protocol", arguments)
        assert done.returncode == 0, (point, done.stdout)
        assert {path: path.read_text() for path in old} == new, point
        assert leftovers(tmp_path) == [], point
    assert faults.run("ssl_protocol", arguments).stdout == b"false\n"
    assert len(list_backups(str(ssl), str(tmp_path / "state" / "backups"))) == 1
    report("ssl_protocol", len(points))
