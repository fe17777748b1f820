# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the rule TLS-2 and the proof after a rollback make of every answer that the probe can give."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._tls.protocols import (
    ALERT_NAMES,
    PROBED,
    alert_meaning,
)
from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._policy.evaluate import findings
from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._policy.wire_differences import (
    wire_differences,
)

from tests.support import server_facts as sample

SILENCE = "closed without an answer 2 times, while TLSv1.2 was accepted: how OpenSSL before 1.1.0 refuses a version"
LOWER = "the server would only continue with the lower version TLSv1.2"
OLD = "the usual answer of a server without SSLv3"


def judge(probe: list[dict[str, Any]]) -> dict[str, Any]:
    judged = findings(sample.facts(), sample.policy(), probe=probe)
    return next(finding for finding in judged if finding["rule"] == "TLS-2")


def answering(protocol: str, answer: dict[str, Any], at: int = 1) -> list[dict[str, Any]]:
    probe = sample.probe()
    probe[at]["protocols"][protocol] = answer
    return probe


def refused(alert: int | None, reason: str, negotiated: str | None = None) -> dict[str, Any]:
    return {**sample.answer("refused", alert), "reason": reason, "negotiated": negotiated}


@pytest.mark.parametrize(
    ("protocol", "answer", "how"),
    [
        ("TLSv1", refused(None, SILENCE), f"no alert, {SILENCE}"),
        ("TLSv1.3", refused(None, LOWER, "TLSv1.2"), f"no alert, {LOWER}"),
        ("TLSv1.1", refused(86, "a newer one"), "alert 86, a newer one"),
        ("TLSv1.3", refused(40, "a lower one", "TLSv1.2"), "alert 40, a lower one"),
        ("TLSv1.3", refused(80, "a lower one", "TLSv1.2"), "alert 80, a lower one"),
        ("SSLv3", refused(40, OLD), f"alert 40, {OLD}"),
        ("TLSv1", refused(70, "not allowed"), "alert 70, not allowed"),
    ],
)
def test_every_way_to_refuse_a_version_passes_and_is_told(protocol: str, answer: dict[str, Any], how: str) -> None:
    finding = judge(answering(protocol, answer))
    assert finding["status"] == "pass"
    assert finding["evidence"]["refused"]["127.0.0.1:8443/a.example"][protocol] == how
    assert finding["evidence"]["accepted"]["127.0.0.1:8443/a.example"] == ["TLSv1.2"]


def test_a_server_with_openssl_before_1_1_0_passes() -> None:
    probe = sample.probe()
    for result in probe:
        for protocol in ("SSLv3", "TLSv1", "TLSv1.1"):
            result["protocols"][protocol] = refused(None, SILENCE)
        result["protocols"]["TLSv1.3"] = refused(None, LOWER, "TLSv1.2")
    assert judge(probe)["status"] == "pass"


@pytest.mark.parametrize("record", [0x0300, 0x0301, 0x0302, 0x0303])
@pytest.mark.parametrize("alert", sorted(ALERT_NAMES))
def test_the_rule_never_knows_better_than_the_probe(alert: int, record: int) -> None:
    for protocol in PROBED:
        if protocol == "TLSv1.2":
            continue
        meaning = alert_meaning(protocol, alert, record)
        answer = sample.answer(meaning.result, alert, meaning.latent)
        expected = {"inconclusive": "error"}.get(meaning.result, "fail" if meaning.latent else "pass")
        finding = judge(answering(protocol, answer))
        assert finding["status"] == expected, protocol
        if meaning.latent:
            assert f"still allows {protocol}; something else held it back (alert {alert}" in finding["message"]


def test_a_wanted_version_that_is_refused_says_how() -> None:
    finding = judge(answering("TLSv1.2", refused(None, SILENCE)))
    assert finding["status"] == "fail"
    assert f"with a.example refuses TLSv1.2 (no alert, {SILENCE})" in finding["message"]


def expecting(protocols: list[str]) -> dict[str, Any]:
    facts = sample.facts()
    for endpoint in facts["tls"]["endpoints"]:
        endpoint["expected"] = {name: protocols for name in endpoint["server_names"]}
    return facts


@pytest.mark.parametrize("result", ["inconclusive", "unreachable", "something new"])
@pytest.mark.parametrize("protocol", PROBED)
def test_a_handshake_without_a_clear_answer_never_equals_the_files(protocol: str, result: str) -> None:
    """Whatever the files say of the version: that it is on, that it is off, and that it is the only one."""
    probe = answering(protocol, {**sample.answer(result), "reason": "it was silent"}, at=2)
    for files in (["TLSv1.2"], ["TLSv1", "TLSv1.2"], [name for name in ["TLSv1.2"] if name != protocol]):
        found = wire_differences(expecting(files), probe)
        place = "127.0.0.1:8443 with unknown.invalid"
        assert f"Not read: {place}: {protocol} is {result} (it was silent)" in found


def test_a_version_that_was_not_tried_never_equals_the_files() -> None:
    probe = sample.probe()
    del probe[0]["protocols"]["TLSv1.1"]
    assert [sentence[:9] for sentence in wire_differences(expecting(["TLSv1.2"]), probe)] == ["Not read:"]


def test_what_was_not_read_does_not_hide_what_differs() -> None:
    probe = answering("TLSv1", sample.answer("unreachable"), at=0)
    probe[2]["protocols"]["TLSv1"] = sample.answer("accepted")
    before = copy.deepcopy(probe)
    assert wire_differences(expecting(["TLSv1.2"]), probe) == [
        "Not read: 127.0.0.1:8443 with no server name: TLSv1 is unreachable (no reason given)",
        "127.0.0.1:8443 with unknown.invalid accepts TLSv1, TLSv1.2, its files say TLSv1.2",
    ]
    assert probe == before
