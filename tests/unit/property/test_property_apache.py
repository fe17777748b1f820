# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Reading and rewriting configurations that nobody wrote: bytes of any kind, and configurations of the pieces that real ones have."""

from __future__ import annotations

import contextlib
import difflib
import re
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.config.include_paths import (
    translate,
)
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.config.lexer import (
    parse,
    split_words,
)
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.config.loader import read_tree
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.edit.edits import apply_edits
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.edit.plan import Plan, plan_tree
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.tls.dialect import Build, Dialect
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.tls.scopes import Configuration
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.tls.ssl_protocol import (
    IllegalProtocol,
    canonical_arguments,
    check_policy,
    evaluate,
    negotiable,
)
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError
from hypothesis import event, given
from hypothesis import strategies as st

MODERN = Dialect((2, 4, 71), (3, 0, 22))
OLD = Dialect((2, 2, 34), (1, 0, 2))
PROTOCOLS = ("TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")

# Bytes with much of what the reader looks at.
ODD_BYTES = st.lists(
    st.sampled_from(
        [
            b"\\",
            b"\n",
            b"\r\n",
            b"\r",
            b"\0",
            b"#",
            b"<",
            b">",
            b"</",
            b'"',
            b"'",
            b" ",
            b"\t",
            b"${",
            b"}",
            b"SSLProtocol",
        ]
        + [
            b"all",
            b"-SSLv3",
            b"<VirtualHost *:443>\n",
            b"</VirtualHost>\n",
            b"<IfModule x>\n",
            b"</IfModule>\n",
            b"SSLEngine on\n",
        ]
    )
    | st.binary(max_size=3),
    max_size=40,
).map(b"".join)

WORDS = st.sampled_from(["all", "ALL", "SSLv2", "SSLv3", *PROTOCOLS, "tlsv1.2"])
ARGUMENTS = st.lists(st.tuples(st.sampled_from(["", "+", "-"]), WORDS).map("".join), max_size=5).map(" ".join)
SEPARATORS = st.sampled_from([" ", "\t", "  ", " \\\n  ", " \\\r\n\t"])
NEIGHBOURS = [
    "ServerAdmin x",
    "# SSLProtocol all",
    "# ends in \\\nSSLProtocol all",
    "SSLProxyProtocol all",
    "",
    "#SSLRequire ( \\\n#  x )",
]


@st.composite
def ssl_protocols(draw: st.DrawFn) -> str:
    """A line with SSLProtocol in some spelling."""
    name = draw(st.sampled_from(["SSLProtocol", "sslprotocol", '"SSLProtocol"', "SSLProto\\\ncol"]))
    words = draw(ARGUMENTS).split()
    return name + "".join(draw(SEPARATORS) + word for word in words)


LINES = (
    ssl_protocols()
    | st.sampled_from(NEIGHBOURS)
    | st.sampled_from(["SSLEngine on", "SSLEngine off", "SSLEngine on \\\n"])
)


@st.composite
def blocks(draw: st.DrawFn, depth: int = 2) -> list[str]:
    """Lines, some of them in conditional sections and macros that are used."""
    lines: list[str] = []
    for item in draw(st.lists(LINES, max_size=4)):
        lines.append(draw(st.sampled_from(["", "  ", "\t"])) + item)
    if depth and draw(st.booleans()):
        name, argument = draw(
            st.sampled_from(
                [("IfModule", "mod_ssl.c"), ("IfModule", "!mod_ssl.c"), ("IfDefine", "X"), ("IfVersion", ">= 2.4")]
            )
        )
        lines += [f"<{name} {argument}>", *draw(blocks(depth - 1)), f"</{name}>"]
    return lines


@st.composite
def configurations(draw: st.DrawFn) -> bytes:
    """A main server, a few virtual hosts and a macro."""
    lines = draw(blocks())
    for number in range(draw(st.integers(0, 3))):
        lines += [f"<VirtualHost *:{443 + number // 2}>", *draw(blocks()), "</VirtualHost>"]
    if draw(st.booleans()):
        lines += [
            "<Macro tls>",
            *draw(blocks()),
            "</Macro>",
            *draw(st.sampled_from([[], ["Use tls"], ["Use tls", "Use tls"]])),
        ]
    ending = draw(st.sampled_from(["\n", "\r\n"]))
    text = ending.join(line.replace("\n", ending) if "\r" not in line else line for line in lines)
    return (text + draw(st.sampled_from(["", ending]))).encode()


POLICIES = st.sets(st.sampled_from(PROTOCOLS), min_size=1).map(sorted)


def tree(folder: Path, data: bytes) -> object:
    """Return the Tree of a configuration in one file."""
    path = folder / "httpd.conf"
    path.write_bytes(data)
    build = Build((2, 4, 71), frozenset([b"core.c", b"mod_ssl.c"]), None)
    return read_tree(str(path), str(folder), build=build, read=lambda _name: data)


def plan(folder: Path, data: bytes, policy: list[str]) -> Plan:
    """The changes of a configuration in one file."""

    def read(contents: dict[str, bytes]) -> object:
        return tree(folder, contents.get(str(folder / "httpd.conf"), data))

    done: Plan = plan_tree(read({}), check_policy(policy, MODERN), MODERN, read)
    return done


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("apache").resolve()


@given(ODD_BYTES, st.booleans())
def test_writing_what_was_read(data: bytes, old: bool) -> None:
    lines = parse(data, old)
    assert b"".join(data[line.start : line.end] for line in lines) == data
    for line in lines:
        if line.text and line.statement.name:
            start, end = line.arguments_span()
            assert line.start <= start <= end <= line.end
            assert apply_edits(data, [(start, end, data[start:end])]) == data


@given(ODD_BYTES)
def test_the_text_of_a_line_comes_from_its_bytes(data: bytes) -> None:
    for line in parse(data):
        assert all(
            data[line.offset(index) : line.offset(index) + 1] == line.text[index : index + 1]
            for index in range(len(line.text))
        )


@given(ODD_BYTES)
def test_words_never_fail(data: bytes) -> None:
    assert all(isinstance(word, bytes) for word in split_words(data))


@given(st.binary(max_size=40))
def test_arguments_have_a_meaning_or_a_reason(arguments: bytes) -> None:
    for dialect in (MODERN, OLD):
        with contextlib.suppress(IllegalProtocol):
            assert evaluate(arguments, dialect) <= dialect.enabled


@given(ARGUMENTS)
def test_a_run_of_versions_has_no_holes(arguments: str) -> None:
    try:
        configured = evaluate(arguments.encode(), MODERN)
    except IllegalProtocol:
        return
    found = negotiable(configured, MODERN)
    indexes = sorted(PROTOCOLS.index(name) for name in found)
    assert found <= configured
    assert indexes == list(range(indexes[0], indexes[-1] + 1)) if indexes else not configured
    assert negotiable(configured, OLD) == configured


@given(POLICIES)
def test_canonical_spelling(policy: list[str]) -> None:
    assert evaluate(canonical_arguments(policy), MODERN) == frozenset(policy)


@given(configurations(), POLICIES)
def test_a_rewrite_is_the_policy_once_and_for_all(folder: Path, data: bytes, policy: list[str]) -> None:
    done = plan(folder, data, policy)
    new = done.contents.get(str(folder / "httpd.conf"), data)
    event("changed" if new != data else "left alone")
    after = Configuration(tree(folder, new), MODERN)
    for scope in after.scopes:
        if after.is_tls(scope):
            assert after.configured(scope) == frozenset(policy)
            assert after.governing(scope) is not None
    assert plan(folder, new, policy).contents == {}
    assert_other_bytes_stay(data, new)


def assert_other_bytes_stay(old: bytes, new: bytes) -> None:
    """Without its SSLProtocol directives each file is the other."""
    pieces = []
    for data in (old, new):
        kept = b""
        for line in parse(data):
            if line.statement.name.lower() != b"sslprotocol":
                kept += data[line.start : line.end].rstrip(b"\r\n")
        pieces.append(kept)
    difference = [
        item for item in difflib.ndiff([pieces[0].decode("latin-1")], [pieces[1].decode("latin-1")]) if item[0] != " "
    ]
    assert difference == []


@given(ODD_BYTES, POLICIES)
def test_any_bytes_are_rewritten_or_refused(folder: Path, data: bytes, policy: list[str]) -> None:
    try:
        done = plan(folder, data, policy)
    except AdministratorError:
        event("refused")
        return
    event("planned")
    new = done.contents.get(str(folder / "httpd.conf"), data)
    assert plan(folder, new, policy).contents == {}
    assert_other_bytes_stay(data, new)


@given(st.text(alphabet="ab.*?[]!^-\\x", max_size=10))
def test_wildcards_are_always_patterns(pattern: str) -> None:
    compiled = re.compile(translate(pattern))
    if pattern and not pattern.startswith("."):
        assert compiled.match(".hidden") is None


@given(
    st.lists(
        st.sampled_from(
            ["<IfModule a.c>", "</IfModule>", "<VirtualHost *:1>", "</VirtualHost>", "<Macro m>", "</Macro>", "Use m"]
        ),
        max_size=12,
    )
)
def test_sections_in_any_order_are_read_or_refused(lines: list[str]) -> None:
    with TemporaryDirectory() as name:
        path = Path(name).resolve() / "httpd.conf"
        path.write_text("\n".join(lines))
        try:
            Configuration(read_tree(str(path), name), MODERN)
        except AdministratorError as error:
            place = (error.path, bool(error.line))
        else:
            place = (str(path), True)
        assert place == (str(path), True)
