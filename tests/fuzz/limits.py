# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How long an example may take, in processor time: a busy machine fails nobody."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import FrameType

# Reading a megabyte may take a minute, and a little more is free: enough for the slowest Python under a coverage tracer.
BASE_SECONDS = 3.0
SECONDS_PER_BYTE = 60e-6


class TooSlow(AssertionError):
    """An example took longer than its size explains."""


@contextmanager
def time_limit(size: int) -> Iterator[None]:
    """Fail what runs longer than is fair for an input of ``size`` bytes; a loop without end too."""
    seconds = BASE_SECONDS + size * SECONDS_PER_BYTE

    def over(_number: int, _frame: FrameType | None) -> None:
        raise TooSlow(f"more than {seconds:.1f} s for {size} bytes")

    before = signal.signal(signal.SIGVTALRM, over)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0.0)
        signal.signal(signal.SIGVTALRM, before)


def fastest(action: Callable[[], object], rounds: int = 3) -> float:
    """Seconds of processor time of the quickest of some runs; what else the machine does hardly shows in it."""
    found = []
    for _round in range(rounds):
        began = time.process_time()
        action()
        found.append(time.process_time() - began)
    return min(found)
