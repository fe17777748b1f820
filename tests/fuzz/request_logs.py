# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Request logs: formats as an administrator might write them, lines as httpd writes them with them, and then damaged."""

from __future__ import annotations

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from tests.fuzz.damage import damaged

STOCK = b'%t %h %{SSL_PROTOCOL}x %{SSL_CIPHER}x "%r" %b'
FIELDS = (
    b"%t", b"%h", b"%a", b"%{c}a", b"%{SSL_PROTOCOL}x", b"%{SSL_PROTOCOL}x", b"%{version}c", b"%{SSL_CIPHER}x", b'"%r"', b"%b", b"%>s", b"%l", b"%u",
    b'"%{User-Agent}i"', b"%{Referer}i", b"%{sec}t", b"%{msec}t", b"%{usec}t", b"%{usec_frac}t", b"%{%Y-%m-%d %H:%M:%S}t",
    b"%{%s}t", b"%{%d/%b/%y %I:%M %p %z}t",
    b"%{begin:%F %T}t", b"%{end:%j %Y %R}t", b"%{%Q}t", b"%{%}t", b"%{\n}t", b"%{}t", b"%D", b"%%", b"%^FB", b"%{x", b"%400,501{X}i",
    b"%!200r", b"%", b"%{a}{b}c",
)  # fmt: skip
GAPS = (
    b" ",
    b" ",
    b" ",
    b"",
    b'" "',
    b" - ",
    b"\\n",
    b"\\t",
    b"|",
    b"\xff",
    b"\n",
    b"[",
    b"]",
    b"(",
    b"*",
    b"\\",
    b'"',
)
VALUES = (
    b"[23/Nov/2026:10:00:00 +0000]", b"[29/Feb/2026:10:00:61 +9999]", b"[99/Foo/0000:99:99:99 -0000]", b"192.0.2.7", b"2001:db8::7", b"host.example", b"-", b"",
    b"TLSv1", b"TLSv1.1", b"TLSv1.2", b"TLSv1.3", b"SSLv3", b"SSLv2", b"TLSv1.25", b"AES256-SHA", b"GET / HTTP/1.1", b"GET /\\x22\\\" HTTP/1.0", b"123",
    b"200", b"1795600000", b"99999999999999999999", b"99999999999", b"1795600000123", b"2026-11-23 10:00:00", b"23/Nov/26 11:00 PM +0100",
    b"2026-11-23 00:00:00",
    b"366 2026 10:00", b"0", b"a" * 300, b"\\" * 40, b"%",
)  # fmt: skip
formats: SearchStrategy[bytes] = st.one_of(
    st.just(STOCK),
    st.lists(st.tuples(st.sampled_from(FIELDS), st.sampled_from(GAPS)), min_size=1, max_size=8).map(
        lambda found: b"".join(field + gap for field, gap in found)
    ),
    st.binary(max_size=40),
)
_stock = st.builds(
    lambda time, client, protocol: time + b" " + client + b" " + protocol + b' AES256-SHA "GET / HTTP/1.1" 20\n',
    st.sampled_from(VALUES[:3]),
    st.sampled_from(VALUES[3:8]),
    st.sampled_from(VALUES[8:15]),
)
_free = st.lists(st.sampled_from(VALUES), max_size=8).map(lambda found: b" ".join(found) + b"\n")
lines = st.lists(st.one_of(_stock, _stock, _free, st.binary(max_size=30)), max_size=30).map(b"".join)
# Formats, the bytes of a log, and the moment before which nothing counts.
logs: SearchStrategy[tuple[tuple[bytes, ...], bytes, int | None]] = st.tuples(
    st.lists(formats, min_size=1, max_size=2).map(tuple),
    st.one_of(damaged(lines), lines),
    st.one_of(st.none(), st.sampled_from([0, 1795600000, 1795341600, 10**11])),
)
