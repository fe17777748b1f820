# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Facts of one made-up server in the shape that ``server_info`` returns, for tests of the policy."""

from __future__ import annotations

from typing import Any

NOW = "2026-11-23T10:00:00Z"
SSL_CONF = "/opt/CPuepm-R81.20/apache22/conf/ssl.conf"
ALL_PROTOCOLS = ("SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")


def policy(**changes: Any) -> dict[str, Any]:
    """A policy as the roles hand it over."""
    declared: dict[str, Any] = {"tls_protocols": ["TLSv1.2"], "sign_hash": "sha256", "waivers": [], "now": NOW}
    return {**declared, **changes}


def scope(
    name: str = "<VirtualHost 127.0.0.1:8443> a.example", protocols: tuple[str, ...] = ("TLSv1.2",)
) -> dict[str, Any]:
    """One virtual host that serves TLS."""
    return {
        "name": name,
        "kind": "virtual_host",
        "file": SSL_CONF,
        "line": 10,
        "addresses": ["127.0.0.1:8443"],
        "server_name": "a.example",
        "aliases": [],
        "tls": True,
        "governed_by": {"file": SSL_CONF, "line": 12},
        "configured": list(protocols),
        "negotiable": list(protocols),
        "warnings": [],
    }


def directive(protocols: tuple[str, ...] = ("TLSv1.2",), state: str = "effective") -> dict[str, Any]:
    """One SSLProtocol that is not a comment."""
    return {
        "file": SSL_CONF,
        "line": 12,
        "container": "<VirtualHost 127.0.0.1:8443>",
        "arguments": " ".join(protocols),
        "protocols": list(protocols),
        "state": state,
    }


def certificate(role: str = "web", digest: str = "sha256", not_after: str = "2027-11-23T10:00:00Z") -> dict[str, Any]:
    """One certificate."""
    return {
        "role": role,
        "path": f"/opt/{role}.crt",
        "subject": f"CN={role}",
        "issuer": "O=ca",
        "serial": "1",
        "not_before": "2022-11-23T10:00:00Z",
        "not_after": not_after,
        "signature_algorithm": f"{digest}WithRSAEncryption",
        "hash": digest,
    }


def facts() -> dict[str, Any]:
    """A management server that is as the policy wants it."""
    return {
        "now": NOW,
        "product": {
            "release": "R81.20",
            "build": "059",
            "roles": {"management": True, "primary": True, "policy_server": False, "endpoint_installed": True},
        },
        "paths": {"ssl_conf": SSL_CONF},
        "tls": {
            "httpd": {"version": "2.4.71", "openssl": "3.0.22", "known_protocols": list(ALL_PROTOCOLS[1:])},
            "files": [{"path": SSL_CONF, "sha256": "0" * 64}],
            "directives": [directive()],
            "scopes": [{**scope("main server"), "kind": "main", "tls": False, "governed_by": None}, scope()],
            "endpoints": [{"host": "127.0.0.1", "port": 8443, "server_names": ["", "a.example", "unknown.invalid"]}],
            "http_test": {"ok": True, "output": "Syntax OK", "command": ["httpd", "-t"]},
            "warnings": [],
        },
        "services": {
            "running": True,
            "state": "started",
            "processes": [{"name": "EPM", "pid": 11, "status": "E"}],
            "registry": {"path": "/opt/registry", "size": 10, "readable": True},
        },
        "ica": {
            "present": True,
            "running": True,
            "sign_hash": {"value": "sha256", "evidence": {"kind": "record"}},
            "ca_certificate": certificate("ica"),
        },
        "certificates": [certificate("ica"), certificate("sic"), certificate("web")],
        "guard": {"state": "none"},
        "space": [{"path": "/opt/CPuepm-R81.20/apache22/conf", "free_mib": 20480}],
        "listeners": [listener(8443, ours=True)],
        "extra_endpoints": [],
        "unreadable": [],
    }


def listener(port: int, accepts: tuple[str, ...] | None = None, **changes: Any) -> dict[str, Any]:
    """A TCP listener of the host; with ``accepts`` it was asked."""
    return {
        "address": "0.0.0.0",
        "port": port,
        "owner": {"pid": 5120, "name": "httpd2", "program": "/web/bin/httpd2", "user_id": 0},
        "ours": False,
        "reachable": True,
        "web": True,
        "asked": accepts is not None,
        "protocols": None if accepts is None else protocols(accepts),
        **changes,
    }


def protocols(accepts: tuple[str, ...]) -> dict[str, Any]:
    """How an endpoint answered each protocol."""
    return {name: answer("accepted") if name in accepts else answer("refused", 70) for name in ALL_PROTOCOLS}


def answer(result: str, alert: int | None = None, latent: bool = False) -> dict[str, Any]:
    """How an endpoint answered one protocol."""
    return {"result": result, "alert": alert, "latent": latent, "negotiated": None, "cipher": None, "reason": ""}


def probe(accepts: tuple[str, ...] = ("TLSv1.2",)) -> list[dict[str, Any]]:
    """Handshakes with every endpoint and name of ``facts()``."""
    return [
        {
            "host": "127.0.0.1",
            "port": 8443,
            "server_name": name,
            "protocols": {
                protocol: answer("accepted") if protocol in accepts else answer("refused", 70)
                for protocol in ALL_PROTOCOLS
            },
            "certificate": None,
        }
        for name in ("", "a.example", "unknown.invalid")
    ]
