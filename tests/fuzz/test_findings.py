# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Everything that fuzzing has found so far, made small: each of these crashed a reader, or kept it busy for as long as anybody waits."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fuzz.apache import Site
from tests.fuzz.targets import TARGETS


def site(data: bytes, **more: bytes) -> Site:
    """A configuration of one file, for an httpd of today."""
    files = {"httpd.conf": data, "ssl.conf": b"", "extra/a.conf": b"", "extra/b.conf": b"", **more}
    return Site(files, ("TLSv1.2",), (2, 4, 62), (3, 0, 0), True)


def doubling(count: int) -> bytes:
    """Macros that use each other, each with its value twice."""
    macros = b"".join(b"<Macro m%d $x>\nUse m%d $x$x\n</Macro>\n" % (number, number + 1) for number in range(count))
    return macros + b"<Macro m%d $x>\n</Macro>\nUse m0 aa\n" % count


CONFIGURATIONS = {
    "other digits in ServerName": b"ServerName a:\xc2\xb2\n",
    "other digits in Listen": b"Listen \xc2\xb2\n",
    "other digits in VirtualHost": b"<VirtualHost *:\xc2\xb2>\n</VirtualHost>\n",
    "more digits than int takes": b"Listen " + b"1" * 5000 + b"\n",
    "version of more digits": b"<IfVersion >= " + b"1" * 5000 + b">\n</IfVersion>\n",
    "version pattern too deep": b"<IfVersion ~ " + b"(" * 1000 + b")" * 1000 + b">\n</IfVersion>\n",
    "version pattern too often": b"<IfVersion ~ a{99999999999999999999}>\n</IfVersion>\n",
    "version pattern without end": b"<IfVersion ~ " + b"(" * 20 + b".*" + b")*" * 20 + b"x>\n</IfVersion>\n",
    "version pattern with many stars": b"<IfVersion ~ " + b".*" * 40 + b"x>\n</IfVersion>\n",
    "wildcard with many stars": b"IncludeOptional extra/" + b"*a" * 12 + b"b\n",
    "wildcard with too many stars": b"IncludeOptional extra/" + b"*a" * 100 + b"b\n",
    "wildcard far up": b"IncludeOptional " + b"../" * 1300 + b"*/x\n",
    "wildcard up and down": b"IncludeOptional " + b"*/../" * 30 + b"*.conf\n",
    "variable that doubles itself": b"Define V xx\n" + b"Define V ${V}${V}\n" * 60,
    "macros that double their value": doubling(60),
    "macro that puts its own name in": b'<Macro m @>\nFoo @\n</Macro>\nUse m "@"\n',
    "macro that grows with each line": b"<Macro m $x>\n" + b"Foo $x$x$x\n" * 500 + b"</Macro>\nUse m " + b"$x" * 300 + b"\n",
    "macros in each other without end": b"".join(b"<Macro m%d>\nUse m%d\nUse m%d\n</Macro>\n" % (n, n + 1, n + 1) for n in range(40))
    + b"<Macro m40>\n</Macro>\nUse m0\n",
    "includes without end": b"Include httpd.conf\nInclude httpd.conf\n",
    "an empty line behind continued empty lines": b"a" + b"\\\n" * 30 + b"\n    SSLProto\\\ncol all\nSSLEngine on\n",
    "a continuation before the indentation": b"\\\r\nSSLEngine on\n",
    "a name alone at the end of the file": b"SSLProtocol",
    "a name in pieces": b"SSLEngine on\nSSLProto\\\\\n\ncol all\n",
    "a variable in a macro that nothing uses": b"<Macro M>\n<VirtualHost *:443>\nSSLProtocol SSLv2 ${V}\n</Macro>\n",
    "a virtual host that stays open in a macro": b"<Macro M>\n<VirtualHost *:443>\nSSLProtocol \\\n</VirtualHost>\n</Macro>\n",
    "a foreign word in a section that is not read": b"<IfModule nothing.c>\nSSLProtocol bogus\n</IfModule>\n",
    "directives in deep sections": (b"<IfModule mod_ssl.c>\n" + b"Foo\n" * 9) * 3000,
}  # fmt: skip


@pytest.mark.parametrize("target", ["reading", "rewriting"])
@pytest.mark.parametrize("name", list(CONFIGURATIONS))
def test_configuration(name: str, target: str) -> None:
    TARGETS[target].examine(site(CONFIGURATIONS[name]))


HEADER = b"APP        PID    STAT  #START  START_TIME             MON  COMMAND\n"
OTHERS: dict[str, tuple[str, Any]] = {
    "backslashes, then empty lines": ("document", b"\\" * 60000 + b"\n" * 60000),
    "variables that never close": ("document", b"${" * 60000),
    "seconds beyond every calendar": ("request_log", ((b"%{sec}t %h %{SSL_PROTOCOL}x",), b"99999999999999999999 a TLSv1\n", None)),
    "a serial number of 5000 digits": ("issued", b"Subject = a\nStatus = Valid   Kind = SIC   Serial = " + b"1" * 5000 + b"   DP = 0\n"),
    "a subject with a gap": ("issued", b"Subject = a" + b" " * 60000 + b"\0b\n"),
    "a command with a gap": ("watchdog", HEADER + b"CPD 1 E 1 [17:50:44] 31/5/2019 Y a" + b" " * 60000 + b"b\n"),
    "a remark over and over": ("watchdog", b"cpwatchdog " * 20000),
    "nothing but empty lines": ("dialogue", (b"\n" * 60000, b"\n" * 60000, 0, True)),
    "nothing but spaces": ("dialogue", (b"(y/n)" + b" " * 60000 + b"x", b"(y/n)" + b" " * 60000 + b"x", 0, True)),
    "certificates that never end": ("certificate_file", b"-----BEGIN CERTIFICATE-----" * 20000),
    "a certificate of empty lines": ("certificate_file", b"-----BEGIN CERTIFICATE-----" + b"\n" * 60000),
}  # fmt: skip


@pytest.mark.parametrize("name", list(OTHERS))
def test_other_readers(name: str) -> None:
    target, case = OTHERS[name]
    TARGETS[target].examine(case)
