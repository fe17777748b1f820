# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The comparison itself: it sees a difference where there is one, and none where there is none."""

from __future__ import annotations

import pytest

from tests.differential import edits
from tests.differential.comparison import meaning
from tests.differential.server import Answer, Truth
from tests.differential.subject import Said

HOST, OTHER, PORT = "127.0.41.1", "127.0.0.1", 10443
NEW = Answer(("TLSv1.2",), {"TLSv1": 70}, {})
OLD = Answer(("TLSv1",), {"TLSv1.2": None}, {})
PLAIN = Answer((), {}, {"TLSv1.2": "plaintext HTTP"})
SAYS_NEW: dict[str, tuple[str, ...]] = {"": ("TLSv1.2",), "unknown.invalid": ("TLSv1.2",)}


def truth(answer: Answer, host: str = HOST) -> Truth:
    return Truth(True, True, answers={(host, PORT, name): answer for name in ("", "unknown.invalid", "a.example")})


@pytest.mark.parametrize(
    ("said", "found", "sentence"),
    [
        (Said(True, expected={(HOST, PORT): SAYS_NEW}), truth(NEW), None),
        (Said(True, expected={(HOST, PORT): SAYS_NEW}), truth(OLD), "we say ['TLSv1.2'], httpd accepts ['TLSv1']"),
        (Said(True, expected={(HOST, PORT): SAYS_NEW}), truth(PLAIN), "there is no TLS"),
        (Said(True), truth(PLAIN), None),
        (Said(True), truth(NEW), "no endpoint of ours shows what it accepts"),
        (Said(True, expected={(HOST, PORT): SAYS_NEW, (OTHER, PORT): SAYS_NEW}), truth(NEW), "nothing listens there"),
        (Said(False, "refused"), truth(NEW), "httpd starts, we say the opposite"),
        (Said(True), Truth(False, False, "Syntax error"), "does not start, we say the opposite"),
        (Said(True), Truth(True, False, "AH02231: No SSL protocols available"), "does not start, we say the opposite"),
        (Said(True), Truth(True, False, "AH01898: Unable to configure permitted SSL ciphers"), None),
        (Said(False, "refused"), Truth(False, False, "Syntax error"), None),
        (Said(False, "crashed", crashed="KeyError"), truth(NEW), "the evaluator crashed"),
    ],
)
def test_meaning(said: Said, found: Truth, sentence: str | None) -> None:
    differences = list(meaning(said, found))
    if sentence is None:
        assert differences == []
    else:
        assert len(differences) == 1
        assert sentence in differences[0]


@pytest.mark.parametrize(
    ("before", "after", "clean"),
    [
        (b"SSLProtocol all\n", b"SSLProtocol TLSv1.2\n", True),
        (b"SSLProto\\\ncol all \\\r\n -SSLv3\n# end", b"SSLProtocol TLSv1.2\n# end", True),
        (b"SSLEngine on\n", b"SSLEngine on\nSSLProtocol TLSv1.2\n", True),
        (b"SSLEngine on", b"SSLEngine on\nSSLProtocol TLSv1.2", True),
        (b"'sslprotocol' all\n", b"'sslprotocol' TLSv1.2\n", True),
        (b"SSLEngine on\r\n", b"SSLEngine on\nSSLProtocol TLSv1.2\n", False),
        (b"# \\\nSSLProtocol all\n", b"# \\\nSSLProtocol TLSv1.2\n", False),
        (b"#SSLProtocol all\n", b"#SSLProtocol TLSv1.2\n", False),
        (b"SSLProxyProtocol all\n", b"SSLProxyProtocol TLSv1.2\n", False),
        (b"SSLProtocol all\nSSLEngine on\n", b"SSLProtocol TLSv1.2\n", False),
        (b"SSLProtocol all\n\n", b"SSLProtocol TLSv1.2\n", False),
    ],
)
def test_only_protocol_lines_may_change(before: bytes, after: bytes, clean: bool) -> None:
    assert (edits.other_changes(before, after) == []) is clean
