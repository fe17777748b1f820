# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The unit tests of what runs on servers, with each Python that servers have and this machine has too.

pytest and the part of ansible-core that modules import come into ``.cache``, for each Python its own; the interpreters
themselves stay as they are.

    python3 tools/environment.py python3 tools/targets.py [oldest | newer | VERSION...]
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tools.environment import CACHE, PYTHON_VERSIONS, ROOT, interpreters, variables

REQUIREMENTS = ROOT / "requirements" / "target.txt"
# The last ansible-core whose module_utils run on Python 2.7 and 3.6; for newer Pythons it does as well.
ANSIBLE_CORE = "ansible-core==2.16.19"
FOLDERS = ("tests/unit/plugins/module_utils", "tests/unit/plugins/modules")
SECONDS = 600.0
# The tests wait four times as long as they compute.
AT_A_TIME = 5
# How many of the oldest a change is tested with at once: the older, the more of the language they lack.
OLDEST = 2
COUNTED = re.compile(r"(\d+) (passed|failed|error|skipped)")
IMPORT_EVERYTHING = """\
import importlib, os, sys
sys.path.insert(0, os.getcwd())
import conftest
for kind in ("module_utils", "modules"):
    for folder, _folders, names in os.walk(os.path.join("plugins", kind)):
        for name in sorted(names):
            if name.endswith(".py"):
                path = os.path.join(folder, name[:-3]).replace(os.sep, ".")
                importlib.import_module("ansible_collections.checkpoint_endpoint.hardening." + path)
"""


def install(folder: Path, stamp_text: str, command: list[str], environment: dict[str, str]) -> str:
    """Install into a folder once. Returns what pip said when it failed, else nothing."""
    stamp = folder / ".stamp"
    if stamp.exists() and stamp.read_text() == stamp_text:
        return ""
    shutil.rmtree(folder, ignore_errors=True)
    command += ["--disable-pip-version-check", "-q", "--target", str(folder)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=SECONDS, check=False)
    if done.returncode != 0:
        return f"{done.stdout}{done.stderr}"
    stamp.write_text(stamp_text)
    return ""


def module_utils(environment: dict[str, str]) -> Path:
    """A folder to put on the path, with the part of ansible-core that goes to servers and nothing else."""
    whole, part = CACHE / "targets" / "ansible-core", CACHE / "targets" / "ansible"
    command = [sys.executable, "-m", "pip", "install", "--no-deps", "--ignore-requires-python", ANSIBLE_CORE]
    if problem := install(whole, ANSIBLE_CORE, command, environment):
        sys.exit(f"{ANSIBLE_CORE} cannot be installed: {problem}")
    (part / "ansible").mkdir(parents=True, exist_ok=True)
    # Not its own, which asks for parts that stay on the controller.
    (part / "ansible" / "__init__.py").touch()
    link = part / "ansible" / "module_utils"
    if not link.is_symlink():
        link.symlink_to(whole / "ansible" / "module_utils")
    return part


def folders() -> list[str]:
    """The folders of the tests that there are."""
    return [folder for folder in FOLDERS if (ROOT / folder).is_dir()]


def rounds() -> list[list[str]]:
    """The test files, in groups without two of one name: the pytest of Python 2.7 cannot tell those apart."""
    groups: defaultdict[int, list[str]] = defaultdict(list)
    seen: defaultdict[str, int] = defaultdict(int)
    for path in sorted(path for folder in folders() for path in (ROOT / folder).rglob("test_*.py")):
        groups[seen[path.name]].append(str(path.relative_to(ROOT)))
        seen[path.name] += 1
    return [groups[number] for number in sorted(groups)]


@dataclass
class Outcome:
    """What came of the tests with one Python."""

    version: str
    passed: int = 0
    failed: int = 0
    skipped: int = 0
    said: str = ""

    def take(self, done: subprocess.CompletedProcess[str]) -> None:
        """Add the numbers of one run; what it said is kept if it failed."""
        numbers = {word: int(number) for number, word in COUNTED.findall(done.stdout.rstrip().rpartition("\n")[2])}
        self.passed += numbers.get("passed", 0)
        self.skipped += numbers.get("skipped", 0)
        wrong = numbers.get("failed", 0) + numbers.get("error", 0)
        if done.returncode != 0:
            self.failed += wrong or 1
            self.said += done.stdout


def run_tests(version: str, program: Path, ansible: Path, environment: dict[str, str]) -> Outcome:
    """Import everything with one Python, then run the tests with it."""
    outcome = Outcome(version)
    packages = CACHE / "targets" / f"python-{version}"
    command = [str(program), "-m", "pip", "install", "-r", str(REQUIREMENTS)]
    if problem := install(packages, f"{program} {REQUIREMENTS.read_text()}", command, environment):
        return Outcome(version, failed=1, said=f"Python {version}: its pip cannot install pytest:\n{problem}")
    own = environment | {"PYTHONPATH": os.pathsep.join([str(packages), str(ansible)])}
    # What pyproject.toml says is for a newer pytest.
    pytest = ["-m", "pytest", "-q", "-p", "no:cacheprovider", "-c", "/dev/null", "--rootdir", str(ROOT)]
    if version in ("2.7", "3.6"):
        calls = [[*pytest, *group] for group in rounds()]
    else:
        calls = [[*pytest, "--import-mode=importlib", *folders()]]
    for arguments in (["-c", IMPORT_EVERYTHING], *calls):
        done = subprocess.run(
            [str(program), *arguments],
            cwd=ROOT,
            env=own,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            timeout=SECONDS,
            check=False,
        )
        outcome.take(done)
    return outcome


def chosen(words: list[str], found: list[str]) -> list[str]:
    """The Pythons to test with: those named, ``oldest`` or ``newer`` of those found, or all; in order."""
    if words in (["oldest"], ["newer"]):
        return found[:OLDEST] if words == ["oldest"] else found[OLDEST:]
    return words or list(PYTHON_VERSIONS)


def main(words: list[str]) -> int:
    """With the Pythons named, or all that are found."""
    environment = variables()
    found = interpreters()
    ansible = module_utils(environment)
    outcomes = []
    wanted = chosen(words, list(found))
    lacking = [version for version in (wanted if wanted == words else PYTHON_VERSIONS) if version not in found]
    with ThreadPoolExecutor(AT_A_TIME) as pool:
        calls = [
            pool.submit(run_tests, version, found[version], ansible, environment)
            for version in wanted
            if version in found
        ]
        for call in calls:
            outcome = call.result()
            outcomes.append(outcome)
            print(outcome.said, end="")
            numbers = f"{outcome.passed} tests passed, {outcome.failed} failed, {outcome.skipped} skipped"
            print(f"Python {outcome.version}: {numbers}", flush=True)
    for version in lacking:
        print(f"Python {version}: this machine lacks it, not tested with it")
    passed, failed = sum(item.passed for item in outcomes), sum(item.failed for item in outcomes)
    print(f"{passed} passed, {failed} failed, {sum(item.skipped for item in outcomes)} skipped")
    return 1 if failed or (wanted and not passed) else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
