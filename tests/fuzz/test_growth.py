# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Time grows with the size, not with its square: eight times as much may take twenty-four times as long, where a square would take sixty-four.

Processor time of the best of some runs, and nothing is judged that takes too little time to be measured.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.fuzz import check_apache
from tests.fuzz.limits import fastest
from tests.fuzz.targets import TARGETS
from tests.fuzz.test_findings import HEADER, site

TIMES = 8
FAIR = 24
# Below this many seconds the clock and the caches of the processor say more than the code.
LEAST = 0.02


def hosts(count: int) -> bytes:
    """Virtual hosts of one address, each with a name and an alias."""
    host = b"<VirtualHost *:443>\nServerName h%d\nServerAlias a%d\nSSLEngine on\nSSLProtocol all\n</VirtualHost>\n"
    return b"Listen 443\n" + b"".join(host % (number, number) for number in range(count))


ADDRESS = b"<VirtualHost 10.0.%d.%d:443>\nSSLEngine on\nServerAlias *.example\n</VirtualHost>\n"
Make = Callable[[int], Any]
CASES: dict[str, tuple[str, int, Make]] = {
    "lines": ("document", 500, lambda n: b"SSLProtocol all -SSLv3\n" * n),
    "one long line": ("document", 20000, lambda n: b"a" * n),
    "words": ("document", 2000, lambda n: b"x " * n),
    "quoted words": ("document", 1000, lambda n: b'x "a\\"b" ' * n),
    "continued lines": ("document", 2000, lambda n: b"a\\\n" * n),
    "empty continued lines": ("document", 2000, lambda n: b"\\" * n + b"\n" * n),
    "lines with NUL": ("document", 1000, lambda n: b"\0\\\n" * n),
    "white space": ("document", 20000, lambda n: b" \t" * n + b"x\n"),
    "variables that never close": ("document", 5000, lambda n: b"${" * n),
    "directives": ("rewriting", 150, lambda n: site(b"Foo bar\n" * n + b"SSLEngine on\n")),
    "SSLProtocol over and over": ("rewriting", 60, lambda n: site(b"SSLEngine on\n" + b"SSLProtocol all\n" * n)),
    "virtual hosts": ("rewriting", 20, lambda n: site(hosts(n))),
    "virtual hosts as facts": ("reading", 20, lambda n: site(hosts(n))),
    "listeners": ("reading", 40, lambda n: site(b"".join(b"Listen 10.0.%d.%d:443\n" % divmod(i, 256) for i in range(n)) + hosts(3))),
    "addresses": ("reading", 40, lambda n: site(b"Listen 443\n" + b"".join(ADDRESS % divmod(i, 256) for i in range(n)))),
    "sections in sections": ("reading", 100, lambda n: site(b"<IfModule mod_ssl.c>\n" * n + b"SSLEngine on\n" + b"</IfModule>\n" * n)),
    "a line of a macro": ("reading", 100, lambda n: site(b"<Macro m $x>\nFoo " + b"$x " * n + b"\n</Macro>\nUse m a\n")),
    "uses of a macro": ("reading", 100, lambda n: site(b"<Macro m $x>\nFoo $x\n</Macro>\n" + b"Use m a\n" * n)),
    "the watchdog's list": ("watchdog", 200, lambda n: HEADER + b"CPD 1 E 1 [17:50:44] 31/5/2019 Y cpd -a\n" * n),
    "a row with a gap": ("watchdog", 5000, lambda n: HEADER + b"CPD 1 E 1 [17:50:44] 31/5/2019 Y a" + b" " * n + b"b\n"),
    "a remark over and over": ("watchdog", 5000, lambda n: b"cpwatchdog " * n),
    "issued certificates": ("issued", 5000, lambda n: b"Subject = a" + b" " * n + b"\0b\n"),
    "empty lines in a dialogue": ("dialogue", 5000, lambda n: (b"\n" * n, b"\n" * n, 0, True)),
    "spaces in a dialogue": ("dialogue", 5000, lambda n: (b"(y/n)" + b" " * n + b"x", b"(y/n)" + b" " * n + b"x", 0, True)),
    "builds": ("product", 5000, lambda n: b"Build " * n + b"R81 "),
    "variables": ("variables", 300, lambda n: b"".join(b"A%d=b\0" % i for i in range(n))),
    "certificates that never end": ("certificate_file", 2000, lambda n: b"-----BEGIN CERTIFICATE-----" * n),
    "a certificate of empty lines": ("certificate_file", 20000, lambda n: b"-----BEGIN CERTIFICATE-----" + b"\n" * n),
    "nested DER": ("certificate", 3000, lambda n: b"\x30\x84" + n.to_bytes(4, "big") + b"\x30\0" * (n // 2)),
    "an answer in small pieces": ("answer", 1000, lambda n: ("TLSv1.2", b"\x16\3\3\0\4\0\0\0\0" * n, (7,), "was closed")),
    "a log": ("request_log", 500, lambda n: (
        (b'%t %h %{SSL_PROTOCOL}x "%r"',), b'[23/Nov/2026:10:00:00 +0000] 192.0.2.7 TLSv1 "GET / HTTP/1.1"\n' * n, None)),
    "a log of other lines": ("request_log", 500, lambda n: ((b"%t %h %{SSL_PROTOCOL}x",), b"[23/Nov/2026 what is this\n" * n, None)),
    "a long line of a log": ("request_log", 20000, lambda n: ((b'%h "%{User-Agent}i" %{SSL_PROTOCOL}x',), b'a "' + b"\\\\" * n + b"\n", None)),
}  # fmt: skip


@pytest.mark.parametrize("name", list(CASES))
def test_time_grows_with_the_size(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(check_apache, "MOST_LINES", 10**6)
    target, number, make = CASES[name]
    check = TARGETS[target].check
    small, large = make(number), make(number * TIMES)
    check(small)
    for _attempt in range(3):
        before = max(fastest(lambda: check(small), 3), LEAST / FAIR)
        after = fastest(lambda: check(large), 2)
        if after < FAIR * before:
            return
    pytest.fail(
        f"{number} took {before * 1000:.1f} ms, {number * TIMES} took {after * 1000:.1f} ms: {after / before:.0f} times as long"
    )
