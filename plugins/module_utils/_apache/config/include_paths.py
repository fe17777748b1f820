# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""Find the files that an Include names: wildcards, directories and the order in which httpd reads them.

Rules: config.c (ap_process_fnmatch_configs and what it calls) and APR's apr_fnmatch.c. A directory is read with everything in it, hidden files
and backup copies too; a wildcard leaves out only names that begin with a dot.
"""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import errno
import os
import re
import stat

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._text import name_bytes

# AP_MAX_INCLUDE_DEPTH (core.c)
MAX_DEPTH = 128

_WILDCARD = re.compile(r'(?s)(?:[^\\*?\[]|\\.)*(?:[*?]|\[(?:[^\\*?\]]|\\.)*[*?\]])')


# Older Pythons know no more than 100 groups in a pattern.
MOST_STARS = 60


# The one file that is none and that httpd reads all the same, as empty (util.c, ap_pcfg_openfile); it goes by the name.
EMPTY = '/dev/null'

# What a path has that leads nowhere: for IncludeOptional it is as good as not there.
_NOWHERE = (errno.ENOENT, errno.ENOTDIR, errno.ELOOP)


class NothingFound(Exception):
    """An Include names a file that is not there, or a wildcard that fits nothing; the text says which."""


class Unreadable(Exception):
    """A directory cannot be listed; the text says why. The user that runs httpd may be able to."""


def absolute(name, server_root):
    """Return a path of the configuration made absolute: relative ones count from ServerRoot (config.c, ap_server_root_relative).

    A slash at its end stays: a file is not found by such a name.
    """
    path = os.path.normpath(os.path.join(server_root, name))
    return path + '/' if name.endswith('/') and not path.endswith('/') else path


def leads_nowhere(path):
    """Return whether there is nothing at the end of a path: a link to nothing, to itself, or through a file."""
    return _mode(path, os.stat) is None


def _mode(path, look):
    """Return the kind and permissions of what is at a path, None where there is nothing.

    :param look: os.stat, or os.lstat to see a link itself
    """
    try:
        return look(path).st_mode
    except OSError as error:
        if error.errno in _NOWHERE:
            return None
        raise Unreadable('%s: %s' % (path, error.strerror))


def _is_directory(path):
    mode = _mode(path, os.stat)
    return mode is not None and stat.S_ISDIR(mode)


def expand(name, server_root):
    """Return the files that an Include reads.

    :param name: the argument of Include, native text
    :param server_root: directory as native text
    :returns: list of absolute paths in the order of reading
    :raises NothingFound: when the file is missing or the wildcard fits nothing
    :raises Unreadable: when a directory on the way cannot be read
    """
    pattern = os.path.join(server_root, name)
    if not _WILDCARD.match(pattern):
        return _walk(absolute(name, server_root))
    # As httpd does it: "x/.." is taken out before anything is looked for.
    found = _match('/', [part for part in os.path.normpath(pattern).split('/') if part])
    if not found:
        raise NothingFound('nothing fits the wildcard %s' % pattern)
    return [path for candidate in found for path in _walk(candidate)]


def _walk(path, depth=0):
    """Return a file as it is, a directory as all files in it, sorted by name."""
    if not _is_directory(path):
        if _mode(path, os.lstat) is None:
            raise NothingFound('%s is not there' % path)
        return [path]
    if depth > MAX_DEPTH:
        raise NothingFound('directories below %s are nested more than %d deep' % (path, MAX_DEPTH))
    return [found for name in _entries(path) for found in _walk(os.path.join(path, name), depth + 1)]


def _entries(directory):
    """Return the names in a directory, sorted; none where there is no directory."""
    try:
        return sorted(os.listdir(directory))
    except OSError as error:
        if error.errno in _NOWHERE:
            return []
        raise Unreadable('%s: %s' % (directory, error.strerror))


def _match(directory, parts):
    """Return paths that fit the parts of a pattern, each level sorted by name."""
    part, rest = parts[0], parts[1:]
    if _WILDCARD.match(part):
        fits = re.compile(translate(_by_bytes(part))).match if part.count('*') <= MOST_STARS else lambda dummy_name: None
        names = [name for name in _entries(directory) if fits(_by_bytes(name))]
    else:
        names = [part]
    paths = [os.path.join(directory, name) for name in names]
    if not rest:
        return [path for path in paths if _mode(path, os.lstat) is not None]
    return [found for path in paths if _is_directory(path) for found in _match(path, rest)]


def _by_bytes(name):
    """Return a name with one character for each of its bytes, which is what httpd compares."""
    return name_bytes(name).decode('latin-1')


def translate(pattern):
    """Return a wildcard of apr_fnmatch with APR_FNM_PERIOD as a regular expression: a leading dot is never matched by a wildcard.

    What stands between two stars is taken where it comes first, and never elsewhere: so it takes no time to speak of, however many they are.
    """
    pieces = ['' if pattern.startswith('.') else r'(?!\.)']
    index = 0
    while index < len(pattern):
        char = pattern[index]
        closing = pattern.find(']', index + 2) if char == '[' else -1
        if closing > 0:
            pieces[-1] += _set(pattern[index + 1:closing])
            index = closing
        elif char == '\\' and index + 1 < len(pattern):
            index += 1
            pieces[-1] += re.escape(pattern[index])
        elif char == '*':
            pieces.append('')
        else:
            pieces[-1] += '.' if char == '?' else re.escape(char)
        index += 1
    return '(?s)' + with_anything_between(pieces) + r'\Z'


def with_anything_between(pieces):
    """Return one regular expression of those that follow each other with anything in between.

    :param pieces: list of text, no more than MOST_STARS + 1
    """
    if len(pieces) == 1:
        return pieces[0]
    # Found once, a piece is not looked for again further on, which Python has no other word for.
    between = ['(?=(?P<p%d>.*?%s))(?P=p%d)' % (number, piece, number) for number, piece in enumerate(pieces[1:-1]) if piece]
    return pieces[0] + ''.join(between) + '.*' + pieces[-1]


def _set(inside):
    """Return what stands between square brackets as a regular expression; a range from high to low fits nothing."""
    negated = inside[:1] in ('!', '^')
    ranges = re.findall(r'(?s)\\?(.)(?:-\\?(.))?', inside[1:] if negated else inside)
    parts = ['%s-%s' % (re.escape(low), re.escape(high or low)) for low, high in ranges if low <= (high or low)]
    if not parts:
        return '.' if negated else '(?!)'
    return '[%s%s]' % ('^' if negated else '', ''.join(parts))
