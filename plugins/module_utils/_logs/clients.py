# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.
"""Read the logs of a server and summarize who connects with which protocol, for ``tls_client_info``."""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import os

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._logs.later_requests import LaterRequests
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._logs.log_file import last_moment, latest, read_log
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._logs.log_format import LOGGED_PROTOCOLS, UnusableFormat
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._logs.rotation import TooManyFiles, files_of
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._logs.scanner import Scanner
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._logs.sources import ADD_DIRECTIVE
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._logs.streams import beginning_of
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._logs.tally import Tally, text_counts
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._text import display
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._time import format_utc, now_text

# How often a log that is rotated while it is being read is looked up again.
_ROUNDS = 5
# A server receives requests more often than this (in seconds): a longer gap at the start of a period is a gap in the log.
LONGEST_SILENCE = 24 * 3600
# Maximum number of file names of one log in the result.
_MOST_NAMES = 1000


def oldest_of(protocols):
    """Return the oldest of some protocols (text) as bytes.

    :raises AdministratorError: if there is none, or an unknown one
    """
    known = [name.decode('ascii') for name in LOGGED_PROTOCOLS]
    strange = [name for name in protocols if name not in known]
    if strange or not protocols:
        raise AdministratorError('the accepted protocols are invalid', expected='some of %s' % ', '.join(known),
                                 found=', '.join(strange) or 'none')
    return LOGGED_PROTOCOLS[min(known.index(name) for name in protocols)]


def read_clients(found, oldest_accepted, since=None, limit=1000, processes=1):
    """Read the logs and summarize their clients.

    :param found: Sources
    :param oldest_accepted: bytes; clients with an older protocol are legacy clients
    :param since: seconds since 1970; earlier requests are not counted. None to count all
    :param limit: maximum number of legacy clients in the result
    :param processes: maximum number of processes that read a large file
    :returns: the dictionary that the module returns
    """
    # Judged by the controller, which has a clock of its own.
    now = now_text()
    total = Tally(oldest_accepted)
    # Nothing was logged before that, and not every Python can format such a time.
    since = None if since is None else max(since, 0)
    unreadable = list(found.unreadable)
    readings = [_SourceReading(source, found.declared, oldest_accepted, since, processes) for source in found.sources]
    for reading in readings:
        reading.run()
        total.add_tally(reading.tally)
        unreadable += reading.unreadable
    for scope in found.not_logged:
        unreadable.append({'part': 'the log of %s' % scope['scope'], 'reason': 'none of its logs contains the protocol'})
    legacy_total = len(total.clients)
    legacy = total.legacy(limit, _later_requests(total, readings, limit))
    return {
        'logs_protocol': found.logs_protocol,
        'older_than': oldest_accepted.decode('ascii'),
        'now': now,
        'since': format_utc(since),
        'logs': [reading.summary() for reading in readings],
        'period': {
            'first': format_utc(total.first), 'last': format_utc(total.last),
            'complete': bool(readings) and all(reading.reaches_back() for reading in readings)},
        'protocols': text_counts(total.counts),
        'legacy': legacy,
        'legacy_total': legacy_total,
        'legacy_left_out': legacy_total - len(legacy),
        'legacy_requests_unnamed': total.unnamed_requests,
        'unreadable_lines': total.unreadable_lines,
        'not_logged': found.not_logged,
        'add_directive': ADD_DIRECTIVE if found.not_logged else '',
        'unreadable': unreadable,
    }


def _later_requests(total, readings, limit):
    """Return the times of requests with an accepted protocol after the last legacy request, by client."""
    known = sorted((item for item in total.clients.items() if item[1].last is not None), key=lambda item: -item[1].last)
    if not known:
        return {}
    later = LaterRequests(dict((client, seen.last) for client, seen in known[:limit]), total.accepted_protocols)
    for reading in readings:
        form = reading.source.formats[0]
        if form.logs_client and form.time is not None and reading.files:
            later.look(reading.files, form)
    return later.found


class _SourceReading(object):
    """Read one log with all its files, newest first."""

    def __init__(self, source, declared, oldest_accepted, since, processes):
        """
        :param declared: Targets of all logs of the server
        """
        self.source = source
        self._others = [target for target in declared if target != source.target]
        self.since = since
        self.tally = Tally(oldest_accepted)
        self.unreadable = []
        self.files = []
        self._processes = processes
        # By identity: (LogFile, its first bytes) of each file that was read.
        self._read = {}
        self._older_last = None
        self._newest_skipped = None

    def run(self):
        """Read whatever can be read, and record what cannot."""
        form = self.source.formats[0]
        if not form.logs_client:
            self._problem(self.source.target.path, 'the log does not contain the client, so no client can be named')
        if form.time is None:
            self._problem(self.source.target.path, 'the log contains no readable time, so requests of any age are counted')
        try:
            Scanner(self.source.formats, self.tally)
        except UnusableFormat as error:
            self._problem(self.source.target.path, 'the format %s cannot be read: %s' % (display(form.text), error))
            return
        self._read_files()
        skipped = self._newest_skipped
        if skipped is not None and skipped.compression is not None and form.time is not None:
            self._older_last = latest(self._older_last, last_moment(skipped.path, skipped.compression, skipped.changed, self.source.formats))

    def _read_files(self):
        for dummy in range(_ROUNDS):
            files = self._files()
            if not files:
                return
            for entry in files:
                self._file(entry)
        self._problem(self.source.target.path, 'the log is rotated faster than it can be read')

    def reaches_back(self):
        """Return whether requests were logged from ``since`` on: the last one before it and the first one after it are not far apart."""
        known = self._older_last is not None and self.tally.first is not None
        return known and self.tally.first - self._older_last <= LONGEST_SILENCE

    def _files(self):
        """Return the files that have not been read yet, newest first."""
        path = self.source.target.path
        try:
            files = files_of(self.source.target, self._others)
        except (OSError, TooManyFiles) as error:
            self._problem(path, getattr(error, 'strerror', None) or str(error))
            return []
        if not files and not self._read:
            self._problem(path, 'there is no such file')
        if self.since is not None:
            skipped = [entry for entry in files if entry.changed < self.since and entry.size > 0]
            self._newest_skipped = skipped[0] if skipped else None
            files = [entry for entry in files if entry.changed >= self.since]
        known = set(entry.identity for entry in files if self._was_read(entry))
        gone = [beginning for identity, (dummy, beginning) in self._read.items() if beginning and identity not in known]
        found = [entry for entry in files if entry.identity not in known]
        return [entry for entry in found if not self._is_copy(entry, gone)]

    def _was_read(self, entry):
        known, beginning = self._read.get(entry.identity, (None, b''))
        if known is None or (known.path == entry.path and known.size <= entry.size):
            return known is not None
        # Renamed; or another file, which got the inode of a deleted one.
        return known.compression == entry.compression and beginning_of(entry.path, entry.compression).startswith(beginning)

    def _is_copy(self, entry, gone):
        """Return whether a file is a rotated copy, for example compressed, of a file that was read and has disappeared since; compare first bytes."""
        if not gone or entry.compression is None:
            return False
        beginning = beginning_of(entry.path, entry.compression)
        if not any(beginning.startswith(known) for known in gone):
            return False
        self._read[entry.identity] = (entry, beginning)
        return True

    def _file(self, entry):
        try:
            status = os.stat(entry.path)
        except OSError:
            return
        if (status.st_dev, status.st_ino) != entry.identity:
            # Rotated since it was listed: it will be listed again under its new name.
            return
        self._read[entry.identity] = (entry, beginning_of(entry.path, entry.compression) if entry.compression is not None else b'')
        if entry.compression is None:
            self._problem(entry.path, 'this kind of compression cannot be read')
            return
        result = read_log(entry.path, entry.compression, self.source.formats, self.tally.oldest_accepted, self.since, entry.live,
                          self._processes)
        self.tally.add_tally(result.tally)
        self._older_last = latest(self._older_last, result.older_last)
        self.files.append(entry)
        if result.problem:
            self._problem(entry.path, result.problem)

    def _problem(self, path, reason):
        self.unreadable.append({'part': display(path), 'reason': reason})

    def summary(self):
        """Return what was read from this log."""
        return {
            'path': display(self.source.target.path),
            'format': display(self.source.formats[0].text),
            'condition': self.source.condition,
            'declared_at': self.source.declared_at,
            'files': [display(entry.path) for entry in self.files[:_MOST_NAMES]],
            'lines': self.tally.lines + self.tally.unreadable_lines,
            'unreadable_lines': self.tally.unreadable_lines,
            'first': format_utc(self.tally.first),
            'last': format_utc(self.tally.last),
            'last_before': format_utc(self._older_last),
            'complete': self.reaches_back(),
        }
