# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A real Apache httpd with mod_ssl on loopback, for tests that want the truth rather than a mock.

A folder holds everything of one server (configuration, certificates, logs, process id), so that any number of them
run beside each other, as root or not. Use it as a context manager: nothing is left behind when the block ends.
"""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import socket
import subprocess
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType

HTTPD_PROGRAMS = ("apache2", "httpd")
MODULE_FOLDERS = (
    "/usr/lib/apache2/modules",
    "/usr/lib64/httpd/modules",
    "/usr/lib/httpd/modules",
    "/usr/lib64/apache2",
    "/usr/libexec/apache2",
)
# Loaded where they exist as files; where they are compiled in there is no file to load.
BASE_MODULES = ("mpm_event", "unixd", "authz_core", "log_config", "socache_shmcb", "ssl")
COMMAND_SECONDS = 60.0


class ApacheError(RuntimeError):
    """The server could not be found, started or stopped; the message holds what it said."""


@dataclass(frozen=True)
class Installation:
    """Where the programs of an Apache are."""

    httpd: Path
    modules: Path


@dataclass(frozen=True)
class Certificate:
    """A certificate and its private key, as files in PEM form."""

    certificate: Path
    key: Path


def environment() -> dict[str, str]:
    """The variables for child processes: those of this process with the C locale and a PATH that has sbin."""
    variables = dict(os.environ, LC_ALL="C")
    variables["PATH"] = os.pathsep.join([variables.get("PATH", ""), "/usr/local/sbin", "/usr/sbin", "/sbin"])
    return variables


def find_installation() -> Installation:
    """The Apache of this machine. Raises ApacheError when there is none with mod_ssl."""
    for name in HTTPD_PROGRAMS:
        program = shutil.which(name, path=environment()["PATH"])
        if program is None:
            continue
        for folder in MODULE_FOLDERS:
            if (Path(folder) / "mod_ssl.so").is_file():
                return Installation(Path(program), Path(folder))
    raise ApacheError(f"no Apache with mod_ssl found: looked for {HTTPD_PROGRAMS} and mod_ssl.so in {MODULE_FOLDERS}")


def make_certificate(
    folder: Path,
    name: str,
    names: Sequence[str] = (),
    key: str = "ec",
    digest: str = "sha256",
    days: int = 30,
    subject: str | None = None,
    serial: int = 0x5F01,
) -> Certificate:
    """Make a self-signed certificate.

    :param folder: where NAME.crt and NAME.key are written; made when missing
    :param name: stem of the files, and the common name unless ``subject`` says otherwise
    :param names: DNS names for subjectAltName
    :param key: ``ec`` (P-256, quick) or ``rsa`` (2048 bits)
    :param digest: hash of the signature: sha1, sha256, ...
    :param serial: serial number; one whose first bit is set has a zero before it in DER
    :param subject: in the form of openssl req -subj, for example ``/O=Example/CN=a.example``
    """
    folder.mkdir(parents=True, exist_ok=True)
    made = Certificate(folder / f"{name}.crt", folder / f"{name}.key")
    kind = ["rsa:2048"] if key == "rsa" else ["ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]
    command = ["openssl", "req", "-x509", "-nodes", "-newkey", *kind, f"-{digest}", "-days", str(days)]
    command += ["-set_serial", str(serial)]
    command += ["-subj", subject or f"/CN={name}", "-keyout", str(made.key), "-out", str(made.certificate)]
    if names:
        command += ["-addext", "subjectAltName=" + ",".join(f"DNS:{item}" for item in names)]
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=COMMAND_SECONDS, env=environment(), check=False
    )
    if done.returncode != 0:
        raise ApacheError(f"openssl req failed: {done.stderr}")
    return made


def preamble(installation: Installation, folder: Path, modules: Iterable[str] = BASE_MODULES) -> str:
    """The part of a configuration that lets an httpd run in ``folder`` alone, with nothing that concerns TLS policy."""
    lines = [f'ServerRoot "{folder}"', f'DefaultRuntimeDir "{folder}"', f'PidFile "{folder}/httpd.pid"']
    for module in modules:
        file = installation.modules / f"mod_{module}.so"
        if file.is_file():
            lines.append(f'LoadModule {module}_module "{file}"')
    if os.geteuid() == 0:
        accounts = {entry.pw_name: entry for entry in pwd.getpwall()}
        account = next((accounts[name] for name in ("www-data", "apache", "nobody") if name in accounts), None)
        if account is None:
            raise ApacheError("no account to run httpd under: www-data, apache or nobody")
        lines += [f"User {account.pw_name}", f"Group #{account.pw_gid}"]
    lines += [
        "ServerName localhost",
        f'ErrorLog "{folder}/error.log"',
        "LogLevel warn",
        "StartServers 1",
        "ServerLimit 2",
        "ThreadsPerChild 32",
        "MaxRequestWorkers 64",
        "SSLSessionCache none",
        "SSLRandomSeed startup builtin",
    ]
    return "\n".join(lines) + "\n"


class HttpServer:
    """One httpd. ``body`` is the configuration after the preamble, with its own Listen lines.

    :param folder: a folder of its own; made when missing, not removed
    :param body: text of the configuration; bytes that are not UTF-8 may be given as surrogate escapes
    :param ready: addresses (host, port) that must answer before ``start`` returns
    :param modules: modules to load (without ``mod_`` and ``.so``); unknown ones are left out
    """

    def __init__(
        self,
        folder: Path,
        body: str,
        ready: Sequence[tuple[str, int]] = (),
        modules: Iterable[str] = BASE_MODULES,
        installation: Installation | None = None,
    ) -> None:
        self.installation = installation or find_installation()
        self.folder = folder.resolve()
        self.folder.mkdir(parents=True, exist_ok=True)
        self.ready = list(ready)
        self.config = self.folder / "httpd.conf"
        text = preamble(self.installation, self.folder, modules) + body
        self.config.write_bytes(text.encode("utf-8", "surrogateescape"))
        self._process: subprocess.Popen[bytes] | None = None

    def command(self, *arguments: str) -> list[str]:
        """The command line of this server's httpd with more arguments."""
        return [str(self.installation.httpd), "-d", str(self.folder), "-f", str(self.config), *arguments]

    def run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run httpd for an answer, for example ``run("-t")`` or ``run("-t", "-DDUMP_VHOSTS")``; never raises on rc."""
        return subprocess.run(
            self.command(*arguments),
            capture_output=True,
            text=True,
            errors="replace",
            timeout=COMMAND_SECONDS,
            env=environment(),
            check=False,
        )

    def error_log(self) -> str:
        """What the server wrote to its error log so far."""
        file = self.folder / "error.log"
        return file.read_text("utf-8", "replace") if file.exists() else ""

    @property
    def running(self) -> bool:
        """Whether the server's parent process lives."""
        return self._process is not None and self._process.poll() is None

    def start(self, seconds: float = 20.0) -> None:
        """Start and wait until every address of ``ready`` answers. Raises ApacheError with what httpd said."""
        with (self.folder / "output.log").open("wb") as output:
            self._process = subprocess.Popen(
                self.command("-DFOREGROUND"),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=environment(),
                start_new_session=True,
            )
        until = time.monotonic() + seconds
        while not (self._process_file_written() and all(_answers(address) for address in self.ready)):
            if not self.running or time.monotonic() > until:
                self.stop()
                said = (self.folder / "output.log").read_text("utf-8", "replace")
                raise ApacheError(f"httpd did not start: {said[-2000:]}\n{self.error_log()[-2000:]}")
            time.sleep(0.02)

    def _process_file_written(self) -> bool:
        return (self.folder / "httpd.pid").exists()

    def stop(self, seconds: float = 10.0) -> None:
        """Stop the server and wait for its end; quiet when it does not run."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.poll() is None:
            process.terminate()
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(seconds)
        if process.poll() is None:
            process.kill()
        process.wait()
        (self.folder / "httpd.pid").unlink(missing_ok=True)

    def __enter__(self) -> HttpServer:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _answers(address: tuple[str, int]) -> bool:
    try:
        with socket.create_connection(address, timeout=1.0):
            return True
    except OSError:
        return False
