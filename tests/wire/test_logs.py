# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Logs that a real Apache wrote about real handshakes, read back with nothing but its configuration."""

from __future__ import annotations

import shutil
import socket
import ssl
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.config.loader import read_tree
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.tls.dialect import any_dialect
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._logs.clients import read_clients
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._logs.sources import find_sources

from tests.support import apache
from tests.support.ports import free_port

HOST = "127.0.39.1"
OLD, NEW, BOTH = "127.0.39.11", "127.0.39.12", "127.0.39.13"
VERSIONS = {
    "TLSv1": ssl.TLSVersion.TLSv1,
    "TLSv1.1": ssl.TLSVersion.TLSv1_1,
    "TLSv1.2": ssl.TLSVersion.TLSv1_2,
    "TLSv1.3": ssl.TLSVersion.TLSv1_3,
}
SECONDS = 10.0

# Speaking an old version is what these tests are about.
pytestmark = pytest.mark.filterwarnings("ignore:ssl.TLSVersion:DeprecationWarning")

# What a client would send to be taken for another one, or to break the line.
LURES = (
    b'GET / HTTP/1.1\r\nHost: a\r\nUser-Agent: " TLSv1.2 AES "x\\\r\n\r\n',
    b'GET /"%20TLSv1.2%20x HTTP/1.1\r\nHost: a\r\nUser-Agent: [10/Oct/2020:13:55:36 +0200] 6.6.6.6 TLSv1.2 AES "GET" 1\r\n\r\n',
    b"GET / TLSv1.2 x\r\nHost: a\r\n\r\n",
    b"\x16\xff\x00 TLSv1.2 \xfe\r\n\r\n",
    b"GET /" + b"a" * 9000 + b" HTTP/1.1\r\nHost: a\r\n\r\n",
    b"GET / HTTP/1.1\r\nHost: a\r\nUser-Agent: " + b'"\\' * 3000 + b"\r\n\r\n",
)
PLAIN = b"GET / HTTP/1.1\r\nHost: a\r\nUser-Agent: agent\r\n\r\n"


def request(port: int, version: str, source: str, data: bytes = PLAIN, host: str = HOST) -> None:
    """One connection with exactly one protocol version, and whatever is to be sent over it, up to the end that the server sets.

    The server closes only after it wrote the line to its log, so whoever reads the log next finds that line.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False
    context.verify_mode = ssl.CERT_NONE
    context.set_ciphers("ALL:@SECLEVEL=0")
    context.minimum_version = context.maximum_version = VERSIONS[version]
    with socket.create_connection((host, port), SECONDS, (source, 0)) as link, context.wrap_socket(link) as tls:
        tls.sendall(data)
        while tls.recv(65536):
            pass


@dataclass
class Setting:
    """A way to log, as it stands in the configuration."""

    main: str
    host: str


STOCK = r'CustomLog logs/ssl_request_log "%t %h %{SSL_PROTOCOL}x %{SSL_CIPHER}x \"%r\" %b"'
COMBINED = r'LogFormat "%h %l %u %t \"%r\" %>s %b \"%{Referer}i\" \"%{User-Agent}i\" %{SSL_PROTOCOL}x" tls'
JSON = r'LogFormat "{\"at\":\"%{%Y-%m-%dT%H:%M:%S%z}t\",\"agent\":\"%{User-Agent}i\",\"client\":\"%a\",\"tls\":\"%{SSL_PROTOCOL}x\"}" json'
SETTINGS = {
    "stock": Setting("", STOCK),
    "combined": Setting(COMBINED, "CustomLog logs/combined tls"),
    "json": Setting(JSON, "CustomLog logs/requests.json json"),
    "old spelling": Setting(r'LogFormat "%{version}c %a %{msec}t \"%r\""', "TransferLog logs/transfer"),
    "main server": Setting(COMBINED + "\nCustomLog logs/main tls", ""),
    "pipe": Setting("", STOCK.replace("logs/ssl_request_log", '"|ROTATELOGS FOLDER/logs/piped.%Y%m%d 86400"')),
    "host's format": Setting(COMBINED + "\nCustomLog logs/main TLS", COMBINED.replace("%h", "%t %a")),
    "numbered": Setting("", STOCK.replace("logs/ssl_request_log", '"|ROTATELOGS -ln5 FOLDER/logs/numbered 86400"')),
    "time in a name": Setting("", STOCK.replace("logs/ssl_request_log", '"|ROTATELOGS FOLDER/logs/piped.%F_%T 86400"')),
    "condition": Setting("", STOCK + " \"expr=%{SSL_PROTOCOL} in {'SSLv3','TLSv1','TLSv1.1'}\""),
}


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> apache.Certificate:
    return apache.make_certificate(tmp_path_factory.mktemp("tls"), "logs.example", key="rsa")


Start = Callable[[str], tuple[apache.HttpServer, int]]


@pytest.fixture
def start(tmp_path: Path, certificate: apache.Certificate) -> Iterator[Start]:
    servers = []

    def starting(name: str) -> tuple[apache.HttpServer, int]:
        setting = SETTINGS[name]
        port = free_port()
        folder = tmp_path / "httpd"
        (folder / "logs").mkdir(parents=True)
        host = setting.host.replace("FOLDER", str(folder)).replace("ROTATELOGS", shutil.which("rotatelogs") or "")
        body = (
            f"KeepAlive Off\nListen {HOST}:{port}\nListen [::1]:{port}\n{setting.main}\n<VirtualHost *:{port}>\nServerName logs.example\n"
            f"SSLEngine on\nSSLProtocol all\nSSLCipherSuite ALL:@SECLEVEL=0\nSSLCertificateFile {certificate.certificate}\n"
            f"SSLCertificateKeyFile {certificate.key}\n{host}\n</VirtualHost>\n"
        )
        server = apache.HttpServer(folder, body, [(HOST, port)])
        server.start()
        servers.append(server)
        return server, port

    yield starting
    for server in servers:
        server.stop()


def read(server: apache.HttpServer, **options: Any) -> dict[str, Any]:
    tree = read_tree(str(server.config), str(server.folder))
    return dict(read_clients(find_sources(tree, any_dialect(), (b"TLSv1", b"TLSv1.1")), b"TLSv1.2", **options))


@pytest.mark.parametrize("name", [name for name in SETTINGS if name != "condition"])
def test_what_a_real_apache_logged_is_read_back(start: Start, name: str) -> None:
    if "ROTATELOGS" in SETTINGS[name].host and shutil.which("rotatelogs") is None:
        pytest.skip("this machine has no rotatelogs")
    begun = int(time.time())
    server, port = start(name)
    for version in VERSIONS:
        request(port, version, NEW if version in ("TLSv1.2", "TLSv1.3") else OLD)
    request(port, "TLSv1", BOTH)
    request(port, "TLSv1", "::1", host="::1")
    for lure in LURES:
        request(port, "TLSv1", OLD, lure)
        request(port, "TLSv1.2", NEW, lure)
    time.sleep(1.1)
    request(port, "TLSv1.2", BOTH)
    server.stop()
    found = read(server, since=begun)
    assert found["unreadable"] == []
    assert found["unreadable_lines"] == 0
    lures = len(LURES)
    assert found["protocols"] == {"TLSv1": 3 + lures, "TLSv1.1": 1, "TLSv1.2": 2 + lures, "TLSv1.3": 1}
    clients = {entry["address"]: entry for entry in found["legacy"]}
    assert {address: entry["protocols"] for address, entry in clients.items()} == {
        OLD: {"TLSv1": 1 + lures, "TLSv1.1": 1},
        BOTH: {"TLSv1": 1},
        "::1": {"TLSv1": 1},
    }
    assert clients[BOTH]["accepted_last_seen"] is not None
    assert clients[OLD]["accepted_last_seen"] is None
    now = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime())
    assert all(entry["first_seen"] <= entry["last_seen"] <= now for entry in clients.values())


def test_a_log_of_old_protocols_alone_is_complete_about_them(start: Start) -> None:
    server, port = start("condition")
    request(port, "TLSv1", OLD)
    request(port, "TLSv1.2", NEW)
    server.stop()
    found = read(server)
    assert (found["protocols"], found["unreadable"]) == ({"TLSv1": 1}, [])


def test_a_request_without_tls_on_the_port_of_tls_has_no_protocol(start: Start) -> None:
    server, port = start("stock")
    with socket.create_connection((HOST, port), SECONDS, (OLD, 0)) as link:
        link.sendall(PLAIN)
        while link.recv(65536):
            pass
    server.stop()
    found = read(server)
    assert (found["protocols"], found["legacy"], found["unreadable_lines"]) == ({"-": 1}, [], 0)


def test_the_log_of_a_running_server_is_read_while_it_is_rotated(start: Start) -> None:
    server, port = start("stock")
    log = server.folder / "logs" / "ssl_request_log"
    request(port, "TLSv1", OLD)
    log.rename(log.with_name("ssl_request_log.1"))
    # The server goes on writing to the file that it has open, under its new name.
    request(port, "TLSv1", OLD)
    assert read(server)["protocols"] == {"TLSv1": 2}
    server.run("-k", "graceful")
    until = time.monotonic() + SECONDS
    while not log.exists() and time.monotonic() < until:
        time.sleep(0.05)
    request(port, "TLSv1", NEW)
    assert {entry["address"]: entry["count"] for entry in read(server)["legacy"]} == {OLD: 2, NEW: 1}
