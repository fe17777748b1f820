# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection under each release of ansible-core that is supported beside the one of ``make test``, where a Python for it exists.

For each: syntax of all playbooks, documentation of all modules, modules on one server of each kind, and a fleet
hardened and rolled back; for the newest also ansible-test sanity, which covers the Pythons that the oldest does not know yet.

    python3 tools/environment.py python3 tools/matrix.py [RELEASE...]
"""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tools import sanity
from tools.environment import CACHE, NAME, ROOT, interpreters, variables
from tools.setup import SetupError, build_environment

RELEASES = ("2.19.14", "2.21.5")
# By series: the Pythons of a controller that it runs with, best first.
PYTHONS = {
    "2.17": ("3.12", "3.11", "3.10"),
    "2.18": ("3.13", "3.12", "3.11"),
    "2.19": ("3.12", "3.13", "3.11"),
    "2.20": ("3.13", "3.12"),
    "2.21": ("3.13", "3.12"),
}
SECONDS = 1500.0


def commands() -> dict[str, list[str]]:
    """What is run under each release, by what it shows."""
    playbooks = sorted(path.stem for path in (ROOT / "playbooks").glob("*.yml"))
    modules = sorted(f"{NAME}.{path.stem}" for path in (ROOT / "plugins" / "modules").glob("*.py"))
    pytest = ["python", "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    syntax = ["ansible-playbook", "-i", "localhost,", "--syntax-check"]
    return {
        "syntax of the playbooks": [*syntax, *(f"{NAME}.{playbook}" for playbook in playbooks)],
        "documentation of the modules": ["ansible-doc", "-t", "module", "--json", *modules],
        "tests of modules": [*pytest, "tests/modules", "-k", "epm1 or eps1 or sign_hash or services"],
        "a fleet hardened, twice": [*pytest, "tests/playbooks/test_there_and_back.py", "-k", "harden"],
    }


def run_release(release: str, python: Path) -> tuple[int, int]:
    """Everything under one release. Returns the numbers of passed and failed steps."""
    venv = CACHE / "matrix" / release
    build_environment(venv, "matrix", f"ansible-core=={release}", python=str(python))
    environment = variables(venv)
    passed = failed = 0
    for what, command in commands().items():
        began = time.monotonic()
        done = subprocess.run(
            [str(venv / "bin" / command[0]), *command[1:]],
            cwd=ROOT,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=SECONDS,
            check=False,
        )
        good = done.returncode == 0
        passed, failed = passed + good, failed + (not good)
        print(
            f"{'ok' if good else 'FAILED':7} ansible-core {release}: {what}  {time.monotonic() - began:.1f} s",
            flush=True,
        )
        if not good:
            print(done.stdout, flush=True)
    if release == RELEASES[-1]:
        wrong = sanity.main(venv, []) != 0
        passed, failed = passed + (not wrong), failed + wrong
    return passed, failed


def main(wanted: list[str]) -> int:
    """Returns the exit code."""
    found = interpreters()
    passed = failed = 0
    for release in wanted or RELEASES:
        pythons = PYTHONS[release.rpartition(".")[0]]
        python = next((found[version] for version in pythons if version in found), None)
        if python is None:
            print(f"ansible-core {release}: this machine has none of Python {', '.join(pythons)}, not tested with it")
            continue
        numbers = run_release(release, python)
        passed, failed = passed + numbers[0], failed + numbers[1]
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except SetupError as problem:
        sys.exit(f"matrix: {problem}")
