# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the collection says about a configuration of Apache, against the handshakes of a real one that reads it.

Each seed is one generated configuration; see comparison.py for what is compared. A failure prints the seed, the configuration and
both answers. What was found this way and mended stays in cases.py.
"""

from __future__ import annotations

import pytest

from tests.differential import cases
from tests.differential.comparison import Outcome
from tests.differential.generator import generate
from tests.differential.runner import Runner

# Parts that the generator must not lose: each in at least this share of the configurations.
SHARES = {
    "CR LF": 0.1,
    "IfDefine": 0.05,
    "IfDirective": 0.02,
    "IfFile": 0.02,
    "IfModule": 0.1,
    "IfSection": 0.02,
    "IfVersion": 0.1,
    "Listen https": 0.02,
    "SSLEngine off": 0.05,
    "SSLOpenSSLConfCmd": 0.05,
    "SSLProtocol repeated": 0.05,
    "ServerAlias": 0.3,
    "case of a name": 0.3,
    "comment continued": 0.2,
    "continuation": 0.3,
    "fault": 0.08,
    "host on two ports": 0.02,
    "include": 0.1,
    "included_folder": 0.1,
    "macro": 0.1,
    "main SSLProtocol": 0.4,
    "main server serves TLS": 0.08,
    "no ServerName": 0.03,
    "no final newline": 0.08,
    "odd address": 0.1,
    "mixed line ends": 0.02,
    "quoted name": 0.1,
    "quoted word": 0.3,
    "shared": 0.05,
    "symbolic link": 0.015,
    "unmet": 0.1,
    "variable": 0.1,
}


def test_httpd_does_what_we_say(seed: int, runner: Runner, outcomes: list[Outcome]) -> None:
    outcome = runner.outcome(seed)
    outcomes.append(outcome)
    assert not outcome.differences, outcome.report()


@pytest.mark.parametrize("case", cases.CASES, ids=lambda case: case.name)
def test_once_wrong_stays_right(case: cases.Case, runner: Runner) -> None:
    outcome = runner.run(case.configuration)
    assert not outcome.differences, f"{case.what}\n{outcome.report()}"
    assert outcome.kind == case.kind, f"{case.what}\n{outcome.reason}"


def test_a_seed_is_always_the_same_configuration() -> None:
    assert [generate(seed) for seed in range(50)] == [generate(seed) for seed in range(50)]


def test_the_generator_reaches_everything() -> None:
    made = [generate(seed) for seed in range(1000)]
    reached = {name: sum(name in item.features for item in made) / len(made) for name in SHARES}
    assert {name: share for name, share in reached.items() if share < SHARES[name]} == {}
