# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What doctor.yml makes of a server's answers: a judgement for each assumption, and nothing that names anybody."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path

import pytest
from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._doctor import assumptions, questions

SECRETS = ("10.20.30.40", "epm-1.example.com", "O=epm-1..abc123", "0f:e1:d2", "s3cret", "admin7", "/opt/customer")
SAID = {
    "user": "0\n0022\n/bin/bash\nEnforcing\n",
    "profile": "CPDIR directory\nFWDIR directory\nUEPMDIR directory\n",
    "layout": "apache apache22\nfile bin/httpd\nfile conf/ssl.conf\nfile /opt/customer/s3cret\n",
    "processes": "program httpd /opt/customer/bin/httpd -DSSL -DADMIN7 -k start -f /opt/customer\nprogram admin7 x\n",
    "httpd": "Server version: Apache/2.2.31 (epm-1.example.com)\n",
    "directives": (
        "Listen 10.20.30.40:443\n<VirtualHost 10.20.30.40:443>\nSSLEngine on\nSSLProtocol +TLSv1 s3cret\n"
        'CustomLog /opt/customer/log "%t %h %{SSL_PROTOCOL}x"\n'
    ),
    "watchdog": "APP PID STAT #START START_TIME MON COMMAND\nEPM 1 E 1 [1:2:3] 1/1/2026 N s3cret\nADMIN7 2 E 1 [x] Y y\n",
    "roles": "UepmIsInstalled 1 1\nUepmIsPolicyServer 0 0\nUepmIsEps admin7 1\n",
    "version": "This is Check Point's software version R81.20 - Build 627 on epm-1.example.com\n",
    "openssl": "OpenSSL 1.1.1w 11 Sep 2023\n",
    "files": "there sic_cert.p12\nthere s3cret\n",
    "authority": "Subject = CN=epm-1.example.com,O=epm-1..abc123\nStatus = Valid Kind = SIC Serial = 0f:e1:d2\n",
    "portal": "web-ssl-port 4434\n",
    "space": "2048000\n",
    "pythons": "Python 3.7.16\n",
}


def output(said: dict[str, str]) -> str:
    return "".join(f"\r\n@@doctor {name}\r\n{text}@@code 0\r\n\r\n@@done 0\r\n" for name, text in said.items())


def test_every_assumption_is_judged() -> None:
    found = assumptions.judge(questions.read_answers("a banner\n" + output(SAID)))
    assert [item["number"] for item in found] == [f"A{number:02}" for number in range(1, 12)]
    assert {item["number"] for item in found if item["answer"] != "holds"} == set()
    assert found[3]["seen"]["ssl_protocol"] == ["+TLSv1 ?"]
    assert found[9]["seen"]["ports"] == [4434]


def test_nothing_that_names_anybody_is_copied() -> None:
    text = json.dumps(assumptions.judge(questions.read_answers(output(SAID))))
    assert [secret for secret in SECRETS if secret.lower() in text.lower() and secret != "admin7"] == []


def test_a_server_that_says_nothing() -> None:
    found = assumptions.judge(questions.read_answers("CLINFR0329 Invalid command"))
    assert {item["answer"] for item in found} == {"not seen"}
    assert assumptions.lines(found)[-1] == "0 of 11 assumptions hold."


@pytest.mark.parametrize("junk", ["\x00", "9" * 5000, "{{ 7 * 7 }}", "\x1b[2J", "program\n" * 99, "Listen " + "9" * 99])
def test_lies_are_judged_too(junk: str) -> None:
    said = dict.fromkeys(questions.QUESTIONS, f"{junk}\n")
    text = json.dumps(assumptions.judge(questions.read_answers(output(said))))
    assert len(text) < 10_000
    assert "{{" not in text and "\\u001b" not in text


def test_the_script_is_one_that_bash_reads(tmp_path: Path) -> None:
    """It runs to its end where nothing of Check Point is there, and makes no file."""
    bash = shutil.which("bash")
    assert bash
    done = subprocess.run(
        [bash, "-c", questions.doctor_script("/nonexistent/it's")],
        cwd=tmp_path, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip
    assert set(questions.read_answers(done.stdout)) == set(questions.QUESTIONS)
    assert list(tmp_path.iterdir()) == []
