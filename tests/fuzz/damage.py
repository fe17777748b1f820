# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Damage: bytes lost, doubled, moved, changed, and pieces of the format put where they do not belong."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

# What has a meaning to some reader: line ends, quotes, brackets, variables, ends of strings, other encodings, long runs.
TOKENS = (
    b"\n", b"\r\n", b"\r", b"\\\n", b"\\", b"\\\\", b"\0", b'"', b"'", b"<", b">", b"</", b"#", b"${", b"}", b"${V}", b"%", b"%{", b"=", b":", b"[", b"]",
    b" ", b"\t", b"\v", b"\xff", b"\xc2\xb2", b"\xe4\xf6", b"\xef\xbb\xbf", b"\xe2\x80\xa8", b"\x1c", b"\x85", b"\x7f", b"9" * 30, b"a" * 300, b" " * 300,
    b"\n" * 300, b"\\\n" * 50, b"-----BEGIN CERTIFICATE-----", b"(y/n)",
)  # fmt: skip

Step = tuple[int, int, int, bytes]


def _apply(data: bytes, steps: Sequence[Step]) -> bytes:
    for kind, place, length, token in steps:
        at = place % (len(data) + 1)
        piece = data[at : at + length]
        rest = data[at + len(piece) :]
        if kind == 0:
            data = data[:at] + rest
        elif kind == 1:
            data = data[:at] + piece + piece + rest
        elif kind == 2:
            data = data[:at] + token + piece + rest
        elif kind == 3:
            data = data[:at] + token + rest
        elif kind == 4:
            data = piece + data[:at] + rest
        else:
            data = data[:at] + bytes(byte ^ (1 << (place % 8)) for byte in piece[:1]) + piece[1:] + rest
    return data


def damaged(inner: SearchStrategy[bytes], more: Sequence[bytes] = ()) -> SearchStrategy[bytes]:
    """Bytes of another strategy with up to six damages.

    :param more: what belongs to the format and may be put anywhere
    """
    tokens = st.one_of(st.sampled_from(TOKENS), st.binary(max_size=6), *([st.sampled_from(list(more))] if more else []))
    step = st.tuples(st.integers(0, 5), st.integers(0, 5000), st.integers(0, 60), tokens)
    return st.builds(_apply, inner, st.lists(step, max_size=6))
