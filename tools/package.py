# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The package as others get it: built, judged by Galaxy's own importer, installed from the one file, and asked for its parts."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tarfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tools import checkout
from tools.environment import CACHE, NAME, home_folder, variables

DIST, INSTALLED = CACHE / "dist", CACHE / "installed"
# Nothing else of the checkout is of use to those who install the collection.
WANTED = {
    *(
        "CHANGELOG.md",
        "CONTRIBUTING.md",
        "COPYING",
        "FILES.json",
        "LICENSES",
        "MANIFEST.json",
        "README.md",
        "TESTING.md",
    ),
    *("changelogs", "docs", "meta", "playbooks", "plugins", "roles"),
}
IMPORTER_SETTINGS = "[galaxy-importer]\nCHECK_REQUIRED_TAGS=True\nRUN_ANSIBLE_TEST=False\nRUN_FLAKE8=False\n"
SECONDS = 300.0


class Steps:
    """Runs the steps and counts them."""

    def __init__(self) -> None:
        self.environment = variables()
        self.passed = self.failed = 0

    def check(self, what: str, problems: list[str]) -> None:
        """Count one step; its problems, if any, are shown."""
        self.passed += not problems
        self.failed += bool(problems)
        print(f"{'FAILED' if problems else 'ok':7} {what}", *problems, sep="\n    ", flush=True)

    def run(self, what: str, *command: str, bad: str = "", **more: str) -> str:
        """Run a command as one step; it fails by its exit code or by a line that matches ``bad``. Returns its output."""
        done = subprocess.run(
            command,
            env=self.environment | more,
            cwd=CACHE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=SECONDS,
            check=False,
        )
        problems = done.stdout.splitlines()[-40:] if done.returncode != 0 else []
        problems += [line for line in done.stdout.splitlines() if bad and re.search(bad, line)]
        self.check(what, problems)
        return done.stdout


def names_of(collection: Path, kind: str) -> list[str]:
    """The modules or playbooks of the installed collection, by their full names."""
    folder, ending = {
        "modules": (collection / "plugins" / "modules", ".py"),
        "playbooks": (collection / "playbooks", ".yml"),
    }[kind]
    return sorted(f"{NAME}.{path.stem}" for path in folder.glob(f"*{ending}"))


def main() -> int:
    """Returns the exit code."""
    steps = Steps()
    for folder in (DIST, INSTALLED):
        shutil.rmtree(folder, ignore_errors=True)
    source = checkout.export("package")
    steps.run("build", "ansible-galaxy", "collection", "build", str(source), "--output-path", str(DIST))
    built = sorted(DIST.glob("*.tar.gz"))
    if len(built) == 1:
        judge(steps, built[0])
    print(f"{steps.passed} passed, {steps.failed} failed")
    return 1 if steps.failed else 0


def judge(steps: Steps, package: Path) -> None:
    """All steps after the build."""
    with tarfile.open(package) as archive:
        top = {name.partition("/")[0] for name in archive.getnames()}
        steps.check("holds only what its users need", [f"holds {name}" for name in sorted(top - WANTED)])
    settings = CACHE / "galaxy-importer.cfg"
    settings.write_text(IMPORTER_SETTINGS)
    importer = (sys.executable, "-m", "galaxy_importer.main", str(package))
    steps.run(
        "galaxy-importer",
        *importer,
        bad=r"^(WARNING|ERROR|CRITICAL)",
        GALAXY_IMPORTER_CONFIG=str(settings),
        HOME=str(home_folder()),
    )
    own = {"ANSIBLE_COLLECTIONS_PATH": str(INSTALLED)}
    steps.run(
        "install", "ansible-galaxy", "collection", "install", "--offline", str(package), "-p", str(INSTALLED), **own
    )
    collection = INSTALLED / "ansible_collections" / NAME.replace(".", "/")
    for module in names_of(collection, "modules"):
        steps.run(f"ansible-doc {module}", "ansible-doc", "-t", "module", module, bad="WARNING|ERROR", **own)
    for playbook in names_of(collection, "playbooks"):
        steps.run(f"syntax of {playbook}", "ansible-playbook", "-i", "localhost,", "--syntax-check", playbook, **own)


if __name__ == "__main__":
    sys.exit(main())
