# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""How bytes become lines and words: the rules of Apache's reader (util.c, config.c)."""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import pytest

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.config.lexer import expand_variables, parse, split_statement, split_words
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.edit.edits import apply_edits


def texts(data, old=False):
    return [line.text for line in parse(data, old) if line.text]


@pytest.mark.parametrize('data, expected', [
    (b'SSLProtocol all\n', [b'SSLProtocol all']),
    (b'SSLProtocol all', [b'SSLProtocol all']),
    (b'SSLProtocol all\r\n', [b'SSLProtocol all']),
    (b' \t\v\f SSLProtocol all \t\r\n', [b'SSLProtocol all']),
    (b'SSLProtocol -TLSv1\\\n.1\n', [b'SSLProtocol -TLSv1.1']),
    (b'SSLProto\\\r\ncol all\r\n', [b'SSLProtocol all']),
    (b'SSLProtocol -TLSv1\\\n -TLSv1.1\n', [b'SSLProtocol -TLSv1 -TLSv1.1']),
    (b'a \\\n\nb\n', [b'a', b'b']),
    (b'a \\ \nb\n', [b'a \\', b'b']),
    (b'a \\', [b'a \\']),
    (b'a \\\n', [b'a']),
    (b'# hides \\\nSSLProtocol all\nb\n', [b'# hides SSLProtocol all', b'b']),
    (b'#\\\r\n#\\\r\nSSLProtocol all\r\nb\r\n', [b'##SSLProtocol all', b'b']),
    (b'a\0rubbish \\\nb\n', [b'a', b'b']),
    (b'\xef\xbb\xbfSSLProtocol all\n', [b'\xef\xbb\xbfSSLProtocol all']),
    (b'', []),
    (b'\n\n', []),
])
def test_lines(data, expected):
    assert texts(data) == expected


@pytest.mark.parametrize('data, new, old', [
    # 2.4 looks at the last character alone, 2.2 takes two backslashes for one.
    (b'a \\\\\nb\n', [b'a \\b'], [b'a \\', b'b']),
    # 2.4 looks at all that it joined: the backslash left over continues the empty line, too.
    (b'a \\\\\n\nb\n', [b'a b'], [b'a \\', b'b']),
    # At the end of the file 2.2 forgets a line that waits for its continuation.
    (b'b\na \\\n', [b'b', b'a'], [b'b']),
])
def test_lines_of_2_4_and_2_2(data, new, old):
    assert texts(data) == new
    assert texts(data, old=True) == old


def test_many_backslashes_take_no_time():
    assert texts(b'a' + b'\\' * 50000 + b'\n' * 50001) == [b'a']


def test_numbers_of_lines():
    lines = [line for line in parse(b'\na \\\n b\nc\n') if line.text]
    assert [(line.line, line.last_line) for line in lines] == [(2, 3), (4, 4)]


@pytest.mark.parametrize('text, kind, name, arguments, closed', [
    (b'SSLProtocol all -SSLv3', 'directive', b'SSLProtocol', b'all -SSLv3', True),
    (b'"SSLProtocol" all', 'directive', b'SSLProtocol', b'all', True),
    (b'SSLProtocol', 'directive', b'SSLProtocol', b'', True),
    (b'SSLProtocol all # x', 'directive', b'SSLProtocol', b'all # x', True),
    (b'#SSLProtocol all', 'comment', b'', b'', True),
    (b'<VirtualHost *:443>', 'open', b'VirtualHost', b'*:443', True),
    (b'<VirtualHost *:443 >', 'open', b'VirtualHost', b'*:443', True),
    (b'<IfModule mod_ssl.c> # x', 'open', b'IfModule', b'mod_ssl.c', True),
    (b'<IfVersion > 2.3.0>', 'open', b'IfVersion', b'> 2.3.0', True),
    (b'<IfModule mod_ssl.c', 'open', b'IfModule', b'mod_ssl.c', False),
    (b'<VirtualHost>', 'open', b'VirtualHost', b'', True),
    (b'</VirtualHost>', 'close', b'VirtualHost', b'', True),
    (b'</VirtualHost > x', 'close', b'VirtualHost', b'> x', False),
    (b'""', 'blank', b'', b'', True),
])
def test_statements(text, kind, name, arguments, closed):
    statement = split_statement(text)
    assert (statement.kind, statement.name, statement.arguments, statement.closed) == (kind, name, arguments, closed)


@pytest.mark.parametrize('text, words', [
    (b'all -TLSv1', [b'all', b'-TLSv1']),
    (b'"all -TLSv1"', [b'all -TLSv1']),
    (b"'all' -TLSv1", [b'all', b'-TLSv1']),
    (b'"all"-TLSv1', [b'all', b'-TLSv1']),
    (b'-"TLSv1"', [b'-"TLSv1"']),
    (b'"all', [b'all']),
    (b'"a\\"b" c', [b'a"b', b'c']),
    (b'"a\\\\" c', [b'a\\', b'c']),
    (b'a\\\\b \\c', [b'a\\b', b'\\c']),
    (b"'a\\\"b'", [b'a\\"b']),
    (b'all\v-TLSv1\r-TLSv1.1', [b'all', b'-TLSv1', b'-TLSv1.1']),
    (b'all\xc2\xa0-TLSv1', [b'all\xc2\xa0-TLSv1']),
])
def test_words(text, words):
    assert split_words(text) == words


@pytest.mark.parametrize('text, expected', [
    (b'SSLProtocol ${P}', b'SSLProtocol all -SSLv3'),
    (b'${D} all', b'SSLProtocol all'),
    (b'SSLProtocol ${MISSING} ${P', b'SSLProtocol ${MISSING} ${P'),
    (b'$P $${P}', b'$P $all -SSLv3'),
])
def test_variables(text, expected):
    assert expand_variables(text, {b'P': b'all -SSLv3', b'D': b'SSLProtocol'}) == expected


@pytest.mark.parametrize('data, span', [
    (b'SSLProtocol all', b'all'),
    (b'\tSSLProtocol   all -SSLv3 \r\n', b'all -SSLv3'),
    (b'SSLProtocol \\\n  all\\\n -SSLv3\n', b'all\\\n -SSLv3'),
    (b'SSL\\\nProtocol all\n', b'all'),
    (b'SSLProtocol all\0 rest\n', b'all'),
    (b'SSLProtocol  \n', b''),
])
def test_where_the_arguments_are(data, span):
    line = parse(data)[0]
    start, end = line.arguments_span()
    assert data[start:end] == span
    assert apply_edits(data, [(start, end, b'X')]) == data[:start] + b'X' + data[end:]
