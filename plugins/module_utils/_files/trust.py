# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""Decide whether users other than root and this one could have written a file, by its owner and mode and those of the directories above it."""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import grp
import os
import pwd
import stat

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.os_errors import problem
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._text import native

OTHERS_WRITE = stat.S_IWGRP | stat.S_IWOTH
# Groups and accounts below this number belong to the system on every release of Gaia.
_SYSTEM = 100


def distrust(path):
    """Return why others could have written a file or directory, links resolved: whose it is, and its mode; None when they could not.

    :raises AdministratorError: when it cannot be looked at
    """
    name = os.path.realpath(path)
    status = look_at(name)
    found = (name, status) if _is_distrusted(status) else distrusted_above(os.path.dirname(name)) or distrusted_above(os.path.dirname(os.path.abspath(path)))
    return None if found is None else '%s: %s' % (native(found[0]), owner_and_mode(found[1]))


def distrusted_above(name):
    """Return the first directory, from ``name`` up, in which others can put another file or directory: (path, status); None when there is none."""
    while True:
        status = look_at(name)
        # In a sticky directory nobody can rename what belongs to someone else.
        if _is_distrusted(status, sticky_helps=True):
            return name, status
        if name == os.path.dirname(name):
            return None
        name = os.path.dirname(name)


def look_at(name):
    """Return the status of a path, links not followed.

    :raises AdministratorError: when it cannot be looked at
    """
    try:
        return os.lstat(name)
    except (OSError, IOError) as error:
        raise problem(error, name, 'owner and mode could not be read')


def owner_and_mode(status):
    """Return owner and mode as text for a message."""
    return 'user %d, group %d, mode %04o' % (status.st_uid, status.st_gid, stat.S_IMODE(status.st_mode))


def _is_distrusted(status, sticky_helps=False):
    if status.st_uid not in (0, os.geteuid()):
        return True
    if stat.S_ISLNK(status.st_mode):
        return False
    others = status.st_mode & stat.S_IWOTH or (status.st_mode & stat.S_IWGRP and not _is_own_group(status.st_gid))
    return bool(others and not (sticky_helps and status.st_mode & stat.S_ISVTX))


def _is_own_group(number):
    """Return whether a group has nobody in it but this user, root and accounts of the system: much of the product belongs to the group bin."""
    if number in (0, os.getegid()):
        return True
    if number >= _SYSTEM:
        return False
    try:
        names = grp.getgrgid(number).gr_mem
    except KeyError:
        names = []
    users = [entry for entry in pwd.getpwall() if entry.pw_gid == number or entry.pw_name in names]
    return all(entry.pw_uid < _SYSTEM for entry in users)
