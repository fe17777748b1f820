# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Why a server was not read: the useful half of what Ansible and the server said, and known causes by name."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.checkpoint_endpoint.hardening.plugins.filter.findings import FilterModule

from tests.support import hostile

failure_reason = FilterModule().filters()["failure_reason"]
fleet_table = FilterModule().filters()["fleet_table"]

MODULE_FAILURE = "MODULE FAILURE\nSee stdout/stderr for the exact error"
NO_JSON = "MODULE FAILURE: No start of json char found\nSee stdout/stderr for the exact error"
NO_INTERPRETER = (
    "The module failed to execute correctly, you probably need to set the interpreter.\n"
    "See stdout/stderr for the exact error"
)


def failed(message: str, stdout: str = "", stderr: str = "", **more: Any) -> dict[str, Any]:
    return {"failed": True, "rc": 1, "msg": message, "module_stdout": stdout, "module_stderr": stderr, **more}


@pytest.mark.parametrize(
    ("result", "words"),
    [
        # What a module or Ansible said stands as it is.
        ("Connection\nrefused", ["Connection refused"]),
        (failed("no profile of Check Point was found"), ["no profile of Check Point was found"]),
        ({"unreachable": True, "msg": "Failed to connect to the host via ssh"}, ["Failed to connect to the host"]),
        (failed("it broke. State now: stopped. Next: start it."), ["it broke."]),
        # Where Ansible says nothing, the last line of the server does; ssh's farewell is none.
        (
            failed(MODULE_FAILURE, "", "Traceback:\nKeyError: 'x'\n\nShared connection to eps1 closed.\r\n"),
            ["KeyError: 'x'"],
        ),
        (failed(MODULE_FAILURE, "a\nMemory is full\n", "Connection to eps1 closed."), ["Memory is full"]),
        (failed(MODULE_FAILURE), ["MODULE FAILURE"]),
        # clish.
        (
            failed(MODULE_FAILURE, "CLINFR0329  Invalid command:'/bin/sh -c true'.\r\n"),
            ["login shell is clish", "bootstrap.yml", "CLINFR0329"],
        ),
        # A Python that is not there.
        (
            failed(NO_INTERPRETER, "/bin/sh: 1: /usr/bin/python9: not found\r\n", rc=127),
            ["its Python is not there", "bootstrap.yml", "/usr/bin/python9: not found"],
        ),
        (failed(MODULE_FAILURE, "", "bash: /opt/python3: No such file or directory"), ["its Python is not there"]),
        # A Python that this ansible-core does not support: which one does?
        (
            failed("ansible-core requires a minimum of Python version 3.8. Current version: 3.7.16 (default, ...)"),
            ["does not run on its Python 3.7", "ansible-core 2.17 is the last"],
        ),
        (
            failed(NO_JSON, '{"msg": "ansible-core requires a minimum of Python version 3.8. Current version: 3.6.8"}'),
            ["Python 3.6", "ansible-core 2.16 is the last"],
        ),
        (
            failed("ansible-core requires a minimum of Python2 version 2.7 or Python3 version 3.6. Current version: 2.6.6"),
            ["no ansible-core that this collection supports runs on its Python 2.6"],
        ),
        (
            failed("ansible-core requires a minimum of Python version 3.9. Current version: 3.8.2"),
            ["Python 3.8", "ansible-core 2.19 is the last"],
        ),
        (
            failed(NO_JSON, "", '  File "<stdin>", line 9\n    def f(*, a):\n           ^\nSyntaxError: invalid syntax'),
            ["too old for this ansible-core", "2.16 is the last that runs on Python 2.7", "SyntaxError: invalid syntax"],
        ),
        # Nothing was said.
        ({}, ["no reason given"]),
        (None, ["no reason given"]),
        (" ", ["no reason given"]),
        ({"msg": ["a"]}, ["no reason given"]),
    ],
)  # fmt: skip
def test_the_useful_half_is_told(result: Any, words: list[str]) -> None:
    reason = failure_reason(result)
    assert all(word in reason for word in words), reason
    assert "\n" not in reason


@pytest.mark.parametrize("text", [*hostile.TEXTS, "a" * 10_000_000])
def test_what_a_server_printed_is_one_bounded_line(text: str) -> None:
    for result in (text, failed(text), failed(MODULE_FAILURE, text), failed(MODULE_FAILURE, "", text)):
        reason = failure_reason(result)
        assert reason and reason.isprintable() and len(reason) <= 400


def test_a_long_reason_stands_below_its_row() -> None:
    result = failed(NO_JSON, "", "SyntaxError: invalid syntax")
    lines = fleet_table([], ["eps1", "eps2"], {"eps1": result, "eps2": "gone"})
    assert all(len(line) < 110 for line in lines[:4]) and lines[2].endswith("...")
    assert lines[3].endswith("NOT READ: gone")
    assert len(lines) == 5
    assert lines[4].startswith("eps1: NOT READ: its Python is too old") and "SyntaxError: invalid syntax" in lines[4]
