# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.
"""The files of one log: the one that is written to, and what rotation made of earlier ones."""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import glob
import os
import re
import stat
from collections import namedtuple

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._logs.streams import BZIP2, GZIP, PLAIN, XZ

# compression: see open_log, None for one that cannot be read; identity: device and inode; changed: seconds since 1970;
# live: whether it may be written to
LogFile = namedtuple('LogFile', ['path', 'compression', 'identity', 'size', 'changed', 'live'])

# What logrotate, rotatelogs, newsyslog and cron jobs append: .1, -20261123, .2026-11-23, -20261123-1763859600, .1763859600, .old
_ROTATED = br'(?:[.-][0-9][0-9._-]*|\.(?:old|bak|prev))'
_COMPRESSED = br'(?P<compression>\.(?:gz|bz2|xz|zst|lz4|lzma|Z|zip))?'
_READABLE = (GZIP.encode('ascii'), BZIP2.encode('ascii'), XZ.encode('ascii'))

# strftime conversions and rotatelogs' own start time in a name.
_CONVERSION = re.compile(br'%[EO_0^#-]?[A-Za-z]')

# Beyond this number somebody keeps something else in that folder.
MOST_FILES = 20000


class TooManyFiles(Exception):
    """More files fit the name of a log than can be its own; the text says how many."""


def files_of(path):
    """The files of a log that is written to under one name, newest first.

    :param path: as bytes
    :raises OSError: when the folder cannot be read
    :raises TooManyFiles: see MOST_FILES
    """
    folder, name = os.path.split(path)
    stem, extension = os.path.splitext(name)
    # logrotate's option "extension" puts the number between name and extension: access-20261123.log.gz
    pattern = re.escape(name) + br'(?:' + _ROTATED + br')?' + _COMPRESSED
    if extension and stem:
        pattern += br'|' + re.escape(stem) + _ROTATED + re.escape(extension) + _COMPRESSED.replace(b'compression', b'other')
    fits = re.compile(br'(?:' + pattern + br')\Z')
    found = []
    for candidate in os.listdir(folder):
        match = fits.match(candidate)
        if match is not None:
            compression = next((value for value in match.groupdict().values() if value), b'')
            found.append((os.path.join(folder, candidate), compression))
    return _newest_first(found, lambda candidate: candidate == path)


def files_of_pattern(pattern):
    """The files of a log whose name is made of the time (``rotatelogs /logs/ssl.%Y%m%d 86400``), newest first.

    :param pattern: as bytes, absolute
    :raises OSError: never for single files
    :raises TooManyFiles: see MOST_FILES
    """
    literals = _CONVERSION.split(pattern)
    wildcard = b'*'.join(re.sub(br'([*?[])', br'[\1]', literal.replace(b'%%', b'%')) for literal in literals)
    exact = re.compile(br'[0-9A-Za-z+-]+'.join(re.escape(literal.replace(b'%%', b'%')) for literal in literals) + _COMPRESSED + br'\Z')
    found = []
    for candidate in glob.glob(wildcard) + glob.glob(wildcard + b'.*'):
        match = exact.match(candidate)
        if match is not None:
            found.append((candidate, match.group('compression') or b''))
    # Nobody but rotatelogs knows which one is written to.
    return _newest_first(sorted(set(found)), lambda dummy_candidate: True)


def _newest_first(found, is_live):
    if len(found) > MOST_FILES:
        raise TooManyFiles('%d files have the name of this log' % len(found))
    by_identity = {}
    names = set(path for path, compression in found)
    for path, compression in found:
        try:
            status = os.stat(path)
        except OSError:
            # Gone, as rotation does it; or a link to nothing.
            continue
        if not stat.S_ISREG(status.st_mode) and not is_live(path):
            continue
        if compression and path[:-len(compression)] in names:
            # Being compressed right now: the plain one is still complete.
            continue
        kind = PLAIN if not compression else compression.decode('ascii') if compression in _READABLE else None
        live = is_live(path) and not compression
        entry = LogFile(path, kind, (status.st_dev, status.st_ino), status.st_size, status.st_mtime, live)
        if entry.identity not in by_identity or live:
            by_identity[entry.identity] = entry
    return sorted(by_identity.values(), key=lambda entry: (-entry.changed, entry.path))
