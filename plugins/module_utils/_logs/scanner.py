# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.
"""Counts the lines of a log in large pieces: a long run of lines with an accepted protocol is one match, only others are looked at singly."""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import re
import sys

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._logs.log_format import MAX_CLIENT, NO_TLS, PROTOCOLS

# Lines in one match. The pattern matcher of Python before 3.11 keeps a note of each of them until the match is complete.
_RUN = b'{1,2048}'
PYTHON_2 = sys.version_info[0] == 2
_POSSESSIVE = b'+' if sys.version_info >= (3, 11) else b''

# A log has the time at which a request began, but is written when it ends: lines can be out of order by this many seconds.
OUT_OF_ORDER = 600
# How many lines at each end of a piece are tried for a time.
_TRIES = 16
# Lines within a piece that are looked at before all of it counts as old.
_SAMPLES = 8


class Scanner(object):
    """Reads the lines of one log file, which can have several formats.

    :ivar older_last: time of the latest line from before ``since``, None when there was none
    """

    def __init__(self, formats, tally, since=None):
        """
        :param formats: list of LineFormat, all of them with a protocol
        :param tally: Tally that the lines are counted in
        :param since: requests before it are not counted; seconds since 1970 or None
        :raises UnusableFormat: when a format cannot be read without guessing
        """
        self.tally = tally
        self.since = since
        self.older_last = None
        self._past_since = since is None
        self._formats = [(item, re.compile(item.beginning(PROTOCOLS + (NO_TLS,), grouped=True))) for item in formats]
        self._runs = {}
        self._pattern = re.compile(self._compose(formats[0]))
        self._other = self._pattern.groups
        # Where the format has no client, the protocol stands for all that use it; where it has no time, the text is not looked at.
        protocol = self._pattern.groupindex.get('protocol')
        self._wanted = [protocol] + [self._pattern.groupindex.get(name, protocol) for name in ('client', 'time')]
        self._read_time = formats[0].time.read if formats[0].time else lambda dummy_text: None

    def _compose(self, main):
        """A pattern for all lines: runs that need no closer look, each told by an empty group, then any other line as the last group.

        It takes every line from its beginning to its end, so that no match can begin within a line.
        """
        accepted = list(self.tally.accepted_protocols) + [NO_TLS]
        end = br'.*' + _POSSESSIVE + br'\n'
        choices = [(name, b'(?:' + main.beginning([name]) + end + b')' + _RUN + _POSSESSIVE + b'()') for name in accepted]
        if self.tally.legacy_protocols:
            # Behind the first one, because a legacy line is likelier than one of the other protocols.
            choices.insert(1, (None, main.beginning(self.tally.legacy_protocols, grouped=True) + end))
        group = 0
        for name, choice in choices:
            group += re.compile(choice).groups
            if name is not None:
                self._runs[group] = name
        return b'|'.join(choice for dummy, choice in choices) + b'|(' + end + b')'

    def scan(self, buffer, end):
        """Count lines.

        :param buffer: bytearray that begins with a whole line
        :param end: number of bytes in it; the last of them ends a line
        """
        first = self.edge_time(buffer, 0, end)
        last = self.last_time(buffer, end)
        if self._past_since or (first is not None and first >= self.since + OUT_OF_ORDER):
            self._past_since = True
            self._seen(first)
            self._seen(last)
            self._fast(buffer, end)
        elif first is not None and last is not None and self._is_old(buffer, end, max(first, last)):
            self._note_older(max(first, last))
            self._old(buffer, end)
        else:
            self._slow(buffer, end)

    def _seen(self, moment):
        # A line with a wrong time must not make the period longer than it is.
        if moment is not None and (self.since is None or moment >= self.since):
            self.tally.seen(moment)

    def _note_older(self, moment):
        self.older_last = moment if self.older_last is None else max(self.older_last, moment)

    def _is_old(self, buffer, end, edge):
        """Whether the lines of a piece are older than what counts, as far as its edges and some lines between them tell."""
        bound = self.since - OUT_OF_ORDER
        if edge >= bound:
            return False
        starts = [buffer.find(b'\n', end * number // _SAMPLES, end) + 1 for number in range(1, _SAMPLES)]
        times = [self.edge_time(buffer, start, end) for start in starts]
        return all(moment is None or moment < bound for moment in times)

    def _old(self, buffer, end):
        """Of lines that are taken to be old only a legacy client counts, and only where its own line is not."""
        for match in self._pattern.finditer(buffer, 0, end):
            if match.lastindex not in self._runs and match.lastindex != self._other:
                protocol, client, text = [bytes(value) for value in match.group(*self._wanted)]
                moment = self._read_time(text)
                self._legacy(client, protocol, moment)
                self._seen(moment)

    def _fast(self, buffer, end):
        runs, other, wanted = self._runs, self._other, self._wanted
        counts, count, read_time, legacy = self.tally.counts, buffer.count, self._read_time, self._legacy
        for match in self._pattern.finditer(buffer, 0, end):
            group = match.lastindex
            if group in runs:
                counts[runs[group]] += count(b'\n', match.start(), match.end())
            elif group != other:
                protocol, client, text = match.group(*wanted) if not PYTHON_2 else map(bytes, match.group(*wanted))
                legacy(client, protocol, read_time(text))
            else:
                self.single(bytes(match.group(other)))

    def _legacy(self, client, protocol, moment):
        if moment is not None and self.since is not None and moment < self.since:
            self._note_older(moment)
        elif 0 < len(client) <= MAX_CLIENT:
            self.tally.add_legacy(client, protocol, moment)
        else:
            self.tally.unreadable_lines += 1

    def _slow(self, buffer, end):
        position = 0
        while position < end:
            stop = buffer.find(b'\n', position, end) + 1
            self.single(bytes(buffer[position:stop]))
            position = stop

    def single(self, line):
        """Count one line by itself; False when it has none of the formats.

        :param line: bytes with the line end; without one only a line whose fields are all followed by something is understood
        """
        for form, pattern in self._formats:
            match = pattern.match(line)
            if match is None:
                continue
            found = match.groupdict()
            moment = form.time.read(found['time']) if form.time else None
            protocol = found['protocol']
            if protocol in self.tally.legacy_protocols:
                self._legacy(found.get('client', protocol), protocol, moment)
            elif moment is not None and self.since is not None and moment < self.since:
                self._note_older(moment)
                return True
            else:
                self.tally.counts[protocol] += 1
            self._seen(moment)
            return True
        self.tally.unreadable_lines += 1
        return False

    def edge_time(self, buffer, start, end):
        """The time of the first line that has one, looking from ``start`` on; None when the next lines have none."""
        for dummy in range(_TRIES):
            stop = buffer.find(b'\n', start, end) + 1
            if not stop:
                return None
            moment = self._time_of(bytes(buffer[start:stop]))
            if moment is not None:
                return moment
            start = stop
        return None

    def last_time(self, buffer, end):
        """The time of the last line that has one; None when the last lines have none."""
        for dummy in range(_TRIES):
            start = buffer.rfind(b'\n', 0, max(end - 1, 0)) + 1
            moment = self._time_of(bytes(buffer[start:end]))
            if moment is not None or not start:
                return moment
            end = start
        return None

    def _time_of(self, line):
        for form, pattern in self._formats:
            match = pattern.match(line) if form.time else None
            if match is not None:
                return form.time.read(match.group('time'))
        return None
