# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Write CHANGELOG.md and changelogs/changelog.yaml from the fragments and the plugins that there are, or check that they are.

python3 tools/changelog.py            # after a new fragment, module, role or playbook
python3 tools/changelog.py --check
"""

from __future__ import annotations

import difflib
import shutil
import subprocess
import sys
from pathlib import Path

import yaml

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from tools import checkout
from tools.environment import ROOT

WRITTEN = ("CHANGELOG.md", "changelogs/changelog.yaml")
SECONDS = 300.0


def antsibull_changelog(folder: Path, *arguments: str) -> None:
    """Run the tool in a copy of the project. Exits when it fails."""
    done = subprocess.run(["antsibull-changelog", *arguments], cwd=folder, timeout=SECONDS, check=False)
    if done.returncode != 0:
        sys.exit(f"antsibull-changelog {arguments[0]} failed")


def written_anew(folder: Path) -> dict[str, str]:
    """What the files are when the release in work is made from nothing; the releases before it stay as they are."""
    version = yaml.safe_load((folder / "galaxy.yml").read_text())["version"]
    file = folder / WRITTEN[1]
    date: list[str] = []
    if file.exists():
        history = yaml.safe_load(file.read_text())
        release = history["releases"].pop(version, None)
        date = ["--date", str(release["release_date"])] if release else []
        if history["releases"]:
            file.write_text(yaml.safe_dump(history))
        else:
            file.unlink()
    antsibull_changelog(folder, "lint")
    antsibull_changelog(folder, "release", "--reload-plugins", *date)
    return {name: (folder / name).read_text() for name in WRITTEN}


def main(check: bool) -> int:
    """Returns the exit code."""
    # In a copy: the tool rewrites as it reads.
    made = written_anew(checkout.export("changelog"))
    stale = {name for name in WRITTEN if not (ROOT / name).exists() or (ROOT / name).read_text() != made[name]}
    for name in sorted(stale):
        if check:
            old = (ROOT / name).read_text().splitlines() if (ROOT / name).exists() else []
            print("\n".join(difflib.unified_diff(old, made[name].splitlines(), name, "what it should be", lineterm="")))
            print(f"{name} is not what the fragments and plugins say: run `make changelog`")
        else:
            (ROOT / name).write_text(made[name])
            print(f"{name} written")
    shutil.rmtree(ROOT / ".cache" / "changelog", ignore_errors=True)
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main("--check" in sys.argv[1:]))
