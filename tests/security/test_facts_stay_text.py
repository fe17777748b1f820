# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a server says stays text: server names, sections, log lines and guard reasons with templates in them are shown, and nothing evaluates them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from tests.security.conftest import Canary
from tests.support.fleet import Fleet, changed_lines, only_protocol_lines

LOG_LINE = '[{time}] {client} TLSv1 AES256-SHA "GET /{path} HTTP/1.1" 20\n'


@pytest.fixture
def hostile(fleet: Fleet, canary: Canary) -> Iterator[Path]:
    """eps1 with a configuration and a log full of templates; its ssl.conf."""
    ssl_conf = fleet.apache("eps1") / "conf/ssl.conf"
    log = fleet.apache("eps1") / "logs/ssl_request_log"
    old, old_log = ssl_conf.read_bytes(), log.read_bytes() if log.exists() else b""
    template = canary.template()
    added = (
        f'<IfModule "{template}">\n  SSLProtocol all\n</IfModule>\n'
        f"# {template} {{% for x in y %}}\n<IfDefine {template.replace(' ', '')}>\nSSLProtocol {template}\n</IfDefine>\n"
    )
    data = old.replace(
        b"SSLEngine on\n", f'SSLEngine on\nServerAlias "{template}" $({canary.command("alias")})\n'.encode()
    )
    ssl_conf.write_bytes(data + added.encode())
    lines = LOG_LINE.format(time="23/Nov/2026:10:00:00 +0000", client="{{7*7}}{{lookup('pipe','id')}}", path=template)
    log.write_bytes(old_log + lines.encode())
    yield ssl_conf
    ssl_conf.write_bytes(old)
    log.write_bytes(old_log)


def texts_of(folder: Path) -> dict[str, str]:
    """The reports by name."""
    return {path.name: path.read_text("utf-8") for path in folder.iterdir()}


def test_facts_and_logs_are_shown_and_not_evaluated(
    fleet: Fleet, hostile: Path, canary: Canary, tmp_path: Path
) -> None:
    days = {"days": 30000, "max": 0, "action": "warn"}
    run = fleet.play(
        "audit",
        "--limit",
        "eps1",
        "-vvv",
        checkpoint_endpoint_report_dir=str(tmp_path / "report"),
        checkpoint_endpoint_legacy_clients=days,
    )
    assert run.rc == 0, run.output
    assert canary.template("template")[3:30] in run.output.replace("\\", "")
    reports = texts_of(tmp_path / "report")
    ElementTree.fromstring(reports["report.junit.xml"])
    json.loads(reports["report.json"])
    clients = fleet.play("clients", "--limit", "eps1", checkpoint_endpoint_clients_days=30000)
    assert clients.rc == 0, clients.output
    assert "lookup" in clients.output and "uid=" not in clients.output, clients.output


def test_a_change_of_a_hostile_configuration(fleet: Fleet, hostile: Path, canary: Canary) -> None:
    """Where httpd reads the value that is nobody's, the change is refused, and the refusal is text too; where it does not, the value stays as it is."""
    harmless = hostile.read_bytes()
    before = harmless + f"SSLProtocol {canary.template()}\n".encode()
    hostile.write_bytes(before)
    change: dict[str, Any] = {"checkpoint_endpoint_restart": True, "checkpoint_endpoint_read_logs": False}
    run = fleet.play("harden", "--limit", "eps1", **change)
    assert run.rc != 0
    assert "nothing was changed" in run.text, run.output
    assert hostile.read_bytes() == before
    hostile.write_bytes(harmless)
    run = fleet.play("harden", "--limit", "eps1", **change)
    assert run.rc == 0, run.output
    lines = changed_lines(harmless, hostile.read_bytes())
    assert lines and only_protocol_lines(lines)
    assert f"SSLProtocol {canary.template()}\n".encode() in hostile.read_bytes()
    assert canary.sung == []


def test_the_reason_and_holder_of_a_guard_stay_text(fleet: Fleet, canary: Canary, tmp_path: Path) -> None:
    said = canary.value("reason").replace("\n", " ") + "<script>alert(1)</script>]]>"
    armed = fleet.module(
        "eps1",
        "change_guard",
        state="armed",
        deadline=600,
        reason={"__ansible_unsafe": said},
        holder={"__ansible_unsafe": said},
    )
    assert armed["changed"], armed
    try:
        assert armed["guard"]["reason"] == said
        run = fleet.play("audit", "--limit", "eps1", checkpoint_endpoint_report_dir=str(tmp_path / "report"))
        assert run.rc == 0, run.output
        reports = texts_of(tmp_path / "report")
        assert "{{ lookup('pipe'" in reports["report.json"]
        assert "<script>" not in reports["report.html"] and "&lt;script&gt;" in reports["report.html"]
        ElementTree.fromstring(reports["report.junit.xml"])
        second = fleet.play("harden", "--limit", "eps1", checkpoint_endpoint_restart=True)
        assert second.rc != 0
        assert "lookup('pipe'" in second.output
    finally:
        fleet.module("eps1", "change_guard", state="disarmed")
