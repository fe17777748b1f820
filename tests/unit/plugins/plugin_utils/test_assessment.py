# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The assessment: what was read, judged in one go, and which servers are asked for their clients."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._policy.assessment import (
    assess,
    needs_clients,
)

from tests.support import server_facts as sample


def read(accepts: tuple[str, ...] = ("TLSv1.2",)) -> dict[str, Any]:
    """The result of server_info."""
    return {"changed": False, "server": sample.facts(), "probe": sample.probe(accepts)}


def test_a_server_as_declared_is_not_asked_for_its_clients() -> None:
    found = assess("epm-1", sample.policy(), read())
    assert (found["name"], found["compliant"], found["text"], found["clients"]) == (
        "epm-1",
        True,
        "at the policy",
        None,
    )
    assert found["server"] == sample.facts() and found["probe"] == sample.probe()
    assert needs_clients(found, True) is False


@pytest.mark.parametrize(
    ("legacy_clients", "read_logs", "needed"),
    [({}, True, True), ({}, False, False), ({"action": "ignore"}, True, False), ({"action": "warn"}, True, True)],
)
def test_a_server_that_may_refuse_clients_is_asked_who_they_are(
    legacy_clients: dict[str, Any], read_logs: bool, needed: bool
) -> None:
    found = assess("epm-1", sample.policy(legacy_clients=legacy_clients), read(("TLSv1", "TLSv1.2")))
    assert needs_clients(found, read_logs) is needed


@pytest.mark.parametrize("result", [{}, {"server": None}, {"server": sample.facts()}, {"server": [], "probe": 7}])
def test_what_was_not_read_is_never_at_the_policy(result: dict[str, Any]) -> None:
    found = assess("epm-1", sample.policy(), result)
    assert found["compliant"] is False and needs_clients(found, True) is True
