# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Other programs' answers to the question that the probe asks: which protocol versions does this endpoint accept?"""

from __future__ import annotations

import contextlib
import re
import shutil
import subprocess
from collections.abc import Sequence
from xml.etree import ElementTree

from tests.support import apache

SECONDS = 120.0
SSLSCAN_ATTEMPTS = 3
_SSLSCAN_NAMES = {
    ("ssl", "3"): "SSLv3",
    ("tls", "1.0"): "TLSv1",
    ("tls", "1.1"): "TLSv1.1",
    ("tls", "1.2"): "TLSv1.2",
    ("tls", "1.3"): "TLSv1.3",
}
_S_CLIENT_OPTIONS = {"TLSv1": "-tls1", "TLSv1.1": "-tls1_1", "TLSv1.2": "-tls1_2", "TLSv1.3": "-tls1_3"}
_NMAP_NAMES = {"SSLv3": "SSLv3", "TLSv1.0": "TLSv1", "TLSv1.1": "TLSv1.1", "TLSv1.2": "TLSv1.2", "TLSv1.3": "TLSv1.3"}
SSLSCAN_QUICK = ("--no-colour", "--no-ciphersuites", "--no-heartbleed", "--no-fallback", "--no-renegotiation") + (
    "--no-groups",
    "--no-compression",
    "--no-check-certificate",
    "--xml=-",
)


def missing(*programs: str) -> list[str]:
    """The programs that this machine does not have."""
    return [name for name in programs if shutil.which(name) is None]


def ask_sslscan(host: str, port: int, name: str) -> list[str]:
    """What sslscan reports as enabled. Without a name it indicates the address, which no server knows."""
    command = ["sslscan", *SSLSCAN_QUICK]
    if name:
        command.append(f"--sni-name={name}")
    for _attempt in range(SSLSCAN_ATTEMPTS - 1):
        with contextlib.suppress(ElementTree.ParseError):
            return read_sslscan(_output([*command, f"{host}:{port}"]))
    return read_sslscan(_output([*command, f"{host}:{port}"]))


def read_sslscan(report: str) -> list[str]:
    """The enabled protocols of an XML report of sslscan.

    :raises ElementTree.ParseError: for a report that ends early: sslscan gives up when a busy server resets a connection
    """
    document = ElementTree.fromstring(report)
    found = []
    for item in document.iter("protocol"):
        protocol = _SSLSCAN_NAMES.get((item.get("type", ""), item.get("version", "")))
        if protocol is not None and item.get("enabled") == "1":
            found.append(protocol)
    return found


def ask_s_client(host: str, port: int, name: str) -> list[str]:
    """What openssl s_client completes a handshake with, one version at a time.

    ``ALL:@SECLEVEL=0`` because OpenSSL 3 else refuses TLS 1.0 and 1.1 on its own side. The line "Protocol  : TLSv1" also stands
    in the output of a failed handshake, and "New, TLSv1.0" in that of a TLS 1.1 session: only "(NONE)" tells failure.
    """
    found = []
    for protocol, option in _S_CLIENT_OPTIONS.items():
        command = ["openssl", "s_client", "-connect", f"{host}:{port}", option, "-cipher", "ALL:@SECLEVEL=0"]
        command += ["-servername", name] if name else ["-noservername"]
        match = re.search(r"^New, (.+), Cipher is (.+)$", _output(command), re.MULTILINE)
        if match is not None and match.group(2) != "(NONE)":
            found.append(protocol)
    return found


def ask_nmap(host: str, ports: Sequence[int], seconds: float = SECONDS) -> dict[int, list[str]]:
    """What the script ssl-enum-ciphers of nmap lists, for many ports in one run; it names no server."""
    command = [
        "nmap",
        "-n",
        "-Pn",
        "-sT",
        "-p",
        ",".join(map(str, ports)),
        "--script",
        "ssl-enum-ciphers",
        "-oX",
        "-",
        host,
    ]
    document = ElementTree.fromstring(_output(command, seconds))
    found: dict[int, list[str]] = {port: [] for port in ports}
    for item in document.iter("port"):
        names = {table.get("key", "") for table in item.findall("./script[@id='ssl-enum-ciphers']/table")}
        port = int(item.get("portid", "0"))
        found[port] = [protocol for label, protocol in _NMAP_NAMES.items() if label in names]
    return found


def _output(command: Sequence[str], seconds: float = SECONDS) -> str:
    done = subprocess.run(
        command,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        timeout=seconds,
        env=apache.environment(),
        check=False,
    )
    return done.stdout
