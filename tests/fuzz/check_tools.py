# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of the readers of Check Point's tools: any text is read, or refused in the reader's own words."""

from __future__ import annotations

import contextlib
import json

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._checkpoint import (
    dialogue,
    set_sign_hash,
    watchdog,
)
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._checkpoint.environment import (
    parse_variables,
)
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._checkpoint.lscert import (
    is_newest,
    parse_issued,
)
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._checkpoint.product import (
    parse_flag,
    parse_version,
)
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._checkpoint.services import parse_address
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError


def _text(data: bytes) -> str:
    return data.decode("utf-8", "replace")


def check_watchdog(data: bytes) -> None:
    """A list of processes makes sense, and so does what is concluded from it."""
    with contextlib.suppress(watchdog.ListError):
        processes = watchdog.parse_list(_text(data))
        json.dumps(processes)
        for process in processes:
            assert process["name"] and process["pid"] >= 0 and process["status"].isupper()
        for ports in ([], [{"answers": True}], [{"answers": False}, {"answers": True}]):
            state = watchdog.judge(processes, ports)
            assert state in ("started", "stopped", "partial")
            assert state != "started" or watchdog.executing(processes)
        before = watchdog.run_of(processes)
        assert watchdog.is_same_run(before, processes) is bool(before)


def check_issued(data: bytes) -> None:
    """Every certificate that is found is whole, and the newest of them can be told."""
    issued = parse_issued(_text(data))
    json.dumps(issued)
    for entry in issued:
        assert entry["subject"] and entry["serial"] >= 0 and len(entry["not_before"]) == len(entry["not_after"]) == 6
        assert is_newest(f"{entry['serial']:x}", issued) in (True, False)
    if issued and len({entry["serial"] for entry in issued}) == len(issued):
        last = max(issued, key=lambda entry: entry["not_before"])
        assert is_newest(f"{last['serial']:x}", issued) is True


def check_dialogue(case: tuple[bytes, bytes, int, bool]) -> None:
    """No dialogue passes for a change that does not hold the tool's own sentence after its own answered question."""
    before, after, code, ended = _text(case[0]), _text(case[1]), case[2], case[3]
    asked = set_sign_hash._QUESTION.search(before) is not None
    for pattern in (dialogue._QUESTION_BEFORE, dialogue._QUESTION_AFTER):
        pattern.search(after)
    accepted = [name for name in set_sign_hash.SIGN_HASHES if set_sign_hash.check_selection(before, name) is None]
    assert len(accepted) <= 1
    transcript = dialogue.Transcript(before, after, asked, not ended, code if ended else None, None)
    fault = set_sign_hash.check_transcript(transcript, 1)
    if fault is None:
        assert asked and ended and code == 0 and "Internal CA signature hash changed successfully" in after
        assert before.lower().count("are you sure") >= 1
    else:
        assert isinstance(fault, str)


def check_product(data: bytes) -> None:
    """Roles, releases and addresses."""
    flag = parse_flag(data, b"")
    assert flag in (True, False, None)
    assert flag is None or data.split() == [b"1" if flag else b"0"]
    release, build = parse_version(_text(data))
    assert release is None or release.startswith("R")
    assert build is None or build.isalnum()
    with contextlib.suppress(AdministratorError):
        host, port = parse_address(_text(data))
        assert host and 1 <= port <= 65535


def check_variables(data: bytes) -> None:
    """Variables of a profile can be given to a child process."""
    for name, value in parse_variables(data).items():
        assert name and "\0" not in name + value and "=" not in name
        assert (name.encode("utf-8", "surrogateescape") + b"=" + value.encode("utf-8", "surrogateescape")) in data
