# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""Replace and create files so that every reader, at every moment, sees the old or the new one."""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import errno
import os
import re

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError, UNCHANGED
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.file_state import make_state, read_all, refuse_changed
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.os_errors import problem
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.temporary import Temporary, remove_leftovers
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._text import absolute, native

_MOUNTS = '/proc/self/mountinfo'
_OCTAL = re.compile(br'\\([0-7]{3})')


class NotDurable(AdministratorError):
    """The file was replaced, but a power failure now could undo that."""


def write_file(state, data):
    """Replace a file that ``read_file`` returned, in one step, with owner, mode, SELinux context and access list kept.

    Another hard link to the file keeps the old bytes: replacing in one step and keeping the link exclude each other, see ``link_warning``.

    :param state: FileState; the file must still be like that
    :param data: the new bytes
    :returns: FileState of the new file
    :raises AdministratorError: the target is then as it was, unless the message says otherwise
    """
    target = absolute(state.path)
    _refuse_mount_point(target)
    remove_leftovers(os.path.dirname(target))
    refuse_changed(state)
    if data == state.data:
        return state
    return put(target, data, state.mode, state.uid, state.gid, state.attributes, lambda: refuse_changed(state))._replace(asked=state.asked)


def create_file(path, data, mode=0o600):
    """Make a file of this process's user that does not exist yet; it appears complete or not at all.

    :returns: FileState
    :raises AdministratorError: when there is something at ``path`` already
    """
    target = absolute(path)
    remove_leftovers(os.path.dirname(target))
    return put(target, data, mode, os.geteuid(), None, {}, replace=False)


def put(target, data, mode, uid, gid, attributes, check=None, replace=True):
    """Make a file; this collection has no other way to do that.

    :param target: absolute path, bytes; not a symbolic link that should survive
    :param gid: None keeps the group that the directory gives
    :param attributes: as ``read_attributes`` returns them
    :param check: called right before the target is replaced; what it raises is passed on, and nothing was changed
    :param replace: False when there must be nothing yet
    :returns: FileState
    """
    temporary, placed = None, False
    try:
        temporary = Temporary(os.path.dirname(target))
        temporary.fill(data)
        temporary.dress(mode, uid, os.fstat(temporary.descriptor).st_gid if gid is None else gid, attributes)
        temporary.settle()
        if check is not None:
            check()
        if replace:
            temporary.replace(target)
        else:
            temporary.become(target)
        placed = True
        temporary.settle_directory()
        status = os.fstat(temporary.descriptor)
        os.lseek(temporary.descriptor, 0, os.SEEK_SET)
        return make_state(target, target, read_all(temporary.descriptor), status, attributes)
    except (OSError, IOError) as error:
        if placed:
            raise problem(error, target, _message(error, replace), 'the file is in place, but a power failure now could undo it', NotDurable)
        raise problem(error, target, _message(error, replace))
    finally:
        if temporary is not None:
            temporary.discard()


def _message(error, replace):
    if error.errno == errno.EEXIST:
        return 'there is something at this path already'
    return 'the file could not be %s' % ('replaced' if replace else 'created')


def _refuse_mount_point(target):
    """A file that is mounted by itself cannot be replaced, only overwritten, and a reader would see half of it: say so before trying."""
    try:
        with open(_MOUNTS, 'rb') as table:
            points = [line.split(b' ')[4] for line in table if line.count(b' ') > 4]
    except (OSError, IOError):
        return  # the kernel will say EBUSY
    if target in [_OCTAL.sub(_byte, point) for point in points]:
        raise AdministratorError(
            'the file is a mount point of its own (bind mount), so it cannot be replaced in one step', path=native(target),
            state=UNCHANGED, next_step='change the file that is mounted there, or unmount it first',
        )


def _byte(octal):
    return bytes(bytearray([int(octal.group(1), 8) & 0xFF]))


def link_warning(state):
    """Return a warning about other hard links to a file that is replaced; None when there are none."""
    if state.links < 2:
        return None
    return '%s has %d more hard link(s), which keep the old contents: a file is replaced in one step, not written over' % (
        state.path, state.links - 1,
    )
