# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Whatever part of the facts is missing or misshapen, no rule that needs it says pass."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._policy.evaluate import findings
from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._policy.policy import RULES
from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._policy.verdict import verdict
from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._results.shapes import STATUSES

from tests.support import server_facts as sample

hypothesis = pytest.importorskip("hypothesis")
given, st = hypothesis.given, hypothesis.strategies

# What each rule reads. A rule whose part is gone has nothing to say but error.
NEEDS = {
    "TLS-1": "tls",
    "TLS-2": "tls",
    "TLS-3": "tls",
    "ICA-1": "ica",
    "ICA-2": "ica",
    "ICA-3": "ica",
    "CERT-1": "certificates",
    "SERVICE-1": "services",
    "GUARD-1": "guard",
}
# Facts that decide a rule: without this one key, the rule must not pass.
DECISIVE = [
    ("TLS-1", ("tls", "scopes")),
    ("TLS-1", ("tls", "directives")),
    ("TLS-1", ("tls", "scopes", 1, "configured")),
    ("TLS-1", ("tls", "scopes", 1, "negotiable")),
    ("TLS-1", ("tls", "scopes", 1, "governed_by")),
    ("TLS-1", ("tls", "scopes", 1, "tls")),
    ("TLS-1", ("tls", "directives", 0, "protocols")),
    ("TLS-2", ("tls", "endpoints")),
    ("TLS-2", ("tls", "endpoints", 0, "server_names")),
    ("TLS-3", ("tls", "http_test")),
    ("TLS-3", ("tls", "http_test", "ok")),
    ("ICA-1", ("ica", "present")),
    ("ICA-1", ("ica", "sign_hash")),
    ("ICA-2", ("ica", "ca_certificate")),
    ("ICA-2", ("ica", "ca_certificate", "hash")),
    ("ICA-3", ("ica", "running")),
    ("CERT-1", ("certificates", 2, "hash")),
    ("SERVICE-1", ("services", "state")),
    ("GUARD-1", ("guard", "state")),
]
RUBBISH = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.text(max_size=4),
    st.just([]),
    st.just({}),
    st.just([None]),
    st.just({"x": 1}),
)


def statuses(facts: Any) -> dict[str, str]:
    return {finding["rule"]: finding["status"] for finding in findings(facts, sample.policy(), probe=sample.probe())}


@given(
    gone=st.sets(st.sampled_from(sorted(set(NEEDS.values())))),
    told=st.sets(st.sampled_from(sorted(set(NEEDS.values())))),
    dropped=st.booleans(),
)
def test_no_subset_of_the_facts_passes_for_what_is_missing(gone: set[str], told: set[str], dropped: bool) -> None:
    facts = sample.facts()
    for part in gone:
        if dropped:
            del facts[part]
        else:
            facts[part] = None
    facts["unreadable"] = [{"part": part, "reason": "for a test"} for part in sorted(told)]
    for rule, status in statuses(facts).items():
        if rule in NEEDS:
            assert (status == "error") == (NEEDS[rule] in gone | told), rule


@given(case=st.sampled_from(DECISIVE), rubbish=RUBBISH, removed=st.booleans())
def test_no_rule_passes_without_the_fact_that_decides_it(
    case: tuple[str, tuple[Any, ...]], rubbish: Any, removed: bool
) -> None:
    rule, path = case
    facts = sample.facts()
    holder: Any = facts
    for step in path[:-1]:
        holder = holder[step]
    original = copy.deepcopy(holder[path[-1]])
    if removed:
        del holder[path[-1]]
    else:
        hypothesis.assume(rubbish != original)
        # Whatever "governed_by" holds, it says that something governs; no directives and no hole are facts too.
        hypothesis.assume(path[-1] != "governed_by" or not rubbish)
        hypothesis.assume(path[-1] not in ("directives", "negotiable") or rubbish != [])
        holder[path[-1]] = rubbish
    status = statuses(facts)[rule]
    if removed:
        assert status == "error"
    else:
        assert status != "pass"


@given(
    facts=st.recursive(
        RUBBISH, lambda inner: st.dictionaries(st.sampled_from(sorted(sample.facts())), inner), max_leaves=20
    )
)
def test_any_facts_at_all_are_judged_without_a_crash(facts: Any) -> None:
    judged = findings(facts, sample.policy(), probe=sample.probe())
    assert sorted(finding["rule"] for finding in judged) == sorted(RULES)
    assert {finding["status"] for finding in judged} <= set(STATUSES)
    assert verdict(judged)["compliant"] is False


@given(probe=st.recursive(RUBBISH, lambda inner: st.lists(inner, max_size=3), max_leaves=10))
def test_any_probe_at_all_is_judged_without_a_crash(probe: Any) -> None:
    judged = findings(sample.facts(), sample.policy(), probe=probe)
    assert [finding["status"] for finding in judged if finding["rule"] == "TLS-2"] == ["error"]
