# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.
"""Find the logs that a configuration declares: their target, format and condition, and which servers write to them.

Rules: mod_log_config.c (add_custom_log_cond, log_format, add_global_log, merge_config_log_state, open_multi_logs, multi_log_transaction).
"""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import os
import re
from collections import namedtuple

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.config.lexer import split_words
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._logs.log_format import LineFormat
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._text import name_bytes

# The format of a TransferLog unless a LogFormat without a nickname overrides it, and the initial meaning of the nickname CLF.
COMMON_FORMAT = b'%h %l %u %t "%r" %>s %b'

FILE, PATTERN, NONE = 'file', 'pattern', 'none'

# kind: FILE, PATTERN (of names that rotatelogs creates) or NONE; path: bytes, None for NONE; reason: why there is nothing to read
Target = namedtuple('Target', ['kind', 'path', 'reason'])

_ONLY_PROTOCOLS = re.compile(br'%\{SSL_PROTOCOL\}\s+in\s+\{(?P<list>[^}]*)\}\Z')
# rotatelogs.c: options with a value, and options without one
_ROTATELOGS_VALUES = (b'L', b'p', b'n')
_ROTATELOGS_LETTERS = (b'l', b'f', b'D', b't', b'T', b'v', b'e', b'c')
_SIZE = re.compile(br'[0-9]+[BKMG]?\Z')
_OFFSET = re.compile(br'[+-]?[0-9]+\Z')


class Log(object):
    """One CustomLog, TransferLog or GlobalLog.

    :ivar target: Target
    :ivar format_text: bytes
    :ivar condition: bytes, ``env=`` or ``expr=`` and its value; b'' for none
    :ivar directive: the Directive
    """

    def __init__(self, directive, target, format_text, condition):
        self.directive = directive
        self.target = target
        self.format_text = format_text
        self.condition = condition
        self.format = LineFormat(format_text)

    def covers(self, protocols):
        """Return whether every request with one of the protocols (bytes) is written, regardless of anything else."""
        if not self.condition:
            return True
        match = _ONLY_PROTOCOLS.match(self.condition[5:].strip()) if self.condition.lower().startswith(b'expr=') else None
        return match is not None and set(re.findall(br'[\'"]([^\'"]*)[\'"]', match.group('list'))) >= set(protocols)


class _Server(object):
    """The logs of the main server or of one virtual host, before their formats are looked up."""

    def __init__(self):
        # Nicknames are not case-sensitive. Each server with a directive of mod_log_config starts with this one.
        self.formats = {b'clf': COMMON_FORMAT}
        self.default = None
        self.logs = []
        self.global_logs = []


class DeclaredLogs(object):
    """All logs of a configuration."""

    def __init__(self, tree):
        """
        :param tree: Tree as ``_apache/config/loader.py`` reads it
        """
        self._root = name_bytes(tree.server_root)
        self._main = _Server()
        self._own = {}
        # All virtual hosts in order, including those without any directive about logs.
        self._hosts = []
        for directive in tree.directives():
            if directive.active is False:
                continue
            if directive.scope is not None and directive.scope not in self._hosts:
                self._hosts.append(directive.scope)
            action = self._ACTIONS.get(directive.name)
            if action is not None and directive.forbidden_in is None:
                server = self._main if directive.scope is None else self._own.setdefault(directive.scope, _Server())
                action(self, directive, split_words(directive.arguments), server)

    def _log_format(self, dummy_directive, words, server):
        if len(words) == 2:
            server.formats[words[1].lower()] = words[0]
        elif len(words) == 1:
            server.default = words[0]

    def _custom_log(self, directive, words, server):
        if len(words) >= 2:
            server.logs.append((directive, words[0], words[1], words[2] if len(words) > 2 else b''))

    def _global_log(self, directive, words, server):
        if len(words) >= 2:
            server.global_logs.append((directive, words[0], words[1], words[2] if len(words) > 2 else b''))

    def _transfer_log(self, directive, words, server):
        if words:
            server.logs.append((directive, words[0], None, b''))

    _ACTIONS = {b'logformat': _log_format, b'customlog': _custom_log, b'globallog': _global_log, b'transferlog': _transfer_log}

    def of(self, container):
        """Return the logs that requests to one server are written to.

        A virtual host with its own log writes to that, any other to the logs of the main server; global logs receive all requests.

        :param container: Section of a virtual host, None for the main server
        :returns: list of Log
        """
        own = self._own.get(container)
        formats = self._formats(container)
        default = (own.default if own is not None else None) or self._main.default or COMMON_FORMAT
        # A single argument of LogFormat may be a nickname.
        default = formats.get(default.lower(), default)
        if own is not None and own.logs:
            logs = [self._make(entry, default if entry[2] is None else formats.get(entry[2].lower(), entry[2])) for entry in own.logs]
        else:
            logs = [self._make(entry, default if entry[2] is None else self._shared_format(entry[2])) for entry in self._main.logs]
        return logs + [self._make(entry, self._shared_format(entry[2])) for entry in self._main.global_logs]

    def targets(self):
        """Return the Targets of all declared logs."""
        servers = [self._main] + list(self._own.values())
        return [read_target(entry[1], self._root) for server in servers for entry in server.logs + server.global_logs]

    def _formats(self, container):
        formats = dict(self._main.formats)
        formats.update(self._own[container].formats if container in self._own else {})
        return formats

    def _shared_format(self, name):
        """Return the format of a log of the main server.

        Each virtual host without its own log looks up the name again and changes the log for all; the one declared first does so last.
        """
        sharing = [host for host in self._hosts if host not in self._own or not self._own[host].logs]
        for container in sharing + [None]:
            formats = self._formats(container)
            if name.lower() in formats:
                return formats[name.lower()]
        return name

    def _make(self, entry, text):
        directive, target, dummy_name, condition = entry
        return Log(directive, read_target(target, self._root), text, condition)


def read_target(target, server_root):
    """Return where a log goes.

    :param target: the first argument of CustomLog as bytes
    :param server_root: directory as bytes
    :returns: Target
    """
    if target.startswith(b'|'):
        return _read_pipe(target.lstrip(b'|').lstrip(b'$').strip())
    if re.match(br'[a-z]+:[^/]*\Z', target) or target in (b'syslog', b'journald'):
        return Target(NONE, None, 'it goes to %s' % target.decode('utf-8', 'replace'))
    return Target(FILE, os.path.normpath(os.path.join(server_root, target)), None)


def _read_pipe(command):
    """Return the files that rotatelogs writes; what another program does with the lines is unknown."""
    words = split_words(command)
    if not words or os.path.basename(words[0]) not in (b'rotatelogs', b'rotatelogs2'):
        return Target(NONE, None, 'it goes to the program %s' % command.decode('utf-8', 'replace'))
    options, names = _read_options(words[1:])
    truncates = b't' in options or b'n' in options
    usable = len(names) > 1 and (_SIZE.match(names[1]) is not None) and all(_OFFSET.match(word) for word in names[2:])
    if not usable or not os.path.isabs(names[0]):
        return Target(NONE, None, 'the files of %s are unknown' % command.decode('utf-8', 'replace'))
    if b'%' in names[0]:
        return Target(PATTERN, os.path.normpath(names[0]), None)
    # Without a pattern rotatelogs appends the start time of a file in seconds; with -t or -n it does not.
    return Target(FILE if truncates else PATTERN, os.path.normpath(names[0]) + (b'' if truncates else b'.%s'), None)


def _read_options(words):
    """Split options and other words as getopt does: letters may be combined, and a value may follow its letter without a space.

    :returns: (set of letters, list of words); no words if rotatelogs has no such option
    """
    letters, index = set(), 0
    while index < len(words) and len(words[index]) > 1 and words[index].startswith(b'-'):
        word, index = words[index], index + 1
        if word == b'--':
            break
        for place in range(1, len(word)):
            letter = word[place:place + 1]
            letters.add(letter)
            if letter in _ROTATELOGS_VALUES:
                # The value is the rest of the word or, if that is empty, the next word.
                index += 1 if place + 1 == len(word) else 0
                break
            if letter not in _ROTATELOGS_LETTERS:
                return letters, []
    return letters, words[index:]
