# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.
"""Addresses in the form that modules take: ``host:port``, an IPv6 address in brackets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def format_addresses(endpoints: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return where a server is to answer.

    :param endpoints: as server_info returns them, each with ``host`` and ``port``
    """
    return [_format(str(endpoint.get("host") or ""), endpoint.get("port")) for endpoint in endpoints]


def _format(host: str, port: Any) -> str:
    return f"[{host}]:{port}" if ":" in host and not host.startswith("[") else f"{host}:{port}"
