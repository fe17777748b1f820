# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""Copies of the files of an Apache, never where its configuration would include them: the old value would win, and httpd cannot read a record."""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import os
import re

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.config import include_paths
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.config.lexer import split_words
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError, UNCHANGED
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.backups import backup_file
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.os_errors import problem
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._text import absolute, name_bytes, native

_RECORD = '.json'


def refuse_included(folder, states, tree):
    """Refuse a folder for copies that the configuration reads, or would read as soon as there is a copy.

    :param states: list of FileState, the files that copies are made of
    :param tree: Tree
    :raises AdministratorError: also for a relative path
    """
    folder = native(os.path.realpath(absolute(folder)))
    for included in tree.folders:
        if (folder + os.sep).startswith(included + os.sep):
            raise _refusal(folder, 'a folder outside of %s' % included)
    copies = [os.path.join(folder, _name_like(state)) for state in states]
    for directive in tree.directives(b'include') + tree.directives(b'includeoptional'):
        words = split_words(directive.arguments) if directive.active is not False else []
        pattern = include_paths.absolute(native(words[0]), tree.server_root) if len(words) == 1 else '/'
        if pattern != '/' and any(_fits(copy, os.path.realpath(pattern)) for copy in copies):
            raise _refusal(folder, 'a folder that %s:%d does not include' % (directive.file, directive.line))


def keep_copies(states, folder, reading):
    """Keep a copy of each file, and make sure that the configuration is the same afterwards.

    :param reading: HttpdInspection
    :returns: list of paths, one for each of the states
    """
    there = os.path.isdir(folder)
    before = set(os.listdir(name_bytes(folder))) if there else set()
    kept = [backup_file(state, folder) for state in states]
    if _are_read(kept, reading):
        _remove([copy for copy in kept if name_bytes(os.path.basename(copy)) not in before], None if there else folder)
        raise _refusal(folder, 'a folder that the configuration does not include')
    return kept


def _remove(copies, folder):
    """Remove copies that were just made, and their folder if it was, too."""
    try:
        for copy in copies:
            os.unlink(name_bytes(copy))
            os.unlink(name_bytes(copy + _RECORD))
        if folder is not None:
            os.rmdir(name_bytes(folder))
    except (OSError, IOError) as error:
        raise problem(error, copies[0], 'a copy could not be removed again', 'the configuration includes it, nothing else was changed')


def _refusal(folder, expected):
    return AdministratorError(
        'the configuration includes files of the folder for copies, httpd would read the copies', path=folder,
        expected=expected, state=UNCHANGED)


def _name_like(state):
    """A name as the copy of a file gets it."""
    return '%s.20260101T000000Z.%s' % (os.path.basename(state.path), state.sha256[:12])


def _fits(copy, pattern):
    """Whether an Include of the pattern reads a file or its record: a folder is read with everything in it."""
    wanted = [part for part in pattern.split('/') if part]
    for name in (copy, copy + _RECORD):
        parts = [part for part in name.split('/') if part][:len(wanted)]
        if len(parts) == len(wanted) and all(_fits_part(part, want) for part, want in zip(parts, wanted)):
            return True
    return False


def _fits_part(part, pattern):
    if pattern.count('*') > include_paths.MOST_STARS:
        return False
    return part == pattern or re.match(include_paths.translate(pattern), part) is not None


def _are_read(kept, reading):
    """Whether the configuration comes upon one of the copies, now that they are there."""
    paths = [os.path.realpath(path + ending) for path in kept for ending in ('', _RECORD)]
    try:
        tree = reading.read()
    except AdministratorError:
        return True  # it could be read before they were there
    return any(tree.file(path) is not None for path in paths)
