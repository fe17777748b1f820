# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A CA file that cannot be read stops what concerns the CA, and nothing else."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.fleet import Fleet, raised

# There is no policy server, on purpose.
ALONE: dict[str, Any] = {"checkpoint_endpoint_allow_empty": True}


@pytest.fixture(scope="module")
def manager() -> Iterator[Fleet]:
    """One management server whose CA file holds nonsense."""
    with raised("--management", "1", "--policy", "0", "--stop-seconds", "0.1", "--start-seconds", "0.1") as lab:
        ca_file(lab).chmod(0o600)
        ca_file(lab).write_bytes(b"nonsense")
        yield lab


def ca_file(fleet: Fleet) -> Path:
    return next(
        Path(found) / "InternalCA.p12" for found, _, names in os.walk(fleet.root("epm1")) if "InternalCA.p12" in names
    )


def assessment(fleet: Fleet, tmp_path: Path) -> dict[str, Any]:
    fleet.play("audit", checkpoint_endpoint_report_dir=str(tmp_path), **ALONE)
    return {
        finding["rule"]: finding["status"]
        for finding in json.loads((tmp_path / "report.json").read_text())["servers"][0]["findings"]
    }


def test_the_change_of_tls_is_made_without_the_ca(manager: Fleet, tmp_path: Path) -> None:
    before = assessment(manager, tmp_path)
    assert (before["TLS-1"], before["ICA-1"], before["CERT-1"]) == ("fail", "error", "error")
    run = manager.play("harden", checkpoint_endpoint_restart=True, **ALONE)
    assert run.rc == 0, run.output
    after = assessment(manager, tmp_path)
    assert (after["TLS-1"], after["TLS-2"], after["ICA-1"]) == ("pass", "pass", "error")
    assert {seen.accepted for seen in manager.wire("epm1")} == {("TLSv1.2",)}


def test_the_next_run_stops_at_the_ca_and_changes_nothing(manager: Fleet) -> None:
    stops = manager.calls("epm1", "cpstop")
    run = manager.play("harden", checkpoint_endpoint_restart=True, **ALONE)
    assert run.rc != 0
    assert "ICA-1" in run.text and "InternalCA.p12" in run.text, run.output
    assert manager.calls("epm1", "cpstop") == stops
