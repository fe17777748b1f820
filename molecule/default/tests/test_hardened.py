# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The hardened fleet, looked at on each server by testinfra and from outside by sslscan and openssl."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest
from testinfra.host import Host

from tests.support.collection import ROOT
from tests.support.fleet import Fleet, changed_lines, only_protocol_lines

POLICY = ("TLSv1.2",)


@pytest.fixture(scope="module")
def fleet() -> Fleet:
    """The lab that molecule created."""
    return Fleet(Path(ROOT) / ".lab-molecule")


@pytest.fixture(name="name")
def server_name(host: Host) -> str:
    """The server that a test looks at."""
    return str(host.backend.host)


def in_profile(host: Host, command: str) -> str:
    """What a command prints in the environment that Check Point's profile sets."""
    profile = shlex.quote(str(host.ansible.get_variables()["checkpoint_endpoint_profile"]))
    done = host.run(f". {profile} && {command}")
    assert done.rc == 0, done
    return str(done.stdout)


def test_other_programs_see_the_policy_alone(fleet: Fleet, name: str) -> None:
    seen = fleet.wire(name)
    assert len(seen) >= 3
    assert {(item.sslscan, item.openssl) for item in seen} == {(POLICY, POLICY)}


def test_every_active_line_is_the_policy(host: Host, fleet: Fleet, name: str) -> None:
    # What an upgrade left beside them is not read by httpd, and nobody may touch it.
    for path in (path for path in fleet.configuration(name) if path.endswith(".conf")):
        content = host.file(str(fleet.apache(name) / "conf" / path)).content
        active = re.findall(rb"^[ \t]*SSLProtocol[ \t]+(.*?)\s*$", content, re.MULTILINE | re.IGNORECASE)
        assert set(active) <= {b"TLSv1.2", b"-all +TLSv1.2"}, path


def test_nothing_but_protocol_lines_differs_from_the_original(fleet: Fleet, name: str) -> None:
    originals = Path(fleet.hosts[name]["lab_original_conf"])
    files = fleet.configuration(name)
    for path, now in files.items():
        assert only_protocol_lines(changed_lines((originals / path).read_bytes(), now))


def test_services_run_and_listen(host: Host, fleet: Fleet, name: str) -> None:
    assert "EPM" in in_profile(host, "cpwd_admin list")
    for port in fleet.names(name):
        assert host.socket(f"tcp://{fleet.hosts[name]['ansible_host']}:{port}").is_listening


def test_the_configuration_test_passes(host: Host, fleet: Fleet, name: str) -> None:
    assert host.run("%s -t", str(fleet.apache(name) / "bin/httpd")).rc == 0


def test_backups_are_private_and_not_beside_the_file(host: Host, fleet: Fleet, name: str) -> None:
    state = host.ansible.get_variables()["checkpoint_endpoint_state_dir"]
    if host.file(state).exists:
        assert host.file(state).mode & 0o077 == 0
    originals = Path(fleet.hosts[name]["lab_original_conf"])
    made = {str(path.relative_to(originals)) for path in originals.rglob("*") if path.is_file()}
    assert set(fleet.configuration(name)) <= made


def test_each_server_was_restarted_at_most_once(fleet: Fleet, name: str) -> None:
    assert fleet.calls(name, "cpstop") == (0 if fleet.hosts[name]["lab_kind"] == "compliant" else 1)


def test_the_internal_ca_signs_with_sha256(host: Host, fleet: Fleet, name: str) -> None:
    if name != "epm1":
        assert not [call for call in fleet.journal(name) if "set_sign_hash" in json.dumps(call)]
        return
    fleet.lab("renew", name)
    certificate = fleet.apache(name) / "conf/ssl.crt/server.crt"
    text = host.check_output("openssl x509 -in %s -noout -text", str(certificate))
    assert "Signature Algorithm: sha256WithRSAEncryption" in text
