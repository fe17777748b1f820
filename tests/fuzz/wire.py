# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What comes over the wire and out of certificate files: DER, PEM, and answers to a ClientHello; well-formed, and then damaged."""

from __future__ import annotations

import base64

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from tests.fuzz.damage import damaged

PROTOCOLS = ("SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3")
_OIDS = (
    b"\x55\x04\x03", b"\x55\x04\x0a", b"\x55\x1d\x11", b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0b", b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x05",
    b"\x2a\x86\x48\x86\xf7\x0d\x01\x01\x0a", b"\x60\x86\x48\x01\x65\x03\x04\x02\x01", b"", b"\x80", b"\xff\xff\x7f",
)  # fmt: skip
_TIMES = (
    b"\x17\x0d260101000000Z",
    b"\x18\x0f20560102030405Z",
    b"\x17\x0b9912312359Z",
    b"\x18\x0f20269901000000Z",
    b"\x17\x00",
    b"\x18\x10" + b"9" * 15 + b"\n",
)


def element(tag: int, content: bytes) -> bytes:
    """One DER element."""
    size = len(content)
    if size < 0x80:
        return bytes([tag, size]) + content
    length = size.to_bytes(4, "big").lstrip(b"\0")
    return bytes([tag, 0x80 | len(length)]) + length + content


oids = st.sampled_from(_OIDS).map(lambda content: element(6, content))
texts = st.builds(element, st.sampled_from([0x0C, 0x13, 0x1E, 0x1C, 0x14, 0x16, 0x30]), st.binary(max_size=12))
parts = st.builds(lambda oid, text: element(0x31, element(0x30, oid + text)), oids, texts)
names = st.lists(parts, max_size=4).map(lambda found: element(0x30, b"".join(found)))
algorithms = st.builds(
    lambda oid, more: element(0x30, oid + more),
    oids,
    st.one_of(st.just(b"\5\0"), oids.map(lambda oid: element(0x30, element(0xA0, element(0x30, oid)))), st.binary(max_size=6)),
)  # fmt: skip
_general = st.builds(
    element, st.sampled_from([0x82, 0x87, 0x81, 0x86]), st.one_of(st.binary(max_size=16), st.just(b"\0" * 16))
)
extensions = st.builds(
    lambda oid, found: element(0xA3, element(0x30, element(0x30, oid + element(4, element(0x30, b"".join(found)))))),
    oids,
    st.lists(_general, max_size=4),
)  # fmt: skip
validities = st.lists(st.sampled_from(_TIMES), min_size=1, max_size=3).map(lambda found: element(0x30, b"".join(found)))


def _certificate(serial: bytes, algorithm: bytes, issuer: bytes, validity: bytes, more: bytes) -> bytes:
    version, key = element(0xA0, element(2, b"\2")), element(0x30, b"")
    fields = version + element(2, serial) + algorithm + issuer + validity + issuer + key + more
    return element(0x30, element(0x30, fields) + algorithm + element(3, b"\0\0"))


well_formed = st.builds(
    _certificate, st.binary(max_size=20), algorithms, names, validities, st.one_of(extensions, st.just(b""))
)
certificates: SearchStrategy[bytes] = st.one_of(well_formed, damaged(well_formed), st.binary(max_size=100))


def _pem(der: bytes) -> bytes:
    return b"-----BEGIN CERTIFICATE-----\n" + base64.encodebytes(der) + b"-----END CERTIFICATE-----\n"


certificate_files: SearchStrategy[bytes] = st.one_of(
    certificates, st.lists(st.one_of(certificates.map(_pem), damaged(certificates.map(_pem)), st.binary(max_size=20)), max_size=4).map(b"".join)
)  # fmt: skip


# -- answers to a ClientHello


def _sized(size: int, data: bytes) -> bytes:
    return len(data).to_bytes(size, "big") + data


def _hello(version: int, suite: int, session: bytes, selected: bytes) -> bytes:
    extension = b"\0\x2b" + _sized(2, selected) if selected else b""
    body = version.to_bytes(2, "big") + b"r" * 32 + _sized(1, session) + suite.to_bytes(2, "big") + b"\0"
    return b"\2" + _sized(3, body + (_sized(2, extension) if extension else b""))


hellos = st.builds(
    _hello,
    st.sampled_from([0x0300, 0x0301, 0x0302, 0x0303, 0x0304, 0x0200, 0xFFFF]),
    st.one_of(st.sampled_from([0x002F, 0xC02F, 0x1301, 0x000A, 0]), st.integers(0, 0xFFFF)),
    st.binary(max_size=33),
    st.sampled_from([b"", b"\3\4", b"\3\3", b"\3"]),
)
messages = st.one_of(
    hellos,
    st.builds(lambda der: b"\x0b" + _sized(3, _sized(3, _sized(3, der))), certificates),
    st.builds(
        lambda kind, body: bytes([kind]) + _sized(3, body),
        st.sampled_from([0, 2, 11, 12, 14, 22]),
        st.binary(max_size=20),
    ),
)
alerts = st.tuples(
    st.sampled_from([1, 2, 0]), st.one_of(st.sampled_from([70, 80, 40, 112, 0]), st.integers(0, 255))
).map(bytes)
_many_messages = st.lists(messages, max_size=3).map(b"".join)
_many_alerts = st.lists(alerts, max_size=3).map(b"".join)
records = st.one_of(
    st.builds(lambda version, body: b"\x16" + version + _sized(2, body), st.sampled_from([b"\3\0", b"\3\3", b"\2\0"]), _many_messages),
    st.builds(lambda version, body: b"\x15" + version + _sized(2, body), st.sampled_from([b"\3\0", b"\3\1", b"\3\3"]), _many_alerts),
    st.builds(lambda kind, body: bytes([kind]) + b"\3\3" + _sized(2, body), st.integers(18, 26), st.binary(max_size=20)),
    st.sampled_from([b"HTTP/1.1 400 Bad Request\r\n\r\n", b"SSH-2.0-x\r\n", b"220 mail\r\n", b"<html>", b"\x16\3\3\xff\xff", b"\x16"]),
)  # fmt: skip
_streams = st.lists(records, max_size=5).map(b"".join)
# The protocol that was asked for, the answer, the lengths of the pieces in which it comes, and how it ends.
answers: SearchStrategy[tuple[str, bytes, tuple[int, ...], str]] = st.tuples(
    st.sampled_from(PROTOCOLS),
    st.one_of(_streams, damaged(_streams), st.binary(max_size=60)),
    st.lists(st.integers(1, 40), min_size=1, max_size=5).map(tuple),
    st.sampled_from(["was closed", "was reset", "timed out"]),
)
