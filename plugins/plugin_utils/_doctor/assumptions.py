# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.
"""Which of the numbered assumptions hold on a server, with the few facts that say so.

A fact is copied only when it is one of the words and numbers that are known here. Nothing else of what a server printed
leaves this file, so that the result can be posted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._protocols import PROTOCOLS
from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._doctor.questions import ROLES, Answer

Answers = Mapping[str, Answer]
# None: not seen.
Judgement = tuple[bool | None, dict[str, Any]]

_APPS = (
    "CPD CPM FWM FWD EPM RFL SOLR INDEXER SMARTVIEW SMARTLOG_SERVER DASERVICE CPVIEWD CPVIEWS HISTORYD CPVIEWINT "
    "STPR MPDAEMON CPSEAD CPWMD CPHTTPD REPMAN DBSYNC LOG_INDEXER CVIEWAPIS CPSNMPD RTMD TED_CONTROLLER CI_CLEANUP "
)
_PROGRAMS = ("httpd", "httpd2", "apache2")
_TOKENS = {f"{sign}{name}".lower() for sign in ("", "+", "-") for name in (*PROTOCOLS, "all")}
_FILES = ("bin/httpd", "bin/httpd2", "conf/httpd.conf", "conf/ssl.conf", "conf/extra/httpd-ssl.conf")


def _numbers(pattern: str, text: str) -> list[int]:
    return sorted({int(number) for number in re.findall(pattern, text, re.MULTILINE | re.IGNORECASE)})[:50]


def _versions(pattern: str, answer: Answer | None) -> list[str]:
    return sorted(set(re.findall(pattern, answer.text)))[:5] if answer else []


def _httpd_runs(answers: Answers) -> Judgement:
    lines = [line.split() for line in _lines(answers, "processes") if re.match(r"program \S", line)]
    httpd = [line for line in lines if line[1] in _PROGRAMS]
    defines = sorted({word for line in httpd for word in line if re.fullmatch(r"-D[A-Z_]{1,20}", word)})
    flags = sorted({word for line in httpd for word in line if word in ("-f", "-d", "-k", "-D")})
    return (bool(httpd) if lines else None), {"processes": len(httpd), "defines": defines, "flags": flags}


def _port_443(answers: Answers) -> Judgement:
    ports = _numbers(r"^\s*Listen\s+(?:\S*:)?([0-9]{1,5})\b", _text(answers, "directives"))
    return (443 in ports if ports else None), {"ports": ports}


def _layout(answers: Answers) -> Judgement:
    lines = _lines(answers, "layout")
    names = sorted({line[7:] for line in lines if re.fullmatch(r"apache apache[0-9]{0,3}", line)})
    files = [name for name in _FILES if f"file {name}" in lines]
    variables = [name for name in ("CPDIR", "FWDIR", "UEPMDIR") if f"{name} directory" in _lines(answers, "profile")]
    holds = len(names) == 1 and {"bin/httpd", "conf/ssl.conf"} <= set(files) and len(variables) == 3
    return (holds if lines or variables else None), {"apache": names, "files": files, "variables": variables}


def _protocol_lines(answers: Answers) -> Judgement:
    found = []
    for line in _lines(answers, "directives"):
        words = line.split()
        if words[0].lower() == "sslprotocol":
            found.append(" ".join(word if word.lower() in _TOKENS else "?" for word in words[1:9]))
    names = [line.split()[0].strip("<").lower() for line in _lines(answers, "directives")]
    counts = {name: names.count(name) for name in ("sslengine", "virtualhost", "ifdefine", "sslopensslconfcmd")}
    return (bool(found) if names else None), {"ssl_protocol": found[:20], **counts}


def _protocol_log(answers: Answers) -> Judgement:
    lines = _lines(answers, "directives")
    named = sum("SSL_PROTOCOL" in line for line in lines)
    logs = sum(line.lower().startswith("customlog") for line in lines)
    return (named > 0 if lines else None), {"logs": logs, "formats_with_protocol": named}


def _watchdog(answers: Answers) -> Judgement:
    rows = [line.split() for line in _lines(answers, "watchdog")]
    header = any(row[:3] == ["APP", "PID", "STAT"] for row in rows)
    known = [row for row in rows if len(row) > 2 and f"{row[0]} " in _APPS and row[2] in ("E", "T")]
    apps = {row[0]: {"state": row[2], "monitored": "Y" in row[3:10]} for row in known}
    return (header and "EPM" in apps if rows else None), {"header": header, "rows": apps}


def _roles(answers: Answers) -> Judgement:
    found: dict[str, Any] = {}
    for line in _lines(answers, "roles"):
        match = re.fullmatch(rf"({'|'.join(ROLES)}) ([0-9]{{1,3}}) ([0-9]{{1,3}})", line)
        if match:
            found[match[1]] = {"printed": int(match[2]), "exit_code": int(match[3])}
    return (found.get("UepmIsInstalled", {}).get("printed") == 1 if found else None), {"roles": found}


def _release(answers: Answers) -> Judgement:
    releases = _versions(r"\bR[78][0-9](?:\.[0-9]{1,2}){0,2}\b", answers.get("version"))
    openssl = _versions(r"\bOpenSSL ([0-9]\.[0-9]{1,2}\.[0-9]{1,2}[a-z]{0,2})\b", answers.get("openssl"))
    httpd = _versions(r"Apache/([0-9]\.[0-9]{1,2}\.[0-9]{1,3})", answers.get("httpd"))
    known = len(releases) == 1 and bool(openssl)
    return (known if releases or openssl else None), {"releases": releases, "openssl": openssl, "httpd": httpd}


def _authority(answers: Answers) -> Judgement:
    files = [
        name
        for name in ("sic_cert.p12", "InternalCA.p12", "HKLM_registry.data")
        if f"there {name}" in _lines(answers, "files")
    ]
    text = _text(answers, "authority")
    statuses = {
        word: len(re.findall(rf"Status = {word}\b", text)) for word in ("Valid", "Revoked", "Expired", "Pending")
    }
    listed = any(statuses.values())
    return ("sic_cert.p12" in files if files else None), {
        "files": files,
        "lists_certificates": listed,
        "statuses": statuses,
    }


def _portal(answers: Answers) -> Judgement:
    ports = _numbers(r"^\s*web-?ssl-?port\s+([0-9]{1,5})\s*$", _text(answers, "portal"))
    return (bool(ports) if ports else None), {"ports": ports}


def _controller_needs(answers: Answers) -> Judgement:
    pythons = _versions(r"\bPython ([23]\.[0-9]{1,2})\b", answers.get("pythons"))
    lines = _lines(answers, "user")
    root = "0" in lines[:1]
    free = _numbers(r"^\s*([0-9]{1,15})\s*$", _text(answers, "space"))
    selinux = next((word for word in ("Enforcing", "Permissive", "Disabled") if word in lines), "")
    facts = {"root": root, "pythons": pythons, "free_mib": free[0] // 1024 if free else None, "selinux": selinux}
    return (root and bool(pythons) if lines else None), facts


def _lines(answers: Answers, name: str) -> list[str]:
    return answers[name].lines if name in answers else []


def _text(answers: Answers, name: str) -> str:
    return answers[name].text if name in answers else ""


ASSUMPTIONS: dict[str, tuple[str, Callable[[Answers], Judgement]]] = {
    "A01": ("The httpd of $UEPMDIR runs", _httpd_runs),
    "A02": ("It listens on port 443", _port_443),
    "A03": ("There is one $UEPMDIR/apache* with bin/httpd and conf/ssl.conf", _layout),
    "A04": ("SSLProtocol stands in its configuration", _protocol_lines),
    "A05": ("A log holds the protocol of each request", _protocol_log),
    "A06": ("cpwd_admin list has the known header and a row EPM", _watchdog),
    "A07": ("cpprod_util UepmIsInstalled prints 1", _roles),
    "A08": ("fw ver names one release, and cpopenssl its version", _release),
    "A09": ("The certificate of the server is in sic_cert.p12", _authority),
    "A10": ("clish says the port of the Gaia Portal", _portal),
    "A11": ("The user is root and there is a Python", _controller_needs),
}


def judge(answers: Answers) -> list[dict[str, Any]]:
    """Return each assumption with ``number``, ``assumption``, ``answer`` (holds, does not hold, not seen) and ``seen``."""
    found = []
    for number, (text, function) in ASSUMPTIONS.items():
        holds, seen = function(answers)
        word = "not seen" if holds is None else "holds" if holds else "does not hold"
        found.append({"number": number, "assumption": text, "answer": word, "seen": seen})
    return found


def lines(found: list[dict[str, Any]]) -> list[str]:
    """Return one line for each assumption, and one that counts."""
    shown = [f"{item['number']} {item['answer']:<13} {item['assumption']}: {_short(item['seen'])}" for item in found]
    holding = sum(item["answer"] == "holds" for item in found)
    return [*shown, f"{holding} of {len(found)} assumptions hold."]


def _short(seen: Mapping[str, Any]) -> str:
    text = ", ".join(f"{name} {value}" for name, value in seen.items())
    return text if len(text) <= 160 else f"{text[:157]}..."
