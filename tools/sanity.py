# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``ansible-test sanity`` without containers and without ignore files, on every Python found that this ansible-core supports.

ansible-test wants three things that are arranged here: the collection's own path, a home folder that it may write to, and
pip for its virtual environments, which it would download from a host that not every machine reaches. It takes a script of
that name in its cache instead, and the one here brings the pip that Python carries.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tools import checkout
from tools.environment import VENV, home_folder, interpreters, variables

SECONDS = 1200.0
# Of each release of ansible-core that is tested with, and the older pip that older Pythons need.
GET_PIP = ("get_pip_20_3_4.py", "get_pip_21_3_1.py", "get_pip_23_1_2.py", "get_pip_24_2.py", "get_pip_25_2.py")
# In a child process: ensurepip.bootstrap() switches pip's settings off in its own.
BRING_PIP = """\
import subprocess, sys
wanted = [word for word in sys.argv[1:] if not word.startswith("-")]
with open("/dev/null", "w") as nowhere:
    subprocess.check_call([sys.executable, "-m", "ensurepip", "--default-pip"], stdout=nowhere)
sys.exit(subprocess.call([sys.executable, "-m", "pip", "install", "-q"] + wanted) if wanted else 0)
"""
# ansible-test makes no virtual environment for it, so it compiles the code there and leaves the import to the unit tests.
NOT_IMPORTED = {"2.7"}
# The two tests that every Python has to pass; the others look at the text alone.
EVERY_PYTHON = {"compile", "import"}


def supported_pythons(venv: Path, environment: dict[str, str]) -> list[str]:
    """The Pythons of servers and controllers that the ansible-core of an environment supports."""
    code = (
        "from ansible_test._util.target.common.constants import *\n"
        "print(*REMOTE_ONLY_PYTHON_VERSIONS, *CONTROLLER_PYTHON_VERSIONS)"
    )
    command = [str(venv / "bin" / "python"), "-c", code]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=True)
    return done.stdout.split()


def untested(output: str, expected: list[str]) -> list[str]:
    """What ought to have been compiled and imported and was not, by ansible-test's own words."""
    lacking = []
    for test in ("compile", "import"):
        done = set(
            re.findall(rf'Running sanity test "?{test}"? (?:on|with) Python ([0-9.]+)', output.replace("'", '"'))
        )
        skipped = NOT_IMPORTED if test == "import" else set()
        lacking += [f"{test} with Python {version}" for version in expected if version not in done | skipped]
    return lacking


def main(venv: Path, words: list[str]) -> int:
    """Run it, and check that it did all that it should.

    :param venv: the environment whose ansible-test it is
    :param words: its arguments: none for everything
    """
    home = home_folder()
    environment = variables(venv, home)
    pip_scripts = home / ".ansible" / "test" / "cache"
    pip_scripts.mkdir(parents=True, exist_ok=True)
    for name in GET_PIP:
        (pip_scripts / name).write_text(BRING_PIP)
    collection = checkout.export("sanity")
    ignored = [path.name for path in collection.glob("tests/sanity/ignore-*.txt") if path.read_text().strip()]
    if ignored:
        print(f"The promise is no ignored finding, but there is {', '.join(ignored)}")
    command = ["ansible-test", "sanity", "--color", "no", *words]
    process = subprocess.Popen(
        command, cwd=collection, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    )
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        print(line, end="", flush=True)
        lines.append(line)
    returned = process.wait(SECONDS)
    output = "".join(lines)
    supported = supported_pythons(venv, environment)
    found = interpreters()
    # Asked about single files or with one Python, it need not do all.
    expected = [version for version in supported if version in found] if not words or set(words) >= EVERY_PYTHON else []
    lacking = untested(output, expected)
    for version in supported:
        if version not in found:
            print(f"This machine lacks Python {version}: not tested with it.")
    for item in lacking:
        print(f"FAILED: ansible-test left out {item}")
    named = re.search(r"The (\d+) sanity test\(s\) listed below", output)
    failed = (int(named.group(1)) if named else int(returned != 0)) + len(lacking) + len(ignored)
    print(f"{max(output.count('Running sanity test') - failed, 0)} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(VENV, sys.argv[1:]))
