# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What was found: each kind of failure once, with the input that shows it, in a file that can be run again."""

from __future__ import annotations

import hashlib
import sys
import traceback
from pathlib import Path
from typing import Any

from tests.fuzz.apache import Site
from tests.fuzz.limits import TooSlow
from tests.fuzz.targets import Target
from tests.support.collection import ROOT

FOLDER = Path(ROOT) / ".cache" / "fuzz"
_MARK = "# input\n"


def kind_of(error: BaseException) -> str:
    """What two failures have in common that are the same: the error, and where it was raised; for a slow one only that."""
    if isinstance(error, TooSlow):
        return "TooSlow"
    frames = traceback.extract_tb(error.__traceback__)
    inner = [frame for frame in frames if "/hypothesis/" not in frame.filename]
    place = f"{Path(inner[-1].filename).name}:{inner[-1].lineno}" if inner else "nowhere"
    return f"{type(error).__name__} at {place}"


class Watch:
    """Runs the cases of one target, counts them, and keeps the failures; one that is known already lets the search go on."""

    def __init__(self, target: Target) -> None:
        self.target = target
        self.examples = 0
        self.found: dict[str, Path] = {}
        self._failing: tuple[str, Any, BaseException] | None = None

    def examine(self, case: Any) -> None:
        """Check one case. Raises what is new."""
        self.examples += 1
        try:
            self.target.examine(case)
        except Exception as error:
            kind = kind_of(error)
            if kind in self.found:
                return
            self._failing = (kind, case, error)
            raise

    def keep(self) -> None:
        """Save the failure that was seen last: the smallest, when something made it smaller."""
        if self._failing is None:
            return
        kind, case, error = self._failing
        self._failing = None
        self.found[kind] = save(self.target.name, kind, case, error)
        print(f"FOUND {self.target.name}: {kind}: {str(error)[:300]!r}\n      {self.found[kind]}", flush=True)


def save(name: str, kind: str, case: Any, error: BaseException) -> Path:
    """Write a failing input beside what it led to."""
    folder = FOLDER / "findings"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}-{hashlib.sha256(kind.encode()).hexdigest()[:12]}.txt"
    said = "".join(traceback.format_exception(error)[-8:])
    path.write_text("".join(f"# {line}\n" for line in (kind, *said.splitlines())) + _MARK + repr(case) + "\n", "utf-8")
    return path


def replay(path: Path, targets: dict[str, Target]) -> int:
    """Run a saved input again; the exit code is 1 when it still fails."""
    name = path.name.rpartition("-")[0]
    # A file that this program wrote: an expression with bytes, text, numbers and Site.
    case = eval(path.read_text("utf-8").rpartition(_MARK)[2], {"__builtins__": {}, "Site": Site})
    try:
        targets[name].examine(case)
    except Exception:
        traceback.print_exc(file=sys.stdout)
        return 1
    print(f"{path.name}: nothing fails any more")
    return 0
