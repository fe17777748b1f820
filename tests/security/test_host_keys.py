# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Another host key than the known one: the server counts as unreachable, and nothing is done on it."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.fleet import Fleet


@pytest.fixture
def other_key(fleet: Fleet) -> Iterator[None]:
    """The controller remembers another key for eps1, and has no connection open."""
    known = fleet.folder / "known_hosts"
    kept = known.with_suffix(".kept")
    shutil.copy2(known, kept)
    address = f"[{fleet.hosts['eps1']['ansible_host']}]"
    lines = known.read_text("utf-8").splitlines()
    strangers = {line.split()[1]: line.split()[2] for line in lines if not line.startswith(address)}
    changed = [
        " ".join([*line.split()[:2], strangers[line.split()[1]]]) if line.startswith(address) else line
        for line in lines
    ]
    assert changed != lines
    known.write_text("\n".join(changed) + "\n", "utf-8")
    for socket in (
        Path(fleet.controller()["ANSIBLE_CONFIG"]).read_text("utf-8").split("control_path_dir = ")[1].split()[:1]
    ):
        for path in Path(socket).glob("*"):
            path.unlink()
    yield
    kept.replace(known)


@pytest.mark.usefixtures("other_key")
def test_a_changed_host_key_is_not_accepted(fleet: Fleet) -> None:
    before, stops = fleet.snapshot("eps1"), fleet.calls("eps1", "cpstop")
    audit = fleet.play("audit", "--limit", "eps1")
    assert audit.rc != 0
    assert "NOT READ" in audit.output and "REMOTE HOST IDENTIFICATION HAS CHANGED" in audit.output, audit.output
    harden = fleet.play("harden", "--limit", "eps1", checkpoint_endpoint_restart=True)
    assert harden.rc != 0 and "eps1 cannot be reached" in harden.text, harden.output
    assert fleet.snapshot("eps1") == before
    assert fleet.calls("eps1", "cpstop") == stops
