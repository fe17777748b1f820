# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Many configurations at a time: a few processes, each with one httpd at a time."""

from __future__ import annotations

import itertools
import multiprocessing
import os
import tempfile
from collections.abc import Iterable
from concurrent.futures import Future, ProcessPoolExecutor
from pathlib import Path
from types import TracebackType

from tests.differential.comparison import Outcome, run
from tests.differential.configuration import Configuration
from tests.differential.generator import generate
from tests.support import apache

# Ports are looked for on all addresses, so all may use one.
HOST = "127.0.41.1"
# Far more than any configuration takes; the steps inside have time limits of their own.
SECONDS = 300.0
_NUMBERS = itertools.count()


class Runner:
    """Runs configurations, each in a folder of its own below one temporary folder that it removes at its end."""

    def __init__(self, jobs: int = 0) -> None:
        """``jobs`` processes, by default one for each processor; 1 runs everything in this process."""
        self._jobs = jobs or os.cpu_count() or 1
        self._temporary = tempfile.TemporaryDirectory(prefix="differential-")
        self._folder = Path(self._temporary.name)
        self._certificate = apache.make_certificate(self._folder, "differential.example")
        self._pool: ProcessPoolExecutor | None = None
        if self._jobs > 1:
            # Forked: the children find the collection as this process does.
            self._pool = ProcessPoolExecutor(self._jobs, mp_context=multiprocessing.get_context("fork"))
        self._waiting: dict[int, Future[Outcome]] = {}

    def begin(self, seeds: Iterable[int]) -> None:
        """Start to work on generated configurations, in this order."""
        for seed in seeds:
            if self._pool is not None and seed not in self._waiting:
                self._waiting[seed] = self._pool.submit(work_on_seed, seed, self._folder, self._certificate)

    def outcome(self, seed: int) -> Outcome:
        """What came of one generated configuration."""
        if self._pool is None:
            return work_on_seed(seed, self._folder, self._certificate)
        self.begin([seed])
        return self._waiting.pop(seed).result(SECONDS)

    def run(self, configuration: Configuration) -> Outcome:
        """What comes of any configuration, in this process."""
        return _work(configuration, self._folder, self._certificate)

    def __enter__(self) -> Runner:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
        self._temporary.cleanup()


def work_on_seed(seed: int, folder: Path, certificate: apache.Certificate) -> Outcome:
    """One job of a child process."""
    return _work(generate(seed), folder, certificate)


def _work(configuration: Configuration, folder: Path, certificate: apache.Certificate) -> Outcome:
    return run(configuration, folder / f"{os.getpid()}-{next(_NUMBERS)}", HOST, certificate)
