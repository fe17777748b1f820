# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The truth: what a real httpd says to a configuration, and which handshakes it then accepts."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.differential.configuration import Configuration, Place
from tests.support import apache, collection
from tests.support.ports import free_ports

collection.make_importable()

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._tls.probe import probe  # noqa: E402 - see above

MODULES = (*apache.BASE_MODULES, "macro")
# Of an endpoint that listens on every address these are asked, besides the configuration's own address.
OTHER_HOSTS = ("127.0.0.1", "127.0.0.2", "::1")

# Warnings about the certificate, the version of OpenSSL and the missing session cache.
_USUAL = r"AH01906|AH01909|AH01882|AH01873|AH00558|AH02532"

Endpoint = tuple[str, int, str]


@dataclass(frozen=True)
class Answer:
    """What one endpoint and server name accepts.

    :ivar accepted: protocols, oldest first
    :ivar alerts: by refused protocol the alert that it was refused with; None for a refusal in another way
    :ivar doubtful: by protocol the reason of an answer that is neither
    """

    accepted: tuple[str, ...]
    alerts: dict[str, int | None]
    doubtful: dict[str, str]

    @property
    def speaks_tls(self) -> bool:
        """Whether anything there knows TLS: plaintext HTTP and closed ports do not."""
        return bool(self.accepted or self.alerts)


@dataclass
class Truth:
    """What httpd did with a configuration.

    :ivar config_test: whether ``httpd -t`` passed
    :ivar started: whether it came up; never True without ``config_test``
    :ivar said: its output and error log
    :ivar answers: by host, port and server name, where it listens
    """

    config_test: bool
    started: bool
    said: str = ""
    answers: dict[Endpoint, Answer] = field(default_factory=dict)

    @property
    def errors(self) -> str:
        """What it said, without what it always says."""
        lines = [line for line in self.said.splitlines() if "notice]" not in line and not re.search(_USUAL, line)]
        return "\n".join(lines)[-1500:] or "-"

    @property
    def serving(self) -> dict[Endpoint, Answer]:
        """Those that speak TLS."""
        return {endpoint: answer for endpoint, answer in self.answers.items() if answer.speaks_tls}


class Httpd(apache.HttpServer):
    """One that is ended at once: nothing in these tests needs an orderly end. It also ends when the tests are killed."""

    def command(self, *arguments: str) -> list[str]:
        given = super().command(*arguments)
        return ["setpriv", "--pdeathsig", "TERM", *given] if shutil.which("setpriv") else given

    def stop(self, seconds: float = 10.0) -> None:
        if self.running and self._process is not None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
        super().stop(seconds)


class Server:
    """A configuration laid out in a folder, with the httpd that reads it."""

    def __init__(self, configuration: Configuration, folder: Path, host: str, certificate: apache.Certificate) -> None:
        self.configuration = configuration
        self.place = Place(folder.resolve(), host, tuple(free_ports(configuration.ports)))
        folder.mkdir(parents=True)
        for path, data in configuration.files.items():
            target = folder / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(self.place.fill_in(data))
        for path, goal in configuration.links.items():
            (folder / path).symlink_to(goal)
        head = f"SSLCertificateFile {certificate.certificate}\nSSLCertificateKeyFile {certificate.key}\n"
        head += "SSLCipherSuite ALL:@SECLEVEL=0\n"
        body = self.place.fill_in(configuration.files["httpd.conf"]).decode("utf-8", "surrogateescape")
        self.httpd = Httpd(folder, head + body, modules=MODULES)

    @property
    def entry(self) -> Path:
        """The file that ``ssl_protocol`` is told to edit."""
        return self.place.root / "conf" / "ssl.conf"

    def truth(self, meanwhile: Callable[[], None] = lambda: None) -> Truth:
        """Test the configuration, start, ask everything, stop.

        :param meanwhile: called while httpd runs
        """
        tested = self.httpd.run("-t", "-DFOREGROUND")
        if tested.returncode != 0:
            return Truth(False, False, tested.stdout + tested.stderr)
        with self.running() as error:
            if error is not None:
                return Truth(True, False, str(error))
            meanwhile()
            return Truth(True, True, self.httpd.error_log(), self.ask())

    @contextlib.contextmanager
    def running(self) -> Iterator[apache.ApacheError | None]:
        """The httpd for the length of a block; the block gets the reason why it did not start, or None."""
        error = None
        (self.place.root / "error.log").unlink(missing_ok=True)
        try:
            self.httpd.start()
        except apache.ApacheError as raised:
            error = raised
        try:
            yield error
        finally:
            self.httpd.stop()

    def ask(self) -> dict[Endpoint, Answer]:
        """Handshakes with every address, port and name."""
        hosts = (self.place.host, *OTHER_HOSTS)
        endpoints: list[dict[str, Any]] = [
            {"host": host, "port": port, "server_names": self.configuration.asked}
            for port in self.place.ports
            for host in hosts
            if _listens(host, port)
        ]
        found = probe(endpoints, timeout=5.0) if endpoints else []
        return {(item["host"], item["port"], item["server_name"]): _answer(item) for item in found}


def _answer(item: dict[str, Any]) -> Answer:
    results = item["protocols"]
    return Answer(
        tuple(name for name in sorted(results) if results[name]["result"] == "accepted"),
        {name: results[name]["alert"] for name in results if results[name]["result"] == "refused"},
        {name: results[name]["reason"] for name in results if results[name]["result"] not in ("accepted", "refused")},
    )


def _listens(host: str, port: int) -> bool:
    try:
        with socket.create_connection((host, port), timeout=2.0):
            return True
    except OSError:
        return False
