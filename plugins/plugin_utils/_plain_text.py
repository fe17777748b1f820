# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""Text that comes from outside, made fit for a terminal, a message and a variable of Ansible."""

from __future__ import annotations

import re
from typing import Any

_TEMPLATE_BEGINNING = re.compile(r"\{(?=[{%#])")


def printable(text: str) -> str:
    """Return the text with a question mark for each character that steers a terminal or a renderer instead of being shown.

    These are control characters, those that turn the direction of writing, private ones and half surrogates. Line feeds and
    tabs stay; a carriage return before a line feed goes.
    """
    if text.isprintable():
        return text
    return "".join(char if char.isprintable() or char in "\n\t" else "?" for char in text.replace("\r\n", "\n"))


def plain(text: Any, longest: int = 1000) -> str:
    """Return one line that moves no cursor, and that Ansible does not take for a template when it comes back as a variable."""
    line = printable(" ".join(str(text).split()))
    line = _TEMPLATE_BEGINNING.sub("{ ", line)
    return shorten(line, longest)


def shorten(text: str, longest: int) -> str:
    """Return the text, cut and marked with dots where it is longer than ``longest`` characters."""
    return text if len(text) <= longest else text[: longest - 3] + "..."
