# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""The error that this collection reports to an administrator."""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

# The state of a server after a refusal.
UNCHANGED = 'nothing was changed'


def _native(value):
    """Return a value as the native ``str`` of this Python, whatever bytes a server printed: every message can be displayed."""
    if isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return value.decode('utf-8', 'replace')
    text = u'%s' % (value,)
    return text if str is not bytes else text.encode('utf-8')


class AdministratorError(Exception):
    """Say what went wrong and where, what was expected and found, what state things are in now, and what to do next.

    :param message: one sentence without a full stop at the end
    :param path: file or command that the message is about
    :param line: line number in ``path``, counted from 1
    :param expected: what would have been right
    :param found: what was there instead
    :param state: the state that the server is in now ("nothing was changed")
    :param next_step: what the administrator should do
    """

    def __init__(self, message, path=None, line=None, expected=None, found=None, state=None, next_step=None):
        self.message = message
        self.path = path
        self.line = line
        self.expected = expected
        self.found = found
        self.state = state
        self.next_step = next_step
        Exception.__init__(self, self.sentence())

    def sentence(self):
        """Return everything that is known as one line of text, starting with the place (``file:line: ...``)."""
        place = ''
        if self.path is not None:
            place = '%s%s: ' % (_native(self.path), '' if self.line is None else ':%d' % self.line)
        parts = ['%s%s.' % (place, _native(self.message).rstrip('.'))]
        for label, value in (
            ('Expected', self.expected),
            ('Found', self.found),
            ('State now', self.state),
            ('Next', self.next_step),
        ):
            if value is not None:
                parts.append('%s: %s.' % (label, _native(value).rstrip('.')))
        return ' '.join(parts)

    def details(self):
        """Return the known parts as a dictionary for ``fail_json(msg=..., error=...)``."""
        fields = ('message', 'path', 'line', 'expected', 'found', 'state', 'next_step')
        return dict((name, getattr(self, name)) for name in fields if getattr(self, name) is not None)

    def with_state(self, state, next_step=None):
        """Return the same error with the state of the server after the error was handled."""
        return AdministratorError(
            self.message,
            path=self.path,
            line=self.line,
            expected=self.expected,
            found=self.found,
            state=state,
            next_step=next_step or self.next_step,
        )
