# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Real configuration files of other people: where they are, and a report of what became of them.

They are run against, never copied into the project. Where they are not there, the tests say so.
"""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest

from tests.support import apache

VARIABLE = "CHECKPOINT_ENDPOINT_CORPUS"
REPOSITORY = Path(__file__).resolve().parents[2]

_outcomes: pytest.StashKey[dict[str, str]] = pytest.StashKey()


def corpus_files() -> list[Path]:
    """The files of the corpus, sorted by name; none where there is no corpus."""
    folder = Path(os.environ.get(VARIABLE) or REPOSITORY.parent / "shared" / "corpus")
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if path.is_file() and path.name != "INDEX.md")


def pytest_configure(config: pytest.Config) -> None:
    config.stash[_outcomes] = {}


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "corpus_file" in metafunc.fixturenames:
        files = corpus_files()
        missing = pytest.mark.skip(reason=f"no corpus: set {VARIABLE} to a folder of real configuration files")
        values = [pytest.param(path, id=path.name) for path in files] or [pytest.param(None, id="none", marks=missing)]
        metafunc.parametrize("corpus_file", values)


@pytest.fixture
def outcomes(request: pytest.FixtureRequest) -> dict[str, str]:
    """What became of each file, for the report at the end."""
    return request.config.stash[_outcomes]


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> apache.Certificate:
    return apache.make_certificate(tmp_path_factory.mktemp("certificate"), "corpus")


@pytest.fixture(scope="session")
def installation() -> apache.Installation:
    return apache.find_installation()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    found = config.stash.get(_outcomes, {})
    if not found:
        return
    terminalreporter.section("corpus")
    for outcome, count in sorted(Counter(text.partition(":")[0] for text in found.values()).items()):
        terminalreporter.write_line(f"{count:4d} {outcome}")
    for name, outcome in sorted(found.items()):
        if ":" in outcome:
            terminalreporter.write_line(f"{name}: {outcome}")
