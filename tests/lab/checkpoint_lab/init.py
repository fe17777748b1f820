# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The first process of a lab server: everything that runs on the server is below it, whoever detached from whom.

Run as ``python3 -S -E init.py FOLDER``. It starts sshd, then the services as a boot does. SIGTERM switches the server off: every
process below it is killed. SIGUSR1 starts sshd when it does not run, SIGUSR2 ends it.
"""

from __future__ import annotations

import contextlib
import ctypes
import importlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

# The package's own folder is not on the path when a file of it is run.
sys.path[0] = str(Path(__file__).resolve().parents[1])

PR_SET_PDEATHSIG = 1
PR_SET_CHILD_SUBREAPER = 36
OFF_SECONDS = 10.0
SIGNALS = {signal.SIGTERM, signal.SIGUSR1, signal.SIGUSR2, signal.SIGCHLD}


class Init:
    """The process of one server. The modules of the lab are passed in: they are found only after the path was set."""

    def __init__(self, server: Any, processes: Any) -> None:
        self.server = server
        self.processes = processes
        self.libc = ctypes.CDLL(None)
        self.sshd: subprocess.Popen[bytes] | None = None
        self.boots: dict[str, int] | None = None

    def _record(self) -> None:
        sshd = self.processes.identify(self.sshd.pid) if self.sshd else None
        self.server.write("init", {**self.processes.identify(os.getpid()), "sshd": sshd, "boot": self.boots})

    def _as_child(self) -> None:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, SIGNALS)

    def _as_sshd(self) -> None:
        self._as_child()
        # sshd hides its environment, and with it the mark: when this process is killed, nobody else would find it.
        self.libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)

    def start_sshd(self) -> None:
        """Start sshd unless it runs."""
        if self.sshd and self.sshd.poll() is None:
            return
        log = self.server.root / "var/log/sshd.log"
        command = [
            self.server.settings["sshd"],
            "-D",
            "-f",
            str(self.server.root / "etc/ssh/sshd_config"),
            "-E",
            str(log),
        ]
        self.sshd = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            env=self.server.environment(),
            preexec_fn=self._as_sshd,
        )
        self._record()

    def stop_sshd(self) -> None:
        """End sshd and its sessions, but not what the sessions started."""
        if self.sshd:
            names = ("sshd", "sshd-session", "sshd-auth")
            below = [pid for pid in self.processes.descendants(self.sshd.pid) if self.processes.name_of(pid) in names]
            self.processes.end([self.sshd.pid, *below])
            self.sshd.wait()
        self.sshd = None
        self._record()

    def boot(self) -> None:
        """Start the services without waiting for them."""
        start = subprocess.Popen(
            [str(self.server.cp_dir / "bin/cpstart")],
            stdin=subprocess.DEVNULL,
            stdout=(self.server.root / "var/log/boot.log").open("wb"),
            stderr=subprocess.STDOUT,
            env=self.server.environment(),
            preexec_fn=self._as_child,
            start_new_session=True,
        )
        self.boots = self.processes.identify(start.pid)
        self._record()

    def switch_off(self) -> None:
        """Kill everything below this process and collect it; what is forked meanwhile is caught by looking again."""
        until = time.monotonic() + OFF_SECONDS
        while self._collect() and time.monotonic() < until:
            self.processes.send(self.processes.descendants(os.getpid()), signal.SIGKILL)
            time.sleep(0.005)

    def _collect(self) -> bool:
        """Take the end of every process that ended, as whatever was orphaned ends here; whether there are others."""
        with contextlib.suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
            return True
        return False

    def run(self) -> None:
        """Boot, then serve until the server is switched off."""
        self.libc.prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        signal.pthread_sigmask(signal.SIG_BLOCK, SIGNALS)
        self._record()
        self.start_sshd()
        self.boot()
        while True:
            number = signal.sigwait(SIGNALS)
            if number == signal.SIGTERM:
                return self.switch_off()
            if number == signal.SIGUSR1:
                self.start_sshd()
            elif number == signal.SIGUSR2:
                self.stop_sshd()
            self._collect()


if __name__ == "__main__":
    found = importlib.import_module("checkpoint_lab.server").Server(Path(sys.argv[1]))
    Init(found, importlib.import_module("checkpoint_lab.processes")).run()
