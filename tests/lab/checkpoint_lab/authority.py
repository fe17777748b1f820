# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The internal CA of the lab: a real small one, run by the system's openssl. It signs with the hash that it was started with.

``set_sign_hash`` is kept as ``configured``; the CA process takes it over as ``active`` when it starts, as on a real server, where
the change wants a restart.
"""

from __future__ import annotations

import fcntl
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from .server import Record, read_json, write_json

HASHES = ("sha1", "sha256", "sha384", "sha512")
DAY = 86400
COMMAND_SECONDS = 60.0


class AuthorityError(RuntimeError):
    """openssl refused; the message holds what it said."""


CONFIGURATION = """\
[ca]
default_ca = internal
[internal]
dir = .
database = index.txt
serial = serial
new_certs_dir = .
unique_subject = no
policy = any
email_in_dn = no
copy_extensions = copy
[any]
organizationName = supplied
commonName = optional
[root]
basicConstraints = critical,CA:TRUE
keyUsage = critical,keyCertSign,cRLSign
subjectKeyIdentifier = hash
[leaf]
basicConstraints = CA:FALSE
keyUsage = digitalSignature,keyEncipherment
[req]
distinguished_name = name
[name]
"""


def openssl(arguments: Sequence[str], folder: Path, stdin: str = "") -> str:
    """Run openssl for its output. Raises AuthorityError."""
    done = subprocess.run(
        ["openssl", *arguments],
        input=stdin,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=COMMAND_SECONDS,
        cwd=folder,
        check=False,
    )
    if done.returncode != 0:
        raise AuthorityError(f"openssl {' '.join(arguments)} failed: {done.stderr.strip()}")
    return done.stdout


def serial_number(count: int) -> int:
    """Return the serial number that follows ``count`` others: five digits, no two alike, with the first bit of their bytes clear and set in turn."""
    return 10000 + (20287 + 8713 * count) % 90000


def make_key(path: Path, bits: int = 2048) -> None:
    """Make an RSA key that its owner alone can read."""
    path.touch(0o600)
    openssl(["genrsa", "-out", str(path), str(bits)], path.parent)


def make_p12(path: Path, certificate: Path, key: Path, name: str, chain: Path | None = None) -> None:
    """Write a PKCS#12 file with an empty password, as Check Point's own are; readable by its owner alone."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(0o600)
    command = ["pkcs12", "-export", "-in", str(certificate), "-inkey", str(key), "-name", name]
    command += ["-certfile", str(chain)] if chain else []
    openssl([*command, "-passout", "pass:", "-out", str(path)], path.parent)


class Authority:
    """The CA in a folder.

    :param folder: holds its key, its certificate, what it issued and its record ``ca.json``
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.key = folder / "ca.key"
        self.certificate = folder / "ca.crt"
        self._record = folder / "ca.json"

    @property
    def record(self) -> Record:
        """Its name, its hashes (``configured``, ``active``) and the list of certificates that it issued."""
        found: Record = read_json(self._record, {})
        return found

    def create(self, organization: str, root_hash: str, sign_hash: str) -> None:
        """Make the CA with its root certificate.

        :param organization: the O of its name
        """
        self.folder.mkdir(parents=True)
        (self.folder / "openssl.cnf").write_text(CONFIGURATION, "utf-8")
        (self.folder / "index.txt").write_text("", "utf-8")
        make_key(self.key)
        record = {"organization": organization, "configured": sign_hash, "active": sign_hash, "issued": []}
        write_json(self._record, record)
        request = ["req", "-new", "-config", "openssl.cnf", "-key", "ca.key", "-subj", f"/O={organization}"]
        (self.folder / "ca.csr").write_text(openssl(request, self.folder), "utf-8")
        begin = time.time() - 3000 * DAY
        self._sign("ca.csr", self.certificate, root_hash, 1, (begin, begin + 7300 * DAY), "root")

    def _sign(
        self, request: str, target: Path, digest: str, serial: int, period: tuple[float, float], section: str
    ) -> None:
        digits = f"{serial:X}"
        (self.folder / "serial").write_text(digits.zfill(len(digits) + len(digits) % 2) + "\n", "utf-8")
        command = ["ca", "-batch", "-notext", "-config", "openssl.cnf", "-in", request, "-out", str(target)]
        command += ["-md", digest, "-extensions", section, "-keyfile", "ca.key"]
        command += ["-selfsign"] if section == "root" else ["-cert", "ca.crt"]
        dates = [time.strftime("%Y%m%d%H%M%SZ", time.gmtime(moment)) for moment in period]
        openssl([*command, "-startdate", dates[0], "-enddate", dates[1]], self.folder)

    def issue(
        self,
        common_name: str,
        target: Path,
        kind: str = "SIC",
        names: Sequence[str] = (),
        period: tuple[float, float] | None = None,
    ) -> None:
        """Issue a certificate with the active hash; an earlier valid one of the same name and kind counts as renewed.

        :param target: path without suffix: ``.key`` and ``.crt`` are written
        :param names: DNS names for subjectAltName
        :param period: begin and end, seconds since 1970; five years from now when none is given
        """
        key, request, certificate = (target.with_suffix(suffix) for suffix in (".key", ".csr", ".crt"))
        make_key(key)
        subject = f"/O={self.record['organization']}/CN={common_name}"
        command = ["req", "-new", "-config", str(self.folder / "openssl.cnf"), "-key", str(key), "-subj", subject]
        if names:
            command += ["-addext", "subjectAltName=" + ",".join(f"DNS:{name}" for name in names)]
        request.write_text(openssl(command, target.parent), "utf-8")
        begin, end = period or (time.time() - 60, time.time() + 1825 * DAY)
        with (self.folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            record = self.record
            serial = serial_number(len(record["issued"]))
            self._sign(str(request), certificate, record["active"], serial, (begin, end), "leaf")
            for entry in record["issued"]:
                if (entry["cn"], entry["kind"], entry["status"]) == (common_name, kind, "Valid"):
                    entry["status"] = "Renewed"
            issued = {"cn": common_name, "kind": kind, "serial": serial, "status": "Valid"}
            record["issued"].append({**issued, "begin": int(begin), "end": int(end), "hash": record["active"]})
            write_json(self._record, record)
        request.unlink()

    def change(self, **values: str) -> None:
        """Set ``configured`` or ``active``."""
        with (self.folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            write_json(self._record, {**self.record, **values})

    def revoke(self, common_name: str, serial: int | None = None) -> int:
        """Mark valid certificates of a name as revoked; returns how many."""
        count = 0
        with (self.folder / "lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            record = self.record
            for entry in record["issued"]:
                wanted = serial in (None, entry["serial"]) and entry["cn"] == common_name
                if wanted and entry["status"] == "Valid":
                    entry["status"] = "Revoked"
                    count += 1
            write_json(self._record, record)
        return count
