# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""Compute the new bytes of configuration files, before anything is written."""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type


def apply_edits(data, edits):
    """Put replacements into bytes.

    :param data: bytes of the file
    :param edits: list of (start, end, replacement bytes); the spans do not overlap
    :returns: bytes; whatever lies outside the spans is as it was
    """
    pieces = []
    position = 0
    for start, end, replacement in sorted(edits):
        pieces.append(data[position:start])
        pieces.append(replacement)
        position = end
    pieces.append(data[position:])
    return b''.join(pieces)


class Edit(object):
    """One replacement in one file.

    :ivar source: the SourceFile; ``start`` and ``end``: offsets of the bytes that go; ``replacement``: the bytes that come
    :ivar line: line number in the old file, for a directive that is put in the one that it gets; ``section``: text of the sections around it
    :ivar old: the arguments as text, None for a directive that is put in; ``new``: the arguments as text
    """

    def __init__(self, source, start, end, replacement, line, section, old, new):
        self.source = source
        self.start = start
        self.end = end
        self.replacement = replacement
        self.line = line
        self.section = section
        self.old = old
        self.new = new

    def describe(self):
        """Return the change as a dictionary for the administrator."""
        return {'file': self.source.path, 'line': self.line, 'container': self.section, 'old': self.old, 'new': self.new}


def number_insertions(edits):
    """Give directives that are put in the lines that they get: each change of a file moves what stands below it.

    :param edits: list of Edit with the line that each would get by itself
    """
    moved = {}
    for edit in sorted(edits, key=lambda edit: (edit.source.path, edit.start)):
        path = edit.source.path
        if edit.old is None:
            edit.line += moved.get(path, 0)
        lost = edit.source.data.count(b'\n', edit.start, edit.end)
        moved[path] = moved.get(path, 0) + edit.replacement.count(b'\n') - lost


def new_contents(edits):
    """Return the bytes that files get by changes.

    :param edits: list of Edit
    :returns: dictionary of path to bytes, only files that change
    """
    by_path = {}
    for edit in edits:
        by_path.setdefault(edit.source.path, (edit.source, []))[1].append((edit.start, edit.end, edit.replacement))
    return dict((path, apply_edits(source.data, spans)) for path, (source, spans) in by_path.items())
