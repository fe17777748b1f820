# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""Why a task failed on a server, in one line that says what to do where the cause is known."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._plain_text import plain
from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._run.bootstrap import newest_core

NO_REASON = "no reason given"
LONGEST_REASON = 400

# What a program printed where a module should have: that is looked at, and no more of it.
MOST_OUTPUT = 20_000

CLISH = "its login shell is clish, which runs no module; the playbook bootstrap.yml says how to change that"
NO_PYTHON = "its Python is not there; the playbook bootstrap.yml finds the right ansible_python_interpreter"

_CLISH = re.compile(r"CLINFR\d+|Invalid command:|Type '\?' to list")
_VERSION = re.compile(r"(?:Current version: |Python )(\d)\.(\d{1,2})")
_OLD_PYTHON = re.compile(r"SyntaxError|requires a minimum of Python|No module named '?(?:__future__|ansible|importlib)")
_NO_PROGRAM = re.compile(
    r"python[0-9.]*'?: (?:not found|No such file or directory|command not found|cannot execute)", re.IGNORECASE
)
# The state and the advice of a module hold for the moment at which it failed.
_LATER = re.compile(r"\s*(?:State now|Next): .*", re.DOTALL)
# What Ansible says where it has nothing to say.
_EMPTY_MESSAGES = (
    "MODULE FAILURE",
    "The module failed to execute correctly",
    "No start of json char found",
    "Module result deserialization",
)


def failure_reason(result: Any) -> str:
    """Return why a server was not read.

    :param result: the failed result of a task, or a text that says it already
    """
    if not isinstance(result, Mapping):
        return plain(result or "", LONGEST_REASON) or NO_REASON
    message = _LATER.sub("", _text(result, "msg"))
    printed = "\n".join(_text(result, key) for key in ("module_stderr", "module_stdout", "exception"))
    known = _known_cause(f"{message}\n{printed}")
    useful = _last_line(result) if _is_empty(message) else message
    told = f"{known} ({useful})" if known and useful else known or useful or message or NO_REASON
    return plain(told, LONGEST_REASON) or NO_REASON


def _text(result: Mapping[Any, Any], key: str) -> str:
    value = result.get(key)
    return value[-MOST_OUTPUT:].strip() if isinstance(value, str) else ""


def _is_empty(message: str) -> bool:
    return not message or any(empty in message for empty in _EMPTY_MESSAGES)


def _last_line(result: Mapping[Any, Any]) -> str:
    """Return the last line of what the server printed, errors first."""
    for key in ("module_stderr", "module_stdout"):
        lines = [line.strip() for line in _text(result, key).splitlines() if line.strip()]
        # What ssh says of its own end comes after everything that matters.
        lines = [line for line in lines if not re.match(r"(?:Shared c|C)onnection to \S+ closed", line)]
        if lines:
            return lines[-1]
    return ""


def _known_cause(text: str) -> str:
    if _CLISH.search(text):
        return CLISH
    if _NO_PROGRAM.search(text):
        return NO_PYTHON
    if not _OLD_PYTHON.search(text):
        return ""
    version = _VERSION.search(text)
    return _old_python((int(version[1]), int(version[2]))) if version else _old_python(None)


def _old_python(version: tuple[int, int] | None) -> str:
    """Return which ansible-core fits a Python that this one does not support."""
    if version is None:
        return (
            "its Python is too old for this ansible-core; ansible-core 2.16 is the last that runs on Python 2.7 and 3.6"
        )
    name = f"Python {version[0]}.{version[1]}"
    core = newest_core(version)
    if not core:
        return f"this ansible-core does not run on its {name}; bootstrap.yml shows the Pythons that it has"
    if core == "none":
        return f"no ansible-core that this collection supports runs on its {name}; bootstrap.yml shows the Pythons that it has"
    return f"this ansible-core does not run on its {name}; ansible-core {core} is the last that does"
