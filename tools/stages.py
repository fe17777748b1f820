# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What ``make test`` runs, stage by stage, and how long each may take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from tools import checkout
from tools.environment import COLLECTION, ROOT, home_folder

# Code for the controller, which has types. Code for servers, and its tests, run on Python 2.7.
TYPED = ("benchmarks", "tests", "tools")
TYPED_PLUGINS = ("filter", "inventory", "plugin_utils")
UNTYPED = r"^tests/unit/plugins/(modules|module_utils)/"
# Where pytest looks, each a stage of its own. Any other folder below tests/ with tests in it is an error.
PYTEST_FOLDERS = {
    "unit": "tests/unit",
    "wire": "tests/wire",
    "differential": "tests/differential",
    "corpus": "tests/corpus",
    "fuzz": "tests/fuzz",
    "security": "tests/security",
    "lab": "tests/lab",
    "modules": "tests/modules",
    "roles": "tests/roles",
    "playbooks": "tests/playbooks",
    "examples": "tests/docs",
    "faults": "tests/faults",
}


@dataclass(frozen=True)
class Stage:
    """One command of the test run.

    :param cores: how much of a machine with two cores it takes; 2 means that nothing else runs beside it
    :param seconds: it is ended after this time, with everything that it started
    """

    name: str
    command: Sequence[str]
    cores: int = 1
    seconds: float = 600.0
    group: str = ""


def _pytest(name: str, *more: str, cores: int = 1, seconds: float = 900.0) -> Stage:
    return Stage(name, ("python3", "-m", "pytest", "-q", PYTEST_FOLDERS[name], *more), cores, seconds)


def _tool(name: str, cores: int = 1, seconds: float = 600.0) -> Stage:
    return Stage(name, ("python3", f"tools/{name}.py"), cores, seconds)


def _mypy() -> Stage:
    folders = [folder for folder in TYPED if (ROOT / folder).is_dir()]
    plugins = [str(COLLECTION / "plugins" / kind) for kind in TYPED_PLUGINS if (ROOT / "plugins" / kind).is_dir()]
    return Stage("mypy", ("mypy", "--exclude", UNTYPED, *folders, *plugins), group="lint")


def _lint() -> list[Stage]:
    documents = ("--plugin-docs", "--validate-collection-refs", "all", "--disallow-unknown-collection-refs", ".")
    return [
        Stage("ruff", ("ruff", "check", "--no-cache", "."), group="lint"),
        Stage("format", ("ruff", "format", "--no-cache", "--check", "."), group="lint"),
        _mypy(),
        Stage("yamllint", ("yamllint", "--strict", "."), group="lint"),
        Stage("reuse", ("reuse", "lint", "--quiet"), group="lint"),
        Stage("ansible-lint", ("ansible-lint", "--offline", "--profile", "production", "--nocolor"), group="lint"),
        Stage(
            "plugin-docs",
            ("env", f"HOME={home_folder()}", "antsibull-docs", "lint-collection-docs", *documents),
            group="lint",
        ),
        Stage("changelog", ("python3", "tools/changelog.py", "--check"), group="lint"),
    ]


def all_stages() -> list[Stage]:
    """Every stage that there is something to do for; those that take long come first, so that the short fill the gaps."""
    stages = [
        # Two files at a time, here and where else it says so: they wait more than they compute.
        _pytest("playbooks", "-n", "2", "--dist", "loadfile"),
        _tool("targets", seconds=900.0),
        _tool("sanity", seconds=1200.0),
        Stage("molecule", ("molecule", "test", "--all"), seconds=900.0),
        _pytest("modules"),
        _pytest("lab"),
        _pytest("security", "-n", "2", "--dist", "loadfile"),
        _pytest("roles"),
        _pytest("corpus"),
        _pytest("wire"),
        _pytest("unit", "-n", "2"),
        _pytest("fuzz"),
        _tool("package"),
        _pytest("examples"),
        *_lint(),
        # It starts a process for each processor.
        _pytest("differential", cores=2),
    ]
    return [stage for stage in stages if _present(stage)]


def fault_stage() -> Stage:
    """The tests of the promises under faults: long, so they have a target of their own. They wait more than they compute."""
    return _pytest("faults", "-n", "3", "--dist", "loadfile", cores=2, seconds=3000.0)


def _present(stage: Stage) -> bool:
    folders = {**PYTEST_FOLDERS, "molecule": "molecule"}
    return stage.name not in folders or (ROOT / folders[stage.name]).is_dir()


def stray_tests() -> list[str]:
    """Test files that no stage would run."""
    covered = tuple(f"{folder}/" for folder in PYTEST_FOLDERS.values()) + ("molecule/",)
    names = [name for name in checkout.files() if name.rpartition("/")[2].startswith("test_") and name.endswith(".py")]
    return [name for name in names if not name.startswith(covered)]
