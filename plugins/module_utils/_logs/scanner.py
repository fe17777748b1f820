# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.
"""Count the lines of a log in large pieces: lines with an accepted protocol all at once, only other lines one by one."""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import re
import sys

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._logs.log_format import (
    LOGGED_PROTOCOLS, MAX_CLIENT, NO_TLS, POSSESSIVE)

# Lines that one repetition matches. Before Python 3.11, the pattern matcher remembers each of them until the match is complete.
_ANY, _SOME = b'{0,2048}', b'{1,2048}'
PYTHON_2 = sys.version_info[0] == 2
_END = br'.*' + POSSESSIVE + br'\n'

# A log contains the start time of a request, but is written when the request ends: lines can be out of order by this many seconds.
OUT_OF_ORDER = 600
# How many lines at each end of a piece are searched for a time.
_TRIES = 16
# Lines within a piece that are examined before the whole piece counts as old.
_SAMPLES = 8


class Scanner(object):
    """Read the lines of one log file, which can have several formats.

    :ivar older_last: time of the latest line from before ``since``, None if there was none
    """

    def __init__(self, formats, tally, since=None):
        """
        :param formats: list of LineFormat, all of them with a protocol
        :param tally: Tally that the lines are counted in
        :param since: requests before this time are not counted; seconds since 1970 or None
        :raises UnusableFormat: if a format cannot be read without guessing
        """
        self.tally = tally
        self.since = since
        self.older_last = None
        self._past_since = since is None
        self._formats = [(item, re.compile(item.beginning(LOGGED_PROTOCOLS + (NO_TLS,), grouped=True))) for item in formats]
        self._rows = re.compile(self._any_lines(formats[0]))
        self._accepted = re.compile(self._accepted_lines(formats[0]))
        # If the format has no client, the protocol stands for all that use it; if it has no time, the text is not examined. If
        # there are no legacy protocols, the last group is used, which is always empty.
        groups = self._rows.groupindex
        protocol = groups.get('protocol', 0)
        self._wanted = [groups.get(name, protocol) - 1 for name in ('protocol', 'client', 'time')]
        self._read_time = formats[0].time.read if formats[0].time else lambda dummy_text: None

    def _any_lines(self, main):
        """Return a pattern for all lines: as many with an accepted protocol as possible, then one legacy line, lines without TLS, or any other.

        It matches every line from its beginning to its end, so that no match can start within a line. Whatever follows the accepted
        lines also matches completely, so that Python before 3.11 never backtracks into them.
        """
        accepted = main.beginning(self.tally.accepted_protocols)
        kinds = [b'((?:' + main.beginning([NO_TLS]) + _END + b')' + _SOME + POSSESSIVE + b')', b'(?=' + accepted + b')', b'(' + _END + b')', b'()']
        if self.tally.legacy_protocols:
            kinds.insert(0, main.beginning(self.tally.legacy_protocols, grouped=True) + _END)
        return b'(?:' + accepted + _END + b')' + _ANY + POSSESSIVE + b'(?:' + b'|'.join(kinds) + b')'

    def _accepted_lines(self, main):
        """Return a pattern for lines with one accepted protocol, identified by an empty group after them; or for any other line."""
        runs = [b'(?:' + main.beginning([name]) + _END + b')' + _SOME + POSSESSIVE + b'()' for name in self.tally.accepted_protocols]
        return b'|'.join(runs + [_END])

    def scan(self, buffer, end):
        """Count lines.

        :param buffer: bytearray that begins with a whole line
        :param end: number of bytes to read; the last one ends a line
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
        # A line with a wrong time must not extend the period.
        if moment is not None and (self.since is None or moment >= self.since):
            self.tally.seen(moment)

    def _note_older(self, moment):
        self.older_last = moment if self.older_last is None else max(self.older_last, moment)

    def _is_old(self, buffer, end, edge):
        """Return whether the lines of a piece are too old to count, judging by its edges and some lines between them."""
        bound = self.since - OUT_OF_ORDER
        if edge >= bound:
            return False
        starts = [buffer.find(b'\n', end * number // _SAMPLES, end) + 1 for number in range(1, _SAMPLES)]
        times = [self.edge_time(buffer, start, end) for start in starts]
        return all(moment is None or moment < bound for moment in times)

    def _old(self, buffer, end):
        """Process lines that are presumably old: count only legacy clients whose own line is not old."""
        protocol_at, client_at, time_at = self._wanted
        for row in self._found(buffer, end):
            if row[protocol_at]:
                moment = self._read_time(row[time_at])
                self._legacy(row[client_at], row[protocol_at], moment)
                self._seen(moment)

    def _found(self, buffer, end):
        """Return the groups of each match: the fields of a legacy line, then lines without TLS, another line, and an empty group."""
        return self._rows.findall(buffer if not PYTHON_2 else bytes(buffer), 0, end)

    def _fast(self, buffer, end):
        """Count a piece in which every line counts."""
        rows = self._found(buffer, end)
        rest = self._count_legacy(rows)
        without_tls = b''.join([row[-3] for row in rest])
        others = [row[-2] for row in rest if row[-2]]
        lines_without_tls = without_tls.count(b'\n')
        self.tally.counts[NO_TLS] += lines_without_tls
        for line in others:
            self.single(line)
        accepted = buffer.count(b'\n', 0, end) - (len(rows) - len(rest)) - lines_without_tls - len(others)
        self._count_accepted(buffer, end, accepted, without_tls + b''.join(others))

    def _count_legacy(self, rows):
        """Count legacy lines and return the other rows; use few operations, because before the change most lines can be legacy."""
        protocol_at, client_at, time_at = self._wanted
        counts, requests, read_time = self.tally.counts, self.tally.legacy_requests, self._read_time
        text, moment, recent, rest = None, None, False, []
        for row in rows:
            protocol = row[protocol_at]
            if not protocol:
                rest.append(row)
                continue
            if row[time_at] != text:
                text = row[time_at]
                moment = read_time(text)
                recent = moment is not None and (self.since is None or moment >= self.since)
            known = requests[protocol].get(row[client_at])
            if not recent or known is None or known[2] is None:
                self._legacy(row[client_at], protocol, moment)
                continue
            counts[protocol] += 1
            known[0] += 1
            if moment > known[2]:
                known[2] = moment
            elif moment < known[1]:
                known[1] = moment
        return rest

    def _count_accepted(self, buffer, end, lines, apart):
        """Count the lines with each accepted protocol.

        Each line contains the name of its protocol at least once. If only one name occurs, all lines have it. If the names occur
        only as often as there are lines, each line contains just its own, and counting names counts lines. Otherwise a request
        contains such a name, and every line is examined.

        :param lines: number of lines
        :param apart: lines of the buffer that have already been counted and are not legacy lines
        """
        counts = self.tally.counts
        names = [name for name in self.tally.accepted_protocols if buffer.find(name, 0, end) >= 0]
        found = [lines] if len(names) == 1 else [buffer.count(name, 0, end) - apart.count(name) for name in names]
        if sum(found) == lines:
            for name, number in zip(names, found):
                counts[name] += number
            return
        for match in self._accepted.finditer(buffer, 0, end):
            if match.lastindex:
                counts[self.tally.accepted_protocols[match.lastindex - 1]] += buffer.count(b'\n', match.start(), match.end())

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
        """Count a single line; return False if it has none of the formats.

        :param line: bytes with the line end; without one, each field must be followed by something
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
        """Return the time of the first line from ``start`` on that has one, None if the next lines have none."""
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
        """Return the time of the last line that has one, None if the last lines have none."""
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
