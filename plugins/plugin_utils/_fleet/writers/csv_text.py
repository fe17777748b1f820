# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""Rows as CSV that no spreadsheet takes for more than text, whatever character it takes for the separator."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Sequence
from typing import Any

from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._plain_text import plain

# A cell must not fall apart where a spreadsheet splits at something else than a comma: what follows could be a formula.
_SEPARATORS = re.compile(r"[,;|\t\"]")
# What makes a spreadsheet take the content of a cell for a formula.
_FORMULA_BEGINNINGS = ("=", "+", "-", "@")


def write_csv(rows: Iterable[Sequence[Any]]) -> str:
    """Return rows as CSV (RFC 4180)."""
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\r\n")
    for row in rows:
        writer.writerow([value if isinstance(value, int) else cell(value) for value in row])
    return stream.getvalue()


def cell(value: Any) -> str:
    """Return a text as a cell that holds no separator, and that begins like no formula."""
    text = _SEPARATORS.sub("?", plain(value)).strip()
    # Where characters of double width are usual, spreadsheets take those for formulas too.
    return "'" + text if unicodedata.normalize("NFKC", text).startswith(_FORMULA_BEGINNINGS) else text
