# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.
"""Log files as streams: plain or compressed, read in pieces that begin and end with whole lines, with little memory whatever their size."""

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
    # Python 2.7 has none, and a Python can be built without.
    HAS_LZMA = False

PIECE = 256 * 1024
# Twice the longest line that Apache can write with its usual limits is far below this one.
LONGEST_LINE = 4 * 1024 * 1024
_WINDOW = 64 * 1024
# Lines that are looked at before a window counts as old: one with a wrong time must not decide.
_SAMPLES = 8
# Lines that are looked at in the part that is to be left out, and how much is read for each.
_CHECKS = 64
_CHECKED = 16 * 1024
# So much of the beginning of a log tells it from any other.
_BEGINNING = 4096

GZIP, BZIP2, XZ, PLAIN = '.gz', '.bz2', '.xz', ''


class UnreadableLog(Exception):
    """A log file that cannot be read, or not to its end; the text says why."""


def open_log(path, compression):
    """Open a log file.

    :param path: path as bytes
    :param compression: GZIP, BZIP2, XZ or PLAIN
    :returns: binary stream
    :raises UnreadableLog: when that is not possible
    """
    if compression == XZ and not HAS_LZMA:
        raise UnreadableLog('this Python (%d.%d) cannot read xz files' % sys.version_info[:2])
    try:
        # A FIFO in the place of a log must not be waited for.
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
    """Python 2.7's own BZ2File ends after the first of several streams, as pbzip2 makes them, and says nothing."""

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
                # The stream before ended with the piece before.
                self._decompressor = bz2.BZ2Decompressor()
                continue
            if data:
                self._decompressor = bz2.BZ2Decompressor()

    def _ended(self):
        """Whether the stream is complete; Python 2.7 tells it only to the one who goes on."""
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
    :param size: read no more than this number of bytes: a log that is written to while it is read has an end too
    :returns: generator of (bytearray, end, kind): the first ``end`` bytes are whole lines (kind ``lines``), one line without its end
        (``rest``, at the end of the stream), or the beginning of a line that is too long (``long``)
    :raises UnreadableLog: when the stream breaks off
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
    """Read into the free part of a buffer; returns the number of bytes."""
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
        # That is how Python 2.7 says it of a file that ends within its header or its trailer.
        raise UnreadableLog('the compressed file ends in the middle')
    except (IOError, OSError, ValueError, zlib.error) as error:
        raise UnreadableLog(str(error))
    except Exception as error:
        # lzma has an error of its own, which not every Python has.
        if HAS_LZMA and isinstance(error, lzma.LZMAError):
            raise UnreadableLog(str(error))
        raise
    buffer[used:used + len(data)] = data
    return len(data)


def beginning_of(path, compression):
    """The first bytes of a log file, uncompressed; none when they cannot be read."""
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
    """Move a plain file to a line from before a moment, so that what is older need not be read.

    Lines with a wrong time are put up with, but this is no proof: of the part left out, some lines are looked at and no more.

    :param moment: seconds since 1970
    :param time_from: function (buffer, start, end) to the time of the next line that has one, None when it has none
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
    """Whether the lines all over a window are from before a moment."""
    stream.seek(position)
    buffer = bytearray(stream.read(_WINDOW))
    starts = [buffer.find(b'\n', len(buffer) * number // _SAMPLES) + 1 for number in range(_SAMPLES)]
    times = [time_from(buffer, start, len(buffer)) for start in starts if start]
    known = [found for found in times if found is not None]
    return 2 * len(known) > _SAMPLES and max(known) < moment


def _before_first_recent(stream, low, moment, time_from):
    """The position to read from: not behind the first line that is found not to be old, looking densely before ``low`` and all over the rest."""
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
    """Offset of the first line that begins behind a position of a plain file; its end where there is none."""
    stream.seek(position)
    while True:
        data = stream.read(_WINDOW)
        end = data.find(b'\n') + 1
        if end or not data:
            return position + end
        position += len(data)
