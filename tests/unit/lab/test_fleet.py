# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The plan of a lab: which servers, of which kind, with which Python."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.lab.checkpoint_lab.configurations import SSL_CONF
from tests.lab.checkpoint_lab.fleet import POLICY, plan
from tests.lab.checkpoint_lab.interpreters import choose, supported


def test_all_kinds_are_in_the_fleet_of_the_issue() -> None:
    members = plan(2, 6, "127.80.3")
    assert [member.role for member in members] == ["primary", "secondary", *["policy"] * 6]
    assert {member.kind.name for member in members if member.role == "policy"} == {kind.name for kind in POLICY}
    assert len({member.address for member in members}) == 8
    assert {member.kind.configuration for member in members} == set(SSL_CONF)


def test_more_policy_servers_repeat_the_kinds() -> None:
    kinds = [member.kind.name for member in plan(1, 8, "127.80.3")[1:]]
    assert kinds[6:] == kinds[:2]


@pytest.mark.parametrize("management, policy", [(0, 3), (1, -1), (50, 51)])
def test_no_fleet_without_a_ca_or_beyond_the_addresses(management: int, policy: int) -> None:
    with pytest.raises(ValueError, match="at least one management server"):
        plan(management, policy, "127.80.3")


def test_names_of_a_release() -> None:
    upgraded = next(kind for kind in POLICY if kind.release == "R80.10")
    assert (upgraded.label, upgraded.python) == ("R80", "2.7")
    newest = next(kind for kind in POLICY if kind.release == "R82")
    assert (newest.label, newest.python) == ("R82", "newest")


MACHINE = {version: Path(f"/opt/python{version}") for version in ("2.7", "3.7", "3.12", "3.13")}


@pytest.mark.parametrize(
    "wanted, ansible, expected, remark",
    [
        ("2.7", "2.16", "2.7", ""),
        ("3.7", "2.16", "3.7", ""),
        ("newest", "2.16", "3.12", ""),
        ("newest", "2.19", "3.13", ""),
        ("2.7", "2.19", None, "not supported by ansible-core 2.19"),
        ("3.6", "2.16", None, "not on this machine"),
        ("current", "2.16", None, ""),
    ],
)
def test_the_python_of_a_server(wanted: str, ansible: str, expected: str | None, remark: str) -> None:
    path, why = choose(wanted, ansible, MACHINE)
    assert path == MACHINE[expected] if expected else path not in MACHINE.values()
    assert remark in why
    assert bool(why) == bool(remark)


def test_targets_of_an_ansible_that_is_not_known_yet_are_those_of_the_newest_known() -> None:
    assert supported("2.30") == supported("2.21")


@pytest.mark.parametrize("kind", ["crlf"])
def test_the_file_from_another_system(kind: str) -> None:
    member = next(member for member in plan(1, 6, "127.80.3") if member.kind.name == kind)
    data = SSL_CONF[kind](member)["ssl.conf"]
    assert data.count(b"\n") == data.count(b"\r\n") > 10
    assert not data.endswith(b"\n")
    with pytest.raises(UnicodeDecodeError):
        data.decode("utf-8")
