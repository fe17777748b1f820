# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""Free space where a change writes: asked before anything is stopped."""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import os

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError

_MIB = 1024 * 1024


def read_space(folders):
    """The free space of the file systems that hold folders, which need not exist yet.

    :param folders: absolute paths; a missing one stands for its nearest parent that is there
    :returns: list of dictionaries ``path`` (the folder that was asked) and ``free_mib`` (whole MiB that this user may still write)
    :raises AdministratorError: when a file system cannot be asked
    """
    return [{'path': folder, 'free_mib': _free_mib(folder)} for folder in sorted(set(_existing(folder) for folder in folders))]


def _existing(folder):
    while not os.path.isdir(folder) and os.path.dirname(folder) != folder:
        folder = os.path.dirname(folder)
    return folder


def _free_mib(folder):
    try:
        status = os.statvfs(folder)
    except (OSError, IOError) as error:
        raise AdministratorError('the free space cannot be read', path=folder, found=os.strerror(error.errno))
    # What is kept back for the superuser can be written by nobody else.
    blocks = status.f_bfree if os.geteuid() == 0 else status.f_bavail
    return blocks * status.f_frsize // _MIB
