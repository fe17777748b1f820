# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""Rows as lines of text with aligned columns, for the console."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._plain_text import plain, shorten

# Rows stay near the width of a terminal. The bound does not depend on the other rows: no server decides what is seen of another one.
LONGEST_LAST_CELL = 48
GAP = "  "


def render(rows: Sequence[Sequence[Any]], longest_cells: Sequence[int]) -> list[str]:
    """Return rows as lines of text: the first one as the heading, a rule below it, each cell cut to its longest.

    :param rows: the heading and the rows, each with the same number of cells
    :param longest_cells: the most characters of each column but the last
    """
    texts = [[plain(cell) for cell in row] for row in rows]
    leading = [[shorten(cell, longest) for cell, longest in zip(row[:-1], longest_cells, strict=True)] for row in texts]
    widths = [max(len(row[column]) for row in leading) for column in range(len(longest_cells))]
    last = [shorten(row[-1], LONGEST_LAST_CELL) for row in texts]
    widths.append(max(map(len, last)))
    lines = [
        GAP.join(cell.ljust(width) for cell, width in zip([*row, end], widths, strict=True)).rstrip()
        for row, end in zip(leading, last, strict=True)
    ]
    return [lines[0], GAP.join("-" * width for width in widths), *lines[1:]]
