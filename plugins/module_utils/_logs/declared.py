# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.
"""Which logs a configuration declares: their target, format and condition, and which servers' requests go there.

Rules: mod_log_config.c (add_custom_log_cond, log_format, add_global_log, merge_config_log_state, open_multi_logs, multi_log_transaction).
"""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import os
import re
from collections import namedtuple

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.document import split_words
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._logs.log_format import LineFormat
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._storage.names import name_bytes

# The format of a TransferLog where no LogFormat without a nickname says otherwise, and what the nickname CLF stands for.
COMMON_FORMAT = b'%h %l %u %t "%r" %>s %b'

FILE, PATTERN, NONE = 'file', 'pattern', 'none'

# kind: FILE, PATTERN (of names that a rotatelogs makes) or NONE; path: bytes, None for NONE; reason: why there is nothing to read
Target = namedtuple('Target', ['kind', 'path', 'reason'])

_ONLY_PROTOCOLS = re.compile(br'%\{SSL_PROTOCOL\}\s+in\s+\{(?P<list>[^}]*)\}\Z')
# rotatelogs.c: options that have a value
_ROTATELOGS_VALUES = (b'-L', b'-p', b'-n')
_SIZE = re.compile(br'[0-9]+[BKMG]?\Z')
_OFFSET = re.compile(br'[+-]?[0-9]+\Z')


class Log(object):
    """One CustomLog, TransferLog or GlobalLog.

    :ivar target: Target
    :ivar format_text: bytes
    :ivar condition: bytes, what follows ``env=`` or ``expr=`` with it; b'' for none
    :ivar directive: the Directive
    """

    def __init__(self, directive, target, format_text, condition):
        self.directive = directive
        self.target = target
        self.format_text = format_text
        self.condition = condition
        self.format = LineFormat(format_text)

    def covers(self, protocols):
        """Whether every request with one of the protocols (bytes) is written, whatever else it is like."""
        if not self.condition:
            return True
        match = _ONLY_PROTOCOLS.match(self.condition[5:].strip()) if self.condition.lower().startswith(b'expr=') else None
        return match is not None and set(re.findall(br'[\'"]([^\'"]*)[\'"]', match.group('list'))) >= set(protocols)


class _Server(object):
    """The logs of the main server or of one virtual host, before their formats are looked up."""

    def __init__(self):
        self.formats = {}
        self.default = None
        self.logs = []
        self.global_logs = []


class DeclaredLogs(object):
    """All logs of a configuration."""

    def __init__(self, tree):
        """
        :param tree: Tree as ``_apache/includes.py`` reads it
        """
        self._root = name_bytes(tree.server_root)
        self._servers = {None: _Server()}
        for directive in tree.directives():
            action = self._ACTIONS.get(directive.name)
            if action is not None and directive.active is not False and directive.forbidden_in is None:
                server = self._servers.setdefault(directive.scope, _Server())
                action(self, directive, split_words(directive.arguments), server)

    def _log_format(self, dummy_directive, words, server):
        if len(words) == 2:
            server.formats[words[1]] = words[0]
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
        """The logs that requests to one server are written to.

        A virtual host with a log of its own writes to that, any other to those of the main server; global logs get all requests.

        :param container: Container of a virtual host, None for the main server
        :returns: list of Log
        """
        main, own = self._servers[None], self._servers.get(container, _Server())
        server = own if own.logs else main
        formats = dict(main.formats)
        default = main.default
        if server is own:
            formats.update(own.formats)
            default = own.default or default
        logs = [self._make(entry, formats, default) for entry in server.logs]
        return logs + [self._make(entry, main.formats, main.default) for entry in main.global_logs]

    def _make(self, entry, formats, default):
        directive, target, name, condition = entry
        if name is None:
            text = default or COMMON_FORMAT
        else:
            text = formats.get(name, COMMON_FORMAT if name == b'CLF' else name)
        return Log(directive, read_target(target, self._root), text, condition)


def read_target(target, server_root):
    """Where a log goes.

    :param target: the first argument of CustomLog as bytes
    :param server_root: folder as bytes
    :returns: Target
    """
    if target.startswith(b'|'):
        return _read_pipe(target.lstrip(b'|').lstrip(b'$').strip())
    if re.match(br'[a-z]+:[^/]*\Z', target) or target in (b'syslog', b'journald'):
        return Target(NONE, None, 'it goes to %s' % target.decode('utf-8', 'replace'))
    return Target(FILE, os.path.normpath(os.path.join(server_root, target)), None)


def _read_pipe(command):
    """The files that a rotatelogs writes; what another program does with the lines cannot be known."""
    words = split_words(command)
    if not words or os.path.basename(words[0]) not in (b'rotatelogs', b'rotatelogs2'):
        return Target(NONE, None, 'it goes to the program %s' % command.decode('utf-8', 'replace'))
    index, truncates = 1, False
    while index < len(words) and words[index].startswith(b'-'):
        truncates = truncates or (words[index] in (b'-t', b'-n'))
        index += 2 if words[index] in _ROTATELOGS_VALUES else 1
    names = words[index:]
    usable = len(names) > 1 and (_SIZE.match(names[1]) is not None) and all(_OFFSET.match(word) for word in names[2:])
    if not usable or not os.path.isabs(names[0]):
        return Target(NONE, None, 'the files of %s are not known' % command.decode('utf-8', 'replace'))
    if b'%' in names[0]:
        return Target(PATTERN, os.path.normpath(names[0]), None)
    # Without a pattern rotatelogs appends the time at which a file was begun, in seconds; with -t or -n it does not.
    return Target(FILE if truncates else PATTERN, os.path.normpath(names[0]) + (b'' if truncates else b'.%s'), None)
