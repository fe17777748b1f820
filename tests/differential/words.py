# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Generated arguments of SSLProtocol and of the directives that decide about versions beside it."""

from __future__ import annotations

import random

from tests.differential.spelling import Line, Raw

MODERN = ("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")
# As they stand in real files.
COMMON = (
    "all -SSLv3",
    "all -SSLv2 -SSLv3",
    "-ALL +TLSv1 +TLSv1.2",
    "+TLSv1 +TLSv1.2",
    "TLSv1.2",
    "-all +TLSv1.2",
    "+TLSv1.2 +TLSv1.3",
    "-all +TLSv1.2 +TLSv1.3",
    "all -SSLv3 -TLSv1 -TLSv1.1",
    "all -SSLv2 -SSLv3 -TLSv1 -TLSv1.1 -TLSv1.3",
    "TLSv1 TLSv1.1 TLSv1.2",
    "TLSv1.2 TLSv1.3",
    "all",
    "TLSv1",
    "all -TLSv1.2",
    "all -TLSv1.1",
    "+TLSv1 +TLSv1.3",
)
ILLEGAL = (
    "SSLv2", "+SSLv2", "SSLv3", "+SSLv3", "TLSv1.0", "+TLSv1.0", "TLS1.2", "TLSv1.2,", "-", "+", '""', "all;", "--all", "+-TLSv1",
    "all-TLSv1", "#", "\\", "${NOWHERE}", "\u2013TLSv1", "TLSv1\u00a0", "TLSv2", '"all -TLSv1"', '-"TLSv1"', "TLSv1.4", "none",
)  # fmt: skip
OVERRIDES = (
    "MinProtocol TLSv1", "MinProtocol TLSv1.1", "MinProtocol TLSv1.2", "MinProtocol TLSv1.3", "MinProtocol None", "minprotocol TLSv1",
    "MaxProtocol TLSv1.1", "MaxProtocol TLSv1.2", "MaxProtocol None", "MaxProtocol TLSv1.3", "Protocol ALL", "Protocol -TLSv1.2",
    "Protocol ALL,-TLSv1.3", "Protocol TLSv1.2", "Protocol -ALL,TLSv1.2", 'Protocol "-TLSv1, -TLSv1.1"', "Options -SessionTicket",
    "Curves P-256", 'Groups "P-256:P-384"', "SignatureAlgorithms ECDSA+SHA256:RSA+SHA256", "MINPROTOCOL TLSv1",
)  # fmt: skip
BROKEN_OVERRIDES = (
    "MinProtocol bogus", "MinProtocol tlsv1", "MaxProtocol SSLv2", "Protocol bogus", "NoSuchCommand x", "MinProtocol",
    "MinProtocol TLSv1 TLSv1.2", "MinProtocol SSLv3", "MinProtocol TLSv1.0", "MinProtocol DTLSv1", 'MinProtocol ""', "-min_protocol TLSv1",
)  # fmt: skip


def protocol_words(chance: random.Random, nothing: float = 0.04) -> tuple[str, ...]:
    """Legal words of one SSLProtocol; with the probability ``nothing`` they may leave no protocol."""
    while True:
        kind = chance.random()
        if kind < 0.45:
            words = tuple(chance.choice(COMMON).split())
        elif kind < 0.48:
            words = ()
        else:
            words = tuple(_word(chance) for _number in range(chance.randint(1, 5)))
        if not _leaves_nothing(words) or chance.random() < nothing:
            return tuple(_spelled(chance, word) for word in words)


def _word(chance: random.Random) -> str:
    sign = chance.choice(["", "", "+", "+", "-"])
    names = [*MODERN, "all", "TLSv1.2"]
    if sign == "-":
        names += ["SSLv2", "SSLv3"]
    return sign + chance.choice(names)


def _spelled(chance: random.Random, word: str) -> str:
    return chance.choice([word.lower(), word.upper(), word.swapcase()]) if chance.random() < 0.12 else word


def _leaves_nothing(words: tuple[str, ...]) -> bool:
    """A quick estimate that keeps the share of servers that cannot start small; nothing is judged by it."""
    left: set[str] = set()
    for word in words:
        names = set(MODERN) if word.lstrip("+-").lower() == "all" else {word.lstrip("+-")}
        left = left - names if word[0] == "-" else left | names if word[0] == "+" else names
    return not left & set(MODERN)


def protocol_line(chance: random.Random, nothing: float = 0.04) -> Line:
    """One legal SSLProtocol."""
    return Line("SSLProtocol", protocol_words(chance, nothing))


def illegal_line(chance: random.Random) -> Raw:
    """One SSLProtocol that httpd may refuse."""
    words = list(protocol_words(chance))
    words.insert(chance.randint(0, len(words)), chance.choice(ILLEGAL))
    return Raw(("SSLProtocol " + " ".join(words)).encode("utf-8"))


def override_line(chance: random.Random, broken: float = 0.1) -> Line:
    """One SSLOpenSSLConfCmd; most decide about versions, some are not legal."""
    choices = BROKEN_OVERRIDES if chance.random() < broken else OVERRIDES
    return Line("SSLOpenSSLConfCmd", tuple(chance.choice(choices).split(" ", 1)))
