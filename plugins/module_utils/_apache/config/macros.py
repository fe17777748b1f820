# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""Macros of mod_macro: what their lines become where they are used (mod_macro.c)."""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.config.lexer import CLOSE, OPEN, split_statement, split_words


# MAX_STRING_LEN of httpd: mod_macro gives up where a line with its values put in does not fit.
MAX_LINE = 8192


class TooLong(Exception):
    """A line of a macro with its values put in is longer than httpd allows."""


class Macro(object):
    """One macro: its parameters, and its lines as they stand in their file.

    :ivar name: in small letters, as bytes
    :ivar section: the Section of its definition
    :ivar parameters: list of bytes
    :ivar items: list of Item, the lines between its definition and its end
    :ivar used: whether anything used it
    """

    def __init__(self, name, section, parameters):
        self.name = name
        self.section = section
        self.parameters = parameters
        self.items = []
        self.used = False


class Item(object):
    """One line on its way to httpd.

    :ivar text: bytes, macro parameters put in
    :ivar source: SourceFile that the line stands in
    :ivar place: its LogicalLine there
    :ivar uses: tuple of Section, the macros on whose behalf it is read, outermost first
    """

    def __init__(self, text, source, place, uses=()):
        self.text = text
        self.source = source
        self.place = place
        self.uses = uses


def define(section):
    """Return the Macro that a Macro section begins, None when it has no name."""
    words = split_words(section.arguments)
    if not words or not words[0]:
        return None
    return Macro(words[0].lower(), section, words[1:])


def collect(stream, macro):
    """Move the macro's lines from the stream into it; False when the stream ends before the macro does."""
    depth = 0
    for item in stream:
        statement = split_statement(item.text)
        if statement.name.lower() == b'macro':
            if statement.kind == OPEN:
                depth += 1
            elif statement.kind == CLOSE and statement.closed:
                if depth == 0:
                    return True
                depth -= 1
        macro.items.append(item)
    return False


def expand(macro, values, uses):
    """Return the lines of a macro with values in place of its parameters.

    :param values: list of bytes, as many as there are parameters
    :param uses: tuple of Section, this use of the macro is the last of them
    :returns: list of Item
    """
    return [Item(_substitute(item.text, macro.parameters, values), item.source, item.place, uses) for item in macro.items]


def _substitute(text, parameters, values):
    """Put values in from left to right; where several parameters begin at one place the longest counts.

    :raises TooLong: for a line that is too long, and so for one that grows without end
    """
    position = 0
    while True:
        if len(text) > MAX_LINE and parameters:
            raise TooLong()
        found = [(text.find(name, position), -len(name), number) for number, name in enumerate(parameters)
                 if name and text.find(name, position) >= 0]
        if not found:
            return text
        begin, length, number = min(found)
        quoted = b'"' + values[number] + b'"' if parameters[number].startswith(b'@') else values[number]
        text = text[:begin] + quoted + text[begin - length:]
        position = begin + len(values[number])
