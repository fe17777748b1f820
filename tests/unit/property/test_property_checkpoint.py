# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The readers of what Check Point's tools print: no text makes them fail in another way than they say, and whole tables come back."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._checkpoint import watchdog
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._checkpoint.certificates import (
    parse_certificates,
)
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._checkpoint.environment import (
    parse_variables,
)
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._checkpoint.lscert import (
    is_newest,
    parse_issued,
)
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._checkpoint.product import (
    parse_flag,
    parse_version,
)
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._checkpoint.services import parse_address
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._checkpoint.set_sign_hash import (
    SIGN_HASHES,
    check_selection,
)
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._tls.x509 import CertificateError
from hypothesis import given
from hypothesis import strategies as st

HEAD = "APP        {}PID    STAT  #START  START_TIME             MON  COMMAND\n"
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")

names = st.from_regex(r"[A-Z][A-Z0-9_]{0,20}", fullmatch=True)
words = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=20)
processes = st.fixed_dictionaries(
    {
        "name": names,
        "pid": st.integers(0, 99999),
        "status": st.sampled_from("ET"),
        "starts": st.integers(0, 500),
        "started_at": st.just("[17:50:44] 31/5/2019"),
        "monitored": st.booleans(),
        "command": st.lists(words, max_size=4).map(" ".join),
    }
)
services = st.builds(
    lambda process, name: {**process, "name": name},
    processes,
    st.sampled_from(["CPD", "EPM", "FWM", "CPM", "DASERVICE"]),
)
# Text that a tool might print: pieces of what the readers look for among anything else.
pieces = st.sampled_from(
    [HEAD.format(""), "CPD 1 E 1 [17:50:44] 31/5/2019 Y cpd", "cpWatchDog", "not running", "Subject = CN=a", "Status = Valid", "\n", "   ",
     "Serial = 7", "Not_Before: Mon Aug  4 21:06:09 2014", "0", "1", "R81.20 - Build 059", "Are you sure? (y/n)", "[::1]:443", "\r\n"]
)  # fmt: skip
printed = st.lists(st.one_of(pieces, st.text(max_size=20)), max_size=30).map("".join)


def listing(rows: list[dict[str, Any]], context: bool) -> str:
    """The rows as cpwd_admin prints them."""
    lines = [HEAD.format("CTX        " if context else "")]
    for row in rows:
        monitored = "Y" if row["monitored"] else "N"
        extra = f"{'0':<11}" if context else ""
        lines.append(
            f"{row['name']:<10} {extra}{row['pid']:<6} {row['status']:<5} {row['starts']:<7} "
            f"{row['started_at']:<22} {monitored:<4} {row['command']}\n"
        )
    return "".join(lines)


@given(st.lists(processes, max_size=15), st.booleans())
def test_a_list_of_processes_comes_back(rows: list[dict[str, Any]], context: bool) -> None:
    assert watchdog.parse_list(listing(rows, context)) == rows


@given(st.lists(services | processes, min_size=1, max_size=8), st.lists(st.booleans(), max_size=4))
def test_the_state_never_claims_more_than_list_and_ports_show(rows: list[dict[str, Any]], ports: list[bool]) -> None:
    state = watchdog.judge(rows, [{"answers": answer} for answer in ports])
    executing = {row["name"] for row in rows if row["status"] == "E"}
    listed = {row["name"] for row in rows}
    if state == "started":
        assert all(ports) and "CPD" in executing
        assert {"EPM", "FWM", "CPM"} & listed <= executing
    if state == "stopped":
        assert not any(ports) and not {"CPD", "EPM", "FWM"} & executing


@given(printed)
def test_no_text_breaks_the_reader_of_the_list(text: str) -> None:
    with contextlib.suppress(watchdog.ListError):
        for row in watchdog.parse_list(text):
            assert row["name"] and row["pid"] >= 0 and isinstance(row["monitored"], bool)


@given(st.lists(processes, min_size=1, max_size=5), st.data())
def test_a_list_that_is_cut_off_never_passes_for_another_process(
    rows: list[dict[str, Any]], data: st.DataObject
) -> None:
    text = listing(rows, False)
    cut = data.draw(st.integers(len(HEAD.format("")), len(text)))
    with contextlib.suppress(watchdog.ListError):
        found = watchdog.parse_list(text[:cut])
        for before, after in zip(rows, found, strict=False):
            assert {**before, "command": ""} == {**after, "command": ""} and before["command"].startswith(
                after["command"]
            )


moments = st.tuples(
    st.integers(1990, 2100),
    st.integers(1, 12),
    st.integers(1, 28),
    st.integers(0, 23),
    st.integers(0, 59),
    st.integers(0, 59),
)
issued = st.lists(st.tuples(st.integers(1, 10**9), moments), unique_by=lambda entry: entry[0], max_size=10)


def printed_date(moment: tuple[int, ...]) -> str:
    """A date as ctime prints it."""
    year, month, day, hour, minute, second = moment
    return f"Mon {MONTHS[month - 1]} {day:2} {hour:02}:{minute:02}:{second:02} {year}"


@given(issued)
def test_issued_certificates_come_back_and_the_newest_is_known(entries: list[tuple[int, tuple[int, ...]]]) -> None:
    text = f"Operation succeeded. rc=0.\n{len(entries)} certs found.\n\n" + "\n".join(
        f"Subject = CN=a b,O=c..d\nStatus = Valid   Kind = SIC   Serial = {serial}   DP = 0\n"
        f"Not_Before: {printed_date(begin)}   Not_After: {printed_date(begin)}\n"
        for serial, begin in entries
    )
    found = parse_issued(text)
    assert [(entry["serial"], entry["not_before"]) for entry in found] == entries
    for serial, begin in entries:
        assert is_newest(f"{serial:x}", found) is (begin == max(moment for _serial, moment in entries))


@given(printed)
def test_no_text_breaks_the_other_readers(text: str) -> None:
    assert all(entry["not_before"] for entry in parse_issued(text))
    assert parse_flag(text.encode()) in (True, False, None)
    release, _build = parse_version(text)
    assert release is None or release.startswith("R")
    assert sum(check_selection(text, algorithm) is None for algorithm in SIGN_HASHES) <= 1
    with contextlib.suppress(AdministratorError):
        host, port = parse_address(text)
        assert host and 1 <= port <= 65535


@given(
    st.dictionaries(
        st.from_regex(rb"[A-Za-z][A-Za-z0-9_]*", fullmatch=True),
        st.binary(max_size=20).map(lambda b: b.replace(b"\0", b"")),
    )
)
def test_variables_come_back(variables: dict[bytes, bytes]) -> None:
    data = b"".join(name + b"=" + value + b"\0" for name, value in variables.items()) + b"\0"
    found = parse_variables(data)
    assert {name.encode(): value.encode("utf-8", "surrogateescape") for name, value in found.items()} == variables


@given(st.binary(max_size=200), st.sampled_from([b"", b"-----BEGIN CERTIFICATE-----\n", b"\x30\x82"]))
def test_no_bytes_pass_for_a_certificate(data: bytes, start: bytes) -> None:
    end = b"\n-----END CERTIFICATE-----\n" if start.startswith(b"-") else b""
    with pytest.raises(CertificateError):
        parse_certificates(start + data + end)
