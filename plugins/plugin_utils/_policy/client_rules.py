# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""The rule about clients: who would lose contact when a protocol is refused."""

from __future__ import annotations

from typing import Any

from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._policy.facts import Outcome
from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._policy.policy import Policy


def legacy(clients: Any, policy: Policy, refuses_already: bool) -> Outcome:
    """CLIENT-1: what the server's TLS request logs say about clients that use a protocol which is not declared.

    :param refuses_already: the server accepts the declared protocols alone, so nobody is left to be cut off
    """
    if policy.legacy_clients.action == "ignore":
        return Outcome("not_applicable", "The policy asks nothing about legacy clients.")
    if refuses_already:
        return Outcome("not_applicable", "The server refuses other protocols already; nobody is left to be cut off.")
    if clients is None:
        return Outcome("not_applicable", "The TLS request logs were not read.")
    raise NotImplementedError
