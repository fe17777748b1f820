# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A run that cannot be right ends before any server is contacted, with one message and exit code 2.

No server of these inventories can be reached: a contact would show as unreachable, and as exit code 4.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.support.collection import ROOT
from tests.support.fleet import Fleet, Run

ALL = ("audit", "clients", "harden", "rollback", "bootstrap", "check")


@pytest.fixture(scope="module")
def controller(tmp_path_factory: pytest.TempPathFactory) -> Fleet:
    """A controller with the collection and without a lab."""
    folder = tmp_path_factory.mktemp("controller")
    namespace = folder / "collections/ansible_collections/checkpoint_endpoint"
    namespace.mkdir(parents=True)
    (namespace / "hardening").symlink_to(ROOT)
    (folder / "ansible.cfg").write_text(
        f"[defaults]\nhome = {folder}/ansible\ncollections_path = {folder}/collections\n"
    )
    return Fleet(folder)


def inventory(folder: Path, groups: dict[str, list[str]] | None = None, **variables: Any) -> str:
    """Write an inventory whose servers nobody can reach."""
    names = {"endpoint_policy": ["eps1"], "endpoint_management": ["epm1"]} if groups is None else groups
    lost = {"ansible_host": "127.0.0.1", "ansible_port": 1}
    children = {group: {"hosts": dict.fromkeys(servers, lost)} for group, servers in names.items()}
    path = folder / "inventory.json"
    path.write_text(json.dumps({"endpoint_servers": {"vars": variables, "children": children}}), "utf-8")
    return str(path)


def refused(run: Run, *words: str) -> None:
    """Assert that the run ended with one message, exit code 2, and no contact."""
    assert run.rc == 2, run.output
    assert "UNREACHABLE" not in run.output
    assert run.output.count("FAILED!") == 1, run.output
    for word in words:
        assert word in run.text, run.output


@pytest.mark.parametrize("playbook", ALL)
def test_a_misspelt_variable(controller: Fleet, tmp_path: Path, playbook: str) -> None:
    run = controller.play(playbook, "-i", inventory(tmp_path, checkpoint_endpoint_tls_protocol="TLSv1.2"))
    refused(run, "No server was contacted", "did you mean checkpoint_endpoint_tls_protocols?")
    assert set(run.stats) == {"epm1", "eps1", "localhost"}


def test_everything_that_is_wrong_is_said_at_once(controller: Fleet, tmp_path: Path) -> None:
    waiver = {"rule": "TLS1", "servers": ["*"], "reason": "x", "expires": "2099-01-01"}
    given = inventory(
        tmp_path,
        {"endpoint_policy": ["eps1"], "endpoint_mangement": ["epm1"]},
        checkpoint_endpoint_fail_on_findings="ja",
        checkpoint_endpoint_waivers=[waiver],
        checkpoint_endpoint_sign_hash="sha1",
    )
    refused(
        controller.play("audit", "-i", given),
        "the group endpoint_management does not exist (did you mean endpoint_mangement?)",
        "epm1 is in endpoint_servers, but in neither endpoint_policy nor endpoint_management",
        'checkpoint_endpoint_fail_on_findings is \\"ja\\"',
        "checkpoint_endpoint_waivers, entry 1, names the rule 'TLS1'",
        "checkpoint_endpoint_allow_weak",
    )


@pytest.mark.parametrize(("playbook", "arguments"), [("audit", ("-i", "/nonexistent/hosts")), ("harden", ())])
def test_an_inventory_without_servers(controller: Fleet, playbook: str, arguments: tuple[str, ...]) -> None:
    refused(controller.play(playbook, *arguments), "the group endpoint_servers does not exist")


def test_no_servers_on_purpose(controller: Fleet) -> None:
    assert controller.play("audit", "-i", "localhost,", checkpoint_endpoint_allow_empty=True).rc == 0


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("--limit=eps1",), "--limit 'eps1,localhost'"),
        (("--skip-tags", "always"), "Leave --skip-tags and --start-at-task away"),
        (("--tags", "report"), "run it without tags"),
    ],
)
def test_a_run_that_leaves_the_check_out(
    controller: Fleet, tmp_path: Path, arguments: tuple[str, ...], words: str
) -> None:
    refused(controller.play("harden", "-i", inventory(tmp_path), *arguments), words)


def test_a_run_that_starts_in_the_middle(controller: Fleet, tmp_path: Path) -> None:
    """With --start-at-task Ansible gathers facts, whatever the play says. Nothing of ours runs after that."""
    given = inventory(tmp_path, ansible_connection="local")
    run = controller.play("harden", "-i", given, "--start-at-task", "Change one server of the batch")
    assert run.rc == 2
    assert "Leave --skip-tags and --start-at-task away" in run.text, run.output
    assert "Reach the server" not in run.text


def test_a_limit_that_names_localhost_goes_on_to_the_server(controller: Fleet, tmp_path: Path) -> None:
    run = controller.play("harden", "-i", inventory(tmp_path), "--limit", "eps1")
    assert "eps1 cannot be reached" in run.text, run.output
    assert set(run.stats) == {"eps1", "localhost"}


def test_a_fact_from_a_cache_with_one_of_our_names(
    controller: Fleet, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = "checkpoint_endpoint_restart"
    cache = tmp_path / "cache"
    cache.mkdir()
    for file_name in ("eps1", "s1_eps1"):
        (cache / file_name).write_text(json.dumps({name: True}), "utf-8")
    settings = {"ANSIBLE_CACHE_PLUGIN": "jsonfile", "ANSIBLE_CACHE_PLUGIN_CONNECTION": str(cache)}
    environment = controller.controller(**settings)
    monkeypatch.setattr(controller, "controller", lambda **more: environment | more)
    run = controller.play("harden", "-i", inventory(tmp_path))
    refused(run, f"eps1 has sent facts with names of this collection ({name})", "--flush-cache")
