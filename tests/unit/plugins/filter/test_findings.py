# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The filters as Ansible sees them: what they refuse, and that a template cannot be planted through facts."""

from __future__ import annotations

import pytest
from ansible.errors import AnsibleFilterError
from ansible_collections.checkpoint_endpoint.hardening.plugins.filter.findings import FilterModule

from tests.support import server_facts as sample

FILTERS = FilterModule().filters()


def test_the_filters_work_together() -> None:
    judged = FILTERS["findings"](sample.facts(), sample.policy(), probe=sample.probe(), name="epm-1")
    summary = FILTERS["verdict"](judged)
    assert summary["compliant"] is True
    lines = FILTERS["fleet_table"]([{"name": "epm-1", "findings": judged, **summary}])
    assert lines[-1].startswith("epm-1")


@pytest.mark.parametrize("policy", [None, "TLSv1.2", ["TLSv1.2"], {"tls_protocols": ["TLS 1.2"]}])
def test_a_policy_that_cannot_be_used_is_an_error_of_the_filter(policy: object) -> None:
    with pytest.raises(AnsibleFilterError, match="policy"):
        FILTERS["findings"](sample.facts(), policy)


@pytest.mark.parametrize("name", ["verdict", "fleet_table"])
@pytest.mark.parametrize("value", [None, 3, "text", {"rule": "TLS-1"}])
def test_something_else_than_a_list_is_refused(name: str, value: object) -> None:
    with pytest.raises(AnsibleFilterError, match=name):
        FILTERS[name](value)


def expecting(protocols: list[str]) -> dict[str, object]:
    facts = sample.facts()
    for endpoint in facts["tls"]["endpoints"]:
        endpoint["expected"] = {name: protocols for name in endpoint["server_names"]}
    return facts


def test_the_wire_shows_the_files() -> None:
    assert FILTERS["wire_differences"](expecting(["TLSv1.2"]), sample.probe()) == []


def test_a_server_that_runs_older_files_differs_for_every_name() -> None:
    found = FILTERS["wire_differences"](expecting(["TLSv1.2"]), sample.probe(("TLSv1", "TLSv1.2")))
    assert len(found) == 3
    assert found[0] == "127.0.0.1:8443 with no server name accepts TLSv1, TLSv1.2, its files say TLSv1.2"


def test_a_protocol_that_is_held_back_is_no_difference() -> None:
    probe = sample.probe()
    for result in probe:
        result["protocols"]["TLSv1"] = sample.answer("refused", 80, latent=True)
    assert FILTERS["wire_differences"](expecting(["TLSv1", "TLSv1.2"]), probe) == []


@pytest.mark.parametrize("facts", [{}, {"tls": None}, {"tls": {"endpoints": []}}, {"tls": {"endpoints": [3]}}, None])
def test_what_was_not_read_is_never_equal(facts: object) -> None:
    assert FILTERS["wire_differences"](facts, sample.probe())[0].startswith("Not read")


def test_an_endpoint_that_was_not_tried_is_never_equal() -> None:
    assert FILTERS["wire_differences"](expecting(["TLSv1.2"]), sample.probe()[:1])[0].startswith("Not read")
