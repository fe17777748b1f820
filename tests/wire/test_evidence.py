# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the probe says beyond yes and no, against what the configuration says and what openssl reads from the files."""

from __future__ import annotations

import subprocess
from datetime import datetime, timezone
from typing import Any

from tests.support.apache import Certificate, environment
from tests.wire.configurations import MODERN, Configuration
from tests.wire.conftest import HOST

Probed = dict[tuple[int, str], dict[str, Any]]
Configured = dict[int, Configuration]


def enabled(allowed: tuple[str, ...]) -> list[str]:
    """The versions that OpenSSL 1.1.0 and later enable: from the highest down to the first one that is missing."""
    found: list[str] = []
    for name in reversed(MODERN):
        if name in allowed:
            found.append(name)
        elif found:
            break
    return found


def test_refused_by_the_protocol_setting_differs_from_held_back(configured: Configured, probed: Probed) -> None:
    """Nothing is guessed here: what is enabled follows from the directive, what is spoken follows from the security level."""
    wrong = {}
    for port, item in configured.items():
        if not item.allowed:
            continue
        answers = probed[port, ""]["protocols"]
        for name in MODERN:
            if name not in enabled(item.allowed):
                expected = ("refused", False)
            elif item.level > 0 and name in ("TLSv1", "TLSv1.1"):
                expected = ("refused", True)
            else:
                expected = ("accepted", False)
            found = (answers[name]["result"], answers[name]["latent"])
            if found != expected:
                wrong[item.label, name] = (found, expected, answers[name])
    assert wrong == {}


def test_alerts_are_those_that_apache_is_known_for(configured: Configured, probed: Probed) -> None:
    by_label = {item.label: probed[port, ""]["protocols"] for port, item in configured.items()}
    hardened = by_label["-all +TLSv1.2 level 2 rsa"]
    assert [hardened[name]["alert"] for name in MODERN] == [70, 70, None, 70]
    held_back = by_label["-all +TLSv1 +TLSv1.1 +TLSv1.2 +TLSv1.3 level 1 rsa"]
    assert [held_back[name]["alert"] for name in MODERN] == [80, 80, None, None]
    without_suites = by_label["suites of TLSv1.2 and all protocols"]
    assert [without_suites[name]["alert"] for name in MODERN] == [40, 40, None, None]
    assert [without_suites[name]["latent"] for name in MODERN] == [True, True, False, False]


def test_a_plaintext_server_on_a_tls_port_is_inconclusive(configured: Configured, probed: Probed) -> None:
    port = next(port for port, item in configured.items() if item.label == "plaintext on a TLS port")
    for found in probed[port, ""]["protocols"].values():
        assert found["result"] == "inconclusive"
        assert "plaintext HTTP" in found["reason"]


def test_nothing_else_is_inconclusive(configured: Configured, probed: Probed) -> None:
    doubtful = {
        (configured[port].label, name, protocol): found["reason"]
        for (port, name), item in probed.items()
        for protocol, found in item["protocols"].items()
        if found["result"] not in ("accepted", "refused") and configured[port].label != "plaintext on a TLS port"
    }
    assert doubtful == {}


def test_certificates_are_read_as_openssl_reads_them(
    configured: Configured, probed: Probed, certificates: dict[str, Certificate]
) -> None:
    known = {kind: _facts(certificate) for kind, certificate in certificates.items()}
    assert known["rsa"]["hash"] == "sha1"
    seen_with = set()
    for (port, _name), item in probed.items():
        accepted = [name for name, found in item["protocols"].items() if found["result"] == "accepted"]
        if not accepted:
            assert item["certificate"] is None
            assert item["certificate_reason"] == "no protocol was accepted"
            continue
        served = dict(item["certificate"])
        seen_with.add(served.pop("seen_with"))
        expected = known[configured[port].key]
        assert {key: served[key] for key in expected} == expected, configured[port].label
    # TLS 1.3 alone hides it from the hello, so it was fetched in another way.
    assert seen_with == {"TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3"}


def test_a_name_that_no_tls_library_can_ask_for_is_told_beside_the_answers(configured: Configured) -> None:
    from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._tls.probe import probe

    port = next(port for port, item in configured.items() if item.allowed == ("TLSv1.3",))
    odd = [".example.com", "a..b", "l" * 64 + ".example.com"]
    results = probe([{"host": HOST, "port": port, "server_names": ["a.example", *odd]}])
    assert results[0]["certificate"]["seen_with"] == "TLSv1.3"
    for item in results[1:]:
        assert item["protocols"]["TLSv1.3"]["result"] == "accepted"
        assert item["certificate"] is None
        assert "cannot ask for the certificate" in item["certificate_reason"]


def _facts(certificate: Certificate) -> dict[str, Any]:
    command = [
        "openssl",
        "x509",
        "-in",
        str(certificate.certificate),
        "-noout",
        "-subject",
        "-issuer",
        "-serial",
        "-enddate",
    ]
    command += ["-nameopt", "RFC2253", "-sha256", "-fingerprint", "-ext", "subjectAltName"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, env=environment(), check=True)
    lines = dict(line.split("=", 1) for line in done.stdout.splitlines() if "=" in line)
    text = subprocess.run(
        ["openssl", "x509", "-in", str(certificate.certificate), "-noout", "-text"],
        capture_output=True,
        text=True,
        timeout=60,
        env=environment(),
        check=True,
    ).stdout
    algorithm = text.split("Signature Algorithm:", 1)[1].split()[0]
    ends = datetime.strptime(lines["notAfter"], "%b %d %H:%M:%S %Y GMT").replace(tzinfo=timezone.utc)
    names = next(line for line in done.stdout.splitlines() if "DNS:" in line)
    return {
        "subject": lines["subject"],
        "issuer": lines["issuer"],
        "serial": lines["serial"].lower(),
        "not_after": ends.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "signature_algorithm": algorithm,
        "hash": "sha1" if "sha1" in algorithm.lower() else "sha256",
        "names": [item.strip().removeprefix("DNS:") for item in names.split(",")],
        "fingerprint_sha256": lines["sha256 Fingerprint"].replace(":", "").lower(),
    }
