# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""The sections that are open while a file is read, and the lines that are still to be read.

Rules: config.c (ap_build_config_sub), core.c (the conditional sections), mod_macro.c (a used macro is read in its place).
"""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.config import macros
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.config.conditions import CONDITIONALS
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.config.lexer import next_word


class Frame(object):
    """A section that is open.

    :ivar section: its Section
    :ivar active: whether httpd reads what stands in it
    :ivar uses: the macros that it comes from
    :ivar assumed, barrier: see Directive
    """

    def __init__(self, section, active, uses=(), assumed=None, barrier=None):
        self.section = section
        self.active = active
        self.uses = uses
        self.assumed = assumed
        self.barrier = barrier


def ends(statement, text, frame):
    """Return whether a line ends the section of a frame.

    What is not read httpd skips by the first word of each line, and takes off its last character whatever it is. Where it reads, it compares
    the end of a conditional section with the whole line.
    """
    if frame.active is False:
        return next_word(text, 0)[0][2:-1].lower() == frame.section.name
    exact = statement.closed and not (frame.section.name in CONDITIONALS and statement.arguments)
    return exact and statement.name.lower() == frame.section.name


def may_end(frames):
    """Return whether a file may end with these sections open: a conditional section that is read needs no end, nor does what stands in it."""
    return not frames or (frames[0].section.name in CONDITIONALS and all(frame.active is not False for frame in frames))


def around(frames, uses):
    """Return the sections of a line from the outermost to the innermost; a macro stands before the sections that it opened."""
    found = []
    for frame in frames:
        found.extend(use for use in frame.uses if use not in found)
        found.append(frame.section)
    found.extend(use for use in uses if use not in found)
    return tuple(found)


class Stream(object):
    """The lines of one file; the lines of a used macro are pushed in front of those that are left."""

    def __init__(self, source):
        self._stack = [iter([macros.Item(line.text, source, line) for line in source.lines])]

    def __iter__(self):
        return self

    def push(self, items):
        self._stack.append(iter(items))

    def __next__(self):
        while self._stack:
            for item in self._stack[-1]:
                return item
            self._stack.pop()
        raise StopIteration

    next = __next__
