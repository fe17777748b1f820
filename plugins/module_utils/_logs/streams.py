# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.
"""Read plain or compressed log files in pieces of whole lines, with little memory whatever their size."""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import bz2
import errno
import gzip
import io
import os
import stat
import struct
import sys
import zlib

try:
    import lzma
    HAS_LZMA = True
except ImportError:
    # Python 2.7 has no lzma module, and other Pythons can be built without it.
    HAS_LZMA = False

PIECE = 256 * 1024
# Even twice the longest line that Apache can write with its usual limits is far shorter than this.
LONGEST_LINE = 4 * 1024 * 1024
_WINDOW = 64 * 1024
# Lines that are examined before a window counts as old: a single wrong time must not decide.
_SAMPLES = 8
# Lines that are examined in the part to skip, and how much is read for each.
_CHECKS = 64
_CHECKED = 16 * 1024
# This many bytes at the beginning of a log identify it.
_BEGINNING = 4096

GZIP, BZIP2, XZ, PLAIN = '.gz', '.bz2', '.xz', ''


class UnreadableLog(Exception):
    """Raised for a log file that cannot be read, or not to its end; the text says why."""


def open_log(path, compression):
    """Open a log file.

    :param path: path as bytes
    :param compression: GZIP, BZIP2, XZ or PLAIN
    :returns: binary stream
    :raises UnreadableLog: if that is not possible
    """
    if compression == XZ and not HAS_LZMA:
        raise UnreadableLog('this Python (%d.%d) cannot read xz files' % sys.version_info[:2])
    try:
        # Do not wait for a FIFO in place of a log.
        plain = io.FileIO(os.open(path, os.O_RDONLY | os.O_NONBLOCK), 'rb')
    except (IOError, OSError) as error:
        raise UnreadableLog(os.strerror(error.errno or errno.EIO))
    if not stat.S_ISREG(os.fstat(plain.fileno()).st_mode):
        plain.close()
        raise UnreadableLog('not a regular file')
    if compression == GZIP:
        return gzip.GzipFile(fileobj=plain, mode='rb')
    if compression == BZIP2:
        return _Bzip2(plain) if sys.version_info[0] == 2 else bz2.BZ2File(plain)
    return lzma.LZMAFile(plain) if compression == XZ else plain


class _Bzip2(object):
    """Read several bzip2 streams, as pbzip2 writes them: BZ2File of Python 2.7 silently ends after the first."""

    def __init__(self, plain):
        self._plain = plain
        self._decompressor = bz2.BZ2Decompressor()
        self._rest = b''

    def read(self, size):
        while not self._rest:
            data = self._plain.read(4096)
            if not data:
                if self._plain.tell() and not self._ended():
                    raise EOFError('the file ends in the middle')
                return b''
            self._decompress(data)
        piece, self._rest = self._rest[:size], self._rest[size:]
        return piece

    def _decompress(self, data):
        while data:
            try:
                self._rest += self._decompressor.decompress(data)
                data = self._decompressor.unused_data
            except EOFError:
                # The previous stream ended exactly with the previous piece.
                self._decompressor = bz2.BZ2Decompressor()
                continue
            if data:
                self._decompressor = bz2.BZ2Decompressor()

    def _ended(self):
        """Return whether the stream is complete; Python 2.7 reveals this only if one continues."""
        try:
            self._decompressor.decompress(b'\0')
        except EOFError:
            return True
        return False

    def close(self):
        self._plain.close()


def read_pieces(stream, size=None):
    """Read a stream in pieces of whole lines.

    :param stream: binary stream
    :param size: read at most this number of bytes: a log that is being written to must have an end, too
    :returns: generator of (bytearray, end, kind): the first ``end`` bytes are whole lines (kind ``lines``), one line without its end
        (``rest``, at the end of the stream), or the beginning of a line that is too long (``long``)
    :raises UnreadableLog: if the stream breaks off
    """
    buffer, used, left, skipping = bytearray(PIECE), 0, size, False
    while True:
        got = _fill(stream, buffer, used, left)
        if not got:
            break
        left = None if left is None else left - got
        used += got
        end = buffer.rfind(b'\n', used - got, used) + 1
        if end:
            begin = buffer.find(b'\n', 0, end) + 1 if skipping else 0
            if begin:
                buffer[:used - begin] = buffer[begin:used]
                used, end, skipping = used - begin, end - begin, False
            if end:
                yield buffer, end, 'lines'
                buffer[:used - end] = buffer[end:used]
                used -= end
                if len(buffer) > PIECE and used < PIECE:
                    buffer = buffer[:used] + bytearray(PIECE - used)
        if used == len(buffer):
            if len(buffer) < LONGEST_LINE and not skipping:
                buffer = buffer + bytearray(len(buffer))
            else:
                if not skipping:
                    yield buffer, used, 'long'
                used, skipping = 0, True
    if used and not skipping:
        yield buffer, used, 'rest'


def _fill(stream, buffer, used, left):
    """Read into the free part of a buffer, and return the number of bytes."""
    room = len(buffer) - used if left is None else min(len(buffer) - used, left)
    if not room:
        return 0
    try:
        if isinstance(stream, io.FileIO):
            return stream.readinto(memoryview(buffer)[used:used + room]) or 0
        data = stream.read(room)
    except EOFError:
        raise UnreadableLog('the compressed file ends in the middle')
    except (TypeError, struct.error):
        if not isinstance(stream, gzip.GzipFile):
            raise
        # Python 2.7 reports a file that ends within its header or its trailer like this.
        raise UnreadableLog('the compressed file ends in the middle')
    except (IOError, OSError, ValueError, zlib.error) as error:
        raise UnreadableLog(str(error))
    except Exception as error:
        # lzma has its own error class, which not every Python has.
        if HAS_LZMA and isinstance(error, lzma.LZMAError):
            raise UnreadableLog(str(error))
        raise
    buffer[used:used + len(data)] = data
    return len(data)


def beginning_of(path, compression):
    """Return the first bytes of a log file, uncompressed; no bytes if they cannot be read."""
    buffer, used = bytearray(_BEGINNING), 0
    try:
        stream = open_log(path, compression)
    except UnreadableLog:
        return b''
    try:
        got = _fill(stream, buffer, used, None)
        while got:
            used += got
            got = _fill(stream, buffer, used, None)
    except UnreadableLog:
        return b''
    finally:
        stream.close()
    return bytes(buffer[:used])


def seek_since(stream, size, moment, time_from):
    """Position an uncompressed file at a line from before a time, so that older lines need not be read.

    A few lines with wrong times are tolerated, but there is no proof: only some lines of the skipped part are examined.

    :param moment: seconds since 1970
    :param time_from: function (buffer, start, end) that returns the time of the next line that has one, or None
    """
    low, high = 0, size
    while high - low > 4 * PIECE:
        middle = (low + high) // 2
        if _is_old(stream, middle, moment, time_from):
            low = middle
        else:
            high = middle
    low = _before_first_recent(stream, low, moment, time_from)
    stream.seek(next_line(stream, low) if low else 0)


def _is_old(stream, position, moment, time_from):
    """Return whether the lines throughout a window are from before a time."""
    stream.seek(position)
    buffer = bytearray(stream.read(_WINDOW))
    starts = [buffer.find(b'\n', len(buffer) * number // _SAMPLES) + 1 for number in range(_SAMPLES)]
    times = [time_from(buffer, start, len(buffer)) for start in starts if start]
    known = [found for found in times if found is not None]
    return 2 * len(known) > _SAMPLES and max(known) < moment


def _before_first_recent(stream, low, moment, time_from):
    """Return where to start reading: not after the first recent line that is found; search densely before ``low``, sparsely elsewhere."""
    near = [low - (PIECE << number) for number in range(low.bit_length()) if PIECE << number < low]
    before = 0
    for position in sorted(near + [low * number // _CHECKS for number in range(_CHECKS)]):
        stream.seek(position)
        buffer = bytearray(stream.read(_CHECKED))
        start = buffer.find(b'\n') + 1
        found = time_from(buffer, start, len(buffer)) if start else None
        if found is not None and found >= moment:
            return before
        before = position
    return low


def next_line(stream, position):
    """Return the offset of the first line that begins after a position in an uncompressed file, or its end if there is none."""
    stream.seek(position)
    while True:
        data = stream.read(_WINDOW)
        end = data.find(b'\n') + 1
        if end or not data:
            return position + end
        position += len(data)
