# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a lab server is: reached by Ansible, with the tools, the wire and the certificates of its kind."""

from __future__ import annotations

import json
import os
import re
import ssl
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.lab.checkpoint_lab.authority import openssl
from tests.lab.checkpoint_lab.heartbeat import VERSIONS, Heartbeats
from tests.lab.conftest import Fleet, run_lab

# What each server accepts at its first port without a name, with OpenSSL 1.1.0 and later.
ACCEPTED = {
    "epm1": ["TLSv1.2"],
    "epm2": ["TLSv1.2"],
    "eps1": ["TLSv1.2"],
    "eps2": ["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"],
    "eps3": ["TLSv1.2"],
    "eps4": ["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"],
    "eps5": ["TLSv1", "TLSv1.1", "TLSv1.2"],
    "eps6": ["TLSv1.2"],
}


def accepted(fleet: Fleet, name: str, server_name: str = "", port: int = 0) -> list[str]:
    """The versions in which a heartbeat is answered."""
    server = fleet[name]
    address = (server.address, port or server.ports()[0])
    return [
        version for version in VERSIONS if Heartbeats(address, version, fleet.folder / "ca.crt", server_name).beat()
    ]


def program(name: str) -> str:
    """A program of the environment that runs the tests."""
    beside = Path(sys.executable).with_name(name)
    return str(beside) if beside.exists() else name


def test_ansible_reaches_every_server_with_the_python_of_its_release(fleet: Fleet, tmp_path: Path) -> None:
    environment = {name: value for name, value in os.environ.items() if not name.startswith("ANSIBLE_")}
    environment |= {"ANSIBLE_CONFIG": f"{fleet.folder}/ansible.cfg", "HOME": str(tmp_path)}
    command = [program("ansible"), "all", "-m", "ansible.builtin.setup", "-a", "gather_subset=!all", "-o"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, env=environment, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    versions = {}
    for line in done.stdout.splitlines():
        name, _arrow, answer = line.partition(" | SUCCESS => ")
        found = json.loads(answer)["ansible_facts"]["ansible_python"]["version"]
        versions[name] = f"{found['major']}.{found['minor']}"
    assert versions == {server.name: server.settings["python"][server.name] for server in fleet.lab.servers()}
    assert list(tmp_path.iterdir()) == [], "the user's home was written to"


@pytest.mark.parametrize("name", ACCEPTED)
def test_the_wire_is_as_configured(fleet: Fleet, name: str) -> None:
    assert accepted(fleet, name) == ACCEPTED[name]


@pytest.mark.parametrize(
    "port, prefix, versions",
    [
        (8443, "updates", ["TLSv1", "TLSv1.1", "TLSv1.2"]),
        (8444, "", ["TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"]),
        (8445, "portal", ["TLSv1", "TLSv1.1", "TLSv1.2"]),
    ],
)
def test_virtual_hosts_have_their_own_protocols(fleet: Fleet, port: int, prefix: str, versions: list[str]) -> None:
    name = f"{prefix}.{fleet['eps3'].settings['full_name']}" if prefix else ""
    assert accepted(fleet, "eps3", name, port) == versions


def test_ssh_takes_the_labs_key_alone(fleet: Fleet) -> None:
    variables = fleet.variables("eps1")
    line = ["ssh", *variables["ansible_ssh_common_args"].split(), "-o", "BatchMode=yes", "-p", "2222"]
    line += [f"{variables['ansible_user']}@{variables['ansible_host']}", "true"]
    done = subprocess.run(line, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 255
    assert "Permission denied (publickey)" in done.stderr
    unknown = [word if "UserKnownHostsFile=" not in word else "UserKnownHostsFile=/dev/null" for word in line]
    done = subprocess.run(unknown, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 255
    assert "Host key verification failed" in done.stderr


@pytest.mark.parametrize("shell", ["sh", "bash"])
def test_the_profile_can_be_read_from_anywhere(fleet: Fleet, shell: str) -> None:
    server = fleet["eps5"]
    script = f'cd / && set -eu && . "{server.root}/etc/profile.d/CP.sh" && echo "$UEPMDIR" && command -v cpstop'
    clean = {"PATH": os.environ["PATH"]}
    done = subprocess.run([shell, "-c", script], capture_output=True, text=True, timeout=60, env=clean, check=False)
    assert done.stdout.splitlines() == [f"{server.root}/opt/CPuepm-R80", f"{server.root}/opt/CPshrd-R80/bin/cpstop"]


@pytest.mark.parametrize(
    "name, functions",
    [
        ("epm1", {"UepmIsInstalled": 1, "UepmIsPolicyServer": 0, "FwIsFirewallMgmt": 1, "fwisprimary": 1}),
        ("epm2", {"UepmIsInstalled": 1, "UepmIsPolicyServer": 0, "FwIsFirewallMgmt": 1, "FwIsPrimary": 0}),
        ("eps1", {"UepmIsInstalled": 1, "UepmIsPolicyServer": 1, "FwIsFirewallMgmt": 0, "FwIsPrimary": 0}),
    ],
)
def test_a_server_knows_its_role(fleet: Fleet, name: str, functions: dict[str, int]) -> None:
    asked = [*functions, "CPPROD_GetValue CPshared CurrentLabel 1"]
    said = fleet.ssh(name, "; ".join([*(f"cpprod_util {function}" for function in asked), "fw ver"])).stdout
    release = fleet[name].release
    version = f"This is Check Point's software version {release} - Build 059"
    assert said.splitlines() == [*(str(number) for number in functions.values()), release, version]


def test_httpd_tells_where_it_was_built_for(fleet: Fleet) -> None:
    httpd = fleet["eps1"].apache / "bin/httpd"
    said = subprocess.run([httpd, "-V"], capture_output=True, text=True, timeout=60, check=True).stdout
    assert f'-D HTTPD_ROOT="{fleet["eps1"].apache}"' in said
    assert '-D SERVER_CONFIG_FILE="conf/httpd.conf"' in said
    tested = subprocess.run([httpd, "-t"], capture_output=True, text=True, timeout=60, check=False)
    assert (tested.returncode, "Syntax OK" in tested.stderr) == (0, True)


def test_cpstop_and_cpstart_stop_and_start(healthy: Fleet) -> None:
    before = healthy.journal("eps1")
    listed = healthy.ssh("eps1", "cpwd_admin list").stdout
    assert re.search(r"^EPM +\d+ +E +\d+ +\[\d\d:\d\d:\d\d\] \d+/\d+/\d{4} +N +startEngine$", listed, re.MULTILINE)
    stopped = healthy.ssh("eps1", "cpstop")
    assert (stopped.returncode, stopped.stdout.splitlines()[-1]) == (0, "SVN Foundation stopped")
    state = healthy.state("eps1")
    assert (state["services"], state["ssh"]) == ("stopped", True)
    assert healthy.ssh("eps1", "cpwd_admin list").returncode == 1
    begun = healthy.ssh("eps1", "cpstart")
    assert begun.stdout.startswith(
        "cpstart: Power-Up self tests passed successfully\n\ncpstart: Starting product - SVN"
    )
    assert healthy.state("eps1")["services"] == "started"
    calls = healthy.journal("eps1")[len(before) :]
    assert [(call["tool"], call["result"]) for call in calls] == [("cpstop", "rc=0"), ("cpstart", "rc=0")]
    assert calls[1]["seconds"] >= 0.2


def test_cpstart_tells_by_its_port_alone_that_apache_refuses_a_configuration(healthy: Fleet) -> None:
    conf = healthy["eps1"].apache / "conf/ssl.conf"
    good = conf.read_bytes()
    healthy.ssh("eps1", "cpstop")
    try:
        conf.write_bytes(good.replace(b"SSLProtocol +TLSv1 +TLSv1.2", b"SSLProtocol TLSv9"))
        done = healthy.ssh("eps1", "cpstart")
        assert (done.returncode, "Illegal protocol 'TLSv9'" in done.stdout) == (0, True)
        assert healthy.state("eps1")["services"] == "partial"
    finally:
        conf.write_bytes(good)


def test_a_client_loses_heartbeats_while_its_server_is_stopped(healthy: Fleet) -> None:
    command = [
        sys.executable,
        str(Path(__file__).with_name("lab")),
        "client",
        "eps6",
        "--seconds",
        "3",
        "--interval",
        "0.05",
    ]
    process = subprocess.Popen([*command, "--dir", str(healthy.folder)], stdout=subprocess.PIPE, text=True)
    time.sleep(0.7)
    healthy.ssh("eps6", "cpstop; cpstart")
    said = json.loads(process.communicate(timeout=60)[0])
    assert process.returncode == 1
    assert 0 < said["lost"] < said["sent"] == said["lost"] + said["answered"]
    assert len(said["outages"]) == 1
    assert 0.2 <= said["longest_outage"] < 3


def test_the_request_log_names_the_client_and_its_protocol(fleet: Fleet) -> None:
    source = "127.1.2.3"
    done = run_lab(fleet.folder, "client", "eps4", "--tls", "TLSv1", "--seconds", "0.3", "--source", source)
    assert done.returncode == 0, done.stdout
    log = (fleet["eps4"].apache / "logs/ssl_request_log").read_text("utf-8")
    assert re.search(rf'^\[[^\]]+\] {source} TLSv1 \S+ "GET /heartbeat HTTP/1.1" ', log, re.MULTILINE)


def signature(fleet: Fleet, name: str) -> dict[str, str]:
    """The signature algorithm of the SIC certificate as cpopenssl reads it, and of the certificate on the wire."""
    server = fleet[name]
    read = "cpopenssl pkcs12 -in $CPDIR/conf/sic_cert.p12 -nokeys -nomacver -passin pass: 2>/dev/null"
    sic = fleet.ssh(name, f"{read} | cpopenssl x509 -noout -text").stdout
    web = openssl(["x509", "-noout", "-text"], server.root, ssl.get_server_certificate((server.address, 8443)))
    return {role: re.findall(r"Signature Algorithm: (\S+)", text)[0] for role, text in (("sic", sic), ("web", web))}


def test_the_ca_signs_with_the_hash_that_was_set_from_its_next_start_on(healthy: Fleet) -> None:
    old, new = ({"sic": f"{name}WithRSAEncryption", "web": f"{name}WithRSAEncryption"} for name in ("sha1", "sha256"))
    healthy.ssh("epm1", "echo y | cpca_client set_sign_hash sha1; cpstop; cpstart")
    healthy.run("renew", "eps2")
    assert signature(healthy, "eps2") == old
    refused = healthy.ssh("epm1", "cpca_client set_sign_hash sha256", "n\n")
    assert "Are you sure? (y/n)" in refused.stdout
    assert "changed successfully" not in refused.stdout
    changed = healthy.ssh("epm1", "cpca_client set_sign_hash sha256", "y\n")
    assert (changed.returncode, "Internal CA signature hash changed successfully." in changed.stdout) == (0, True)
    healthy.run("renew", "eps2")
    assert signature(healthy, "eps2") == old
    healthy.ssh("epm1", "cpstop; cpstart")
    healthy.run("renew", "eps2")
    assert signature(healthy, "eps2") == new
    root = "cpopenssl pkcs12 -in $FWDIR/conf/InternalCA.p12 -nokeys -nomacver -passin pass:"
    assert "sha1WithRSAEncryption" in healthy.ssh("epm1", f"{root} | cpopenssl x509 -noout -text").stdout


def test_lscert_has_the_layout_that_parsers_expect(fleet: Fleet) -> None:
    lines = fleet.ssh("epm1", "cpca_client lscert -stat Valid -kind SIC").stdout.splitlines()
    assert lines[0] == "Operation succeeded. rc=0."
    count = int(lines[1].removesuffix(" certs found."))
    records = [lines[3 + 4 * number : 7 + 4 * number] for number in range(count)]
    assert count >= 8
    for subject, status, dates, blank in records:
        assert re.fullmatch(r"Subject = CN=\S+,O=\S+", subject)
        assert re.fullmatch(r"Status = Valid   Kind = SIC   Serial = \d{5}   DP = 0", status)
        assert re.fullmatch(
            r"Not_Before: \w{3} \w{3} [ \d]\d [\d:]{8} \d{4}   Not_After: \w{3} \w{3} [ \d]\d [\d:]{8} \d{4}", dates
        )
        assert blank == ""


@pytest.mark.parametrize("name", ["epm2", "eps1"])
def test_there_is_one_ca(fleet: Fleet, name: str) -> None:
    done = fleet.ssh(name, "cpca_client set_sign_hash sha256", "y\n")
    assert (done.returncode, done.stdout) == (1, "Operation failed. rc=-1\n")
    assert (fleet[name].fw_dir / "conf/InternalCA.p12").exists() == (name == "epm2")


def test_a_reboot_ends_what_detached_itself_and_starts_the_services(healthy: Fleet) -> None:
    before = healthy["eps1"].read("init")
    script = "setsid -f sh -c 'echo $$ > $UEPMDIR/guard.pid; exec env -i sleep 300' >/dev/null 2>&1 </dev/null"
    healthy.ssh("eps1", script)
    file = healthy["eps1"].uepm_dir / "guard.pid"
    until = time.monotonic() + 10
    while not file.exists() or not file.read_text("ascii").strip():
        assert time.monotonic() < until
        time.sleep(0.02)
    guard = int(file.read_text("ascii"))
    assert Path(f"/proc/{guard}").exists()
    healthy.run("reboot", "eps1")
    assert not Path(f"/proc/{guard}").exists()
    after = healthy.state("eps1")
    assert (after["power"], after["ssh"], after["services"]) == ("on", True, "started")
    assert healthy["eps1"].read("init")["pid"] != before["pid"]
    assert healthy.journal("eps1")[-1]["tool"] == "cpstart"


def test_a_server_that_is_off_is_off(healthy: Fleet) -> None:
    healthy.run("halt", "eps1")
    state = healthy.state("eps1")
    assert (state["power"], state["ssh"], state["services"]) == ("off", False, "stopped")
    healthy.run("boot", "eps1")
    assert healthy.state("eps1")["services"] == "started"


def test_status_for_programs(fleet: Fleet) -> None:
    servers = {row["name"]: row for row in json.loads(fleet.run("status", "--json"))["servers"]}
    assert list(servers) == ["epm1", "epm2", "eps1", "eps2", "eps3", "eps4", "eps5", "eps6"]
    assert {row["services"] for row in servers.values()} == {"started"}
    assert servers["eps3"]["tls"] == {"8443": True, "8444": True, "8445": True}
    assert set(servers["epm1"]["ca"]) == {"configured", "active"}


@pytest.mark.parametrize(
    "arguments", [("renew", "eps99"), ("fault", "eps1", "no-such"), ("client", "eps1", "--tls", "TLSv9")]
)
def test_an_error_is_a_sentence(fleet: Fleet, arguments: tuple[str, ...]) -> None:
    done = run_lab(fleet.folder, *arguments)
    assert done.returncode == 2
    assert done.stderr.startswith("lab: ")
    assert "Traceback" not in done.stderr
