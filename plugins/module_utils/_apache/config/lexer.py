# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""One Apache configuration file as logical lines that know their bytes; writing them unchanged gives the same bytes.

Rules and where they come from (Apache httpd 2.4 source): joining of continued lines and trimming in util.c
(ap_cfg_getline_core, cfg_trim_line), words and quotes in util.c (ap_getword_conf), comments and sections in config.c
(ap_build_config_sub).
"""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import re
from collections import namedtuple


# C's isspace() in the C locale. A newline cannot occur inside a logical line.
SPACE = b' \t\v\f\r\n'

BLANK, COMMENT, DIRECTIVE, OPEN, CLOSE = 'blank', 'comment', 'directive', 'open', 'close'

_PHYSICAL_LINE = re.compile(br'[^\n]*\n|[^\n]+\Z')
_WORD_END = re.compile(br'[ \t\v\f\r\n]')
_VARIABLE = re.compile(br'\$\{([^}]*)\}')

# What one logical line says. kind: one of the above; name: as spelled, without brackets; index: where the arguments begin in the text;
# arguments: bytes, trimmed, without the closing bracket of a section; closed: False for a section line that lacks this bracket.
Statement = namedtuple('Statement', ['kind', 'name', 'index', 'arguments', 'closed'])


class LogicalLine(object):
    """One line as Apache sees it, after continued physical lines were joined.

    :ivar start: offset of its first byte in the file
    :ivar end: offset after its last byte, line ending included
    :ivar line: number of its first physical line, counted from 1
    :ivar last_line: number of its last physical line, the one that httpd names in its messages
    :ivar text: what Apache reads, as bytes: joined and trimmed
    :ivar statement: the Statement that the text makes
    """

    def __init__(self, data, spans, start, end, line, last_line, lost=False):
        text = b''.join(data[begin:stop] for begin, stop in spans)
        trimmed = text.lstrip(SPACE)
        self.start = start
        self.end = end
        self.line = line
        self.last_line = last_line
        self.text = b'' if lost else trimmed.rstrip(SPACE)
        self._spans = spans
        self._skipped = len(text) - len(trimmed)
        self.statement = split_statement(self.text)

    def offset(self, index):
        """Return the offset in the file of the byte that stands at ``index`` of the text."""
        index += self._skipped
        for begin, stop in self._spans:
            if index < stop - begin:
                return begin + index
            index -= stop - begin
        raise IndexError(index)

    def arguments_span(self):
        """Return offsets in the file of the first byte of the arguments and after their last byte.

        Where there are no arguments both are the offset after the name.
        """
        arguments = self.statement.arguments
        if arguments:
            first = self.statement.index
            return self.offset(first), self.offset(first + len(arguments) - 1) + 1
        after = self.offset(len(self.text) - 1) + 1
        return after, after

    def indentation(self, data):
        """Return the white space before the text on its physical line, as bytes: not the continuations before it."""
        return data[self.start:self.offset(0)].rpartition(b'\n')[2] if self.text else b''

    def line_ending(self, data):
        """Return how its last physical line ends: CRLF, LF, or nothing at the end of the file."""
        if data[self.end - 1:self.end] != b'\n':
            return b''
        return b'\r\n' if data[self.end - 2:self.end] == b'\r\n' else b'\n'

    def ends_with_backslash(self, data):
        """Return whether a line put after it might be glued to it by some httpd."""
        return data[self.start:self.end].rstrip(b'\r\n').endswith(b'\\')


def split_statement(text):
    """Take a logical line apart (config.c, ap_build_config_sub).

    :param text: bytes, trimmed; variables already expanded where they are to be
    :returns: Statement
    """
    if not text or text.startswith(b'#'):
        return Statement(COMMENT if text else BLANK, b'', 0, b'', True)
    word, index = next_word(text, 0)
    rest = text[index:]
    if not word:
        return Statement(BLANK, b'', 0, b'', True)
    if word.startswith(b'</'):
        return Statement(CLOSE, word[2:].rstrip(b'>'), index, rest, word.endswith(b'>'))
    if not word.startswith(b'<'):
        return Statement(DIRECTIVE, word, index, rest, True)
    bracket = rest.rfind(b'>')
    if not rest:
        return Statement(OPEN, word[1:].rstrip(b'>'), index, b'', word.endswith(b'>'))
    arguments = rest if bracket < 0 else rest[:bracket]
    return Statement(OPEN, word[1:].rstrip(b'>'), index, arguments.rstrip(SPACE), bracket >= 0)


def parse(data, escaped_backslash_ends_line=False):
    """Read a configuration file.

    :param data: bytes of the file
    :param escaped_backslash_ends_line: Apache 2.2's rule for a line that ends in two backslashes, see Dialect
    :returns: list of LogicalLine; together they cover every byte of ``data`` in order
    """
    lines = []
    spans = []
    start = first = number = 0
    begun = False
    for match in _PHYSICAL_LINE.finditer(data):
        number += 1
        if not begun:
            start, first, begun = match.start(), number, True
        spans.append(_until_nul(data, match.start(), match.end()))
        if not _is_continued(data, spans, escaped_backslash_ends_line):
            lines.append(LogicalLine(data, spans, start, match.end(), first, number))
            spans, begun = [], False
        while begun and not escaped_backslash_ends_line and spans and spans[-1][0] == spans[-1][1]:
            # Empty ones would be looked through again for each line that follows.
            spans.pop()
    if begun:
        # At the end of the file 2.4 takes what it has, 2.2 forgets the line.
        lines.append(LogicalLine(data, spans, start, len(data), first, number, lost=escaped_backslash_ends_line))
    return lines


def _until_nul(data, begin, end):
    """Return the span of a physical line that a C string holds: what stands after a NUL is lost, its backslash too."""
    position = data.find(b'\0', begin, end)
    return begin, end if position < 0 else position


def _is_continued(data, spans, escaped_backslash_ends_line):
    """Return whether the next physical line belongs to the text of the spans; takes the backslash off their end."""
    only_last = escaped_backslash_ends_line
    if not _take_back(data, spans, b'\n', True):
        return False
    _take_back(data, spans, b'\r', only_last)
    if not _take_back(data, spans, b'\\', only_last):
        return False
    begin, stop = spans[-1]
    return not (escaped_backslash_ends_line and stop > begin and data[stop - 1:stop] == b'\\')


def _take_back(data, spans, char, only_last):
    """Remove ``char`` from the end of the text that the spans make up; whether it stood there.

    2.4 looks at the end of all that it joined so far, 2.2 only at the last physical line.
    """
    while len(spans) > 1 and spans[-1][0] == spans[-1][1] and not only_last:
        spans.pop()
    begin, stop = spans[-1]
    if stop == begin or data[stop - 1:stop] != char:
        return False
    spans[-1] = (begin, stop - 1)
    return True


def next_word(text, index):
    """Take one word as Apache does (util.c, ap_getword_conf and substring_conf).

    A word that begins with a quote ends at the same quote or with the line; any other ends at white space, and quotes inside it
    mean nothing. Two backslashes stand for one, and a backslash with the quote for the quote.

    :returns: (word as bytes, index after it and after the white space that follows)
    """
    index = _skip_space(text, index)
    quote = text[index:index + 1]
    if quote in (b'"', b"'"):
        stop = _closing_quote(text, index + 1, quote)
        word = _unescape(text[index + 1:stop], quote)
        return word, _skip_space(text, stop + 1)
    match = _WORD_END.search(text, index)
    stop = len(text) if match is None else match.start()
    return _unescape(text[index:stop], b''), _skip_space(text, stop)


def _skip_space(text, index):
    while text[index:index + 1] and text[index:index + 1] in SPACE:
        index += 1
    return min(index, len(text))


def _closing_quote(text, index, quote):
    while index < len(text) and text[index:index + 1] != quote:
        escaped = text[index:index + 1] == b'\\' and text[index + 1:index + 2] in (quote, b'\\')
        index += 2 if escaped else 1
    return min(index, len(text))


def _unescape(word, quote):
    if b'\\' not in word:
        return word
    return re.sub(br'\\(\\|' + re.escape(quote) + br')' if quote else br'\\(\\)', br'\1', word)


def split_words(arguments):
    """Return all words of a directive's arguments, as bytes."""
    words = []
    index = 0
    while index < len(arguments):
        word, index = next_word(arguments, index)
        words.append(word)
    return words


def variables_in(text):
    """Return names of the ``${NAME}`` variables in a text, as bytes."""
    return _VARIABLE.findall(text, 0, _variables_end(text))


def expand_variables(text, values):
    """Put in values of ``${NAME}`` once; an unknown name stays as it is (core.c, ap_resolve_env).

    :param values: dictionary of bytes to bytes: Define first, then the process environment
    """
    end = _variables_end(text)
    return _VARIABLE.sub(lambda match: values.get(match.group(1), match.group(0)), text[:end]) + text[end:]


def _variables_end(text):
    """Return the index after the last bracket: no variable begins there, and each ``${`` there would be followed to the end in vain."""
    return text.rfind(b'}') + 1
