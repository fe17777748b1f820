# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One real Apache with all generated configurations, and the probe's answers to it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[2]
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from tests.support import apache, collection  # noqa: E402 - found through the line above
from tests.support.ports import free_ports  # noqa: E402 - as above
from tests.wire.configurations import Configuration, everything  # noqa: E402 - as above

collection.make_importable()

# An address of its own, so that no other test takes a port between its choice and its use.
HOST = "127.0.37.1"


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> dict[str, apache.Certificate]:
    """One certificate per kind of key: the RSA one is signed with SHA-1, as an old internal CA does, and its serial number begins with a set bit."""
    folder = tmp_path_factory.mktemp("certificates")
    names = ["a.example", "b.example"]
    return {
        "rsa": apache.make_certificate(folder, "rsa.example", names, "rsa", "sha1", serial=0x93A548B7C8D9E0F1029384756AFBECDD01020304),
        "ec": apache.make_certificate(folder, "ec.example", names, "ec", "sha256", serial=0x13A548B7C8D9E0F1029384756AFBECDD01020304),
    }


@pytest.fixture(scope="session")
def configured(
    tmp_path_factory: pytest.TempPathFactory, certificates: dict[str, apache.Certificate]
) -> Iterator[dict[int, Configuration]]:
    """The generated configurations by their port, all served by one running httpd."""
    folder = tmp_path_factory.mktemp("wire")
    made = everything()
    by_port = dict(zip(free_ports(len(made)), made, strict=True))
    body = "".join(item.text(HOST, port, certificates[item.key]) for port, item in by_port.items())
    with apache.HttpServer(folder / "httpd", body, [(HOST, max(by_port))]):
        yield by_port


@pytest.fixture(scope="session")
def probed(configured: dict[int, Configuration]) -> dict[tuple[int, str], dict[str, Any]]:
    """The probe's results by port and server name."""
    from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._tls.probe import probe

    endpoints = [{"host": HOST, "port": port, "server_names": list(item.names)} for port, item in configured.items()]
    return {(item["port"], item["server_name"]): item for item in probe(endpoints)}
