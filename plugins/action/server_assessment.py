# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One task for one server: read it with one module, judge it here, and ask for its clients only where some may be refused."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timezone
from typing import Any

from ansible.errors import AnsibleActionFail
from ansible.plugins.action import ActionBase
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._server_options import (
    argument_spec as server_options,
)
from ansible_collections.checkpoint_endpoint.hardening.plugins.modules import server_assessment
from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._policy.assessment import (
    assess,
    needs_clients,
)
from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._policy.policy import (
    PolicyError,
    read_policy,
)
from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._results.schema import Misfit
from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._results.shapes import (
    read_assessment,
    read_failure,
)

COLLECTION = "checkpoint_endpoint.hardening"


class ActionModule(ActionBase):
    """What Ansible runs for ``checkpoint_endpoint.hardening.server_assessment``."""

    TRANSFERS_FILES = False

    def run(self, tmp: Any = None, task_vars: dict[str, Any] | None = None) -> dict[str, Any]:
        """Return the assessment of one server, or the result of the module that failed."""
        super().run(tmp, task_vars)
        variables = task_vars or {}
        _, given = self.validate_argument_spec(argument_spec=server_assessment.argument_spec())
        try:
            # A policy that cannot be used is told before the server is asked.
            read_policy(given["policy"])
            return self._assess(given, variables)
        except PolicyError as error:
            raise AnsibleActionFail(f"The declared policy cannot be used: {error}") from error

    def _assess(self, given: Mapping[str, Any], variables: dict[str, Any]) -> dict[str, Any]:
        name = str(variables.get("inventory_hostname", ""))
        # The moment at which the server is asked, by this clock: however long it takes to answer, its own clock is compared with this one.
        policy = {"now": datetime.now(timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"), **given["policy"]}
        read = self._ask("server_info", {key: given[key] for key in server_options()}, variables)
        if read.get("failed"):
            return read_failure(read)
        assessment = assess(name, policy, read)
        if needs_clients(assessment, given["read_logs"]):
            clients = self._ask("tls_client_info", self._client_options(given), variables)
            if clients.get("failed"):
                return read_failure(clients)
            assessment = assess(name, policy, read, clients)
        try:
            # A number that is none, or a value that is too large, would spoil what is made of all servers.
            read_assessment(assessment)
        except Misfit as misfit:
            return read_failure(
                {"msg": f"The server's answer does not have the shape of this collection's module: {misfit}."}
            )
        return {"changed": False, "run": given["run"], **assessment}

    def _client_options(self, given: Mapping[str, Any]) -> dict[str, Any]:
        declared = read_policy(given["policy"])
        options = {"protocols": list(declared.tls_protocols), "days": declared.legacy_clients.days}
        return options | {key: given[key] for key in ("profile", "state_dir", "timeout")}

    def _ask(self, module: str, options: dict[str, Any], variables: dict[str, Any]) -> dict[str, Any]:
        arguments = {key: value for key, value in options.items() if value is not None}
        found: dict[str, Any] = self._execute_module(
            module_name=f"{COLLECTION}.{module}", module_args=arguments, task_vars=variables
        )
        return found
