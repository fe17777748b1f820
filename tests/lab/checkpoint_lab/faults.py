# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The faults that a lab server can be given. A fault is a file under ``var/lab/faults``; the tools look there.

``NAME`` stays until it is cleared; ``NAME:once`` and ``NAME:3`` hold for that many calls; ``NAME:changed`` holds only while the
Apache configuration is not the one that it was when the fault was set: the way a bad change looks, where the old files work.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from .server import Server

# name -> what it does. The ones that act at once, and not when a tool looks, are in machine.py.
FAULTS = {
    "stop-fails": "cpstop says that it failed, stops nothing and exits 1",
    "stop-hangs": "cpstop hangs before it stops anything",
    "stop-half": "cpstop stops the Endpoint server and its Apache only, and exits 0",
    "start-fails": "cpstart starts the SVN Foundation only, says so and exits 1",
    "start-fails-once": "start-fails for one call: the next cpstart works",
    "start-hangs": "cpstart starts the SVN Foundation, then hangs",
    "start-late": "cpstart returns at once; Apache answers 3 seconds later",
    "start-refuses-handshakes": "cpstart works and Apache runs, but no TLS handshake succeeds",
    "start-serves-nothing": "cpstart works and all processes are listed, but nothing listens",
    "watchdog-stays": "cpstop leaves the watchdog running, with its list (the default from R81 on)",
    "watchdog-ends": "cpstop ends the watchdog (the default before R81)",
    "watchdog-silent": "after cpstop, cpwd_admin list says in words of its own that nothing is registered",
    "front-answers": "another program answers on the TLS port while Apache does not run",
    "restarts-used-up": "cpstart leaves SMARTVIEW, or else INDEXER, terminated after its five restarts",
    "stop-leaves-worker": "cpstop hangs with a worker that ignores SIGTERM and ends Apache again 20 seconds later",
    "watchdog-unreadable": "cpwd_admin list prints what is no list, and exits 0",
    "registry-empty": "the registry file is empty (a real server would not survive a restart)",
    "ca-down": "the CA process is not running; cpstart does not bring it back",
    "ca-wrong-server": "cpca_client says that there is no CA here, on the primary too",
    "ca-unknown-prompt": "cpca_client asks a question that nobody expects",
    "ca-no-prompt": "cpca_client exits 0 without a question, without a word of success and without a change",
    "ca-unasked": "cpca_client changes the hash and says so, without a question",
    "ca-fails-after-success": "cpca_client changes the hash and says so, then exits 1",
    "ca-hangs": "cpca_client hangs before it asks",
    "disk-full": "the file system of the Apache configuration is full (root only: a tiny tmpfs is mounted there)",
    "state-full": "the file system of the collection's state directory is full (root only)",
    "link-dropped": "every SSH session of the server is cut, once; new ones work",
    "unreachable": "nothing answers SSH; the sessions are cut",
    "profile-missing": "there is no .CPprofile.sh",
}
# The file that fills a full file system.
FILLER = ".full"
ONCE = {"start-fails-once": "start-fails:once"}


def configuration_digest(server: Server) -> str:
    """A digest of all files of the Apache configuration."""
    digest = hashlib.sha256()
    folder = server.apache / "conf"
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path.name != FILLER:
            digest.update(str(path.relative_to(folder)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def _folder(server: Server) -> Path:
    return server.state / "faults"


def set_fault(server: Server, text: str) -> str:
    """Set a fault given as ``NAME`` or ``NAME:MODE``; returns the name. Raises ValueError for an unknown one."""
    name, _colon, mode = ONCE.get(text, text).partition(":")
    if name not in FAULTS:
        raise ValueError(f"unknown fault {name!r}; known: {', '.join(FAULTS)}, none")
    if mode not in ("", "once", "changed") and not mode.isdigit():
        raise ValueError(f"unknown mode {mode!r} of fault {name}: once, changed or a number of calls")
    _folder(server).mkdir(exist_ok=True)
    stored = {"once": "1", "changed": f"changed {configuration_digest(server)}" if mode == "changed" else ""}
    (_folder(server) / name).write_text(stored.get(mode, mode), "utf-8")
    return name


def clear(server: Server, name: str) -> None:
    """Forget one fault."""
    (_folder(server) / name).unlink(missing_ok=True)


def set_now(server: Server) -> list[str]:
    """The faults that are set."""
    return sorted(path.name for path in _folder(server).glob("*"))


def active(server: Server, name: str) -> bool:
    """Whether a tool must show a fault now; a fault for a number of calls is used up by one."""
    path = _folder(server) / name
    with server.locked("faults"):
        if not path.exists():
            return False
        mode, _space, digest = path.read_text("utf-8").partition(" ")
        if mode == "changed":
            return configuration_digest(server) != digest
        if mode.isdigit():
            if int(mode) > 1:
                path.write_text(str(int(mode) - 1), "utf-8")
            else:
                path.unlink()
    return True
