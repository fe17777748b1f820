# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The check of a run: each problem is found, named as its author wrote it, and said once."""

from __future__ import annotations

import json
import re
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._run import names, settings, values
from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._run.addresses import format_addresses
from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._run.check import Run, check_run
from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._run.groups import Group

from tools import checkout
from tools.environment import ROOT

P = "checkpoint_endpoint_"
WAIVER = {"rule": "TLS-1", "servers": ["eps1"], "reason": "kiosks", "expires": "2099-12-31"}


def a_run(declared: dict[str, Any] | None = None, servers: tuple[str, ...] = ("epm1", "eps1"), **more: Any) -> Run:
    groups = {
        "fleet": Group("endpoint_servers", servers),
        "policy": Group("endpoint_policy", tuple(name for name in servers if name.startswith("eps"))),
        "management": Group("endpoint_management", tuple(name for name in servers if name.startswith("epm"))),
    }
    known = ("all", "ungrouped", "endpoint_servers", "endpoint_policy", "endpoint_management")
    given = {P + name: value for name, value in (declared or {}).items()}
    return Run(groups=groups, known_groups=known, declared=dict.fromkeys(servers, given), **more)


def problems(declared: dict[str, Any] | None = None, **more: Any) -> str:
    return "\n".join(check_run(a_run(declared, **more))["problems"])


def test_a_good_run_has_nothing_to_say() -> None:
    result = check_run(
        a_run({"tls_protocols": ["TLSv1.2"], "waivers": [WAIVER], "restart": "Yes", "serial": [1, "25%"]})
    )
    assert (result["problems"], result["notes"], result["servers"]) == ([], [], ["epm1", "eps1"])


@pytest.mark.parametrize(
    ("declared", "words"),
    [
        ({"tls_protocol": "TLSv1.2"}, ("tls_protocol is not a variable", "did you mean checkpoint_endpoint_tls_protocols?")),
        ({"colour": "red"}, ("checkpoint_endpoint_colour is not a variable of this collection",)),
        ({"fail_on_findings": "ja"}, ('fail_on_findings is "ja"', "true, false, yes, no, on, off, 1 and 0")),
        ({"restart": "perhaps"}, ("checkpoint_endpoint_restart", '"perhaps"')),
        ({"stop_timeout": "soon"}, ("checkpoint_endpoint_stop_timeout", "whole number")),
        ({"start_timeout": 0}, ("checkpoint_endpoint_start_timeout", "at least 1")),
        ({"guard_deadline": True}, ("checkpoint_endpoint_guard_deadline",)),
        ({"serial": "some"}, ("checkpoint_endpoint_serial", "25%")),
        ({"report_formats": ["pdf"]}, ("checkpoint_endpoint_report_formats", "junit")),
        ({"rollback_files": [{"path": "/a"}]}, ("checkpoint_endpoint_rollback_files", "entry 1")),
        ({"profile": ["/a"]}, ("checkpoint_endpoint_profile", "not text")),
        ({"tls_protocols": "TLSv1.2,TLSv1.3"}, ("checkpoint_endpoint_tls_protocols", "TLSv1.2,TLSv1.3")),
        ({"tls_protocols": []}, ("checkpoint_endpoint_tls_protocols is empty",)),
        ({"tls_protocols": [{}]}, ("checkpoint_endpoint_tls_protocols",)),
        ({"tls_protocols": 12}, ("checkpoint_endpoint_tls_protocols",)),
        ({"sign_hash": "md5"}, ("checkpoint_endpoint_sign_hash", "md5")),
        ({"legacy_clients": {"maximum": 3}}, ("checkpoint_endpoint_legacy_clients", "maximum")),
        ({"waivers": "TLS-1"}, ("checkpoint_endpoint_waivers",)),
        ({"waivers": [WAIVER, {**WAIVER, "rule": "TLS1"}]}, ("checkpoint_endpoint_waivers, entry 2, names", "TLS1", "kiosks")),
        ({"waivers": [{**WAIVER, "expires": "31.12.2027"}]}, ("entry 1, expires '31.12.2027'", "2027-06-30")),
        ({"waivers": [{**WAIVER, "reason": " "}]}, ("entry 1, (TLS-1) gives no reason",)),
        ({"waivers": ["TLS-1"]}, ("entry 1, is not a dictionary",)),
        ({"tls_protocols": ["TLSv1", "TLSv1.2"]}, ("declares TLSv1, which is weak", "checkpoint_endpoint_allow_weak")),
        ({"sign_hash": "sha1"}, ("declares sha1, which is weak",)),
    ],
)  # fmt: skip
def test_what_cannot_be_right_is_named_once(declared: dict[str, Any], words: tuple[str, ...]) -> None:
    found = problems(declared)
    for word in words:
        assert word in found
    assert found.count("\n") == 0
    assert "Traceback" not in found


def test_a_weak_policy_is_carried_out_when_that_is_wanted() -> None:
    assert problems({"tls_protocols": ["TLSv1"], "sign_hash": "sha1", "allow_weak": "yes"}) == ""


def test_a_problem_of_one_server_names_it() -> None:
    run = Run(a_run().groups, declared={"epm1": {}, "eps1": {P + "read_logs": "maybe"}})
    assert check_run(run)["problems"] == [
        'eps1: checkpoint_endpoint_read_logs is "maybe", which is none of true, false, yes, no, on, off, 1 and 0'
    ]


def test_groups_without_servers() -> None:
    groups = {role: Group(f"endpoint_{role}", ()) for role in ("fleet", "policy", "management")}
    run = Run(
        {**groups, "fleet": Group("endpoint_server", ())}, known_groups=["all", "endpoint_servers", "endpoint_policy"]
    )
    (problem,) = check_run(run)["problems"]
    assert "the group endpoint_server does not exist (did you mean endpoint_servers?)" in problem
    assert "the group endpoint_policy is empty" in problem
    assert "checkpoint_endpoint_allow_empty" in problem
    assert check_run(Run(groups, controller={P + "allow_empty": True}))["problems"] == []


def test_a_server_in_neither_group_is_named() -> None:
    assert "web1 is in endpoint_servers, but in neither endpoint_policy nor endpoint_management" in problems(
        servers=("epm1", "eps1", "web1")
    )


def test_a_server_in_both_groups_counts_as_management() -> None:
    run = a_run()
    groups = {**run.groups, "policy": Group("endpoint_policy", ("epm1", "eps1"))}
    result = check_run(Run(groups, declared=run.declared))
    assert result["problems"] == []
    assert "epm1 is in both endpoint_policy and endpoint_management: treated as management" in result["notes"][0]


def test_a_waiver_for_nobody_is_named() -> None:
    result = check_run(a_run({"waivers": [WAIVER, {**WAIVER, "servers": ["kiosk*"]}]}))
    assert result["problems"] == []
    assert result["notes"] == ["the waiver of TLS-1 for kiosk* is about no server of this inventory"]


@pytest.mark.parametrize("name", [P + "restart", "enforce_restart", "assess_profile", "__run", "__run_frozen"])
def test_a_fact_with_one_of_our_names_is_refused(name: str) -> None:
    found = problems(facts={"eps1": ["ansible_distribution", name], "epm1": ["ansible_distribution"]})
    assert found.startswith(f"eps1 has sent facts with names of this collection ({name})")


def test_tags_are_refused() -> None:
    assert "run it without tags" in problems(tags=["report"])


def test_paths_of_the_controller_start_where_the_run_was_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/home/somebody")
    result = check_run(a_run({"report_dir": "report", "clients_csv": "~/clients.csv", "clients_json": ""}))
    assert result["controller"] == {
        "report_dir": str(tmp_path / "report"),
        "clients_csv": "/home/somebody/clients.csv",
        "clients_json": "",
    }


@pytest.mark.parametrize("other", [{}, {P + "report_dir": "/b"}])
def test_one_run_has_one_report(other: dict[str, Any]) -> None:
    run = Run(a_run().groups, declared={"eps1": {P + "report_dir": "/a"}, "epm1": other})
    (problem,) = check_run(run)["problems"]
    assert "checkpoint_endpoint_report_dir is not the same for all servers" in problem


@pytest.mark.parametrize(("word", "meaning"), [("TRUE", True), (1, True), (" on ", True), (False, False), ("No", False), ("0", False)])  # fmt: skip
def test_switches(word: Any, meaning: bool) -> None:
    assert values.read_switch(word) is meaning


@pytest.mark.parametrize("word", ["ja", "", None, 2, "truee", [], {"a": 1}])
def test_what_is_no_switch(word: Any) -> None:
    with pytest.raises(ValueError, match="none of true, false"):
        values.read_switch(word)


def test_addresses_of_both_kinds() -> None:
    endpoints = [{"host": "127.0.0.1", "port": 443}, {"host": "::1", "port": 9443}, {"host": "", "port": 8443}]
    assert format_addresses(endpoints) == ["127.0.0.1:443", "[::1]:9443", ":8443"]


def test_frozen_values_are_those_of_the_role_then_those_of_the_collection_then_defaults() -> None:
    frozen = settings.freeze({P + "restart": True, P + "profile": "/a", "enforce_profile": "/b", "enforce_unknown": 1})
    assert (frozen["enforce_restart"], frozen["enforce_profile"], frozen["assess_profile"]) == (True, "/b", "/a")
    assert frozen["enforce_free_mib"] == 32
    assert "enforce_unknown" not in frozen


@pytest.mark.parametrize("role", ["assess", "enforce"])
def test_defaults_are_those_of_the_roles(role: str) -> None:
    specs = yaml.safe_load((ROOT / "roles" / role / "meta/argument_specs.yml").read_text("utf-8"))["argument_specs"]
    for name, option in specs["main"]["options"].items():
        default = settings.DEFAULTS[name]
        given = {key: inner.get("default") for key, inner in option.get("options", {}).items()}
        assert default == option.get("default", given), name
    assert {name for name in settings.DEFAULTS if name.startswith(role)} == set(specs["main"]["options"])


def test_every_frozen_variable_is_used_by_the_playbooks() -> None:
    frozen = yaml.safe_load((ROOT / "playbooks/vars/frozen.yml").read_text("utf-8"))
    assert frozen == {name: f"{{{{ __run_frozen.{name} }}}}" for name in settings.DEFAULTS}


def test_plain_values_survive_a_way_through_json() -> None:
    value = settings.plain({"day": date(2027, 6, 30), 1: ("a", {"b"}), "n": None})
    assert json.loads(json.dumps(value)) == value == {"day": "2027-06-30", "1": ["a", ["b"]], "n": None}


def test_the_closest_name() -> None:
    assert names.closest("checkpoint_endpoint_waiver") == "checkpoint_endpoint_waivers"
    assert names.closest("something_else") == ""


def test_every_variable_that_a_play_or_a_document_names_is_known() -> None:
    """Another one would be refused."""
    others = {P + name for name in ("hardening", "python", "user")}
    places = ("playbooks/", "roles/", "docs/", "README.md", "molecule/")
    for path in (ROOT / name for name in checkout.files() if name.startswith(places)):
        for name in set(re.findall(rf"\b{P}[a-z_]*[a-z]\b", path.read_text("utf-8"))) - others:
            assert names.is_known(name), f"{path}: {name}"


def test_every_known_variable_is_documented() -> None:
    page = (ROOT / "docs/variables.md").read_text("utf-8")
    assert [name for name in names.KINDS if f"`{P}{name}`" not in page] == []
