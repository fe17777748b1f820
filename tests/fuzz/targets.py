# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The targets: for each reader what it is fed with, and what must hold whatever that is."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from tests.fuzz import (
    apache,
    check_apache,
    check_logs,
    check_tools,
    check_wire,
    request_logs,
    tools,
    wire,
)
from tests.fuzz.damage import damaged
from tests.fuzz.limits import time_limit


@dataclass(frozen=True)
class Target:
    """One reader.

    :ivar cases: what it is fed with: bytes, or a tuple or Site of them
    :ivar check: fails, or lets another error pass, when something is wrong
    :ivar weight: how much of a short run it gets, beside the others
    """

    name: str
    cases: SearchStrategy[Any]
    check: Callable[[Any], None]
    weight: int = 1

    def examine(self, case: Any) -> None:
        """Check one case within the time that its size allows."""
        with time_limit(size_of(case)):
            self.check(case)


def size_of(case: Any) -> int:
    """Bytes of a case."""
    if isinstance(case, apache.Site):
        return case.size
    if isinstance(case, tuple):
        return sum(size_of(part) for part in case)
    return len(case) if isinstance(case, (bytes, str)) else 0


documents = st.one_of(apache.contents, damaged(apache.contents), st.binary(max_size=400))
TARGETS = {
    target.name: target
    for target in (
        Target("document", documents, check_apache.check_document, 3),
        Target("reading", apache.sites, check_apache.check_reading, 3),
        Target("rewriting", apache.sites, check_apache.check_rewriting, 5),
        Target("watchdog", tools.watchdog_lists, check_tools.check_watchdog),
        Target("issued", tools.issued_lists, check_tools.check_issued),
        Target("dialogue", tools.dialogues, check_tools.check_dialogue),
        Target("product", tools.products, check_tools.check_product),
        Target("variables", tools.variables, check_tools.check_variables),
        Target("certificate", wire.certificates, check_wire.check_certificate, 2),
        Target("certificate_file", wire.certificate_files, check_wire.check_certificate_file),
        Target("answer", wire.answers, check_wire.check_answer, 2),
        Target("request_log", request_logs.logs, check_logs.check_log, 3),
    )
}
