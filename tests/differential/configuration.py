# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One configuration to compare: its files as bytes, with marks where the place it runs at is not known yet."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path

# Asked beside the names of a configuration: no name, one that nothing has, and the one that its main server has.
ALWAYS_ASKED = ("", "unknown.invalid", "localhost")
_MARK = re.compile(rb"@(ROOT|HOST|P[1-9])@")


@dataclass(frozen=True)
class Place:
    """Where a configuration runs: its folder (the ServerRoot), an IPv4 address of its own, its ports in order."""

    root: Path
    host: str
    ports: tuple[int, ...]

    def fill_in(self, data: bytes) -> bytes:
        """Put this place into the marks ``@ROOT@``, ``@HOST@`` and ``@P1@`` to ``@P9@``."""
        return _MARK.sub(lambda match: self._value(match.group(1).decode("ascii")).encode("utf-8"), data)

    def _value(self, mark: str) -> str:
        if mark == "ROOT":
            return str(self.root)
        return self.host if mark == "HOST" else str(self.ports[int(mark[1]) - 1])


@dataclass(frozen=True)
class Configuration:
    """Files by their path below the ServerRoot.

    ``httpd.conf`` is read after a preamble that loads modules and gives the main server a name, a certificate and ciphers that let
    every protocol through; ``conf/ssl.conf`` is the file that ``ssl_protocol`` is told to edit.

    :param label: what a failure is called: the seed, or a fixed case's name
    :param ports: how many ports the marks name
    :param names: server names to ask for, besides ALWAYS_ASKED
    :param links: symbolic links by their path, with what they hold
    :param policy: the protocols that the rewrite is told to leave
    """

    label: str
    files: dict[str, bytes]
    ports: int = 1
    names: tuple[str, ...] = ()
    policy: tuple[str, ...] = ("TLSv1.2",)
    features: frozenset[str] = field(default_factory=frozenset)
    links: dict[str, str] = field(default_factory=dict)

    @property
    def asked(self) -> list[str]:
        """Every server name to ask for."""
        return [*ALWAYS_ASKED, *(name for name in self.names if name not in ALWAYS_ASKED)]

    def text(self) -> str:
        """All files for a person to read; what is not printable is escaped, line ends are seen where they are CR LF."""
        parts = [f"{self.label}: policy {', '.join(self.policy)}; names {', '.join(self.names)}"]
        parts += [f"--- {path} -> {goal}" for path, goal in sorted(self.links.items())]
        for path, data in sorted(self.files.items()):
            parts.append(f"--- {path}" + ("" if data.endswith(b"\n") or not data else " (no final newline)"))
            for line in data.decode("utf-8", "backslashreplace").split("\n"):
                shown = line.replace("\r", "\\r").replace("\t", "\\t").replace("\0", "\\0")
                parts.append("| " + "".join(one if one.isprintable() else f"\\x{ord(one):02x}" for one in shown))
        return "\n".join(parts)
