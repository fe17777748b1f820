# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""TLS-4: other TLS on the server is named, and changes, blocks and undoes nothing."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._policy.evaluate import findings
from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._policy.policy import (
    PolicyError,
    read_policy,
)
from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._policy.verdict import verdict

from tests.support import server_facts as sample

OLD = ("TLSv1", "TLSv1.2")


def judged(*listeners: dict[str, Any], extra: list[dict[str, Any]] | None = None, **declared: Any) -> dict[str, Any]:
    """The findings about a server that has these listeners beside its own, by rule."""
    facts = sample.facts()
    facts["listeners"] += listeners
    facts["extra_endpoints"] = extra or []
    found = findings(facts, sample.policy(**declared), probe=sample.probe(), name="epm-1")
    return {finding["rule"]: finding for finding in found}


def test_a_listener_that_accepts_an_old_protocol_is_named_with_its_program() -> None:
    found = judged(sample.listener(4434, OLD), sample.listener(443, ("TLSv1.2",)))["TLS-4"]
    assert found["status"] == "fail"
    assert found["message"] == "httpd2 (process 5120) at 0.0.0.0:4434 accepts TLSv1."
    assert "checkpoint_endpoint_ignored_listeners" in found["next_step"]


def test_it_causes_no_change_and_blocks_none() -> None:
    found = judged(sample.listener(4434, OLD))
    summed = verdict(list(found.values()))
    assert (summed["changes"], summed["blockers"], summed["open"], summed["compliant"]) == ([], [], ["TLS-4"], False)


@pytest.mark.parametrize(
    ("listeners", "status"),
    [
        ([], "not_applicable"),
        ([sample.listener(4434)], "not_applicable"),
        ([sample.listener(4434, ("TLSv1.2",))], "pass"),
        # Newer than declared is outside the policy too; nothing at all is not.
        ([sample.listener(4434, ("TLSv1.2", "TLSv1.3"))], "fail"),
        ([sample.listener(4434, ())], "pass"),
    ],
)
def test_what_other_listeners_make_of_the_rule(listeners: list[dict[str, Any]], status: str) -> None:
    assert judged(*listeners)["TLS-4"]["status"] == status


def unclear(port: int, accepts: tuple[str, ...] = ("TLSv1.2",)) -> dict[str, Any]:
    """A listener that speaks TLS and gave no clear answer to one version."""
    entry = sample.listener(port, accepts)
    entry["protocols"]["TLSv1"] = sample.answer("inconclusive")
    return entry


def test_an_answer_that_is_not_clear_is_no_pass() -> None:
    assert judged(unclear(4434))["TLS-4"]["status"] == "error"
    assert verdict(list(judged(unclear(4434)).values()))["blockers"] == []


def test_a_listener_without_tls_is_named_and_no_failure() -> None:
    plain = sample.listener(80, ())
    plain["protocols"] = {name: sample.answer("inconclusive") for name in plain["protocols"]}
    found = judged(plain, sample.listener(4434, ("TLSv1.2",)))["TLS-4"]
    assert found["status"] == "pass" and "0.0.0.0:80" in found["message"]


def test_listeners_that_were_not_read_are_an_error() -> None:
    facts = {**sample.facts(), "listeners": None, "unreadable": [{"part": "listeners", "reason": "/proc/net/tcp: no"}]}
    found = {finding["rule"]: finding for finding in findings(facts, sample.policy(), probe=sample.probe())}
    assert (found["TLS-4"]["status"], found["TLS-2"]["status"]) == ("error", "pass")
    assert "/proc/net/tcp" in found["TLS-4"]["message"]


@pytest.mark.parametrize(
    ("ignored", "status"),
    [
        ({"port": 4434, "reason": "the portal"}, "pass"),
        ({"port": 4434, "address": "0.0.*", "servers": ["epm-*"], "reason": "the portal"}, "pass"),
        ({"port": 4434, "address": "10.*", "reason": "the portal"}, "fail"),
        ({"port": 4434, "servers": "eps-*", "reason": "the portal"}, "fail"),
        ({"port": 443, "reason": "the portal"}, "fail"),
    ],
)
def test_a_listener_is_ignored_with_a_reason(ignored: dict[str, Any], status: str) -> None:
    found = judged(sample.listener(4434, OLD), ignored_listeners=[ignored])["TLS-4"]
    assert found["status"] == status
    if status == "pass":
        assert list(found["evidence"]["ignored"].values()) == ["the portal"]


def endpoint(accepts: tuple[str, ...], port: int = 443) -> dict[str, Any]:
    """What came of the handshakes with a further endpoint."""
    return {"host": "front.example", "port": port, "server_name": "", "protocols": sample.protocols(accepts)}


@pytest.mark.parametrize(
    ("accepts", "status"), [(("TLSv1.2",), "pass"), (OLD, "fail"), (("TLSv1.3",), "fail"), ((), "fail")]
)
def test_a_further_endpoint_must_meet_the_policy(accepts: tuple[str, ...], status: str) -> None:
    found = judged(extra=[endpoint(accepts)], extra_endpoints=[{"host": "front.example"}])["TLS-4"]
    assert found["status"] == status


def test_a_further_endpoint_that_was_not_tried_is_an_error() -> None:
    assert judged(extra_endpoints=[{"host": "front.example"}])["TLS-4"]["status"] == "error"


def test_another_program_on_a_port_of_the_configuration_is_an_error_unless_it_is_a_front() -> None:
    foreign = sample.listener(8443, ("TLSv1.2",), address="10.0.0.5")
    found = judged(foreign)["TLS-2"]
    assert found["status"] == "error" and "httpd2 (process 5120) at 10.0.0.5:8443" in found["message"]
    declared = {"host": "front.example", "port": 8443, "front": True}
    found = judged(foreign, extra=[endpoint(("TLSv1.2",), 8443)], extra_endpoints=[declared])
    assert (found["TLS-2"]["status"], found["TLS-4"]["status"]) == ("pass", "pass")
    found = judged(foreign, extra=[endpoint(OLD, 8443)], extra_endpoints=[declared])
    assert (found["TLS-2"]["status"], found["TLS-4"]["status"]) == ("pass", "fail")
    declared["front"] = False
    assert judged(foreign, extra_endpoints=[declared])["TLS-2"]["status"] == "error"


@pytest.mark.parametrize("changes", [{"reachable": False, "address": "127.0.0.1"}, {"owner": None}, {"ours": True}])
def test_who_is_no_other_program_on_that_port(changes: dict[str, Any]) -> None:
    assert judged(sample.listener(8443, **changes))["TLS-2"]["status"] == "pass"


@pytest.mark.parametrize(
    ("declared", "words"),
    [
        ({"ignored_listeners": [{"port": 4434}]}, "ignored_listeners, entry 1 gives no reason"),
        ({"ignored_listeners": [{"reason": "x"}]}, "has the port None"),
        ({"ignored_listeners": [{"port": 0, "reason": "x"}]}, "has the port 0"),
        ({"ignored_listeners": [{"port": True, "reason": "x"}]}, "has the port True"),
        ({"ignored_listeners": ["4434"]}, "is not a dictionary"),
        ({"ignored_listeners": "4434"}, "must be a list"),
        ({"ignored_listeners": [{"prot": 4434, "reason": "x"}]}, "has no prot"),
        ({"extra_endpoints": [{"port": 443}]}, "extra_endpoints, entry 1 gives no host"),
        ({"extra_endpoints": [{"host": "a", "front": "maybe"}]}, "expected true or false"),
    ],
)
def test_a_declaration_that_cannot_be_used_is_refused(declared: dict[str, Any], words: str) -> None:
    with pytest.raises(PolicyError, match=words):
        read_policy(sample.policy(**declared))


def test_what_is_left_out_of_a_declaration() -> None:
    policy = read_policy(
        sample.policy(extra_endpoints=[{"host": "a"}], ignored_listeners=[{"port": "1", "reason": "x"}])
    )
    assert (policy.extra_endpoints[0].port, policy.extra_endpoints[0].server_names) == (443, ("",))
    assert (policy.ignored_listeners[0].port, policy.ignored_listeners[0].servers) == (1, ("*",))
