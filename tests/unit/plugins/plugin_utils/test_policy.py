# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The policy: each rule with facts that it must pass, fail, and refuse to judge."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest
from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._fleet.table import fleet_table
from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._policy.evaluate import findings
from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._policy.policy import RULES, PolicyError
from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._policy.verdict import verdict

from tests.support import server_facts as sample

Facts = dict[str, Any]


def judge(
    facts: Facts, probe: Any = None, declared: dict[str, Any] | None = None, name: str = "epm-1", clients: Any = None
) -> dict[str, Any]:
    judged = findings(
        facts, declared or sample.policy(), probe=sample.probe() if probe is None else probe, clients=clients, name=name
    )
    return {finding["rule"]: finding for finding in judged}


def test_every_rule_has_exactly_one_finding_and_a_server_as_declared_is_compliant() -> None:
    judged = findings(sample.facts(), sample.policy(), probe=sample.probe())
    assert sorted(finding["rule"] for finding in judged) == sorted(RULES)
    assert {finding["status"] for finding in judged} == {"pass", "not_applicable"}
    summary = verdict(judged)
    assert summary["compliant"] is True
    assert summary["changes"] == []
    assert summary["blockers"] == []
    assert summary["text"] == "at the policy"


def stale_scope(facts: Facts) -> None:
    facts["tls"]["scopes"][1] = sample.scope(protocols=("TLSv1", "TLSv1.2"))


def ungoverned(facts: Facts) -> None:
    facts["tls"]["scopes"][1]["governed_by"] = None


def overridden_line(facts: Facts) -> None:
    facts["tls"]["directives"].append(sample.directive(("TLSv1",), state="overridden"))


def inactive_line(facts: Facts) -> None:
    facts["tls"]["directives"].append(sample.directive(("TLSv1",), state="inactive"))


def macro_value(facts: Facts) -> None:
    facts["tls"]["directives"].append({**sample.directive(state="macro"), "protocols": None})


def widened_by_another_directive(facts: Facts) -> None:
    facts["tls"]["scopes"][1]["negotiable"] = ["TLSv1", "TLSv1.2"]


def broken_configuration(facts: Facts) -> None:
    facts["tls"]["http_test"] = {"ok": False, "output": "Syntax error on line 3", "command": []}


def weak_hash(facts: Facts) -> None:
    facts["ica"]["sign_hash"]["value"] = "sha1"


def unknown_hash(facts: Facts) -> None:
    facts["ica"]["sign_hash"] = {"value": "unknown", "evidence": {}}


def stronger_hash(facts: Facts) -> None:
    facts["ica"]["sign_hash"]["value"] = "sha512"


def expired_weak_certificate(facts: Facts) -> None:
    facts["certificates"].append(sample.certificate("web", "sha1", "2026-01-01T00:00:00Z"))


def stopped(facts: Facts) -> None:
    facts["services"]["state"] = "stopped"


def half_stopped(facts: Facts) -> None:
    facts["services"]["state"] = "partial"


def rolled_back(facts: Facts) -> None:
    facts["guard"] = {"state": "rolled_back", "reason": "the deadline passed"}


def stale_guard(facts: Facts) -> None:
    facts["guard"] = {"state": "stale"}


@pytest.mark.parametrize(
    ("change", "rule"),
    [
        (stale_scope, "TLS-1"),
        (ungoverned, "TLS-1"),
        (overridden_line, "TLS-1"),
        (inactive_line, "TLS-1"),
        (macro_value, "TLS-1"),
        (widened_by_another_directive, "TLS-1"),
        (broken_configuration, "TLS-3"),
        (weak_hash, "ICA-1"),
        (unknown_hash, "ICA-1"),
        (stronger_hash, "ICA-1"),
        (expired_weak_certificate, "CERT-1"),
        (stopped, "SERVICE-1"),
        (half_stopped, "SERVICE-1"),
        (rolled_back, "GUARD-1"),
        (stale_guard, "GUARD-1"),
    ],
)
def test_one_deviation_fails_one_rule(change: Callable[[Facts], None], rule: str) -> None:
    facts = sample.facts()
    change(facts)
    judged = judge(facts)
    assert judged[rule]["status"] == "fail"
    assert judged[rule]["next_step"]
    assert [name for name, finding in judged.items() if finding["status"] not in ("pass", "not_applicable")] == [rule]


def test_a_hole_in_the_policy_is_judged_by_what_is_configured() -> None:
    facts = sample.facts()
    facts["tls"]["scopes"][1].update(configured=["TLSv1", "TLSv1.2"], negotiable=["TLSv1.2"])
    facts["tls"]["directives"] = [sample.directive(("TLSv1", "TLSv1.2"))]
    declared = sample.policy(tls_protocols=["TLSv1.2", "TLSv1"])
    judged = judge(facts, declared=declared)
    assert judged["TLS-1"]["status"] == "pass"
    assert judged["TLS-2"]["status"] == "fail"
    assert "refuses TLSv1 " in judged["TLS-2"]["message"]


@pytest.mark.parametrize(
    ("protocol", "answer", "status"),
    [
        ("TLSv1", sample.answer("accepted"), "fail"),
        ("TLSv1", sample.answer("refused", 80, latent=True), "fail"),
        ("TLSv1.1", sample.answer("refused", 40, latent=True), "fail"),
        ("TLSv1.3", sample.answer("refused", 40, latent=True), "fail"),
        # Held back or not: where the probe does not say, nobody may guess.
        ("TLSv1", {"result": "refused", "alert": 80}, "error"),
        ("TLSv1.2", sample.answer("refused", 70), "fail"),
        ("TLSv1.3", sample.answer("refused", 40), "pass"),
        ("SSLv3", sample.answer("refused", 40), "pass"),
        ("TLSv1", sample.answer("unreachable"), "error"),
        ("TLSv1", sample.answer("inconclusive"), "error"),
        ("TLSv1", sample.answer("something new"), "error"),
    ],
)
def test_the_wire_is_judged_by_each_answer(protocol: str, answer: dict[str, Any], status: str) -> None:
    wire = sample.probe()
    wire[1]["protocols"][protocol] = answer
    judged = judge(sample.facts(), probe=wire)["TLS-2"]
    assert judged["status"] == status
    if status != "pass":
        assert "a.example" in judged["message"]


def test_a_name_that_was_not_tried_is_an_error() -> None:
    wire = sample.probe()
    assert judge(sample.facts(), probe=wire[:2])["TLS-2"]["status"] == "error"
    del wire[0]["protocols"]["SSLv3"]
    assert judge(sample.facts(), probe=wire)["TLS-2"]["status"] == "error"
    assert judge(sample.facts(), probe=[])["TLS-2"]["status"] == "error"


def test_without_a_probe_the_wire_is_not_judged() -> None:
    judged = findings(sample.facts(), sample.policy())
    assert verdict(judged)["unread"] == ["TLS-2"]
    assert verdict(judged)["compliant"] is False


def test_a_server_without_the_ca_is_not_asked_for_its_hash() -> None:
    facts = sample.facts()
    facts["ica"] = {"present": False, "sign_hash": {"value": "unknown", "evidence": {}}, "ca_certificate": None}
    judged = judge(facts)
    assert {judged[rule]["status"] for rule in ("ICA-1", "ICA-2", "ICA-3")} == {"not_applicable"}


@pytest.mark.parametrize("running, status", [(True, "pass"), (False, "fail"), (None, "error")])
def test_a_ca_that_does_not_run_is_told_and_needs_no_change(running: bool | None, status: str) -> None:
    facts = sample.facts()
    facts["ica"]["running"] = running
    judged = judge(facts)
    assert judged["ICA-3"]["status"] == status
    summed = verdict(list(judged.values()))
    assert (summed["compliant"], summed["changes"], summed["blockers"]) == (status == "pass", [], [])


@pytest.mark.parametrize("running, blockers", [(True, []), (False, ["ICA-3"]), (None, ["ICA-3"])])
def test_a_ca_that_does_not_run_is_not_told_a_hash(running: bool | None, blockers: list[str]) -> None:
    facts = sample.facts()
    facts["ica"].update(running=running, sign_hash={"value": "sha1", "evidence": {}})
    summed = verdict(list(judge(facts).values()))
    assert ([finding["rule"] for finding in summed["blockers"]], summed["changes"]) == (blockers, ["sign_hash"])


def test_a_sha1_root_is_explained_and_is_no_failure() -> None:
    facts = sample.facts()
    facts["ica"]["ca_certificate"] = sample.certificate("ica", "sha1")
    judged = judge(facts)
    assert judged["ICA-2"]["status"] == "not_applicable"
    assert "R77" in judged["ICA-2"]["message"]


def test_certificates_wait_for_their_renewal() -> None:
    facts = sample.facts()
    facts["certificates"][1] = sample.certificate("sic", "sha1", "2027-01-02T00:00:00Z")
    judged = judge(facts)
    assert judged["CERT-1"]["status"] == "pending"
    assert "2027-01-02" in judged["CERT-1"]["message"]
    assert verdict(list(judged.values()))["compliant"] is True


def test_no_certificate_at_all_is_an_error() -> None:
    assert judge({**sample.facts(), "certificates": []})["CERT-1"]["status"] == "error"


def test_an_armed_guard_is_pending() -> None:
    assert judge({**sample.facts(), "guard": {"state": "armed", "holder": "x"}})["GUARD-1"]["status"] == "pending"


@pytest.mark.parametrize("part", ["tls", "services", "ica", "certificates", "guard"])
def test_an_unreadable_part_is_an_error_with_its_reason_even_when_a_value_is_there(part: str) -> None:
    facts = sample.facts()
    facts["unreadable"] = [{"part": part, "reason": "permission denied"}]
    judged = judge(facts)
    errors = [finding for finding in judged.values() if finding["status"] == "error"]
    assert errors
    assert all("permission denied" in finding["message"] for finding in errors)


def waiver(**changes: Any) -> dict[str, Any]:
    return {"rule": "TLS-1", "servers": ["epm-*"], "reason": "old clients", "expires": "2026-11-23", **changes}


def test_a_waiver_holds_to_the_end_of_its_day_on_its_servers_and_its_rule() -> None:
    facts = sample.facts()
    stale_scope(facts)
    declared = sample.policy(waivers=[waiver()])
    judged = judge(facts, declared=declared)
    assert judged["TLS-1"]["status"] == "waived"
    assert "old clients" in judged["TLS-1"]["message"]
    assert verdict(list(judged.values()))["changes"] == []
    assert judge(facts, declared=declared, name="eps-1")["TLS-1"]["status"] == "fail"
    assert judge(facts, declared=sample.policy(waivers=[waiver(rule="TLS-2")]))["TLS-1"]["status"] == "fail"


def test_an_expired_waiver_fails_and_says_so() -> None:
    facts = sample.facts()
    stale_scope(facts)
    judged = judge(facts, declared=sample.policy(waivers=[waiver(expires="2026-11-22")]))
    assert judged["TLS-1"]["status"] == "fail"
    assert "expired" in judged["TLS-1"]["message"]


def test_a_waiver_never_hides_an_error() -> None:
    facts = {**sample.facts(), "tls": None}
    assert judge(facts, declared=sample.policy(waivers=[waiver(servers="*")]))["TLS-1"]["status"] == "error"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"tls_protocols": []}, "empty"),
        ({"tls_protocols": ["TLSv1.0"]}, "TLSv1.0"),
        ({"sign_hash": "md5"}, "md5"),
        ({"waivers": ["TLS-1"]}, "waiver 1"),
        ({"waivers": "TLS-1"}, "list"),
        ({"waivers": [waiver(rule="TLS-9")]}, "TLS-9"),
        ({"waivers": [waiver(servers=[])]}, "servers"),
        ({"waivers": [waiver(reason=" ")]}, "reason"),
        ({"waivers": [waiver(expires="next year")]}, "next year"),
        ({"waivers": [waiver(expires=None)]}, "date"),
        ({"legacy_clients": {"action": "panic"}}, "panic"),
        ({"legacy_clients": {"days": "many"}}, "whole numbers"),
        ({"legacy_clients": {"days": 0}}, "at least 1"),
        ({"legacy_clients": {"days": 10**9}}, "at most 36500"),
        ({"legacy_clients": {"most": 3}}, "most"),
        ({"legacy_clients": [1]}, "dictionary"),
        ({"now": "yesterday"}, "yesterday"),
    ],
)
def test_a_policy_that_cannot_be_used_is_refused_with_its_value(change: dict[str, Any], words: str) -> None:
    with pytest.raises(PolicyError, match=words):
        findings(sample.facts(), sample.policy(**change))


def test_the_changes_follow_from_the_findings() -> None:
    facts = sample.facts()
    stale_scope(facts)
    weak_hash(facts)
    summary = verdict(list(judge(facts, probe=sample.probe(("TLSv1", "TLSv1.2"))).values()))
    assert summary["changes"] == ["tls", "sign_hash"]
    assert summary["restart_required"] is True
    assert summary["blockers"] == []


def test_files_as_declared_with_an_old_wire_need_a_restart() -> None:
    summary = verdict(list(judge(sample.facts(), probe=sample.probe(("TLSv1", "TLSv1.2"))).values()))
    assert summary["changes"] == ["restart"]


@pytest.mark.parametrize("change", [broken_configuration, stopped])
def test_what_would_not_come_back_blocks_a_change(change: Callable[[Facts], None]) -> None:
    facts = sample.facts()
    stale_scope(facts)
    change(facts)
    blockers = [finding["rule"] for finding in verdict(list(judge(facts).values()))["blockers"]]
    assert blockers in (["TLS-3"], ["SERVICE-1"])


def test_what_was_not_read_blocks_a_change() -> None:
    facts = {**sample.facts(), "services": None}
    stale_scope(facts)
    summary = verdict(list(judge(facts).values()))
    assert [finding["rule"] for finding in summary["blockers"]] == ["SERVICE-1"]
    assert "could not judge SERVICE-1" in summary["text"]


def unreadable_ca() -> Facts:
    reason = {"part": "ica", "reason": "InternalCA.p12: the certificate cannot be read."}
    return {**sample.facts(), "ica": None, "unreadable": [reason]}


def test_a_ca_that_was_not_read_does_not_block_the_change_of_tls() -> None:
    facts = unreadable_ca()
    stale_scope(facts)
    summary = verdict(list(judge(facts).values()))
    assert (summary["changes"], summary["blockers"], summary["compliant"]) == (["tls"], [], False)
    assert summary["unread"] == ["ICA-1", "ICA-2", "ICA-3"]


def test_a_ca_that_was_not_read_blocks_where_nothing_else_is_to_do() -> None:
    summary = verdict(list(judge(unreadable_ca()).values()))
    assert (summary["changes"], summary["compliant"]) == ([], False)
    assert [finding["rule"] for finding in summary["blockers"]] == ["ICA-1"]


def test_no_findings_are_no_compliance() -> None:
    assert verdict([])["compliant"] is False


@pytest.mark.parametrize("state, status", [("inactive", "pass"), ("effective", "fail"), ("undecided", "fail")])
def test_what_is_not_read_and_cannot_be_evaluated_means_nothing(state: str, status: str) -> None:
    """As ``SSLProtocol $p`` in a macro that nothing uses, or the words of another TLS module in its IfModule."""
    facts = sample.facts()
    facts["tls"]["directives"].append({**sample.directive(state=state), "protocols": None})
    assert judge(facts)["TLS-1"]["status"] == status


def test_the_input_is_not_changed() -> None:
    facts, wire = sample.facts(), sample.probe()
    before = copy.deepcopy((facts, wire))
    findings(facts, sample.policy(), probe=wire)
    assert (facts, wire) == before


def test_the_table_names_servers_that_were_not_read() -> None:
    judged = findings(sample.facts(), sample.policy(), probe=sample.probe())
    assessment = {"name": "epm-1", "server": sample.facts(), "findings": judged, **verdict(judged)}
    lines = fleet_table([assessment], ["epm-1", "eps-long-name"], {"eps-long-name": "Connection\nrefused"})
    assert len(lines) == 4
    assert "R81.20" in lines[2] and "management, primary" in lines[2] and lines[2].endswith("at the policy")
    assert lines[3].endswith("NOT READ: Connection refused")
    assert lines[2].index("R81.20") == lines[0].index("release")


def test_the_table_tells_what_the_guard_did_and_why() -> None:
    facts = sample.facts()
    facts["guard"] = {"state": "rolled_back", "reason": "The deadline\npassed"}
    judged = findings(facts, sample.policy(), probe=sample.probe())
    lines = fleet_table([{"name": "eps-1", "server": facts, "findings": judged, **verdict(judged)}])
    assert len(lines) == 4
    assert lines[3] == "eps-1: The last change was rolled back on the server itself. Reason: The deadline passed"


def test_a_hash_that_waits_for_a_restart_needs_the_restart_alone() -> None:
    facts = sample.facts()
    facts["ica"]["sign_hash"]["restart_required"] = True
    judged = judge(facts)
    assert judged["ICA-1"]["status"] == "fail"
    assert "restarted" in judged["ICA-1"]["message"]
    assert verdict(list(judged.values()))["changes"] == ["restart"]


def test_another_hash_that_waits_for_a_restart_is_set_first() -> None:
    facts = sample.facts()
    facts["ica"]["sign_hash"].update(value="sha1", restart_required=True)
    assert verdict(list(judge(facts).values()))["changes"] == ["sign_hash"]


@pytest.mark.parametrize(
    ("now", "status", "words"),
    [
        ("2026-11-23T10:04:00Z", "pass", "agree"),
        ("2026-11-23T09:56:00Z", "pass", "agree"),
        ("2026-11-23T12:00:00+02:00", "pass", "agree"),
        ("2026-11-15T10:00:00Z", "error", "8 days behind"),
        ("2026-11-23T10:06:00Z", "error", "6 minutes ahead of"),
        ("2026-11-23T11:59:00Z", "error", "119 minutes ahead of"),
        ("2026-11-23T15:00:00Z", "error", "5 hours ahead of"),
        (None, "error", "do not tell the server's time"),
    ],
)
def test_a_clock_that_disagrees_is_an_error_of_one_rule(now: str | None, status: str, words: str) -> None:
    judged = judge({**sample.facts(), "now": now})
    assert judged["TIME-1"]["status"] == status
    assert words in judged["TIME-1"]["message"]
    assert [rule for rule in judged if judged[rule]["status"] == "error"] == (["TIME-1"] if status == "error" else [])


def test_a_clock_that_disagrees_forbids_a_change_and_no_waiver_accepts_it() -> None:
    facts = {**sample.facts(), "now": "2026-11-15T10:00:00Z"}
    stale_scope(facts)
    declared = sample.policy(waivers=[waiver(rule="TIME-1")])
    summed = verdict(list(judge(facts, declared=declared).values()))
    assert [finding["rule"] for finding in summed["blockers"]] == ["TIME-1"]
    assert "could not judge TIME-1" in summed["text"]


def test_a_verdict_names_waivers_whatever_else_it_says() -> None:
    facts = {**sample.facts(), "ica": None}
    stale_scope(facts)
    stopped(facts)
    text = verdict(list(judge(facts, declared=sample.policy(waivers=[waiver()])).values()))["text"]
    assert text == "could not judge ICA-1, ICA-2, ICA-3; SERVICE-1 failed (TLS-1 waived)"


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"product": True}, "server.product is true, expected a dictionary"),
        ({"product": {"release": "R" * 10_000_000}}, "server.product.release has 10000000 characters"),
        ({"space": [{"path": "/", "free_mib": float("nan")}]}, "server.space[0].free_mib is a number"),
        ({"space": [{"path": "/", "more": float("inf")}]}, "server.space[0].more is no number that JSON can hold"),
        ({"tls": {"scopes": "all"}}, "server.tls.scopes is the text 'all', expected a list"),
        ({"now": "1"}, "server.now is the text '1', expected a time"),
        ({3: 4}, "a key of server is a number"),
        ({"later": b"bytes"}, "server.later is a value of the type bytes"),
    ],
)
def test_an_answer_with_another_shape_makes_the_server_not_read(change: dict[Any, Any], words: str) -> None:
    judged = judge({**sample.facts(), **change})
    assert {finding["status"] for finding in judged.values()} == {"error"}
    assert words in judged["TLS-1"]["message"]
    summed = verdict(list(judged.values()))
    assert summed["text"].startswith("not read: ") and words in summed["text"]
    assert summed["compliant"] is False and summed["blockers"]


def test_a_deep_answer_and_one_that_holds_itself_are_refused() -> None:
    deep: Any = []
    for _number in range(100):
        deep = [deep]
    circle: dict[str, Any] = {}
    circle["again"] = circle
    for value in (deep, circle):
        judged = judge({**sample.facts(), "later": value})
        assert "nested more than" in judged["TLS-1"]["message"]


def test_control_characters_leave_the_facts() -> None:
    facts = sample.facts()
    facts["guard"] = {"state": "rolled_back", "reason": "a\x1b[2J\x9b1m\u202eb\rc\ud800"}
    stale_scope(facts)
    facts["tls"]["scopes"][1]["name"] = "<VirtualHost \x07>"
    for finding in judge(facts).values():
        assert finding["message"].isprintable()
        assert all(key.isprintable() for key in finding["evidence"].get("configured", {}))
