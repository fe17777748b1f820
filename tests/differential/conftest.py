# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Options, and the processes that work on the configurations while the tests wait for them one by one."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator

import pytest

from tests.differential.comparison import Outcome
from tests.differential.runner import Runner

SEED = 20260000
COUNT = 200
_OUTCOMES = pytest.StashKey[list[Outcome]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options; pytest knows them where this folder is named on its command line, the variables work always."""
    group = parser.getgroup("differential")
    group.addoption("--differential-seed", type=int, help="first seed; also DIFFERENTIAL_SEED")
    group.addoption("--differential-count", type=int, help="how many seeds from there; also DIFFERENTIAL_COUNT")


def _number(config: pytest.Config, option: str, variable: str, default: int) -> int:
    given = config.getoption(option, default=None)
    return int(os.environ.get(variable, default) if given is None else given)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "seed" in metafunc.fixturenames:
        first = _number(metafunc.config, "differential_seed", "DIFFERENTIAL_SEED", SEED)
        count = _number(metafunc.config, "differential_count", "DIFFERENTIAL_COUNT", COUNT)
        metafunc.parametrize("seed", range(first, first + count))


@pytest.fixture(scope="session")
def runner(request: pytest.FixtureRequest) -> Iterator[Runner]:
    """Works on every selected seed at once; under pytest-xdist its workers are the processes."""
    alone = hasattr(request.config, "workerinput")
    with Runner(jobs=1 if alone else 0) as made:
        selected = [getattr(item, "callspec", None) for item in request.session.items]
        made.begin(found.params["seed"] for found in selected if found is not None and "seed" in found.params)
        yield made


@pytest.fixture(scope="session")
def outcomes(request: pytest.FixtureRequest) -> list[Outcome]:
    """Those of this process so far, for the summary."""
    return request.config.stash.setdefault(_OUTCOMES, [])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    done = config.stash.get(_OUTCOMES, [])
    if done:
        counted = Counter(outcome.kind for outcome in done)
        terminalreporter.section("configurations of Apache compared")
        terminalreporter.write_line(f"{len(done)} in all, {sum(bool(outcome.differences) for outcome in done)} with differences")
        for kind, number in counted.most_common():
            terminalreporter.write_line(f"{number:5d}  httpd {kind}")
