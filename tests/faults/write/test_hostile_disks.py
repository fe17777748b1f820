# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A disk that is full, read-only, mounted over, immutable, or meddled with: the old file stays, and the message says why."""

from __future__ import annotations

import os
import resource
import shlex
import shutil
import signal
import stat
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.write import kill_points as faults

OLD, NEW = "old\n" * 5000, "new\n" * 20000
SECONDS = 60.0
is_root = os.geteuid() == 0
needs_root = pytest.mark.skipif(not is_root, reason="needs root")


def namespace() -> list[str]:
    """The command that gives a program mounts of its own, as root or as anybody where the kernel allows that."""
    return ["unshare", "-m"] if is_root else ["unshare", "-Urm"]


def cannot_mount() -> bool:
    if shutil.which("unshare") is None:
        return True
    done = subprocess.run(
        [*namespace(), "mount", "-t", "tmpfs", "none", "/mnt"], capture_output=True, timeout=SECONDS, check=False
    )
    return done.returncode != 0


needs_mounts = pytest.mark.skipif(
    cannot_mount(), reason="needs mounts of its own (unshare -m): root, or user namespaces"
)


def in_namespace(script: str, step: str, **arguments: object) -> subprocess.CompletedProcess[str]:
    """Run a step after a shell script that mounts things, where nobody else sees them."""
    line = f"set -e; {script}; exec {shlex.join(faults.command(step, arguments))}"
    return subprocess.run(
        [*namespace(), "sh", "-c", line], capture_output=True, text=True, timeout=SECONDS, check=False
    )


@pytest.fixture
def target(tmp_path: Path) -> Path:
    path = tmp_path / "conf" / "ssl.conf"
    path.parent.mkdir()
    path.write_text(OLD)
    path.chmod(0o640)
    return path


def assert_refused(done: subprocess.CompletedProcess[str], *words: str) -> None:
    assert done.returncode == faults.FAILED, (done.stdout, done.stderr)
    for word in words:
        assert word in done.stdout, done.stdout


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def assert_old(target: Path) -> None:
    assert target.read_text() == OLD and stat.S_IMODE(target.stat().st_mode) == 0o640
    assert names(target.parent) == ["ssl.conf"]


@needs_mounts
@pytest.mark.parametrize("named", [False, True], ids=["nameless", "named"])
@pytest.mark.parametrize("size", ["size=64k", "nr_inodes=3"])
def test_full_disk(target: Path, named: bool, size: str) -> None:
    folder = target.parent
    mount = f"cp -p {target} {folder}/../kept; mount -t tmpfs -o {size} none {folder}; cp -p {folder}/../kept {target}"
    fill = f"; touch {folder}/other" if size.startswith("nr") else ""
    check = f"sha256sum < {target}; ls -A {folder}"
    line = f"{mount}{fill}; {check}; {shlex.join(faults.command('replace', {'path': str(target), 'data': NEW, 'named': named}))} || echo code $?; {check}"
    done = subprocess.run(
        [*namespace(), "sh", "-c", line], capture_output=True, text=True, timeout=SECONDS, check=False
    )
    lines = done.stdout.splitlines()
    files = 3 if fill else 2
    before, after = lines[:files], lines[-files:]
    assert before == after and f"code {faults.FAILED}" in lines, done
    assert "No space left on device" in done.stdout and "KiB" in done.stdout and "nothing was changed" in done.stdout


@pytest.mark.parametrize("named", [False, True], ids=["nameless", "named"])
def test_limit_of_the_file_size(target: Path, named: bool) -> None:
    """The limit that needs no privilege: writing ends with EFBIG in the middle of the file."""

    def limit() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (30000, 30000))

    done = subprocess.run(
        faults.command("replace", {"path": str(target), "data": NEW, "named": named}),
        capture_output=True, text=True, timeout=SECONDS, check=False, preexec_fn=limit,
    )  # fmt: skip
    assert_refused(done, "File too large", "nothing was changed", "ulimit")
    assert_old(target)


@needs_mounts
def test_read_only_file_system(target: Path) -> None:
    folder = target.parent
    done = in_namespace(
        f"mount --bind {folder} {folder}; mount -o remount,bind,ro {folder}", "replace", path=str(target), data=NEW
    )
    assert_refused(done, "Read-only file system", "nothing was changed", "dmesg")
    assert_old(target)


@needs_mounts
def test_file_that_is_a_mount_point(target: Path, tmp_path: Path) -> None:
    behind = tmp_path / "behind with space"
    behind.write_text(OLD)
    odd = target.with_name("odd name.conf")
    odd.write_text(OLD)
    for path in (target, odd):
        script = f"mount --bind {shlex.quote(str(behind))} {shlex.quote(str(path))}"
        done = in_namespace(script, "replace", path=str(path), data=NEW)
        assert_refused(done, "bind mount", "nothing was changed", "unmount")
        assert path.read_text() == OLD and behind.read_text() == OLD
    odd.unlink()
    target.chmod(0o640)
    assert_old(target)


@needs_mounts
def test_directory_that_is_a_mount_point_is_none_of_it(target: Path, tmp_path: Path) -> None:
    behind = tmp_path / "behind"
    behind.mkdir()
    (behind / "ssl.conf").write_text(OLD)
    done = in_namespace(f"mount --bind {behind} {target.parent}", "replace", path=str(target), data=NEW)
    assert done.returncode == 0, done
    assert (behind / "ssl.conf").read_text() == NEW
    assert_old(target)


def chattr(flag: str, path: Path) -> bool:
    if shutil.which("chattr") is None:
        return False
    return (
        subprocess.run(["chattr", flag, str(path)], capture_output=True, timeout=SECONDS, check=False).returncode == 0
    )


@needs_root
@pytest.mark.parametrize("flag", ["i", "a"])
@pytest.mark.parametrize("where", ["file", "directory"])
@pytest.mark.parametrize("named", [False, True], ids=["nameless", "named"])
def test_immutable_and_append_only(target: Path, flag: str, where: str, named: bool) -> None:
    path = target if where == "file" else target.parent
    if not chattr(f"+{flag}", path):
        pytest.skip("this file system has no such attribute, or chattr is not installed")
    try:
        done = subprocess.run(
            faults.command("replace", {"path": str(target), "data": NEW, "named": named}),
            capture_output=True, text=True, timeout=SECONDS, check=False,
        )  # fmt: skip
    finally:
        chattr(f"-{flag}", path)
    assert_refused(done, "Operation not permitted", "nothing was changed", "lsattr")
    left = [name for name in names(target.parent) if name != "ssl.conf"]
    if where == "directory" and flag == "a":
        # Such a directory takes new names and gives none back. The next write removes it.
        assert len(left) <= 1
        assert faults.run("replace", {"path": str(target), "data": OLD}).returncode == 0
    assert_old(target)


@pytest.mark.skipif(is_root, reason="root may write everywhere")
def test_directory_without_permission(target: Path) -> None:
    target.parent.chmod(0o555)
    try:
        done = subprocess.run(
            faults.command("replace", {"path": str(target), "data": NEW}),
            capture_output=True,
            text=True,
            timeout=SECONDS,
            check=False,
        )
    finally:
        target.parent.chmod(0o755)
    assert_refused(done, "Permission denied", "nothing was changed", "root")
    assert_old(target)


@needs_root
def test_owner_that_cannot_be_kept_is_a_reason_to_leave_it(target: Path) -> None:
    """Somebody else than root, in a directory of his own, with a file of another owner."""
    os.chown(target.parent, 12345, 12345)
    target.chmod(0o644)
    for folder in [target.parent, *target.parents][:-1]:
        folder.chmod(folder.stat().st_mode | 0o055)
    line = shlex.join(faults.command("replace", {"path": str(target), "data": NEW}))
    if shutil.which("setpriv") is None:
        pytest.skip("needs setpriv")
    done = subprocess.run(
        ["setpriv", "--reuid", "12345", "--regid", "12345", "--clear-groups", "sh", "-c", line],
        capture_output=True, text=True, timeout=SECONDS, check=False,
    )  # fmt: skip
    if done.returncode in (126, 127) or "can't open file" in done.stderr:
        pytest.skip("the checkout or its Python is not readable for others")
    assert_refused(done, "Operation not permitted", "nothing was changed")
    assert target.read_text() == OLD and target.stat().st_uid == 0 and names(target.parent) == ["ssl.conf"]


def link_to_itself(path: Path) -> None:
    path.symlink_to(path)


@pytest.mark.parametrize("make", [os.mkfifo, Path.mkdir, link_to_itself, lambda path: path.symlink_to("/dev/full")])
def test_strange_targets_end_at_once(tmp_path: Path, make: Callable[[Path], object]) -> None:
    path = tmp_path / "ssl.conf"
    make(path)
    began = time.monotonic()
    done = subprocess.run(
        faults.command("replace", {"path": str(path), "data": NEW}),
        capture_output=True,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert_refused(done, "regular file", "nothing was changed", str(path) if not path.is_symlink() else "Found")
    assert time.monotonic() - began < 10


def test_readers_never_see_half_a_file(target: Path) -> None:
    """A reader that looks without a pause while the file is replaced over and over."""
    looks = 0
    seen = set()
    for data in (NEW, OLD) * 5:
        with subprocess.Popen(faults.command("replace", {"path": str(target), "data": data})) as writer:
            while writer.poll() is None:
                text = target.read_text()
                assert text in (OLD, NEW)
                seen.add(text)
                looks += 1
        assert writer.returncode == 0
    assert looks > 100 and seen == {OLD, NEW}
