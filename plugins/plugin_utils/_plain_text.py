# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""Text that comes from outside, made fit for a terminal, a message and a variable of Ansible."""

from __future__ import annotations

import re
from typing import Any

_TEMPLATE_BEGINNING = re.compile(r"\{(?=[{%#])")


def plain(text: Any, longest: int = 1000) -> str:
    """One line that moves no cursor, and that Ansible does not take for a template when it comes back as a variable."""
    line = "".join(char if char.isprintable() else "?" for char in " ".join(str(text).split()))
    line = _TEMPLATE_BEGINNING.sub("{ ", line)
    return line if len(line) <= longest else line[: longest - 3] + "..."
