# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""The shapes of module results: the one place where what a server returned becomes data of the controller."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._plain_text import printable
from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._results.schema import (
    LONGEST_NAME,
    Budget,
    Misfit,
    Reader,
    anything,
    describe,
    flag,
    list_of,
    map_of,
    moment,
    record,
    text,
    whole,
)

# What is told of a module that failed, and how much of it: the end says what went wrong.
FAILURE_TEXTS = ("msg", "module_stdout", "module_stderr", "exception")
LONGEST_FAILURE = 16 * 1024

STATUSES = ("pass", "fail", "pending", "waived", "not_applicable", "error")

_NAME = text(LONGEST_NAME)
_TEXT = text()
_MESSAGE = text(cut=True)
_NAMES = list_of(_NAME)
_TEXTS = list_of(_TEXT)

_PRODUCT = record({"release": _NAME, "build": _NAME, "roles": record({}, flag)})
_SCOPE = record(
    {
        "name": _TEXT,
        "kind": _NAME,
        "file": _TEXT,
        "line": whole,
        "addresses": _TEXTS,
        "server_name": _TEXT,
        "aliases": _TEXTS,
        "tls": flag,
        "governed_by": record({"file": _TEXT, "line": whole}),
        "configured": _NAMES,
        "negotiable": _NAMES,
        "warnings": list_of(_MESSAGE),
    }
)
_DIRECTIVE = record(
    {"file": _TEXT, "line": whole, "container": _TEXT, "arguments": _TEXT, "protocols": _NAMES, "state": _NAME}
)
_ENDPOINT = record({"host": _TEXT, "port": whole, "server_names": _TEXTS, "expected": map_of(_NAMES)})
_TLS = record(
    {
        "files": list_of(record({"path": _TEXT, "sha256": _NAME})),
        "directives": list_of(_DIRECTIVE),
        "scopes": list_of(_SCOPE),
        "endpoints": list_of(_ENDPOINT),
        "certificate_files": _TEXTS,
        "http_test": record({"ok": flag, "output": _MESSAGE, "command": _TEXTS}),
        "warnings": list_of(_MESSAGE),
    }
)
_CERTIFICATE = record(
    {
        "role": _NAME,
        "path": _TEXT,
        "subject": _TEXT,
        "issuer": _TEXT,
        "serial": _TEXT,
        "not_before": _NAME,
        "not_after": _NAME,
        "signature_algorithm": _NAME,
        "hash": _NAME,
    }
)
_SERVICES = record({"running": flag, "state": _NAME, "processes": list_of(record({})), "registry": record({})})
_SIGN_HASH = record({"value": _NAME, "restart_required": flag})
_ICA = record({"present": flag, "running": flag, "sign_hash": _SIGN_HASH, "ca_certificate": _CERTIFICATE})
_GUARD = record({"state": _NAME, "holder": _MESSAGE, "reason": _MESSAGE, "message": _MESSAGE, "next_step": _MESSAGE})
_UNREADABLE = list_of(record({"part": _MESSAGE, "reason": _MESSAGE}))
_SERVER = record(
    {
        "now": moment,
        "product": _PRODUCT,
        "paths": record({}, _TEXT),
        "tls": _TLS,
        "services": _SERVICES,
        "ica": _ICA,
        "certificates": list_of(_CERTIFICATE),
        "guard": _GUARD,
        "space": list_of(record({"path": _TEXT, "free_mib": whole})),
        "unreadable": _UNREADABLE,
    }
)

_ANSWER = record({"result": _NAME, "latent": flag, "alert": whole, "reason": _MESSAGE})
_PROBE = list_of(record({"host": _TEXT, "port": whole, "server_name": _TEXT, "protocols": map_of(_ANSWER)}))

_CLIENT = record(
    {
        "address": _TEXT,
        "protocols": map_of(whole),
        "first_seen": moment,
        "last_seen": moment,
        "accepted_last_seen": moment,
        "count": whole,
    }
)
_LOG = record(
    {
        "path": _TEXT,
        "lines": whole,
        "unreadable_lines": whole,
        "first": moment,
        "last": moment,
        "last_before": moment,
        "complete": flag,
    }
)
_CLIENTS = record(
    {
        "now": moment,
        "logs_protocol": flag,
        "add_directive": _TEXT,
        "not_logged": list_of(record({"scope": _TEXT, "file": _TEXT, "line": whole})),
        "older_than": _NAME,
        "since": moment,
        "logs": list_of(_LOG),
        "period": record({"first": moment, "last": moment, "complete": flag}),
        "protocols": map_of(whole),
        "legacy": list_of(_CLIENT),
        "legacy_total": whole,
        "legacy_left_out": whole,
        "legacy_requests_unnamed": whole,
        "newer": list_of(_CLIENT),
        "newer_total": whole,
        "unreadable_lines": whole,
        "unreadable": _UNREADABLE,
    }
)


def _status(value: Any, place: str, budget: Budget) -> str:
    found: str = _NAME(value, place, budget)
    if found not in STATUSES:
        raise Misfit(f"{place} is {describe(found)}, expected one of {', '.join(STATUSES)}")
    return found


_FINDING = record(
    {
        "rule": _NAME,
        "title": _MESSAGE,
        "status": _status,
        "message": _MESSAGE,
        "evidence": record({}),
        "next_step": _MESSAGE,
    }
)
_FINDINGS = list_of(_FINDING)
_ASSESSMENT = record(
    {
        "name": _TEXT,
        "at": _NAME,
        "policy": record({}),
        "server": _SERVER,
        "probe": _PROBE,
        "clients": _CLIENTS,
        "findings": _FINDINGS,
        "compliant": flag,
        "text": _MESSAGE,
    },
    anything,
)


def read_server(value: Any) -> dict[str, Any]:
    """Return the facts of ``server_info``, with known types and bounded sizes.

    :raises Misfit: when they have another shape
    """
    found: dict[str, Any] = _read(_SERVER, value, "server")
    return found


def read_probe(value: Any) -> list[dict[str, Any]]:
    """Return the results of ``tls_probe_info``.

    :raises Misfit: when they have another shape
    """
    found: list[dict[str, Any]] = _read(_PROBE, value, "results")
    return found


def read_clients(value: Any) -> dict[str, Any]:
    """Return the clients of ``tls_client_info``.

    :raises Misfit: when they have another shape
    """
    found: dict[str, Any] = _read(_CLIENTS, value, "clients")
    return found


def read_failure(value: Mapping[str, Any]) -> dict[str, Any]:
    """Return a failed result with what may be told of it: texts, each cut to its end. Facts, variables and all else are left out."""
    told = {key: printable(value[key][-LONGEST_FAILURE:]) for key in FAILURE_TEXTS if isinstance(value.get(key), str)}
    return {"failed": True, "changed": False, "msg": "", **told}


def read_findings(value: Any) -> list[dict[str, Any]]:
    """Return findings, each with its rule and its status.

    :raises Misfit: when they have another shape
    """
    found: list[dict[str, Any]] = _read(_FINDINGS, value, "findings")
    for number, finding in enumerate(found):
        _require(finding, ("rule", "status"), f"findings[{number}]")
        finding["evidence"] = finding.get("evidence") or {}
        finding["message"] = finding.get("message") or ""
        finding["next_step"] = finding.get("next_step") or ""
        finding["title"] = finding.get("title") or finding["rule"]
    return found


def read_assessment(value: Any) -> dict[str, Any]:
    """Return what the role assess exports for one server.

    :raises Misfit: when it has another shape
    """
    found: dict[str, Any] = _read(_ASSESSMENT, value, "assessment")
    found["findings"] = read_findings(found.get("findings") or [])
    return found


def _read(reader: Reader, value: Any, place: str) -> Any:
    return reader(value, place, Budget())


def _require(found: Mapping[str, Any], keys: tuple[str, ...], place: str) -> None:
    for key in keys:
        if found.get(key) is None:
            raise Misfit(f"{place}.{key} is missing")
