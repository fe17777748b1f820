# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.
"""Say in one sentence why a task failed: the useful half of what Ansible returns."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._plain_text import plain

# What Ansible says when a module did not get as far as an answer of its own.
_NO_ANSWER = re.compile(
    r"MODULE FAILURE|No start of json char found|Module result deserialization failed|See stdout/stderr", re.I
)
_CLISH = re.compile(r"CLINFR[0-9]+")
_PYTHON = re.compile(
    r"requires a minimum of Python|SyntaxError|No module named '?(?:ansible|_future_|__future__)|unsupported Python",
    re.I,
)
# The state and the advice of a module hold for the moment at which it failed. Who puts things right says them anew.
_LATER = re.compile(r"\s*(?:State now|Next): .*", re.DOTALL)
LONGEST = 500


def failure_reason(result: Mapping[str, Any]) -> str:
    """Return why a task failed, on one line of at most 500 characters.

    :param result: the result of the failed task
    """
    said = " ".join(str(result.get(name) or "") for name in ("msg", "module_stdout", "module_stderr"))
    clish = _CLISH.search(said)
    if clish:
        return f"the login shell is clish, which runs no module ({clish[0]}); bootstrap.yml says how to change it"
    message = _LATER.sub("", str(result.get("msg") or ""))
    last = _last_line(result.get("module_stderr")) or _last_line(result.get("module_stdout"))
    if _NO_ANSWER.search(message) or not message.strip():
        reason = f"the module ended without an answer: {last}" if last else message.strip() or "no reason given"
        if _PYTHON.search(said) or "json char" in message:
            reason += "; bootstrap.yml names the ansible-core that works with the Python of this server"
        return plain(reason, LONGEST)
    return plain(message, LONGEST)


def _last_line(value: Any) -> str:
    lines = [line.strip() for line in str(value or "").splitlines() if line.strip()]
    return plain(lines[-1], 200) if lines else ""
