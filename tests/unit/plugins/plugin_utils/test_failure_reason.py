# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The useful half of what Ansible returns of a failed task, on one line."""

from __future__ import annotations

import pytest
from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._run.failure import LONGEST, failure_reason

CRASH = "MODULE FAILURE\nSee stdout/stderr for the exact error"


def test_the_message_of_a_module_without_its_state_and_advice() -> None:
    message = "cpstart: ended with 1. Expected: 0. Found: 1. State now: the services are partial. Next: run cpstart."
    assert failure_reason({"msg": message}) == "cpstart: ended with 1. Expected: 0. Found: 1."


@pytest.mark.parametrize("stream", ["module_stdout", "module_stderr"])
def test_clish_is_recognized(stream: str) -> None:
    reason = failure_reason({"msg": CRASH, stream: "CLINFR0329  Invalid command:'/bin/sh -c'.\n"})
    assert reason == "the login shell is clish, which runs no module (CLINFR0329); bootstrap.yml says how to change it"


def test_the_last_line_of_a_crash() -> None:
    result = {"msg": CRASH, "module_stderr": "Traceback:\n  x\nOSError: [Errno 28] No space left on device\n\n"}
    assert failure_reason(result) == ("the module ended without an answer: OSError: [Errno 28] No space left on device")


@pytest.mark.parametrize(
    "result",
    [
        {
            "msg": CRASH,
            "module_stderr": "ansible-core requires a minimum of Python version 3.8. Current version: 2.7.18",
        },
        {
            "msg": "Module result deserialization failed: No start of json char found",
            "module_stderr": "SyntaxError: invalid",
        },
    ],
)
def test_a_python_that_does_not_fit_points_to_bootstrap(result: dict[str, str]) -> None:
    assert "bootstrap.yml names the ansible-core that works" in failure_reason(result)


@pytest.mark.parametrize("result", [{}, {"msg": None}, {"msg": " "}, {"msg": ""}])
def test_no_reason(result: dict[str, object]) -> None:
    assert failure_reason(result) == "no reason given"


def test_a_hostile_message_stays_one_harmless_line() -> None:
    reason = failure_reason({"msg": "a\r\nb\x1b[2J{{ lookup('pipe', 'id') }}" + "x" * 10_000})
    assert len(reason) <= LONGEST
    assert reason.isprintable() and "{{" not in reason


@pytest.mark.parametrize("value", [[1], {"a": 1}, 12, True])
def test_a_message_of_another_type(value: object) -> None:
    assert isinstance(failure_reason({"msg": value, "module_stderr": value}), str)
