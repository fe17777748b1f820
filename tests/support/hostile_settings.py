# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Settings of a controller that a play must not depend on, as environment variables by the name in ansible.cfg."""

from __future__ import annotations

import re
from pathlib import Path

from tests.support.fleet import Fleet

SETTINGS = {
    "any_errors_fatal": {"ANSIBLE_ANY_ERRORS_FATAL": "True"},
    "strategy": {"ANSIBLE_STRATEGY": "free"},
    "force_handlers": {"ANSIBLE_FORCE_HANDLERS": "True"},
    "hash_behaviour": {"ANSIBLE_HASH_BEHAVIOUR": "merge"},
    "jinja2_native": {"ANSIBLE_JINJA2_NATIVE": "True"},
    "inject_facts_as_vars": {"ANSIBLE_INJECT_FACT_VARS": "False"},
    "error_on_undefined_vars": {"ANSIBLE_ERROR_ON_UNDEFINED_VARS": "False"},
    "callback_result_format": {"ANSIBLE_CALLBACK_RESULT_FORMAT": "yaml"},
    "display_args_to_stdout": {"ANSIBLE_DISPLAY_ARGS_TO_STDOUT": "True"},
    "fact_cache": {
        "ANSIBLE_CACHE_PLUGIN": "jsonfile",
        "ANSIBLE_CACHE_PLUGIN_CONNECTION": "{folder}",
        "ANSIBLE_GATHERING": "smart",
    },
}
ALL = tuple(SETTINGS)


def failing_rollout(fleet: Fleet, cache: Path, *names: str) -> None:
    """Roll out to a batch in which one server does not stop, and look at all of them afterwards.

    :param names: the settings that are on
    """
    environment: dict[str, str] = {}
    for name in names:
        environment |= {key: value.format(folder=cache) for key, value in SETTINGS[name].items()}
    plain = fleet.controller
    fleet.controller = lambda **more: plain(**environment) | more  # type: ignore[method-assign]  # for these runs alone
    fleet.fault("eps2", "stop-fails:once")
    run = fleet.play("harden", checkpoint_endpoint_restart=True, checkpoint_endpoint_serial=4)
    assert run.rc == 2, run.output
    assert {name: server["services"] for name, server in fleet.status().items()} == dict.fromkeys(
        fleet.hosts, "started"
    )
    assert "The rollout stops at eps2" in run.text, run.output
    assert "the old configuration is back and the services run with it" in run.text, run.output
    assert "Left untouched: epm1" in run.text, run.output
    told = run.text.rpartition("eps2: the change failed at")[2].partition("Backup: /")[0]
    assert told.count("State now:") == 1 and "Next:" not in told, run.output
    before = {name: fleet.calls(name, "cpstop") for name in fleet.hosts}
    audit = fleet.play("audit")
    assert audit.rc == 0, audit.output
    for server in ("eps1", "eps3"):
        assert before[server] == 1
        row = re.search(rf"\b{server} R[0-9.]+ policy server .{{5,120}}?(at the policy|failed)", audit.text)
        assert row and row[1] == "at the policy", audit.output
    assert audit.output.count("verdict") == 1, "one table"
