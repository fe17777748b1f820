# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that others could read too early, or could have written: seen from outside, by a tracer, and planted as another user would."""

from __future__ import annotations

import json
import os
import pwd
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.backups import backup_file
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.file_state import read_file
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.disarm import disarm
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.state import read_guard
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.trigger import trigger

from tests.faults.write import kill_points
from tests.faults.write.server import SmallServer

WRITER = kill_points.PROGRAM
_OPENED = re.compile(
    r'^open(?:at)?\((?:AT_FDCWD, )?"(?P<path>[^"]*)", (?P<flags>[A-Z_|]+)(?:, (?P<mode>0[0-7]*))?\)\s+= \d+'
)
needs_strace = pytest.mark.skipif(kill_points.why_not() is not None, reason="strace cannot trace here")
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to somebody else")


def operations(log: Path, target: Path) -> list[str]:
    """The calls of a traced write between its marks that made or changed files, without what Python itself opens."""
    text = log.read_text(errors="replace")
    inside = text[text.index("/mark-of-the-write-path/begin") : text.index("/mark-of-the-write-path/end")]
    return [
        line
        for line in inside.splitlines()
        if str(target.parent) in line or line.startswith(("fchmod", "fchown", "rename", "link"))
    ]


@needs_strace
@pytest.mark.parametrize("named", [False, True], ids=["without a name", "with a name"])
def test_a_new_file_is_beside_its_target_and_private_until_it_is_complete(tmp_path: Path, named: bool) -> None:
    target = tmp_path / "conf" / "ssl.conf"
    target.parent.mkdir()
    target.write_bytes(b"old\n")
    target.chmod(0o644)
    log = tmp_path / "log"
    calls = "open,openat,creat,write,fchmod,chmod,fchown,chown,rename,renameat,renameat2,link,linkat,fsync,access,faccessat,faccessat2"
    options = [
        "strace",
        "-qq",
        "-s",
        "300",
        "-o",
        str(log),
        "-e",
        "trace=" + ",".join("?" + call for call in calls.split(",")),
    ]
    arguments = json.dumps({"path": str(target), "data": "new\n", "named": named})
    command = [*options, sys.executable, "-B", str(WRITER), "replace", arguments]
    subprocess.run(command, check=True, timeout=120, env={**os.environ, "LC_ALL": "C"})
    assert target.read_bytes() == b"new\n" and target.stat().st_mode & 0o777 == 0o644
    seen = operations(log, target)
    made = [
        match
        for match in map(_OPENED.match, seen)
        if match and ("O_CREAT" in match["flags"] or "O_TMPFILE" in match["flags"])
    ]
    assert len(made) == 1, seen
    assert made[0]["mode"] == "0600"
    assert Path(made[0]["path"]) == target.parent or Path(made[0]["path"]).parent == target.parent
    if named:
        assert "O_EXCL" in made[0]["flags"]
    names = [line.partition("(")[0] for line in seen]
    written = max(number for number, line in enumerate(seen) if "write(" in line) if "write" in names else -1
    widened = [number for number, name in enumerate(names) if name in ("fchmod", "chmod")]
    assert widened and min(widened) > written
    assert any(name.startswith("rename") for name in names[max(widened) :])
    assert [path.name for path in target.parent.iterdir()] == ["ssl.conf"]


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o644, 0o444])
@pytest.mark.parametrize("mask", [0o000, 0o077])
def test_a_backup_has_the_mode_of_the_original_in_a_folder_of_nobody_else(tmp_path: Path, mode: int, mask: int) -> None:
    target = tmp_path / "ssl.conf"
    target.write_bytes(b"old\n")
    target.chmod(mode)
    before = os.umask(mask)
    try:
        backup = Path(backup_file(read_file(str(target)), str(tmp_path / "state/backups")))
    finally:
        os.umask(before)
    assert backup.stat().st_mode & 0o7777 == mode
    assert backup.with_name(backup.name + ".json").stat().st_mode & 0o7777 == 0o600
    assert {(tmp_path / folder).stat().st_mode & 0o7777 for folder in ("state", "state/backups")} == {0o700}


# -- the guard's files, as another user would plant them


def planted(server: SmallServer) -> Path:
    """A guard's state, whole and with an order in it: put a file of somebody's own in the place of the configuration."""
    state = Path(server.state_dir)
    for folder in (state, state / "guard", state / "backups"):
        folder.mkdir(mode=0o700)
    evil = state / "backups" / "evil"
    evil.write_text("evil\n")
    digest = "2a4a5b5f0f6d0a0f"
    record = {
        "state": "armed", "id": "0123456789abcdef", "holder": "somebody", "host": "here", "armed_at": "2026-01-01T00:00:00Z", "purpose": "x", "reason": "x",
        "deadline_at": "2026-01-01T00:00:01Z", "deadline": 1, "due": 0.0, "process": {"pid": 1, "started": 0, "boot": ""}, "acting": None,
        "restore": [{"path": str(server.conf), "backup": str(evil), "sha256": digest}], "ports": [], "stop_timeout": 5, "start_timeout": 5,
        "profile": str(server.root / "profile.sh"), "restart_needed": True, "message": "x",
    }  # fmt: skip
    (state / "guard" / "state.json").write_text(json.dumps(record))
    (state / "guard" / "state.json").chmod(0o600)
    return state


def _give(path: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    os.chown(path, nobody.pw_uid, nobody.pw_gid)


def _link(path: Path) -> None:
    other = path.with_name("elsewhere")
    path.rename(other)
    path.symlink_to(other)


def _link_folder(state: Path) -> None:
    _give(state / "guard")
    (state / "guard").rename(state.parent / "elsewhere")
    (state / "guard").symlink_to(state.parent / "elsewhere")


PLANTED: dict[str, Callable[[Path], None]] = {
    "a state of nobody": lambda state: _give(state / "guard/state.json"),
    "a state that all may write": lambda state: (state / "guard/state.json").chmod(0o666),
    "a state that the group may write": lambda state: (state / "guard/state.json").chmod(0o660),
    "a state that is a link": lambda state: _link(state / "guard/state.json"),
    "a folder of nobody": lambda state: _give(state / "guard"),
    "a folder that all may write": lambda state: (state / "guard").chmod(0o777),
    "a folder that is a link to one of nobody": _link_folder,
    "a state directory of nobody": _give,
}


@needs_root
@pytest.mark.parametrize("name", list(PLANTED))
def test_planted_files_of_the_guard_are_not_obeyed(tmp_path: Path, name: str) -> None:
    server = SmallServer(tmp_path / "server")
    state = planted(server)
    assert read_guard(server.state_dir)["state"] == "stale"
    PLANTED[name](state)
    request = server.request(id=None, reason="x")
    for act in (
        lambda: read_guard(server.state_dir),
        lambda: trigger(request),
        lambda: disarm(request._replace(acknowledge=True)),
    ):
        with pytest.raises(AdministratorError) as caught:
            act()
        assert str(server.root) in str(caught.value)
    assert server.conf.read_text() == "old\n"
    assert server.calls() == []


@needs_root
def test_a_planted_backup_is_not_put_back(tmp_path: Path) -> None:
    """Even where the state itself can be trusted, what it names has to be a backup that was kept here, with the bytes that were kept."""
    server = SmallServer(tmp_path / "server")
    planted(server)
    with pytest.raises(AdministratorError):
        trigger(server.request(id=None, reason="x"))
    assert server.conf.read_text() == "old\n"
    shutil.rmtree(server.state_dir)
