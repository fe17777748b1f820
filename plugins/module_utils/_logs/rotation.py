# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.
"""Find the files of one log: the current one and the rotated ones."""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import os
import re
import stat
from collections import namedtuple

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._logs.directives import PATTERN
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._logs.log_time import DATE_WITH_SLASHES, TimeField
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._logs.streams import BZIP2, GZIP, PLAIN, XZ

# compression: see open_log, None for one that cannot be read; identity: device and inode; changed: seconds since 1970;
# live: whether it may be written to
LogFile = namedtuple('LogFile', ['path', 'compression', 'identity', 'size', 'changed', 'live'])

# What logrotate, rotatelogs, newsyslog and cron jobs append: .1, -20261123, .2026-11-23, -20261123-1763859600, .1763859600, .old
_ROTATED = br'(?:[.-][0-9][0-9._-]*|\.(?:old|bak|prev))'
_COMPRESSED = br'(?P<compression>\.(?:gz|bz2|xz|zst|lz4|lzma|Z|zip))?'
_READABLE = (GZIP.encode('ascii'), BZIP2.encode('ascii'), XZ.encode('ascii'))

# If there are more, the directory contains something else as well.
MOST_FILES = 20000


class TooManyFiles(Exception):
    """Raised if more files match the name of a log than can belong to it; the text says how many."""


def files_of(target, others=()):
    """Return the files of a log, newest first.

    :param target: Target, a file or a pattern with the time in it (``rotatelogs /logs/ssl.%Y%m%d 86400``)
    :param others: Targets of other logs, whose files are skipped
    :raises OSError: if the directory of a file cannot be read
    :raises TooManyFiles: see MOST_FILES
    """
    if target.kind == PATTERN:
        found = _find_by_time(target.path)
    else:
        found = _find_rotated(target.path)
    belongs = _owner(target, others)
    # Only rotatelogs knows which file of a pattern it is writing to.
    return _newest_first(
        sorted(item for item in found if belongs(item[0])), lambda candidate: target.kind == PATTERN or candidate == target.path
    )


def _find_rotated(path):
    directory, name = os.path.split(path)
    fits = _rotated_names(name)
    matches = [(candidate, fits.match(candidate)) for candidate in os.listdir(directory)]
    return [(os.path.join(directory, candidate), _compression(match)) for candidate, match in matches if match is not None]


def _rotated_names(name):
    """Return a pattern for the name of a log and all names that rotation gives it."""
    stem, extension = os.path.splitext(name)
    # logrotate's option "extension" inserts the number before the extension: access-20261123.log.gz
    pattern = re.escape(name) + br'(?:' + _ROTATED + br')?' + _COMPRESSED
    if extension and stem:
        pattern += br'|' + re.escape(stem) + _ROTATED + re.escape(extension) + _COMPRESSED.replace(b'compression', b'other')
    return re.compile(br'(?:' + pattern + br')\Z')


def _compression(match):
    return next((value for value in match.groupdict().values() if value), b'')


def _find_by_time(pattern):
    """Return (path, compression) of all paths that match a pattern; its directories may contain the time, too."""
    parts = _parts(pattern)
    found = [(b'/', b'')]
    for number, part in enumerate(parts):
        fits = _timed_name(part, number + 1 == len(parts))
        if fits is None:
            found = [(os.path.join(directory, part.replace(b'%%', b'%')), b'') for directory, dummy in found]
            continue
        below = []
        for directory, dummy in found:
            matches = [(candidate, fits.match(candidate)) for candidate in _names_in(directory)]
            below += [(os.path.join(directory, candidate), _compression(match)) for candidate, match in matches if match is not None]
        found = below
    return found


def _parts(pattern):
    return DATE_WITH_SLASHES.sub(lambda match: b'%%' if match.group() == b'%%' else b'%m/%d/%y', pattern).strip(b'/').split(b'/')


def _timed_name(part, is_last):
    """Return a pattern for one name of a path, None for a constant name.

    Conversions have a fixed width, so that matching never backtracks.
    """
    if not is_last and b'%' not in part.replace(b'%%', b''):
        return None
    pattern = TimeField(part).pattern if b'%' in part else re.escape(part)
    if pattern is None:
        # An unknown conversion: any text between the literals before the first and after the last conversion.
        pattern = re.escape(part[:part.index(b'%')]) + br'.+' + re.escape(re.split(br'%[EO_0^#-]?[A-Za-z+]', part)[-1])
    return re.compile(pattern + (_COMPRESSED if is_last else b'') + br'\Z')


def _names_in(directory):
    try:
        return os.listdir(directory)
    except OSError:
        # A file, or gone: rotatelogs creates directories and files by time, and something else removes them.
        return []


def _owner(target, others):
    """Return a function that decides whether a path belongs to one log or to another: the longest matching name wins."""
    exact = set(other.path for other in others if other.kind != PATTERN and other.path != target.path)
    longer = [_claim(other) for other in others if other.path is not None and other != target and len(other.path) > len(target.path)]

    def belongs(path):
        return path == target.path or (path not in exact and not any(claims(path) for claims in longer))
    return belongs


def _claim(other):
    """Return a function that decides whether a path belongs to another log."""
    if other.kind == PATTERN:
        parts = _parts(other.path)
        fits = [_timed_name(part, number + 1 == len(parts)) or re.compile(re.escape(part.replace(b'%%', b'%')) + br'\Z')
                for number, part in enumerate(parts)]

        def claims(path):
            names = path.strip(b'/').split(b'/')
            return len(names) == len(fits) and all(fit.match(name) for fit, name in zip(fits, names))
        return claims
    directory, name = os.path.split(other.path)
    rotated = _rotated_names(name)
    return lambda path: os.path.dirname(path) == directory and rotated.match(os.path.basename(path)) is not None


def _newest_first(found, is_live):
    if len(found) > MOST_FILES:
        raise TooManyFiles('%d files have the name of this log' % len(found))
    by_identity = {}
    names = set(path for path, compression in found)
    for path, compression in found:
        try:
            status = os.stat(path)
        except OSError:
            # Removed by rotation; or a dangling link.
            continue
        if not stat.S_ISREG(status.st_mode) and not is_live(path):
            continue
        if compression and path[:-len(compression)] in names:
            # It is being compressed right now: the uncompressed file is still complete.
            continue
        kind = PLAIN if not compression else compression.decode('ascii') if compression in _READABLE else None
        live = is_live(path) and not compression
        entry = LogFile(path, kind, (status.st_dev, status.st_ino), status.st_size, status.st_mtime, live)
        if entry.identity not in by_identity or live:
            by_identity[entry.identity] = entry
    return sorted(by_identity.values(), key=lambda entry: (-entry.changed, entry.path))
