# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Files of any contents and names, and any order of writing, keeping, losing and putting back."""

from __future__ import annotations

# pathlib has no paths of bytes.
# ruff: noqa: PTH118, PTH208
import os
import stat
import tempfile
from pathlib import Path

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils import _text
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.atomic_write import (
    create_file,
    write_file,
)
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.backups import (
    backup_file,
    list_backups,
    read_backup,
    restore_file,
)
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.file_state import digest, read_file
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

# What a Linux file system takes, short enough for a suffix.
NAMES = st.binary(min_size=1, max_size=60).filter(
    lambda name: b"/" not in name and b"\0" not in name and name.strip(b".") != b"" and name != b"kept"
)
CONTENTS = st.binary(max_size=200)
MODES = st.sampled_from([0o600, 0o640, 0o644, 0o400, 0o755])


@given(st.binary(max_size=100).filter(lambda name: b"\0" not in name))
def test_names_survive(name: bytes) -> None:
    text = _text.name_text(name)
    assert _text.name_bytes(text) == name and _text.name_bytes(_text.native(name)) == name


@settings(max_examples=60, deadline=None)
@given(NAMES, CONTENTS, CONTENTS, MODES)
def test_any_name_any_bytes(name: bytes, old: bytes, new: bytes, mode: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(os.fsencode(folder), name)
        create_file(_text.native(path), old, mode)
        state = read_file(_text.native(path))
        backup = backup_file(state, folder + "/kept")
        assert write_file(state, new).data == new
        assert read_file(_text.native(path)).data == new
        found, data = read_backup(backup)
        assert (data, _text.name_bytes(found.path)) == (old, path)
        assert restore_file(found, data) is (old != new)
        assert read_file(_text.native(path))[2:5] == (old, digest(old), mode)
        assert sorted(os.listdir(os.fsencode(folder))) == sorted([name, b"kept"])


class KeptFile(RuleBasedStateMachine):
    """A file, its backups, and a model of both."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = tempfile.TemporaryDirectory()
        self.path = Path(self.folder.name, "ssl.conf")
        self.kept = self.folder.name + "/kept"
        self.data, self.mode = b"first", 0o640
        create_file(str(self.path), self.data, self.mode)
        self.backups: list[tuple[bytes, int]] = []

    @rule(data=CONTENTS)
    def write(self, data: bytes) -> None:
        write_file(read_file(str(self.path)), data)
        self.data = data

    @rule(mode=MODES)
    def change_mode(self, mode: int) -> None:
        self.path.chmod(mode)
        self.mode = mode

    @rule()
    def keep(self) -> None:
        backup_file(read_file(str(self.path)), self.kept)
        if self.backups[-1:] != [(self.data, self.mode)]:
            self.backups = [*self.backups, (self.data, self.mode)][-20:]

    @rule(number=st.integers(0, 30))
    def put_back(self, number: int) -> None:
        found = list_backups(str(self.path), self.kept)
        if found:
            backup = found[number % len(found)]
            restore_file(*read_backup(backup.backup))
            self.data = list(reversed(self.backups))[number % len(found)][0]

    @rule()
    def lose(self) -> None:
        """The file is deleted, and the newest backup makes it again with its mode."""
        found = list_backups(str(self.path), self.kept)
        if found:
            self.path.unlink()
            restore_file(*read_backup(found[0].backup))
            self.data, self.mode = self.backups[-1]

    @rule()
    def leave_a_leftover(self) -> None:
        """As a killed writer does; the next write removes it."""
        leftover = self.path.with_name(".checkpoint_endpoint_hardening.0123456789abcdef.tmp")
        leftover.write_bytes(b"half a fi")
        self.write(self.data)
        assert not leftover.exists()

    @invariant()
    def as_the_model_says(self) -> None:
        assert self.path.read_bytes() == self.data
        assert stat.S_IMODE(self.path.stat().st_mode) == self.mode
        found = list_backups(str(self.path), self.kept)
        assert [read_backup(item.backup)[1] for item in found] == [data for data, _mode in reversed(self.backups)]
        assert {path.name for path in self.path.parent.iterdir()} <= {"ssl.conf", "kept"}

    def teardown(self) -> None:
        self.folder.cleanup()


TestKeptFile = KeptFile.TestCase
TestKeptFile.settings = settings(max_examples=25, stateful_step_count=40, deadline=None)
