# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Directives and sections, and the many ways in which one and the same of them can be spelled."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

_MARK = re.compile(rb"@[A-Z0-9]+@")


@dataclass(frozen=True)
class Line:
    """A directive."""

    name: str
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class Section:
    """A section with what is in it."""

    name: str
    argument: str
    body: tuple[Node, ...] = ()


@dataclass(frozen=True)
class Raw:
    """Bytes that stand as they are; ``newline`` is added."""

    data: bytes


Node = Line | Section | Raw


@dataclass
class Spelling:
    """Writes nodes as bytes. All choices leave the meaning alone.

    :param chance: how likely each oddity is at each place, 0.0 to 1.0
    :param line_end: how lines end; with ``mixed`` some end in the other way
    """

    random: random.Random
    chance: float = 0.05
    line_end: bytes = b"\n"
    indent: str = "    "
    mixed: bool = False
    used: set[str] = field(default_factory=set)

    @property
    def newline(self) -> bytes:
        """The end of one line."""
        if self.mixed and self.random.random() < 0.3:
            return b"\n" if self.line_end == b"\r\n" else b"\r\n"
        return self.line_end

    def write(self, nodes: Sequence[Node], depth: int = 0) -> bytes:
        """The nodes as the bytes of a file."""
        return b"".join(self._node(node, depth) for node in nodes)

    def _node(self, node: Node, depth: int) -> bytes:
        if isinstance(node, Raw):
            return node.data + self.newline
        if isinstance(node, Line):
            return self._between(depth) + self._line(self._name(node.name), node.words, depth)
        opening = self._logical(f"<{self._name(node.name, quotes=False)}{self._gap()}{node.argument}>", depth)
        closing = self._logical(f"</{self._name(node.name, quotes=False)}>", depth)
        return self._between(depth) + opening + self.write(node.body, depth + 1) + closing

    def _odd(self, feature: str, factor: float = 1.0) -> bool:
        if self.random.random() >= self.chance * factor:
            return False
        self.used.add(feature)
        return True

    def _between(self, depth: int) -> bytes:
        """Blank lines and comments, which mean nothing."""
        made = b""
        if self._odd("blank line"):
            made += self.random.choice([b"", b"  ", b"\t"]) + self.newline
        if self._odd("comment"):
            made += self._comment()
        if self._odd("comment continued", 0.7):
            # The line behind the backslash belongs to the comment, whatever it says.
            swallowed = self.random.choice(
                [b"SSLProtocol all", b"</VirtualHost>", b"  SSLEngine off", b"#", b"<IfModule x>"]
            )
            made += b"# SSLRequire ( " + b"\\" + self.newline + swallowed + self.newline
        return made

    def _comment(self) -> bytes:
        text = [
            b"# SSLProtocol all -SSLv3",
            b"#SSLProtocol TLSv1",
            b"  # caf\xe9",
            b"\t#</VirtualHost>",
            b"# \\ SSLProtocol all",
        ]
        return self.random.choice(text) + self.newline

    def _name(self, name: str, quotes: bool = True) -> str:
        if self._odd("case of a name"):
            name = self.random.choice([name.lower(), name.upper(), name.swapcase()])
        if quotes and self._odd("quoted name", 0.3):
            name = self.random.choice([f'"{name}"', f"'{name}'"])
        return name

    def _line(self, name: str, words: Sequence[str], depth: int) -> bytes:
        return self._logical(name + "".join(self._gap() + self._word(word) for word in words), depth)

    def _gap(self) -> str:
        if self._odd("gap", 2):
            return self.random.choice(["  ", "\t", " \t ", "\x0b", "\x0c ", "   "])
        return " "

    def _word(self, word: str) -> str:
        plain = word and not any(char in word for char in "\"'\\ ")
        if plain and self._odd("quoted word"):
            return self.random.choice([f'"{word}"', f"'{word}'"])
        return word

    def _logical(self, text: str, depth: int) -> bytes:
        """One logical line, in one or several physical lines."""
        data = text.encode("utf-8", "surrogateescape")
        if len(data) > 2 and self._odd("continuation", 2):
            inside_marks = {place for match in _MARK.finditer(data) for place in range(match.start() + 1, match.end())}
            for position in sorted(self.random.sample(range(1, len(data)), self.random.randint(1, 2)), reverse=True):
                # A backslash that is already there would make two: that is another meaning.
                if position not in inside_marks and data[position - 1 : position] != b"\\":
                    data = data[:position] + b"\\" + self.newline + data[position:]
        if self._odd("white space at the end"):
            data += self.random.choice([b" ", b"\t", b"\r"])
        before = self.indent * depth
        if self._odd("indentation"):
            before = self.random.choice(["", "\t", " ", "\t  "])
        return before.encode("ascii") + data + self.newline
