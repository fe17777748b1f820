# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.
"""Read one log file into a Tally; several processes read the parts of a large uncompressed file."""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import os
import pickle

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._logs.scanner import OUT_OF_ORDER, Scanner
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._logs.streams import (
    PIECE, PLAIN, UnreadableLog, next_line, open_log, read_pieces, seek_since)
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._logs.tally import Tally

# A part smaller than this is not worth a process.
SMALLEST_PART = 32 * 1024 * 1024
MOST_PROCESSES = 4


class FileResult(object):
    """The result for one file.

    :ivar tally: Tally of its lines
    :ivar older_last: time of its latest line from before ``since``, None if there is none
    :ivar problem: why it was not read to its end, None if it was
    """

    def __init__(self, tally, older_last=None, problem=None):
        self.tally = tally
        self.older_last = older_last
        self.problem = problem


def read_log(path, compression, formats, oldest_accepted, since=None, live=False, processes=1):
    """Count the lines of one file.

    :param path: as bytes
    :param compression: see ``open_log``
    :param formats: list of LineFormat that its lines may have
    :param oldest_accepted: see Tally
    :param since: seconds since 1970 or None
    :param live: whether it may still be written to, so that its last line may be incomplete
    :param processes: maximum number of processes that read it
    :returns: FileResult
    :raises UnusableFormat: if a format cannot be read without guessing
    """
    scanner = Scanner(formats, Tally(oldest_accepted), since)
    try:
        stream = open_log(path, compression)
    except UnreadableLog as error:
        return FileResult(scanner.tally, problem=str(error))
    try:
        if compression != PLAIN:
            return _scan(scanner, stream, None, live)
        size = os.fstat(stream.fileno()).st_size
        if since is not None and formats[0].time is not None:
            seek_since(stream, size, since - OUT_OF_ORDER, scanner.edge_time)
        parts = _parts(stream, stream.tell(), size, processes)
        if len(parts) < 2:
            return _scan(scanner, stream, max(size - stream.tell(), 0), live)
        return _scan_parts(scanner, path, parts, formats, live)
    finally:
        stream.close()


def _scan(scanner, stream, size, live):
    result = FileResult(scanner.tally)
    try:
        for buffer, end, kind in read_pieces(stream, size):
            if kind == 'lines':
                scanner.scan(buffer, end)
            elif kind == 'long':
                scanner.tally.unreadable_lines += 1
            else:
                _last_line(scanner, bytes(buffer[:end]), live)
    except UnreadableLog as error:
        result.problem = str(error)
    result.older_last = scanner.older_last
    return result


def _last_line(scanner, line, live):
    """Count a last line without a line end: it is either cut off, or still being written and complete next time."""
    unreadable = scanner.tally.unreadable_lines
    if not scanner.single(line) and live:
        scanner.tally.unreadable_lines = unreadable


def latest(moment, other):
    """Return the later of two times, each of which may be None."""
    return max([found for found in (moment, other) if found is not None] or [None])


def last_moment(path, compression, changed, formats):
    """Return when the last line was written to a file that is too old to be read.

    Read only the beginning of a compressed file, and use ``changed`` as the time of its end.

    :returns: seconds since 1970; None if no line there has a time in one of the formats, so that the file proves nothing
    """
    scanner = Scanner(formats, Tally())
    try:
        stream = open_log(path, compression)
    except UnreadableLog:
        return None
    try:
        if compression != PLAIN:
            buffer, end, dummy_kind = next(read_pieces(stream), (bytearray(), 0, ''))
            return int(changed) if scanner.edge_time(buffer, 0, end) is not None else None
        stream.seek(max(os.fstat(stream.fileno()).st_size - PIECE, 0))
        buffer = bytearray(stream.read(PIECE))
        return scanner.last_time(buffer, buffer.rfind(b'\n') + 1)
    except UnreadableLog:
        return None
    finally:
        stream.close()


def _parts(stream, start, size, processes):
    """Return (start, end) of roughly equal parts that begin and end with whole lines."""
    count = max(min(processes, MOST_PROCESSES, (size - start) // SMALLEST_PART), 1)
    bounds = [start] + [next_line(stream, start + (size - start) * number // count) for number in range(1, count)] + [size]
    stream.seek(start)
    return [(begin, end) for begin, end in zip(bounds, bounds[1:]) if end > begin]


def _scan_parts(scanner, path, parts, formats, live):
    """Read all parts at the same time: the last one here, the others in separate processes."""
    children = [_Child(path, part, formats, scanner) for part in parts[:-1]]
    result = _scan_part(path, parts[-1], scanner, live)
    for child in children:
        other = child.result()
        result.tally.add_tally(other.tally)
        result.older_last = latest(result.older_last, other.older_last)
        result.problem = result.problem or other.problem
    return result


def _scan_part(path, part, scanner, live):
    stream = open_log(path, PLAIN)
    try:
        stream.seek(part[0])
        return _scan(scanner, stream, part[1] - part[0], live)
    finally:
        stream.close()


class _Child(object):
    """A process that reads one part and returns the result through a pipe."""

    def __init__(self, path, part, formats, scanner):
        reader, writer = os.pipe()
        self._process = os.fork()
        if not self._process:
            # Never return to the caller: its exit handlers must not run twice.
            status = 1
            try:
                os.close(reader)
                own = Scanner(formats, Tally(scanner.tally.oldest_accepted), scanner.since)
                with os.fdopen(writer, 'wb') as pipe:
                    pickle.dump(_scan_part(path, part, own, False), pipe, 2)
                status = 0
            finally:
                os._exit(status)
        os.close(writer)
        self._reader = reader

    def result(self):
        with os.fdopen(self._reader, 'rb') as pipe:
            data = pipe.read()
        dummy, status = os.waitpid(self._process, 0)
        if status:
            return FileResult(Tally(), problem='a process that read a part of the file ended early')
        return pickle.loads(data)


def available_processors():
    """Return the number of processors that this process may use."""
    if hasattr(os, 'sched_getaffinity'):
        return len(os.sched_getaffinity(0))
    return max(os.sysconf('SC_NPROCESSORS_ONLN'), 1)
