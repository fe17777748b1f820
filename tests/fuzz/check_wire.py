# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Checks of what is read from certificates and from servers on the wire: a plain fact, or the reader's own error."""

from __future__ import annotations

import contextlib
import json
import re
from typing import Any

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._checkpoint.certificates import (
    parse_certificates,
)
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._tls.answers import AnswerReader
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._tls.x509 import (
    CertificateError,
    read_certificate,
)

_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\Z")


def _check_facts(found: dict[str, Any]) -> None:
    json.dumps(found).encode("ascii")
    assert _MOMENT.match(found["not_before"]) and _MOMENT.match(found["not_after"])
    assert len(found["fingerprint_sha256"]) == 64
    for text in (found["subject"], found["issuer"]):
        assert not any(ord(letter) < 32 or ord(letter) == 127 for letter in text)


def check_certificate(data: bytes) -> None:
    """One certificate in DER."""
    with contextlib.suppress(CertificateError):
        _check_facts(read_certificate(data))


def check_certificate_file(data: bytes) -> None:
    """A file of certificates."""
    with contextlib.suppress(CertificateError):
        found = parse_certificates(data)
        assert found
        for facts in found:
            _check_facts(facts)


def _read(protocol: str, data: bytes, lengths: tuple[int, ...], how: str) -> tuple[Any, bool]:
    """The verdict, and whether it came before the end of the connection."""
    reader = AnswerReader(protocol)
    position = number = 0
    while position < len(data):
        length = lengths[number % len(lengths)]
        verdict = reader.feed(data[position : position + length])
        if verdict is not None:
            return verdict, True
        position, number = position + length, number + 1
    return reader.end(how, False), False


def check_answer(case: tuple[str, bytes, tuple[int, ...], str]) -> None:
    """A verdict does not depend on how the network cuts the answer, and silence or garbage is never a refusal."""
    protocol, data, lengths, how = case
    verdict, dummy = _read(protocol, data, lengths, how)
    assert verdict.result in ("accepted", "refused", "inconclusive")
    json.dumps([verdict.result, verdict.alert, verdict.negotiated, verdict.cipher, verdict.reason])
    if verdict.result == "accepted":
        assert verdict.negotiated == protocol and verdict.cipher
    if verdict.result == "refused":
        assert verdict.alert is not None or verdict.negotiated is not None
    if verdict.result == "inconclusive":
        assert verdict.reason
    if verdict.certificate is not None:
        check_certificate(verdict.certificate)
    slowly, dummy = _read(protocol, data, (1,), how)
    assert (slowly.result, slowly.alert, slowly.negotiated) == (verdict.result, verdict.alert, verdict.negotiated)
