# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""Derive from an Apache ``LogFormat`` where its lines contain the protocol, the client and the time.

Rules: mod_log_config.c (parse_log_item, parse_log_misc_string; ap_escape_logitem escapes quotes, backslashes, line ends and all
nonprintable characters in what clients send).
"""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import re
import sys
from collections import namedtuple

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._logs.log_time import TimeField
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._protocols import PROTOCOLS
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._text import name_bytes

# The format of logs/ssl_request_log in the sample configuration of mod_ssl.
STOCK_FORMAT = b'%t %h %{SSL_PROTOCOL}x %{SSL_CIPHER}x "%r" %b'

# The values that SSL_PROTOCOL can have in a log, as bytes; ``-`` is a request without TLS.
LOGGED_PROTOCOLS = tuple(name_bytes(name) for name in PROTOCOLS)
NO_TLS = b'-'

# LimitRequestLine and LimitRequestFieldSize are 8190 bytes by default, and each byte can be escaped. The limit saves memory: the pattern
# matcher remembers every escape until it has read the line.
MAX_ESCAPES = 16384

# A client's address or name is never longer: 45 for IPv6, 253 for a name.
MAX_CLIENT = 255

# conditional: written only for some statuses, with ``-`` for the others
Item = namedtuple('Item', ['letter', 'argument', 'literal', 'conditional'])

# Conditions (!200,304), redirection marks (< and >), {argument}, then a letter; a caret starts a two-letter name (%^FB).
_ITEM = re.compile(br'%(?P<before>[!0-9,<>]*)(?:\{(?P<argument>[^}]*)\})?(?P<behind>[!0-9,<>]*)(?P<letter>\^..|[A-Za-z%])')
_STATUS = re.compile(br'[0-9]')

_PROTOCOL_VARIABLES = ((b'x', b'ssl_protocol'), (b'c', b'version'))
# Best first: what Apache considers the client, its name, and the other end of the connection.
_CLIENTS = ((b'a', b''), (b'h', b''), (b'h', b'c'), (b'a', b'c'))
# Fields that never contain a space.
_TOKENS = frozenset((b'a', b'h', b'A', b'l', b'p', b'P', b's', b'b', b'B', b'O', b'I', b'S', b'D', b'T', b'X', b'k', b'm', b'H', b'v', b'V', b'L', b'R'))
# Python before 3.11 has no possessive quantifiers, and before 3.11.5 they miss matches.
POSSESSIVE = b'+' if sys.version_info >= (3, 11, 5) else b''


class UnusableFormat(Exception):
    """Raised for a format whose lines cannot be read without guessing; the text says why."""


def parse_format(text):
    """Split a log format into items.

    Apache's configuration reader has already processed the format: ``\\"`` has become ``"``. The remaining backslashes are
    the ``\\n`` and ``\\t`` of mod_log_config.

    :param text: bytes, the format from the LogFormat or CustomLog directive
    :returns: list of Item; a literal piece has ``letter`` None, a field has ``literal`` None
    """
    items = []
    position = 0
    for match in _ITEM.finditer(text):
        _add_literal(items, text[position:match.start()])
        position = match.end()
        if match.group('letter') == b'%':
            _add_literal(items, b'%')
        else:
            conditional = _STATUS.search(match.group('before') + match.group('behind')) is not None
            items.append(Item(match.group('letter'), match.group('argument') or b'', None, conditional))
    _add_literal(items, text[position:])
    return items


def _add_literal(items, raw):
    literal = raw.replace(b'\\\\', b'\0').replace(b'\\n', b'\n').replace(b'\\t', b'\t').replace(b'\0', b'\\')
    if not literal:
        return
    if items and items[-1].letter is None:
        items[-1] = Item(None, b'', items[-1].literal + literal, False)
    else:
        items.append(Item(None, b'', literal, False))


def names_protocol(item):
    """Return whether a field contains the TLS protocol: ``%{SSL_PROTOCOL}x``, or its older spelling ``%{version}c``."""
    return any(item.letter == letter and item.argument.lower() == name for letter, name in _PROTOCOL_VARIABLES)


class LineFormat(object):
    """A log format: the fields that matter, and a pattern for the part of a line that contains them.

    A field that is written only for some statuses does not matter: its ``-`` would look like a request without TLS.

    :ivar logs_protocol: whether lines of this format contain the TLS protocol at all
    :ivar logs_client: whether they contain the client
    :ivar time: TimeField, None if there is no readable time
    """

    def __init__(self, text):
        self.text = text
        self.items = parse_format(text)
        self.protocol_index = self._first(names_protocol)
        self.client_index = self._best_client()
        self.time_index, self.time = self._find_time()
        self.logs_protocol = self.protocol_index is not None
        self.logs_client = self.client_index is not None

    def _first(self, wanted):
        for index, item in enumerate(self.items):
            if item.letter is not None and not item.conditional and wanted(item):
                return index
        return None

    def _best_client(self):
        fields = [(item.letter, item.argument) if not item.conditional else None for item in self.items]
        for client in _CLIENTS:
            if client in fields:
                return fields.index(client)
        return None

    def _find_time(self):
        for index, item in enumerate(self.items):
            if item.letter == b't' and not item.conditional:
                field = TimeField(item.argument)
                if field.readable:
                    return index, field
        return None, None

    def beginning(self, protocols, grouped=False):
        """Return a pattern for the beginning of a line, up to the literal after the last field that matters.

        :param protocols: the protocols that the line may have, as bytes
        :param grouped: with the groups ``protocol``, ``client`` and ``time`` of the fields that the format has
        :raises UnusableFormat: if the fields cannot be distinguished
        """
        named = {self.protocol_index: b'protocol', self.client_index: b'client', self.time_index: b'time'}
        named.pop(None, None)
        last = max(named)
        pattern = b''
        for index in range(last + 1):
            body = self._protocol(protocols) if index == self.protocol_index else self._body(index)
            pattern += b'(?P<' + named[index] + b'>' + body + b')' if grouped and index in named else body
        return pattern + self._behind(last)

    @staticmethod
    def _protocol(protocols):
        return b'(?:' + b'|'.join(re.escape(name) for name in sorted(protocols, key=len, reverse=True)) + b')'

    def _body(self, index):
        item = self.items[index]
        if item.letter is None:
            if b'\n' in item.literal:
                raise UnusableFormat('one record of the format takes several lines')
            return re.escape(item.literal)
        if item.letter == b't':
            pattern = TimeField(item.argument).pattern
            if pattern is not None and b'\n' not in pattern:
                return pattern if not item.conditional else b'(?:' + pattern + b'|-)'
        before, behind = self._literal(index - 1), self._literal(index + 1)
        if before.endswith(b'"') and behind.startswith(b'"'):
            # Not every Python has possessive quantifiers, so the pattern never needs to backtrack.
            return br'[^"\\\n]*' + POSSESSIVE + br'(?:\\.[^"\\\n]*){0,' + _number(MAX_ESCAPES) + b'}' + POSSESSIVE
        if not behind and index + 1 < len(self.items):
            raise UnusableFormat('nothing stands between two fields of the format')
        if item.letter == b'r':
            return br'(?:[!-~]+ [!-~]+ HTTP/[0-9.]+|-)'
        token = item.letter in _TOKENS or (item.letter == b'x' and item.argument.upper().startswith((b'SSL_CIPHER', b'SSL_PROTOCOL')))
        if token and behind[:1] in (b' ', b'\t', b''):
            return br'[!-~]*' + POSSESSIVE
        return br'[^\n' + re.escape(behind[:1]) + br']*' + POSSESSIVE

    def _literal(self, index):
        item = self.items[index] if 0 <= index < len(self.items) else None
        return item.literal if item is not None and item.letter is None else b''

    def _behind(self, index):
        """Return the literal after the last field, so that ``TLSv1`` is never found in ``TLSv1.2``."""
        if index + 1 >= len(self.items):
            return br'(?=\r?\n)'
        literal = self._literal(index + 1)
        if b'\n' in literal or not literal:
            raise UnusableFormat('nothing stands between two fields of the format' if not literal
                                 else 'one record of the format takes several lines')
        return re.escape(literal)


def _number(value):
    return str(value).encode('ascii')
