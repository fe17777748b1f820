# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""CLIENT-1: who would lose contact, and what is said where nobody knows."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._policy.evaluate import findings
from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._policy.verdict import verdict

from tests.support import server_facts as sample

Values = dict[str, Any]


def client(address: str = "10.1.1.7", **changes: Any) -> Values:
    return {
        "address": address,
        "protocols": {"TLSv1": 5},
        "first_seen": "2026-11-20T10:00:00Z",
        "last_seen": "2026-11-22T10:00:00Z",
        "accepted_last_seen": None,
        "count": 5,
        **changes,
    }


def seen(*legacy: Values, **changes: Any) -> Values:
    """What tls_client_info returns for a week before sample.NOW."""
    return {
        "logs_protocol": True,
        "older_than": "TLSv1.2",
        "since": "2026-11-16T10:00:00Z",
        "logs": [],
        "period": {"first": "2026-11-16T10:00:10Z", "last": "2026-11-23T09:59:00Z", "complete": True},
        "protocols": {"TLSv1": 5 * len(legacy), "TLSv1.2": 1000},
        "legacy": list(legacy),
        "legacy_total": len(legacy),
        "legacy_left_out": 0,
        "legacy_requests_unnamed": 0,
        "unreadable_lines": 0,
        "not_logged": [],
        "add_directive": "",
        "unreadable": [],
        **changes,
    }


def log(path: str, **changes: Any) -> Values:
    return {
        "path": path,
        "lines": 1000,
        "unreadable_lines": 0,
        "first": "2026-11-16T10:00:10Z",
        "last": "2026-11-23T09:59:00Z",
        "last_before": "2026-11-16T09:59:00Z",
        "complete": True,
        **changes,
    }


def stale() -> Values:
    """Return the facts of a server that still accepts TLSv1."""
    facts = sample.facts()
    facts["tls"]["scopes"][1] = sample.scope(protocols=("TLSv1", "TLSv1.2"))
    return facts


def judge(clients: Any, facts: Values | None = None, **legacy_clients: Any) -> Values:
    """Return the finding for a server that still accepts TLSv1."""
    facts = stale() if facts is None else facts
    declared = sample.policy(legacy_clients={"days": 7, "max": 0, "action": "fail", **legacy_clients})
    judged = findings(facts, declared, probe=sample.probe(("TLSv1", "TLSv1.2")), clients=clients, name="eps-1")
    finding = next(item for item in judged if item["rule"] == "CLIENT-1")
    blocked = "CLIENT-1" in [blocker["rule"] for blocker in verdict(judged)["blockers"]]
    assert blocked == (finding["status"] in ("fail", "error"))
    return finding


@pytest.mark.parametrize(
    ("clients", "policy", "status", "words"),
    [
        (seen(), {}, "pass", "no client"),
        (seen(client()), {}, "fail", "10.1.1.7 (TLSv1, last seen 2026-11-22T10:00:00Z, 5 requests)"),
        (seen(client()), {"max": 1}, "pass", "10.1.1.7"),
        (seen(client(), client("10.1.1.8")), {"max": 1}, "fail", "2 clients"),
        (seen(client()), {"action": "warn"}, "pending", "10.1.1.7"),
        (seen(client()), {"action": "ignore"}, "not_applicable", "ignores legacy clients"),
        (None, {}, "not_applicable", "not read"),
        # Only those of the window count; the logs may have been read for longer.
        (seen(client(last_seen="2026-11-16T09:00:00Z"), since="2026-11-01T00:00:00Z"), {}, "pass", "no client"),
        (seen(client(last_seen="2026-11-21T09:00:00Z")), {"days": 2}, "pass", "no client"),
        (seen(client(last_seen=None)), {}, "fail", "unknown time"),
        (seen(client(last_seen="2026-11-16T09:00:00Z"), legacy_left_out=3), {}, "pass", "no client"),
        (seen(client(), legacy_left_out=3), {}, "fail", "4 clients"),
        (seen(client(), legacy_requests_unnamed=9), {"max": 1}, "fail", "and 1 more"),
        # An upgraded client is named, and is no obstacle.
        (seen(client(accepted_last_seen="2026-11-22T11:00:00Z")), {}, "pending", "came again"),
        (seen(client(accepted_last_seen="2026-11-22T11:00:00Z"), client("10.1.1.8")), {}, "fail", "1 client used"),
        # Newer than the oldest declared protocol is no legacy protocol.
        (seen(client(protocols={"TLSv1.2": 5}), older_than="TLSv1.3"), {}, "pass", "no client"),
        (seen(older_than="TLSv1.1"), {}, "error", "read for clients older than TLSv1.1"),
        # What was not read never passes.
        (seen(logs_protocol=False), {}, "error", "does not log the protocol"),
        (seen(logs_protocol=False), {"action": "warn"}, "pending", "does not log the protocol"),
        (seen(unreadable=[{"part": "/logs/a.2.xz", "reason": "no lzma"}]), {}, "error", "/logs/a.2.xz: no lzma"),
        (seen(unreadable=[{"part": "/logs/a.2.xz", "reason": "no lzma"}]), {"action": "warn"}, "pending", "no lzma"),
        (seen(client(), unreadable=[{"part": "/logs/a", "reason": "gone"}]), {}, "fail", "gone"),
        (seen(unreadable_lines=3), {}, "pending", "3 lines"),
        (
            seen(period={"first": "2026-11-21T00:00:00Z", "last": "2026-11-23T09:59:00Z", "complete": False}),
            {},
            "pending",
            "begin at 2026-11-21T00:00:00Z, which is less than the 7 days",
        ),
        (seen(period={"first": None, "last": None, "complete": False}), {}, "pending", "hold no request"),
        # Nothing was logged for hours after the beginning of the window, but the log is older: a quiet server.
        (
            seen(period={"first": "2026-11-17T08:00:00Z", "last": "2026-11-23T09:59:00Z", "complete": True}),
            {},
            "pass",
            "no client",
        ),
        (seen(since="2026-11-20T00:00:00Z"), {}, "pass", "no client"),
        (seen(), {"days": 30}, "pending", "less than the 30 days"),
        (
            seen(
                since=None, period={"first": "2026-10-01T00:00:00Z", "last": "2026-11-23T09:59:00Z", "complete": False}
            ),
            {},
            "pass",
            "no",
        ),
        # Each log is judged by itself.
        (
            seen(logs=[log("/logs/a"), log("/logs/b", first="2026-11-23T09:00:00Z", last_before=None, complete=False)]),
            {},
            "pending",
            "The log /logs/b begins at 2026-11-23T09:00:00Z, which is less than the 7 days",
        ),
        (
            seen(logs=[log("/logs/a"), log("/logs/b", first=None, last=None, last_before=None, complete=False)]),
            {},
            "pending",
            "/logs/b holds no request, which",
        ),
        (
            seen(
                logs=[
                    log("/b", first="2026-11-23T09:00:00Z", last_before="2026-11-01T00:00:00Z", complete=False),
                ]
            ),
            {},
            "pending",
            "The log /b holds no request between 2026-11-01T00:00:00Z and 2026-11-23T09:00:00Z, which is part of the 7",
        ),
        (seen(logs=[log("/b", first=None, complete=False)]), {}, "pending", "no request since 2026-11-16T09:59:00Z"),
        (seen(logs=[log("/b", first="2026-11-17T08:00:00Z")]), {}, "pass", "no client"),
        (seen(logs=[log("/b", unreadable_lines=500)], unreadable_lines=500), {}, "pending", "500 lines"),
        (seen(logs=[log("/b", unreadable_lines=501)], unreadable_lines=501), {}, "error", "/b: 501 of its 1000 lines"),
        (seen(logs=["text"]), {}, "error", "clients.logs[0] is the text 'text', expected a dictionary"),
        ({}, {}, "error", "not read"),
        ("text", {}, "error", "clients is the text 'text', expected a dictionary"),
        ({**seen(), "legacy": None}, {}, "error", "legacy"),
        (seen(client(last_seen="yesterday")), {}, "error", "yesterday"),
        (seen({"address": "10.1.1.7"}), {}, "error", "protocols"),
    ],
)
def test_the_status_and_what_is_said(clients: Any, policy: Values, status: str, words: str) -> None:
    finding = judge(clients, **policy)
    assert finding["status"] == status
    assert words in finding["message"]
    if status in ("fail", "error"):
        assert finding["next_step"]


def test_a_refusal_says_how_to_proceed() -> None:
    step = judge(seen(client()))["next_step"]
    assert "clients.yml" in step and "max" in step and "warn" in step


def test_a_server_that_does_not_log_the_protocol_is_told_what_to_add() -> None:
    line = 'CustomLog logs/ssl_request_log "%t %h %{SSL_PROTOCOL}x"'
    places = [{"scope": "<VirtualHost *:443>", "file": "/conf/ssl.conf", "line": 9}]
    step = judge(seen(logs_protocol=False, add_directive=line, not_logged=places))["next_step"]
    assert line in step and "/conf/ssl.conf:9" in step


def test_many_clients_make_a_short_message_and_a_bounded_list() -> None:
    finding = judge(seen(*[client(f"10.0.{number // 250}.{number % 250}") for number in range(500)]))
    assert finding["message"].startswith("500 clients used")
    assert "490 others" in finding["message"]
    assert len(finding["message"]) < 2000
    assert len(finding["evidence"]["clients"]) == 100
    assert (finding["evidence"]["number"], finding["evidence"]["left_out"]) == (500, 400)


def test_an_address_from_a_log_cannot_write_lines() -> None:
    assert "\n" not in judge(seen(client("evil\n\x1b[2J")))["message"]


def test_a_server_that_refuses_old_protocols_already_cuts_nobody_off() -> None:
    judged = findings(sample.facts(), sample.policy(), probe=sample.probe(), clients=seen(client()), name="eps-1")
    assert next(item for item in judged if item["rule"] == "CLIENT-1")["status"] == "not_applicable"


BEHIND = "2026-11-15T10:00:00Z"
WEEK_BEFORE = {"since": "2026-11-08T10:00:00Z", "now": BEHIND}


def test_clients_are_judged_by_the_clock_that_wrote_the_log() -> None:
    """The server's clock is 8 days behind: a client of the last hour carries a date that the controller takes for too old."""
    this_hour = client(last_seen="2026-11-15T09:30:00Z")
    finding = judge(seen(this_hour, **WEEK_BEFORE), facts={**stale(), "now": BEHIND})
    assert finding["status"] == "fail" and "10.1.1.7" in finding["message"]


def test_clients_without_a_time_are_judged_by_the_time_of_the_facts_and_by_no_other() -> None:
    this_hour = client(last_seen="2026-11-15T09:30:00Z")
    assert judge(seen(this_hour), facts={**stale(), "now": BEHIND})["status"] == "fail"
    facts = stale()
    del facts["now"]
    finding = judge(seen(this_hour), facts=facts)
    assert finding["status"] == "error" and "do not tell the server's time" in finding["message"]


def waiver(rule: str) -> Values:
    return {"rule": rule, "servers": "*", "reason": "kiosk clients", "expires": "2026-12-31"}


@pytest.mark.parametrize(
    ("rules", "status"),
    [(("TLS-1", "TLS-2"), "not_applicable"), (("TLS-1",), "fail"), (("TLS-2",), "fail"), ((), "fail")],
)
def test_where_the_protocols_are_waived_no_client_can_lose_contact(rules: tuple[str, ...], status: str) -> None:
    declared = sample.policy(waivers=[waiver(rule) for rule in rules])
    judged = findings(stale(), declared, probe=sample.probe(("TLSv1", "TLSv1.2")), clients=seen(client()), name="eps-1")
    assert next(item for item in judged if item["rule"] == "CLIENT-1")["status"] == status
    summed = verdict(judged)
    assert summed["compliant"] == (status == "not_applicable")
    assert all(f"{rule} waived" in summed["text"] for rule in rules)


def test_a_waived_wire_does_not_hide_clients_that_the_next_restart_cuts_off() -> None:
    declared = sample.policy(waivers=[waiver("TLS-2")])
    judged = findings(
        sample.facts(), declared, probe=sample.probe(("TLSv1", "TLSv1.2")), clients=seen(client()), name="eps-1"
    )
    assert next(item for item in judged if item["rule"] == "CLIENT-1")["status"] == "fail"


def test_clients_that_speak_only_newer_protocols_are_named() -> None:
    modern = client("10.1.1.9", protocols={"TLSv1.3": 3})
    both = client("10.1.1.8", protocols={"TLSv1.2": 1, "TLSv1.3": 3})
    old = client("10.1.1.6", protocols={"TLSv1.3": 3}, last_seen="2026-11-01T10:00:00Z")
    finding = judge(seen(newer=[modern, both, old], newer_total=1))
    assert finding["status"] == "pending"
    assert "1 client used nothing but protocols newer than TLSv1.2" in finding["message"]
    assert "10.1.1.9 (TLSv1.3" in finding["message"]
    assert [entry["address"] for entry in finding["evidence"]["only_newer"]] == ["10.1.1.9"]
    assert "12 clients used nothing but" in judge(seen(newer=[modern], newer_total=12))["message"]


def test_newer_requests_whose_clients_are_not_listed_are_told() -> None:
    finding = judge(seen(protocols={"TLSv1.2": 9, "TLSv1.3": 3}))
    assert finding["status"] == "pass" and "requests with TLSv1.3" in finding["message"]
    assert "TLSv1.3" not in judge(seen(protocols={"TLSv1.2": 9, "TLSv1.3": 3}, newer=[]))["message"]
