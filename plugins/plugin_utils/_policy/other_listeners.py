# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""What a policy declares about TLS beside the Endpoint Apache: listeners that need not meet it, and further addresses that must."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any


@dataclass(frozen=True)
class IgnoredListener:
    """A listener of another program that need not meet the policy, with the reason why."""

    port: int
    address: str
    servers: tuple[str, ...]
    reason: str

    def covers(self, listener: Mapping[str, Any], name: str) -> bool:
        """Return whether this is about a listener (its address may be given as a pattern) of the server with this name."""
        here = listener.get("port") == self.port and fnmatchcase(str(listener.get("address")), self.address)
        return here and any(fnmatchcase(name, pattern) for pattern in self.servers)


@dataclass(frozen=True)
class ExtraEndpoint:
    """A further address that must meet the policy; a front takes connections to a port of the configuration and hands them on."""

    host: str
    port: int
    server_names: tuple[str, ...]
    front: bool


def read_ignored_listeners(value: Any) -> tuple[IgnoredListener, ...]:
    """Return ignored listeners with types.

    :raises ValueError: when a value cannot be used, with what would be right
    """
    return tuple(
        IgnoredListener(
            port=_port(entry, place),
            address=str(entry.get("address") or "*"),
            servers=_texts(entry.get("servers"), ("*",)),
            reason=_text(entry, "reason", place),
        )
        for place, entry in _entries(value, "ignored_listeners", {"port", "address", "servers", "reason"})
    )


def read_extra_endpoints(value: Any) -> tuple[ExtraEndpoint, ...]:
    """Return further endpoints with types.

    :raises ValueError: when a value cannot be used, with what would be right
    """
    return tuple(
        ExtraEndpoint(
            host=_text(entry, "host", place),
            port=_port({"port": 443, **entry}, place),
            server_names=_texts(entry.get("server_names"), ("",)),
            front=_flag(entry.get("front", False), place),
        )
        for place, entry in _entries(value, "extra_endpoints", {"host", "port", "server_names", "front"})
    )


def _entries(value: Any, name: str, keys: set[str]) -> list[tuple[str, Mapping[str, Any]]]:
    value = value or []
    if isinstance(value, (str, Mapping)) or not isinstance(value, Sequence):
        raise ValueError(f"{name} must be a list of dictionaries with {', '.join(sorted(keys))}")
    found = []
    for number, entry in enumerate(value, start=1):
        place = f"{name}, entry {number}"
        if not isinstance(entry, Mapping):
            raise ValueError(f"{place} is not a dictionary with {', '.join(sorted(keys))}")
        unknown = sorted(str(key) for key in set(entry) - keys)
        if unknown:
            raise ValueError(f"{place} has no {', '.join(unknown)}; it has {', '.join(sorted(keys))}")
        found.append((place, entry))
    return found


def _port(entry: Mapping[str, Any], place: str) -> int:
    value = entry.get("port")
    try:
        port = 0 if isinstance(value, bool) else int(str(value))
    except ValueError:
        port = 0
    if not 1 <= port <= 65535:
        raise ValueError(f"{place} has the port {value!r}, expected a number from 1 to 65535")
    return port


def _text(entry: Mapping[str, Any], key: str, place: str) -> str:
    text = str(entry.get(key) or "").strip()
    if not text:
        raise ValueError(f"{place} gives no {key}")
    return text


def _texts(value: Any, default: tuple[str, ...]) -> tuple[str, ...]:
    if value is None or value == []:
        return default
    return (value,) if isinstance(value, str) else tuple(str(entry) for entry in value)


def _flag(value: Any, place: str) -> bool:
    words = {"true": True, "yes": True, "false": False, "no": False}
    found = words.get(str(value).strip().lower())
    if found is None:
        raise ValueError(f"{place} says front: {value!r}, expected true or false")
    return found
