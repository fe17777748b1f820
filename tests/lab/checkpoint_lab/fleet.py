# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Which servers a lab has: their kinds, releases and addresses. Nothing here touches the machine but the choice of addresses."""

from __future__ import annotations

import random
import socket
from dataclasses import dataclass

SSH_PORT = 2222
HTTP_PORT = 8080
HTTPS_PORT = 8443
DOMAIN = "endpoint.example"
ATTEMPTS = 50
MOST_SERVERS = 100


@dataclass(frozen=True)
class Kind:
    """What sets a server apart.

    :ivar configuration: which ssl.conf it has, a key of ``configurations.SSL_CONF``
    :ivar extra_ports: TLS ports beside 8443
    """

    name: str
    release: str
    build: str
    configuration: str
    extra_ports: tuple[int, ...] = ()

    @property
    def label(self) -> str:
        """The release in directory names: R80.10 keeps those of R80."""
        return "R80" if self.release == "R80.10" else self.release

    @property
    def python(self) -> str:
        """The Python that this release carries: 2.7, 3.7, or ``newest``."""
        if self.release in ("R80.10", "R80.20", "R80.30"):
            return "2.7"
        return "newest" if self.release == "R82" else "3.7"


PRIMARY = Kind("primary", "R81.20", "059", "stock")
SECONDARY = Kind("secondary", "R81.20", "059", "whole_server")
POLICY = (
    Kind("stock", "R81.20", "059", "stock"),
    Kind("all_but_sslv3", "R80.40", "046", "all_but_sslv3"),
    Kind("virtual_hosts", "R81.10", "063", "virtual_hosts", (8444, 8445)),
    Kind("crlf", "R80.30", "065", "crlf"),
    Kind("upgraded", "R80.10", "479", "upgraded"),
    Kind("compliant", "R82", "777", "compliant"),
)


@dataclass(frozen=True)
class Member:
    """One server of a lab.

    :ivar role: primary, secondary or policy
    """

    name: str
    role: str
    kind: Kind
    address: str

    @property
    def full_name(self) -> str:
        """Its host name with the domain."""
        return f"{self.name}.{DOMAIN}"

    @property
    def tls_ports(self) -> tuple[int, ...]:
        """The ports where it serves TLS."""
        return (HTTPS_PORT, *self.kind.extra_ports)

    @property
    def sic_name(self) -> str:
        """The common name of its SIC certificate."""
        return {"primary": "cp_mgmt", "secondary": f"cp_mgmt_{self.name}"}.get(self.role, self.name)


def plan(management: int, policy: int, network: str) -> list[Member]:
    """The servers of a lab: one primary, the other management servers secondary, policy servers of all kinds in turn.

    :param network: the first three bytes of their addresses, for example ``127.80.3``
    :raises ValueError: for numbers that make no fleet
    """
    if management < 1 or policy < 0 or management + policy > MOST_SERVERS:
        raise ValueError(f"a lab has at least one management server and {MOST_SERVERS} servers at most")
    members = []
    for number in range(management):
        role, kind = ("secondary", SECONDARY) if number else ("primary", PRIMARY)
        members.append(Member(f"epm{number + 1}", role, kind, f"{network}.{10 + number}"))
    for number in range(policy):
        kind = POLICY[number % len(POLICY)]
        members.append(Member(f"eps{number + 1}", "policy", kind, f"{network}.{10 + management + number}"))
    return members


def _all_free(members: list[Member]) -> bool:
    try:
        for member in members:
            for port in (SSH_PORT, HTTP_PORT, *member.tls_ports):
                with socket.socket() as probe:
                    probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
                    probe.bind((member.address, port))
    except OSError:
        return False
    return True


def plan_on_free_network(management: int, policy: int) -> list[Member]:
    """Like ``plan``, on loopback addresses that nothing uses. Raises ValueError when none is found."""
    for _attempt in range(ATTEMPTS):
        members = plan(management, policy, f"127.{random.randint(65, 254)}.{random.randint(0, 255)}")
        if _all_free(members):
            return members
    raise ValueError("no free loopback addresses found; is 127.0.0.0/8 on the loopback interface?")
