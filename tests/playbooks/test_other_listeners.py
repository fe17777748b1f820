# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A second TLS listener on a server is named; it neither stops a change nor is touched where it carries another server's mark."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.fleet import Fleet, raised

PORT = 4434
# There is no policy server, on purpose.
ALONE: dict[str, Any] = {"checkpoint_endpoint_allow_empty": True}
# No lab server has it, and nothing on it carries a mark.
STRANGER = "127.77.66.55"


@pytest.fixture(scope="module")
def lone() -> Iterator[Fleet]:
    """One management server."""
    with raised("--management", "1", "--policy", "0", "--stop-seconds", "0.1", "--start-seconds", "0.1") as lab:
        yield lab


@pytest.fixture(scope="module")
def portal(lone: Fleet, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Another program of the server that accepts TLSv1: its place in messages."""
    address, folder = lone.hosts["epm1"]["ansible_host"], tmp_path_factory.mktemp("portal")
    made = [
        "req",
        "-x509",
        "-newkey",
        "rsa:2048",
        "-nodes",
        "-keyout",
        "key",
        "-out",
        "crt",
        "-days",
        "2",
        "-subj",
        "/CN=portal",
    ]
    subprocess.run(["openssl", *made], cwd=folder, check=True, capture_output=True)
    old = ["-tls1", "-cipher", "ALL:@SECLEVEL=0"]
    command = ["openssl", "s_server", "-accept", f"{address}:{PORT}", "-key", "key", "-cert", "crt", "-quiet", *old]
    mark = {"CHECKPOINT_LAB_SERVER": str(lone.root("epm1"))}
    with subprocess.Popen(command, cwd=folder, env=os.environ | mark, stdin=subprocess.PIPE) as process:
        until = time.monotonic() + 20
        while time.monotonic() < until:
            with socket.socket() as probe:
                if probe.connect_ex((address, PORT)) == 0:
                    break
            time.sleep(0.05)
        yield f"openssl (process {process.pid}) at {address}:{PORT}"
        process.kill()


@pytest.fixture
def stranger() -> Iterator[list[Any]]:
    """A listener on a port where web pages are served, which belongs to no lab server: the connections that it gets."""
    connections: list[Any] = []
    with socket.socket() as server:
        server.bind((STRANGER, 8443))
        server.listen(8)
        server.settimeout(0.2)
        done = threading.Event()

        def serve() -> None:
            while not done.is_set():
                try:
                    connections.append(server.accept())
                except TimeoutError:
                    continue

        thread = threading.Thread(target=serve)
        thread.start()
        yield connections
        done.set()
        thread.join()


def finding(fleet: Fleet, folder: Path, **variables: Any) -> dict[str, Any]:
    """What an audit says of TLS-4."""
    run = fleet.play("audit", checkpoint_endpoint_report_dir=str(folder), **ALONE, **variables)
    assert run.rc == 0, run.output
    findings = json.loads((folder / "report.json").read_text("utf-8"))["servers"][0]["findings"]
    found: dict[str, Any] = next(entry for entry in findings if entry["rule"] == "TLS-4")
    return found


def test_it_is_named_in_the_audit(lone: Fleet, portal: str, stranger: list[Any], tmp_path: Path) -> None:
    found = finding(lone, tmp_path)
    assert (found["status"], found["message"]) == ("fail", f"{portal} accepts TLSv1.")
    assert stranger == []


def test_it_is_ignored_with_a_reason_or_not_asked_at_all(lone: Fleet, portal: str, tmp_path: Path) -> None:
    reason = [{"port": PORT, "reason": "the portal goes in May"}]
    found = finding(lone, tmp_path, checkpoint_endpoint_ignored_listeners=reason)
    assert (found["status"], found["evidence"]["ignored"]) == ("pass", {portal: "the portal goes in May"})
    found = finding(lone, tmp_path, checkpoint_endpoint_probe_listeners="none")
    assert found["status"] == "not_applicable"


def test_a_further_endpoint_must_meet_the_policy(lone: Fleet, portal: str, tmp_path: Path) -> None:
    front = [{"host": lone.hosts["epm1"]["ansible_host"], "port": PORT}]
    found = finding(
        lone, tmp_path, checkpoint_endpoint_extra_endpoints=front, checkpoint_endpoint_probe_listeners="none"
    )
    assert found["status"] == "fail" and "accepts TLSv1" in found["message"]


def test_the_change_is_made_all_the_same(lone: Fleet, portal: str) -> None:
    run = lone.play("harden", checkpoint_endpoint_restart=True, **ALONE)
    assert run.rc == 0, run.output
    assert {seen.accepted for seen in lone.wire("epm1")} == {("TLSv1.2",)}
    stops = lone.calls("epm1", "cpstop")
    run = lone.play("harden", checkpoint_endpoint_restart=True, **ALONE)
    assert (run.rc, run.changed(), lone.calls("epm1", "cpstop")) == (0, {}, stops), run.output
