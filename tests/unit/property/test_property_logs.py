# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""A log that was made from records by a format is read back exactly; no bytes make the reading fail."""

from __future__ import annotations

import tempfile
import time
import zlib
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._logs.log_file import read_log
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._logs.log_format import (
    LOGGED_PROTOCOLS,
    STOCK_FORMAT,
    LineFormat,
    UnusableFormat,
    parse_format,
)
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._logs.log_time import TimeField
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._logs.scanner import OUT_OF_ORDER
from hypothesis import given, settings
from hypothesis import strategies as st

START = 1_795_435_200
LEGACY = LOGGED_PROTOCOLS[:4]


@dataclass(frozen=True)
class Record:
    """One request, as Apache knows it."""

    moment: int
    client: bytes
    protocol: bytes
    cipher: bytes
    request: bytes
    agent: bytes


def escape(value: bytes) -> bytes:
    """What ap_escape_logitem (Apache 2.4) makes of text that a client sent."""
    made = b""
    for number in value:
        char = bytes([number])
        if char in b'"\\':
            made += b"\\" + char
        elif char in b"\n\r\t\v\b":
            made += {b"\n": b"\\n", b"\r": b"\\r", b"\t": b"\\t", b"\v": b"\\v", b"\b": b"\\b"}[char]
        elif not 32 <= number < 127:
            made += b"\\x%02x" % number
        else:
            made += char
    return made or b"-"


def write(text: bytes, record: Record) -> bytes:
    """The line that a format makes of a record."""
    line = b""
    for item in parse_format(text):
        if item.letter is None:
            line += item.literal
        elif item.letter == b"t":
            form = {b"": "[%d/%b/%Y:%H:%M:%S +0000]", b"sec": str(record.moment)}.get(
                item.argument, item.argument.decode()
            )
            line += time.strftime(form, time.gmtime(record.moment)).encode()
        elif item.letter == b"x":
            line += record.cipher if b"CIPHER" in item.argument else record.protocol
        elif item.letter == b"c":
            line += record.protocol
        else:
            line += {
                b"h": record.client,
                b"a": record.client,
                b"r": escape(record.request),
                b"i": escape(record.agent),
                b"b": b"512",
                b"s": b"200",
            }[item.letter]
    return line + b"\n"


FORMATS = [
    STOCK_FORMAT,
    b'%h [%{%Y-%m-%dT%H:%M:%S+0000}t] "%r" %>s "%{User-Agent}i" %{SSL_PROTOCOL}x',
    b'{"t":"%{sec}t","c":"%a","p":"%{SSL_PROTOCOL}x","r":"%r","u":"%{User-Agent}i"}',
    b'%{version}c|%{SSL_CIPHER}x|"%r"|%h|%t',
    b'"%{User-Agent}i" "%r" %t %{SSL_PROTOCOL}x %h',
]
# What a client would write to be taken for another one.
LURES = [write(form, Record(START, b"6.6.6.6", b"TLSv1.2", b"AES", b"GET /", b"x"))[:-1] for form in FORMATS] + [
    b" TLSv1.2 ",
    b"TLSv1",
    b'" 200 "',
    b'\\" TLSv1 \\"',
    b"\n",
]
CLIENTS = [b"10.1.1.7", b"2001:db8::7", b"::1", b"pc-1.example.com", b"10.1.1.8"]
texts = st.lists(st.one_of(st.binary(max_size=12), st.sampled_from(LURES)), max_size=3).map(b"".join)
records = st.builds(
    Record,
    st.integers(START, START + 5000),
    st.sampled_from(CLIENTS),
    st.sampled_from([*LOGGED_PROTOCOLS, b"TLSv1.2", b"TLSv1.2", b"-"]),
    st.sampled_from([b"AES256-SHA", b"ECDHE-RSA-AES256-GCM-SHA384", b"-"]),
    texts,
    texts,
)


def read(text: bytes, data: bytes, since: int | None = None, processes: int = 1):  # type: ignore[no-untyped-def]  # target code has no types
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "log"
        path.write_bytes(data)
        return read_log(str(path).encode(), "", [LineFormat(text)], b"TLSv1.2", since, False, processes)


@settings(max_examples=100, deadline=None)
@given(st.sampled_from(FORMATS), st.lists(records, max_size=40), st.one_of(st.none(), st.integers(START, START + 5000)))
def test_a_log_is_read_back_exactly(text: bytes, written: list[Record], since: int | None) -> None:
    # A line is written when its request ends, and has the time at which it began: up to some minutes out of order.
    written = sorted(written, key=lambda record: record.moment + zlib.crc32(repr(record).encode()) % OUT_OF_ORDER)
    result = read(text, b"".join(write(text, record) for record in written), since)
    wanted = [record for record in written if since is None or record.moment >= since]
    assert result.problem is None
    assert result.tally.unreadable_lines == 0
    counts = {name: number for name, number in result.tally.counts.items() if number}
    assert counts == dict(Counter(record.protocol for record in wanted))
    legacy = [record for record in wanted if record.protocol in LEGACY]
    assert set(result.tally.clients) == {record.client for record in legacy}
    for client, known in result.tally.clients.items():
        own = [record for record in legacy if record.client == client]
        assert known.protocols == dict(Counter(record.protocol for record in own))
        assert (known.first, known.last) == (min(r.moment for r in own), max(r.moment for r in own))


garbage = st.one_of(
    st.binary(max_size=60),
    st.builds(lambda record, cut: write(STOCK_FORMAT, record)[:cut], records, st.integers(0, 120)),
    st.builds(lambda record, cut: write(STOCK_FORMAT, record)[cut:], records, st.integers(0, 60)),
    st.sampled_from([b"\0", b"\n", b"\r\n", b"[", b"] ", b" TLSv1.2 ", b"x TLSv1 y\n", b"\xff" * 30]),
)


@settings(max_examples=150, deadline=None)
@given(st.lists(garbage, max_size=30))
def test_the_fast_way_counts_what_line_by_line_counts(pieces: list[bytes]) -> None:
    """The one pattern for runs of lines against the plain way: each line by itself."""
    data = b"".join(pieces)
    fast, slow = read(STOCK_FORMAT, data), read(STOCK_FORMAT, data, since=0)
    assert fast.tally.counts == slow.tally.counts
    assert fast.tally.unreadable_lines == slow.tally.unreadable_lines
    assert fast.tally.legacy(99) == slow.tally.legacy(99)
    assert fast.tally.lines + fast.tally.unreadable_lines in (
        len(data.splitlines()),
        data.count(b"\n"),
        data.count(b"\n") + 1,
    )


@settings(max_examples=100, deadline=None)
@given(
    st.one_of(st.binary(max_size=60), st.text('%{}tShx "SL_PROTC<>!0123,^ab\\n', max_size=40).map(str.encode)),
    st.binary(max_size=300),
)
def test_no_format_and_no_bytes_are_too_odd(text: bytes, data: bytes) -> None:
    # What is odd may swallow what stands behind it ("%{" runs up to the next "}"), and never what stands before it.
    assert LineFormat(b"%{SSL_PROTOCOL}x " + text).logs_protocol
    for form in (b"%{SSL_PROTOCOL}x " + text, text + b" %{SSL_PROTOCOL}x"):
        if LineFormat(form).logs_protocol:
            with suppress(UnusableFormat):
                assert read(form, data).problem is None


@given(st.binary(max_size=30), st.binary(max_size=40))
def test_no_time_is_too_odd(argument: bytes, text: bytes) -> None:
    moment = TimeField(argument).read(text)
    assert moment is None or isinstance(moment, int)
