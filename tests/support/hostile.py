# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Hostile texts, and a generator of answers that a compromised server could give in place of a module."""

from __future__ import annotations

import copy
import random
from collections.abc import Iterator
from typing import Any

from tests.support import server_facts as sample

# Each text attacks at least one of: HTML, Markdown, CSV, JSON, XML, the console, Ansible's templates.
TEXTS = [
    "<script>document.title='run'</script>",
    "<img src=x onerror=\"document.title='run'\">",
    "<img src=http://127.0.0.1:9/picture.png>",
    "\"><svg/onload=\"document.title='run'\">",
    "'><style>@import 'http://127.0.0.1:9/x.css';</style>",
    "</td></tr></table><h1>at the policy</h1>",
    "<!-- ", "]]></failure>", "&lt;b&gt; &amp;", "<?php ?>", "</title></head><body onload=document.title='run'>",
    "![a](http://127.0.0.1:9/a.png)", "[at the policy](http://127.0.0.1:9/)", "[a]: http://127.0.0.1:9/", "<http://127.0.0.1:9/>",
    "https://evil.example/x", "www.evil.example", "mallory@evil.example", "//evil.example/x", "evil.example",
    "\r# at the policy", "\n\n# at the policy\n\n", "a\r\n\r\n## b",
    "# a", "a #", "- a", "1. a", "> a", "```", "~~~\na", "***", "a\n===", "\\", "\\|", "|", "a|b",
    "`a`", "``", "*a*", "**a", "_a_", "~~a~~", "<b>a", "$$a$$", "| a | b |\n|---|---|", "&#x3c;script>", "\tcode", "    code",
    "=1+1", "+1+1", "-1+1", "@SUM(A1)", "=cmd|' /C calc'!A0", "10.0.0.1;=1+1", "10.0.0.1,=1+1", "10.0.0.1\t=1+1", "a\n=1+1", '"=1+1', '","=1+1', ";", ",",
    " =1+1", "\uff1d1+1", "'=1+1",
    "{{ 7 * 7 }}", "{% raw %}", "{# a #}", "{{ lookup('pipe', 'id') }}", "[1, 2]", "{'a': 1}", "!!python/object", "true", "null",
    "\x1b[2J\x1b[31m", "\x9b31m", "\x00", "\x07", "\x85", "a\u2028b", "a\u2029b",
    "\u202eabc", "\u2066abc\u2069", "\u200b", "\ufeff", "\ud800", "\uffff", "\U000e0041",
    "", " ", "x" * 5000, "\U0001f600", "\u00e9\u4e2d",
]  # fmt: skip

# Values where another type was promised.
VALUES: list[Any] = [
    None, True, False, 0, -1, 7, 2**31, 2**64, 10**400, 0.5, -0.0, float("nan"), float("inf"), float("-inf"), 1e308, b"bytes", [], {}, [None], [[]], {"": None},
    {"x": {"y": []}}, [1, "a", {}], ("a", 1), "TLSv1.2", "2026-11-23T10:00:00Z", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", "2026-13-45T99:99:99Z",
]  # fmt: skip


def clients() -> dict[str, Any]:
    """Return the clients of one server as ``tls_client_info`` returns them."""
    client = {
        "address": "10.1.1.7",
        "protocols": {"TLSv1": 5},
        "first_seen": "2026-11-20T10:00:00Z",
        "last_seen": "2026-11-22T10:00:00Z",
        "accepted_last_seen": None,
        "count": 5,
    }
    log = {
        "path": "/logs/a",
        "lines": 10,
        "unreadable_lines": 0,
        "first": "2026-11-16T10:00:10Z",
        "last": "2026-11-23T09:59:00Z",
        "last_before": "2026-11-16T09:59:00Z",
        "complete": True,
        "files": ["/logs/a"],
    }
    return {
        "now": sample.NOW,
        "logs_protocol": True,
        "older_than": "TLSv1.2",
        "since": "2026-11-16T10:00:00Z",
        "logs": [log],
        "period": {"first": "2026-11-16T10:00:10Z", "last": "2026-11-23T09:59:00Z", "complete": True},
        "protocols": {"TLSv1": 5, "TLSv1.2": 1000},
        "legacy": [client],
        "newer": [{**client, "address": "10.1.1.9", "protocols": {"TLSv1.3": 2}}],
        "newer_total": 1,
        "legacy_total": 1,
        "legacy_left_out": 0,
        "legacy_requests_unnamed": 0,
        "unreadable_lines": 0,
        "not_logged": [{"scope": "<VirtualHost *:443>", "file": "/conf/ssl.conf", "line": 9}],
        "add_directive": "",
        "unreadable": [],
    }


def answer() -> dict[str, Any]:
    """Return all that one honest server returns that is not at the policy."""
    facts = sample.facts()
    facts["tls"]["scopes"][1] = sample.scope(protocols=("TLSv1", "TLSv1.2"))
    facts["guard"] = {"state": "rolled_back", "reason": "the deadline passed", "holder": "admin"}
    facts["unreadable"] = [{"part": "space", "reason": "permission denied"}]
    return {"server": facts, "probe": sample.probe(("TLSv1", "TLSv1.2")), "clients": clients()}


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Yield the path of every value inside a value, and of the value itself."""
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from places(item, (*path, key))


def put(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """Return the value with another one at a path."""
    if not path:
        return new
    holder = value
    for step in path[:-1]:
        holder = holder[step]
    holder[path[-1]] = new
    return value


def texts_everywhere(text: str) -> dict[str, Any]:
    """Return an answer in which every text that decides nothing is a hostile one."""
    lies = answer()
    for path in list(places(lies)):
        if path and isinstance(path[-1], str) and path[-1] in HARMLESS:
            put(lies, path, text)
    lies["server"]["tls"]["scopes"][1]["name"] = text
    return lies


# Texts of an answer that no rule compares with anything.
HARMLESS = (
    "release",
    "build",
    "path",
    "file",
    "container",
    "arguments",
    "subject",
    "issuer",
    "output",
    "address",
    "scope",
    "part",
    "reason",
    "holder",
    "add_directive",
    "kind",
)


def lie(chance: random.Random) -> dict[str, Any]:
    """Return one answer with up to five lies in it: other types, other sizes, hostile texts, keys that are gone or new."""
    lies = answer()
    for _number in range(chance.randint(1, 5)):
        paths = [path for path in places(lies) if path]
        _change(lies, chance.choice(paths), chance)
    return lies


def _change(lies: Any, path: tuple[Any, ...], chance: random.Random) -> None:
    kind = chance.randrange(6)
    holder = lies
    for step in path[:-1]:
        holder = holder[step]
    if kind == 0:
        holder[path[-1]] = chance.choice(TEXTS)
    elif kind == 1:
        holder[path[-1]] = copy.deepcopy(chance.choice(VALUES))
    elif kind == 2 and isinstance(holder, dict):
        del holder[path[-1]]
    elif kind == 3 and isinstance(holder, dict):
        holder[chance.choice([*TEXTS, 3, None, True])] = copy.deepcopy(chance.choice(VALUES))
    elif kind == 4 and isinstance(holder[path[-1]], list):
        holder[path[-1]] = holder[path[-1]] * chance.choice([0, 2, 50])
    else:
        holder[path[-1]] = _deep(chance.choice([3, 30, 300])) if chance.random() < 0.3 else chance.choice(VALUES)


def _deep(levels: int) -> Any:
    value: Any = "deep"
    for number in range(levels):
        value = [value] if number % 2 else {"a": value}
    return value
