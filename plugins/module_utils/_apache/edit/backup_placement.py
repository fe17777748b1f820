# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""Place backups where the configuration does not include them: the old value would win, and httpd cannot read a record."""

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


def refuse_included(directory, states, tree):
    """Refuse a backup directory that the configuration includes, or would include as soon as there is a backup.

    :param states: list of FileState, the files that are backed up
    :param tree: Tree
    :raises AdministratorError: also for a relative path
    """
    directory = native(os.path.realpath(absolute(directory)))
    for included in tree.included_directories:
        if (directory + os.sep).startswith(included + os.sep):
            raise _refusal(directory, 'a directory outside of %s' % included)
    backups = [os.path.join(directory, _name_like(state)) for state in states]
    for directive in tree.directives(b'include') + tree.directives(b'includeoptional'):
        words = split_words(directive.arguments) if directive.active is not False else []
        pattern = include_paths.absolute(native(words[0]), tree.server_root) if len(words) == 1 else '/'
        if pattern != '/' and any(_fits(backup, os.path.realpath(pattern)) for backup in backups):
            raise _refusal(directory, 'a directory that %s:%d does not include' % (directive.file, directive.line))


def back_up_files(states, directory, inspection):
    """Back each file up, and make sure that the configuration is the same afterwards.

    :param inspection: HttpdInspection
    :returns: list of paths, one for each of the states
    """
    there = os.path.isdir(directory)
    before = set(os.listdir(name_bytes(directory))) if there else set()
    kept = [backup_file(state, directory) for state in states]
    if _are_read(kept, inspection):
        _remove([backup for backup in kept if name_bytes(os.path.basename(backup)) not in before], None if there else directory)
        raise _refusal(directory, 'a directory that the configuration does not include')
    return kept


def _remove(backups, directory):
    """Remove backups that were just made, and their directory if it was, too."""
    try:
        for backup in backups:
            os.unlink(name_bytes(backup))
            os.unlink(name_bytes(backup + _RECORD))
        if directory is not None:
            os.rmdir(name_bytes(directory))
    except (OSError, IOError) as error:
        raise problem(error, backups[0], 'a backup could not be removed again', 'the configuration includes it, nothing else was changed')


def _refusal(directory, expected):
    return AdministratorError(
        'the configuration includes files of the backup directory, so httpd would read the backups', path=directory,
        expected=expected, state=UNCHANGED)


def _name_like(state):
    """Return a name like the one that the backup of a file gets."""
    return '%s.20260101T000000Z.%s' % (os.path.basename(state.path), state.sha256[:12])


def _fits(backup, pattern):
    """Return whether an Include of the pattern reads a file or its record: a directory is read with everything in it."""
    wanted = [part for part in pattern.split('/') if part]
    for name in (backup, backup + _RECORD):
        parts = [part for part in name.split('/') if part][:len(wanted)]
        if len(parts) == len(wanted) and all(_fits_part(part, want) for part, want in zip(parts, wanted)):
            return True
    return False


def _fits_part(part, pattern):
    if pattern.count('*') > include_paths.MOST_STARS:
        return False
    return part == pattern or re.match(include_paths.translate(pattern), part) is not None


def _are_read(kept, inspection):
    """Return whether the configuration includes one of the backups, now that they are there."""
    paths = [os.path.realpath(path + ending) for path in kept for ending in ('', _RECORD)]
    try:
        tree = inspection.read()
    except AdministratorError:
        return True  # it could be read before they were there
    return any(tree.file(path) is not None for path in paths)
