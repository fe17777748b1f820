# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Generated configurations of a real Apache: protocols, security levels, keys, suites, and names that have a policy of their own."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass

from tests.support.apache import Certificate

MODERN = ("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")


@dataclass(frozen=True)
class Site:
    """One virtual host: its name (empty for none) and the directives that differ."""

    name: str
    protocol: str
    suites: str = "ALL:@SECLEVEL=0"
    more: tuple[str, ...] = ()
    engine: bool = True


@dataclass(frozen=True)
class Configuration:
    """One address and port, its virtual hosts in order, and the names to ask for."""

    label: str
    sites: tuple[Site, ...]
    key: str = "ec"
    names: tuple[str, ...] = ("",)
    # What its SSLProtocol names, and the security level, where a test works out from them what the wire must show.
    allowed: tuple[str, ...] = ()
    level: int = 0

    def text(self, host: str, port: int, certificate: Certificate) -> str:
        """Its part of an httpd.conf."""
        lines = [f"Listen {host}:{port}"]
        for site in self.sites:
            lines += [f"<VirtualHost {host}:{port}>", f"ServerName {site.name or 'nameless.invalid'}"]
            if site.engine:
                lines += ["SSLEngine on", f"SSLProtocol {site.protocol}", f"SSLCipherSuite {site.suites}"]
                lines += [f"SSLCertificateFile {certificate.certificate}", f"SSLCertificateKeyFile {certificate.key}"]
            lines += [*site.more, "</VirtualHost>"]
        return "\n".join(lines) + "\n"


def one(label: str, protocol: str, suites: str = "ALL:@SECLEVEL=0", key: str = "ec", *more: str) -> Configuration:
    """A configuration of a single virtual host."""
    return Configuration(label, (Site("", protocol, suites, more),), key)


def subsets() -> Iterator[Configuration]:
    """Every set of protocols, said by adding and by taking away, at security levels that speak them all and that do not."""
    for size in range(1, len(MODERN) + 1):
        for chosen in itertools.combinations(MODERN, size):
            added = "-all " + " ".join(f"+{name}" for name in chosen)
            left_out = [name for name in MODERN if name not in chosen]
            taken = "all " + " ".join(f"-{name}" for name in ["SSLv3", *left_out])
            for level in (0, 1, 2):
                key = "rsa" if (size + level) % 2 else "ec"
                yield Configuration(
                    f"{added} level {level} {key}",
                    (Site("", added, f"ALL:@SECLEVEL={level}"),),
                    key,
                    allowed=chosen,
                    level=level,
                )
            yield Configuration(f"{taken} level 0", (Site("", taken),), allowed=chosen, level=0)


def suites() -> Iterator[Configuration]:
    """Few suites or groups, so that a hello that offers too little is found out."""
    old = ("AES128-SHA", "ECDHE-RSA-AES128-SHA", "DHE-RSA-AES256-SHA", "CAMELLIA128-SHA")
    for names in (*old, "AES256-SHA256", "AES128-CCM8"):
        yield one(f"only {names}", "all", f"{names}:@SECLEVEL=0", "rsa")
    for names in ("ECDHE-RSA-CHACHA20-POLY1305", "ARIA256-GCM-SHA384"):
        yield one(f"only {names}", "all", f"{names}:@SECLEVEL=0", "rsa")
    for names in ("ECDHE-ECDSA-AES128-SHA", "ECDHE-ECDSA-AES256-GCM-SHA384"):
        yield one(f"only {names}", "all", f"{names}:@SECLEVEL=0", "ec")
    for group in ("P-384", "P-521", "X448", "ffdhe2048", "brainpoolP256r1", "secp224r1"):
        configured = f"SSLOpenSSLConfCmd Groups {group}"
        yield one(f"only the group {group}", "all", "ECDHE:DHE:@SECLEVEL=0", "rsa", configured)
    yield one("the server's order", "all", "ALL:@SECLEVEL=0", "rsa", "SSLHonorCipherOrder on")
    yield one("client certificate required", "all", "ALL:@SECLEVEL=0", "rsa", "SSLVerifyClient require")
    gcm = "ECDHE-RSA-AES128-GCM-SHA256:@SECLEVEL=0"
    yield one("suites of TLSv1.2 and all protocols", "all", gcm, "rsa")
    yield one("suites of TLSv1.2 but protocols below it", "-all +TLSv1 +TLSv1.1", gcm, "rsa")


def overrides() -> Iterator[Configuration]:
    """What else decides about versions."""
    yield one("MinProtocol below", "TLSv1.2", "ALL:@SECLEVEL=0", "ec", "SSLOpenSSLConfCmd MinProtocol TLSv1")
    yield one("MaxProtocol below", "all", "ALL:@SECLEVEL=0", "ec", "SSLOpenSSLConfCmd MaxProtocol TLSv1.1")
    yield one("bare tokens", "TLSv1.2 TLSv1.3")
    yield one("a bare token after all", "all TLSv1.1")
    yield Configuration("plaintext on a TLS port", (Site("", "", engine=False),))


def named() -> Iterator[Configuration]:
    """Virtual hosts with names: each has the policy that its own line says."""
    for first, second in itertools.permutations(("TLSv1", "TLSv1.2", "TLSv1.3", "all"), 2):
        yield Configuration(
            f"a {first}, b {second}",
            (Site("a.example", first), Site("b.example", second)),
            names=("", "a.example", "b.example", "unknown.invalid"),
        )
    yield Configuration(
        "strict names",
        (Site("a.example", "all", more=("SSLStrictSNIVHostCheck on",)), Site("b.example", "TLSv1.2")),
        names=("", "a.example", "b.example"),
    )


def everything() -> list[Configuration]:
    """All of them, each label once."""
    made = [*subsets(), *suites(), *overrides(), *named()]
    if len({item.label for item in made}) != len(made):
        raise AssertionError("two configurations have one label")
    return made
