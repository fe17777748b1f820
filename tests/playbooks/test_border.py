# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The border between servers and the controller, on one small fleet: what a server says decides nothing here.

The tests that change nothing come first.
"""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.support.fleet import Fleet, raised

LIAR = """#!{python}
import json
print(json.dumps(json.loads({answer!r})))
"""


@pytest.fixture(scope="module")
def fleet() -> Iterator[Fleet]:
    """One management and two policy servers."""
    with raised("--management", "1", "--policy", "2", "--stop-seconds", "0.1", "--start-seconds", "0.1") as lab:
        yield lab


def liar(fleet: Fleet, folder: Path, answer: dict[str, object]) -> tuple[str, str, str, str]:
    """Return arguments for an inventory in which Python on eps1 gives one answer to every module."""
    script = folder / "python"
    python = Path(fleet.command("audit")[0]).with_name("python3")
    script.write_text(LIAR.format(python=python, answer=json.dumps(answer)), "utf-8")
    script.chmod(0o755)
    more = folder / "liar.yml"
    more.write_text(
        yaml.safe_dump({"endpoint_servers": {"hosts": {"eps1": {"ansible_python_interpreter": str(script)}}}})
    )
    return ("-i", str(fleet.folder / "inventory.yml"), "-i", str(more))


def test_what_bootstrap_writes_works(fleet: Fleet, tmp_path: Path) -> None:
    """The audit after it reads every server with the interpreters that it wrote, and with no others."""
    written = fleet.play("bootstrap", start=tmp_path, checkpoint_endpoint_host_vars_dir="host_vars")
    assert written.rc == 0, written.output
    inventory = json.loads((fleet.folder / "inventory.yml").read_text("utf-8").partition("---\n")[2])
    for group in inventory["endpoint_servers"]["children"].values():
        for variables in group["hosts"].values():
            del variables["ansible_python_interpreter"]
    (tmp_path / "hosts.json").write_text(json.dumps(inventory), "utf-8")
    found = {
        path.parent.name: yaml.safe_load(path.read_text("utf-8")) for path in (tmp_path / "host_vars").glob("*/*.yml")
    }
    assert found == {
        name: {"ansible_python_interpreter": variables["ansible_python_interpreter"]}
        for name, variables in fleet.hosts.items()
    }
    audit = fleet.play(
        "audit", "-i", str(tmp_path / "hosts.json"), start=tmp_path, checkpoint_endpoint_report_dir="report"
    )
    assert audit.rc == 0, audit.output
    assert (tmp_path / "report/report.json").is_file(), "a relative path starts where the run was started"
    assert "NOT READ" not in audit.output


def test_a_lie_of_a_login_shell_is_not_written(fleet: Fleet, tmp_path: Path) -> None:
    profile = tmp_path / "profile.sh"
    hostile = tmp_path / 'x{{lookup("pipe","touch owned")}}'
    (hostile / "Python/bin").mkdir(parents=True)
    (hostile / "Python/bin/python3").symlink_to("/usr/bin/python3")
    profile.write_text(f"FWDIR='{hostile}'\n", "utf-8")
    run = fleet.play(
        "bootstrap",
        "--limit",
        "eps1",
        start=tmp_path,
        checkpoint_endpoint_profile=str(profile),
        checkpoint_endpoint_host_vars_dir="host_vars",
    )
    assert run.rc in (0, 2), run.output
    assert all("{" not in path.read_text("utf-8") for path in tmp_path.glob("host_vars/*/*.yml"))
    assert list(tmp_path.rglob("owned")) == []


def test_doctor_answers_every_assumption_and_names_nobody(fleet: Fleet, tmp_path: Path) -> None:
    before = {server: fleet.snapshot(server) for server in fleet.hosts}
    run = fleet.play("doctor", start=tmp_path, checkpoint_endpoint_doctor_dir="doctor")
    assert run.rc == 0, run.output
    assert {server: fleet.snapshot(server) for server in fleet.hosts} == before
    assert {path.name for path in (tmp_path / "doctor").iterdir()} == {
        f"doctor-{server}.json" for server in fleet.hosts
    }
    for server, variables in fleet.hosts.items():
        text = (tmp_path / f"doctor/doctor-{server}.json").read_text("utf-8")
        answers = {item["number"]: item["answer"] for item in json.loads(text)["assumptions"]}
        assert list(answers) == [f"A{number:02}" for number in range(1, 12)]
        held = {number for number, answer in answers.items() if answer == "holds"}
        assert held >= {"A01", "A03", "A04", "A05", "A06", "A07", "A08", "A09"}, text
        for word in (server, variables["ansible_host"], str(fleet.root(server)), "endpoint.example", "O="):
            assert word not in text


def test_facts_choose_no_file_on_the_controller(fleet: Fleet, tmp_path: Path) -> None:
    """Neither clients nor audit writes where a server wants it, and the other servers are read."""
    owned = tmp_path / ".bashrc"
    names = ("clients_csv", "clients_json", "report_dir", "host_vars_dir")
    facts: dict[str, object] = {f"checkpoint_endpoint_{name}": str(owned) for name in names}
    facts |= {
        "report_dir": str(owned),
        "__clients_fleet": {"clients": [], "servers": []},
        "__run": {"controller": dict(facts)},
    }
    clients = {"clients": [], "protocols": {}, "addresses": 0, "sources": []}
    answer = {"changed": False, "ping": "pong", "clients": clients, "ansible_facts": facts}
    arguments = liar(fleet, tmp_path, answer)
    for playbook in ("clients", "audit"):
        run = fleet.play(playbook, *arguments, start=tmp_path)
        assert "eps2" in run.stats and run.stats["eps2"]["failed"] == 0, run.output
    assert not owned.exists()


def test_facts_give_no_consent(fleet: Fleet, tmp_path: Path) -> None:
    """Nobody decided about the restart; that a server says so is no decision."""
    facts = dict.fromkeys(("checkpoint_endpoint_restart", "enforce_restart"), True)
    before = {server: fleet.calls(server, "cpstop") for server in fleet.hosts}
    script = tmp_path / "python"
    real = fleet.hosts["eps1"]["ansible_python_interpreter"]
    script.write_text(
        f'#!/bin/sh\n{real} "$@" | sed \'s/^{{/{{"ansible_facts": {json.dumps(facts)}, /\'\n'.replace("\\", ""), "utf-8"
    )
    script.chmod(0o755)
    more = tmp_path / "liar.yml"
    more.write_text(
        yaml.safe_dump({"endpoint_servers": {"hosts": {"eps1": {"ansible_python_interpreter": str(script)}}}})
    )
    run = fleet.play("harden", "-i", str(fleet.folder / "inventory.yml"), "-i", str(more))
    assert run.rc == 2, run.output
    assert "nobody has decided" in run.text, run.output
    assert {server: fleet.calls(server, "cpstop") for server in fleet.hosts} == before


def test_an_endpoint_with_an_ipv6_address_is_hardened(fleet: Fleet) -> None:
    """Check mode exercises the same addresses as the real run."""
    with socket.socket(socket.AF_INET6) as probe:
        probe.bind(("::1", 0))
        port = probe.getsockname()[1]
    ssl_conf = fleet.apache("eps1") / "conf/ssl.conf"
    text = ssl_conf.read_text("utf-8")
    start = text.index("<VirtualHost ")
    block = text[start : text.index("</VirtualHost>", start)] + "</VirtualHost>\n"
    second = f"[::1]:{port}".join((block[: len("<VirtualHost ")], block[block.index(">") :]))
    ssl_conf.write_text(f"{text}\nListen [::1]:{port}\n{second}", "utf-8")
    fleet.lab("halt", "eps1")
    fleet.lab("boot", "eps1")
    check = fleet.play("harden", "--check", "--limit", "eps1", checkpoint_endpoint_restart=True)
    assert check.rc == 0, check.output
    run = fleet.play("harden", "--limit", "eps1", checkpoint_endpoint_restart=True)
    assert run.rc == 0, run.output
    assert fleet.calls("eps1", "cpstop") == 1
