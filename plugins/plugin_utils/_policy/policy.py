# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""What an inventory may declare as policy, read once and refused early."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timezone
from fnmatch import fnmatchcase
from typing import Any, TypeVar

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._protocols import PROTOCOLS
from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._policy.other_listeners import (
    ExtraEndpoint,
    IgnoredListener,
    read_extra_endpoints,
    read_ignored_listeners,
)

T = TypeVar("T")

# Hash functions of signatures, weakest first: a certificate must not carry one that stands before the declared one.
HASHES = ("md2", "md4", "md5", "sha1", "sha224", "sha256", "sha384", "sha512")

# What the internal CA's tool can be told.
SIGN_HASHES = ("sha1", "sha256", "sha384", "sha512")

RULES = {
    "TLS-1": "Every TLS scope is configured for exactly the declared protocols",
    "TLS-2": "The wire accepts exactly the declared protocols and refuses all others",
    "TLS-3": "The server's own configuration test passes",
    "TLS-4": "Other listeners of the server accept no protocol that is not declared",
    "ICA-1": "The internal CA signs with the declared hash",
    "ICA-2": "The root certificate of the internal CA is as strong as declared",
    "ICA-3": "The internal CA runs",
    "CERT-1": "Every certificate of the server is signed with a hash as strong as declared",
    "CLIENT-1": "No client still depends on a protocol that is not declared",
    "SERVICE-1": "The Check Point services run",
    "GUARD-1": "No change was rolled back or left unfinished",
    "TIME-1": "The server's clock agrees with the controller's",
}

LEGACY_ACTIONS = ("fail", "warn", "ignore")

# No server keeps its logs for a hundred years, and a moment before the year 1 cannot be calculated with.
MOST_DAYS = 36500


class PolicyError(ValueError):
    """The declared policy cannot be used; the text says which value and what would be right."""


@dataclass(frozen=True)
class Waiver:
    """A finding that somebody accepted for a while: which rule, which servers, why, and up to which day."""

    rule: str
    servers: tuple[str, ...]
    reason: str
    expires: date

    def covers(self, rule: str, name: str) -> bool:
        """Whether the waiver is about this rule and this server (a name or a pattern with ``*``, ``?`` and ``[]``)."""
        return rule == self.rule and any(fnmatchcase(name, pattern) for pattern in self.servers)


@dataclass(frozen=True)
class LegacyClients:
    """At most ``max`` clients, seen within ``days``, may lose contact; ``action`` says what more than that means."""

    days: int = 7
    max: int = 0
    action: str = "fail"


@dataclass(frozen=True)
class Policy:
    """The state that every server of the fleet should be in, and the moment at which that is judged."""

    tls_protocols: tuple[str, ...]
    sign_hash: str
    waivers: tuple[Waiver, ...]
    legacy_clients: LegacyClients
    ignored_listeners: tuple[IgnoredListener, ...]
    extra_endpoints: tuple[ExtraEndpoint, ...]
    now: datetime

    def ignores(self, listener: Mapping[str, Any], name: str) -> str | None:
        """Return why a listener of the server with this name need not meet the policy; None when it must."""
        return next((entry.reason for entry in self.ignored_listeners if entry.covers(listener, name)), None)


def read_policy(declared: Mapping[str, Any]) -> Policy:
    """Check a declared policy and give it types.

    :raises PolicyError: for a value that is missing, unknown or empty
    """
    sign_hash = str(declared.get("sign_hash", "sha256"))
    if sign_hash not in SIGN_HASHES:
        raise PolicyError(f"sign_hash is {sign_hash!r}, which is none of {', '.join(SIGN_HASHES)}")
    waivers = declared.get("waivers") or []
    if isinstance(waivers, (str, Mapping)) or not isinstance(waivers, Sequence):
        raise PolicyError("waivers must be a list of dictionaries with rule, servers, reason and expires")
    return Policy(
        tls_protocols=_protocols(declared.get("tls_protocols", ["TLSv1.2"])),
        sign_hash=sign_hash,
        waivers=tuple(_waiver(waiver, number) for number, waiver in enumerate(waivers, start=1)),
        legacy_clients=_legacy_clients(declared.get("legacy_clients") or {}),
        ignored_listeners=_declared(read_ignored_listeners, declared.get("ignored_listeners")),
        extra_endpoints=_declared(read_extra_endpoints, declared.get("extra_endpoints")),
        now=_moment(declared.get("now")),
    )


def _declared(read: Callable[[Any], tuple[T, ...]], value: Any) -> tuple[T, ...]:
    try:
        return read(value)
    except ValueError as error:
        raise PolicyError(str(error)) from error


def _protocols(value: Any) -> tuple[str, ...]:
    names = [value] if isinstance(value, str) else list(value or [])
    if not names:
        raise PolicyError("tls_protocols is empty: a server without a protocol does not start")
    for name in names:
        if name not in PROTOCOLS:
            raise PolicyError(f"tls_protocols names {name!r}, which is none of {', '.join(PROTOCOLS)}")
    return tuple(name for name in PROTOCOLS if name in names)


def _waiver(value: Any, number: int) -> Waiver:
    place = f"waiver {number}"
    if not isinstance(value, Mapping):
        raise PolicyError(f"{place} is not a dictionary with rule, servers, reason and expires")
    rule = str(value.get("rule", ""))
    if rule not in RULES:
        raise PolicyError(f"{place} names the rule {rule!r}, which is none of {', '.join(RULES)}")
    servers = value.get("servers") or []
    servers = [servers] if isinstance(servers, str) else list(servers)
    if not servers:
        raise PolicyError(f"{place} ({rule}) names no servers; use '*' for all of them")
    reason = str(value.get("reason") or "").strip()
    if not reason:
        raise PolicyError(f"{place} ({rule}) gives no reason")
    return Waiver(rule, tuple(str(server) for server in servers), reason, _day(value.get("expires"), place))


def _day(value: Any, place: str) -> date:
    if isinstance(value, datetime):
        return value.date()
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value))
    except ValueError as error:
        raise PolicyError(f"{place} expires {value!r}, which is not a date such as 2027-06-30") from error


def _legacy_clients(value: Any) -> LegacyClients:
    if not isinstance(value, Mapping):
        raise PolicyError("legacy_clients must be a dictionary with days, max and action")
    unknown = sorted(set(value) - {"days", "max", "action"})
    if unknown:
        raise PolicyError(f"legacy_clients has no {', '.join(map(str, unknown))}; it has days, max and action")
    action = str(value.get("action", "fail"))
    if action not in LEGACY_ACTIONS:
        raise PolicyError(f"legacy_clients.action is {action!r}, which is none of {', '.join(LEGACY_ACTIONS)}")
    try:
        days, most = int(value.get("days", 7)), int(value.get("max", 0))
    except (TypeError, ValueError) as error:
        raise PolicyError("legacy_clients.days and legacy_clients.max must be whole numbers") from error
    if not 1 <= days <= MOST_DAYS or most < 0:
        raise PolicyError(
            f"legacy_clients.days must be at least 1 and at most {MOST_DAYS}, legacy_clients.max at least 0"
        )
    return LegacyClients(days=days, max=most, action=action)


def _moment(value: Any) -> datetime:
    if value in (None, ""):
        return datetime.now(timezone.utc)
    try:
        return read_time(value)
    except ValueError as error:
        raise PolicyError(f"now is {value!r}, which is not a time such as 2026-11-23T10:00:00Z") from error


def read_time(value: Any) -> datetime:
    """A moment from ISO 8601 text (``2026-11-23T10:00:00Z``), in UTC where the text names no zone.

    :raises ValueError: when the text is no time
    """
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(str(value).replace("Z", "+00:00"))
    return moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc)
