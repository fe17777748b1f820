# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of the Apache reader and of the rewriter: what must hold for any bytes."""

from __future__ import annotations

import atexit
import contextlib
import json
import re
import shutil
import socket
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any
from unittest import mock

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache import facts
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.config import lexer, loader
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.edit.edits import apply_edits
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.edit.plan import plan_tree
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.tls.dialect import Build, Dialect
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.tls.scopes import Configuration
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.tls.ssl_protocol import (
    check_policy,
    evaluate,
)
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._logs.sources import find_sources

from tests.fuzz.apache import FILES, Site

# The limit that ends macros and includes without end; lower, because its 200000 lines take seconds each time.
MOST_LINES = 2000
_DIRECTIVE = re.compile(rb"[\"']?SSLProtocol[\"']?(?=[\s\v\"']|\Z)", re.IGNORECASE)
_WORD = re.compile(rb"[+-]?(all|SSLv[23]|TLSv1(\.[123])?)\Z", re.IGNORECASE)


@cache
def site_folder() -> Path:
    """A folder with files of the names that generated configurations include; their bytes come from elsewhere."""
    folder = Path(tempfile.mkdtemp(prefix="fuzz-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    for name in (*FILES, "extra/" + "a" * 200, "extra/.hidden", "extra/sub/c.conf", "conf/server.crt"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    return folder.resolve()


def _no_name_service(host: str | None, *_rest: object) -> list[Any]:
    if host is not None:
        host.encode("idna")
    raise socket.gaierror(socket.EAI_NONAME, "no name service here")


@contextlib.contextmanager
def alone() -> Iterator[None]:
    """No name service, and few lines until a configuration counts as endless."""
    with mock.patch("socket.getaddrinfo", _no_name_service), mock.patch.object(loader, "MAX_LINES", MOST_LINES):
        yield


def check_document(data: bytes) -> None:
    """Reading is lossless for any bytes, and every line knows its place."""
    for old in (False, True):
        lines = lexer.parse(data, old)
        assert b"".join(data[line.start : line.end] for line in lines) == data
        assert [line.start for line in lines[1:]] == [line.end for line in lines[:-1]]
        for line in lines:
            assert b"\n" not in line.text.strip(b"\r\n") and b"\0" not in line.text
            statement = line.statement
            if line.text:
                begin, end = line.arguments_span()
                assert line.start <= begin <= end <= line.end
                assert statement.kind != lexer.DIRECTIVE or statement.arguments == line.text[statement.index :]
                assert line.offset(0) >= line.start
            lexer.split_words(statement.arguments)
            lexer.variables_in(line.text)
            lexer.expand_variables(line.text, {b"V": b"${V}"})
            line.indentation(data)
            line.line_ending(data)
    assert apply_edits(data, []) == data


class _Reader:
    """Reads the files of a site in whatever state they are."""

    def __init__(self, site: Site) -> None:
        self.site = site
        self.folder = site_folder()
        self.files = {str(self.folder / name): data for name, data in site.files.items()}
        modules = frozenset((b"core.c", b"mod_so.c", b"http_core.c", b"mod_ssl.c"))
        self.build = Build(site.httpd, modules, None) if site.known else None
        self.dialect = Dialect(site.httpd, site.openssl)

    def tree(self, contents: dict[str, bytes] | None = None) -> Any:
        """The Tree of the files, with other bytes for some of them."""
        merged = {**self.files, **(contents or {})}
        return loader.read_tree(
            str(self.folder / "httpd.conf"),
            str(self.folder),
            defines=[b"SSL"],
            environ={"HOME": "/root", "${V}": "\udcff"},
            build=self.build,
            read=lambda path: merged.get(path, b""),
        )


def check_reading(site: Site) -> None:
    """A configuration is read, or refused with a sentence; what is said about it is plain data."""
    reader = _Reader(site)
    with alone(), contextlib.suppress(AdministratorError):
        tree = reader.tree()
        for potential in (False, True):
            configuration = Configuration(tree, reader.dialect, potential)
            described = facts.describe(tree, configuration)
            json.dumps(described)
        json.dumps(
            [
                (source.target.kind, source.condition)
                for source in find_sources(tree, reader.dialect, [b"TLSv1"]).sources
            ]
        )


def check_rewriting(site: Site) -> None:
    """Only SSLProtocol changes, it then means the policy, and a second run has nothing to do; or it is refused."""
    reader = _Reader(site)
    with alone(), contextlib.suppress(AdministratorError):
        plan = plan_tree(reader.tree(), check_policy(site.protocols, reader.dialect), reader.dialect, reader.tree)
        changes: dict[str, list[Any]] = {}
        for change in plan.edits:
            changes.setdefault(change.source.path, []).append(change)
        assert set(changes) == set(plan.contents)
        arguments = plan.policy.arguments
        for path, found in changes.items():
            rule = reader.build is not None and site.httpd < (2, 3, 0)
            _only_protocols(reader.files.get(path, b""), plan.contents[path], found, arguments, rule)
        _means_the_policy(reader, plan)
        _is_settled(reader, plan)


def _only_protocols(old: bytes, new: bytes, changes: list[Any], arguments: bytes, old_rule: bool) -> None:
    """Put the changes in by hand, and look at each place with other eyes than the rewriter's."""
    pieces, position = [], 0
    for change in sorted(changes, key=lambda item: (item.start, item.end)):
        assert position <= change.start <= change.end <= len(old)
        if change.old is None:
            assert change.start == change.end and change.replacement.strip() == b"SSLProtocol " + arguments
        else:
            assert change.replacement.strip() == arguments
            assert _DIRECTIVE.match(_joined_before(old, change.start, old_rule)), old[change.start - 60 : change.end]
            assert b"\n" not in re.sub(rb"\\+\r*\n", b"", old[change.start : change.end])
        pieces += [old[position : change.start], change.replacement]
        position = change.end
    assert b"".join([*pieces, old[position:]]) == new


def _joined_before(data: bytes, position: int, old: bool) -> bytes:
    """What stands before a place in its logical line: lines joined one after the other, as httpd does it (util.c, ap_cfg_getline)."""
    held = b""
    for match in re.finditer(rb"[^\n]*\n|[^\n]+\Z", data):
        last = match.end() == len(data) and not match.group().endswith(b"\n")
        if match.start() <= position and (position < match.end() or last):
            return (held + data[match.start() : position]).lstrip(b" \t\v\f\r\n")
        line = match.group().partition(b"\0")[0]
        text = (line if old else held + line).removesuffix(b"\n").removesuffix(b"\r")
        goes_on = line.endswith(b"\n") and text.endswith(b"\\") and not (old and text.endswith(b"\\\\"))
        held = (held if old and goes_on else b"") + text[:-1] if goes_on else b""
    return held.lstrip(b" \t\v\f\r\n")


def _may_stay(directive: Any, deciding: set[Any]) -> bool:
    """Return whether an SSLProtocol may keep its words: they are a variable's or a macro's and decide for no scope with TLS, or another program's."""
    if b"$" in directive.place.text and directive not in deciding:
        return True
    words = lexer.split_words(directive.arguments)
    return directive.active is False and (b"$" in directive.place.text or any(not _WORD.match(word) for word in words))


def _deciding(configuration: Any) -> set[Any]:
    return {configuration.governing(scope) for scope in configuration.scopes if configuration.is_tls(scope)}


def _means_the_policy(reader: _Reader, plan: Any) -> None:
    tree = reader.tree(plan.contents)
    deciding = _deciding(Configuration(tree, reader.dialect))
    for directive in tree.directives(b"sslprotocol"):
        assert (
            _may_stay(directive, deciding) or evaluate(directive.arguments, reader.dialect) == plan.policy.protocols
        ), directive.arguments
    configuration = Configuration(tree, reader.dialect)
    for scope in configuration.scopes:
        assert not configuration.is_tls(scope) or configuration.configured(scope) == plan.policy.protocols, scope.name


def _is_settled(reader: _Reader, plan: Any) -> None:
    def read(more: dict[str, bytes]) -> Any:
        return reader.tree({**plan.contents, **more})

    again = plan_tree(read({}), plan.policy, reader.dialect, read)
    assert not again.contents and not again.edits, again.contents
