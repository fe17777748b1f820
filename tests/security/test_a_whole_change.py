# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A whole change, as loud as Ansible can be: no secret in what it says or keeps, and nothing written where nothing belongs."""

from __future__ import annotations

import base64
import os
import re
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.support.fleet import Fleet, Run

pytestmark = pytest.mark.slow("a rollout with everything that Ansible can print")

# Where a server may differ afterwards: its state, the configuration files, and what runs or is run there (logs, ansible's own folder, the lab).
ALLOWED = ("var/lib/checkpoint_endpoint_hardening/", "/logs/", "tmp/", "var/lab/", "var/run/", "var/log/", "/log/")
_KEY = re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----(.*?)-----END", re.DOTALL)


@dataclass
class Change:
    """What was seen of one run of harden."""

    run: Run
    reports: Path
    before: dict[str, dict[str, tuple[object, ...]]]
    after: dict[str, dict[str, tuple[object, ...]]]


def tree(root: Path) -> dict[str, tuple[object, ...]]:
    """Every file and folder with its kind, mode, owner and, for files, bytes."""
    found: dict[str, tuple[object, ...]] = {}
    for folder, folders, files in os.walk(root):
        for name in [*folders, *files]:
            path = Path(folder) / name
            status = path.lstat()
            regular = stat.S_ISREG(status.st_mode)
            content = path.read_bytes() if regular else str(path.readlink()) if path.is_symlink() else ""
            found[str(path.relative_to(root))] = (status.st_mode, status.st_uid, status.st_gid, content)
    return found


@pytest.fixture(scope="module")
def change(fleet: Fleet, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Change]:
    """Both servers brought to the policy with -vvvv, and back again at the end."""
    reports = tmp_path_factory.mktemp("out") / "reports"
    before = {server: tree(fleet.root(server)) for server in fleet.hosts}
    options: dict[str, Any] = {"checkpoint_endpoint_restart": True, "checkpoint_endpoint_serial": [2]}
    run = fleet.play("harden", "-vvvv", "--diff", **options)
    assert run.rc == 0, run.output
    audit = fleet.play("audit", "-vvvv", checkpoint_endpoint_report_dir=str(reports))
    assert audit.rc == 0, audit.output
    both = Run(0, run.output + audit.output, run.seconds, run.stats)
    yield Change(both, reports, before, {server: tree(fleet.root(server)) for server in fleet.hosts})
    back = fleet.play("rollback", **options)
    assert back.rc == 0, back.output


def secrets(fleet: Fleet) -> dict[str, list[str]]:
    """The private keys of the lab, line by line, and its PKCS #12 containers as base64 and hexadecimal, by their files."""
    found: dict[str, list[str]] = {}
    for path in (path for path in fleet.folder.rglob("*") if path.is_file() and not path.is_symlink()):
        if path.suffix == ".p12":
            data = path.read_bytes()
            found[str(path)] = [base64.b64encode(data).decode()[40:120], data.hex()[80:160]]
        elif path.stat().st_size < 20000:
            lines = [line for key in _KEY.findall(path.read_text("latin-1")) for line in key.split()]
            if lines:
                found[str(path)] = [line for line in lines if len(line) >= 40]
    return found


def kept_files(fleet: Fleet, change: Change) -> Iterator[tuple[str, bytes]]:
    """Everything that was written by the run: reports, and the state of both servers."""
    for path in change.reports.iterdir():
        yield str(path), path.read_bytes()
    for server in fleet.hosts:
        for path in Path(fleet.hosts[server]["checkpoint_endpoint_state_dir"]).rglob("*"):
            if path.is_file():
                yield str(path), path.read_bytes()


def test_no_secret_is_told_or_kept(fleet: Fleet, change: Change) -> None:
    known = secrets(fleet)
    assert len(known) >= 6, list(known)
    texts = [("output", change.run.output.encode("utf-8", "replace")), *kept_files(fleet, change)]
    assert len(texts) > 8
    for name, data in texts:
        assert b"PRIVATE KEY" not in data, name
        for path, pieces in known.items():
            assert not any(piece.encode() in data for piece in pieces), f"{name} holds something of {path}"


def test_nothing_is_written_elsewhere(fleet: Fleet, change: Change) -> None:
    for server in fleet.hosts:
        before, after = change.before[server], change.after[server]
        different = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
        strange = {name for name in different if not any(part in f"{name}/" for part in ALLOWED)}
        conf = str(fleet.apache(server).relative_to(fleet.root(server)))
        assert {name for name in strange if not name.startswith(f"{conf}/conf/")} <= {"var/lib"}, strange
        for name in strange - {"var/lib"}:
            assert before[name][:3] == after[name][:3], f"mode or owner of {name}"
            assert name.endswith(".conf")


def test_the_state_is_private(fleet: Fleet, change: Change) -> None:
    for server in fleet.hosts:
        state = Path(fleet.hosts[server]["checkpoint_endpoint_state_dir"])
        for path in [state, *state.rglob("*")]:
            status = path.lstat()
            assert status.st_uid == os.geteuid(), path
            if stat.S_ISDIR(status.st_mode):
                assert stat.S_IMODE(status.st_mode) == 0o700, path
            elif path.parent.name != "backups" or path.suffix == ".json":
                assert stat.S_IMODE(status.st_mode) == 0o600, path


def test_backups_have_mode_and_owner_of_the_original(fleet: Fleet, change: Change) -> None:
    for server in fleet.hosts:
        backups = Path(fleet.hosts[server]["checkpoint_endpoint_state_dir"]) / "backups"
        copies = [
            path
            for path in backups.iterdir()
            if path.suffix != ".json" and path.with_name(path.name + ".json").exists()
        ]
        assert copies
        originals = {entry[3]: entry[:3] for name, entry in change.before[server].items() if name.endswith(".conf")}
        for copy in copies:
            status = copy.stat()
            assert originals[copy.read_bytes()] == (status.st_mode, status.st_uid, status.st_gid), copy


def test_reports_are_not_for_everybody(change: Change) -> None:
    assert all(stat.S_IMODE(path.stat().st_mode) & 0o007 == 0 for path in [change.reports, *change.reports.iterdir()])
