# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the launchers in a server's bin folders run: ``python3 -S -E tool.py FOLDER TOOL ARGUMENTS...``."""

from __future__ import annotations

import importlib
import signal
import sys
from pathlib import Path

# The package's own folder is not on the path when a file of it is run.
sys.path[0] = str(Path(__file__).resolve().parents[1])

PLACES = {
    "cpstart": "services",
    "cpstop": "services",
    "cpwd_admin": "watchdog",
    "cpca_client": "internal_ca",
    "cpprod_util": "product",
    "ckp_regedit": "product",
    "fw": "product",
    "cpstat": "product",
}


def main(folder: str, name: str, arguments: list[str]) -> int:
    """Run one tool on the server whose root is ``folder``; returns its exit status."""
    # Like any program: gone when nobody reads its output any more, instead of an error message.
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    # Imported by name: each call pays for the one tool that it is.
    server = importlib.import_module("checkpoint_lab.server").Server(Path(folder))
    tool = getattr(importlib.import_module(f"checkpoint_lab.tools.{PLACES[name]}"), name)
    return int(tool(server, arguments))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1], sys.argv[2], sys.argv[3:]))
