# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Renewal: the primary's CA issues new certificates for a server, by the tool that an administrator would use."""

from __future__ import annotations

import subprocess
from pathlib import Path

from . import httpd
from .authority import openssl
from .build import put_web_certificate
from .machine import LabError
from .server import Server


def _create(primary: Server, common_name: str, file: Path, kind: str, names: str = "") -> None:
    """Run ``cpca_client create_cert``. Raises LabError with what it said."""
    tool = primary.fw_dir / "bin/cpca_client"
    command = [str(tool), "create_cert", "-n", f"CN={common_name}", "-f", str(file), "-k", kind]
    command += ["-c", names] if names else []
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=120, env=primary.environment(), cwd="/", check=False
    )
    if done.returncode != 0:
        raise LabError(f"{primary.name}: cpca_client create_cert: {(done.stdout + done.stderr).strip()}")


def _signature(certificate: Path) -> str:
    text = openssl(["x509", "-in", str(certificate), "-noout", "-text"], certificate.parent)
    return next(line.split(":")[1].strip() for line in text.splitlines() if "Signature Algorithm" in line)


def renew(primary: Server, server: Server) -> list[str]:
    """Renew the SIC and the web certificate of a server, and let its Apache take the new one.

    :returns: one line per certificate, with the algorithm of its signature
    :raises LabError: when the CA does not do it
    """
    settings = server.settings
    sic = server.cp_dir / "conf/sic_cert.p12"
    fresh = server.state / "renewed.p12"
    lines = []
    try:
        for role, name, kind, names in (
            ("sic", settings["sic_name"], "SIC", ""),
            ("web", settings["full_name"], "IKE", f"{settings['full_name']},*.{settings['full_name']}"),
        ):
            _create(primary, name, fresh, kind, names)
            certificate, key = server.state / "renewed.crt", server.state / "renewed.key"
            read = ["pkcs12", "-in", str(fresh), "-passin", "pass:", "-nodes"]
            openssl([*read, "-nokeys", "-clcerts", "-out", str(certificate)], server.state)
            if role == "sic":
                sic.write_bytes(fresh.read_bytes())
            else:
                key.touch(0o600)
                openssl([*read, "-nocerts", "-out", str(key)], server.state)
                put_web_certificate(server, certificate, key, primary.ca_folder / "ca.crt")
            lines.append(f"{server.name}: {role} certificate CN={name} signed with {_signature(certificate)}")
    finally:
        for path in server.state.glob("renewed.*"):
            path.unlink()
    httpd.graceful(server)
    return lines
