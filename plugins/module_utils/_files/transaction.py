# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""Several files that change together: all of them and the result holds, or every one is as it was before."""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import os
from collections import namedtuple

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError, UNCHANGED
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.atomic_write import PLACED, write_file
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.file_state import read_file
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.os_errors import problem
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._text import name_bytes

# path: resolved. before: FileState, None for a file that is made. data: the bytes that it gets. write: function without arguments that writes them.
Step = namedtuple('Step', ['path', 'before', 'data', 'write'])


def write_all(steps, test, back, next_step=None):
    """Write every file and test the result; on any failure each of them gets its old bytes back.

    :param steps: list of Step
    :param test: function that raises AdministratorError when the result does not hold
    :param back: what to say when everything was put back
    :param next_step: what to tell to do after a failure, default: what the error itself says
    :raises AdministratorError: with the state that the files are in then
    """
    done = []
    try:
        for step in steps:
            _write(step, done)
        test()
    except AdministratorError as error:
        raise error.with_state(_put_back(done, back) if done else error.state or UNCHANGED, next_step)


def _write(step, done):
    try:
        step.write()
    except AdministratorError as error:
        # Replaced all the same, so it is put back like those that were replaced without an error.
        if error.state == PLACED:
            done.append(step)
        raise
    done.append(step)


def _put_back(done, back):
    """The old bytes into the files that were written; how things stand then, as text."""
    lost, loose = [], False
    for step in reversed(done):
        try:
            _put_back_one(step)
        except AdministratorError as error:
            if error.state == PLACED:
                loose = True
            else:
                lost.append(error.sentence())
    if lost:
        return 'not every file could be put back: %s' % ' '.join(lost)
    return back + (', but a power failure now could undo that' if loose else '')


def _put_back_one(step):
    if step.before is None and not os.path.lexists(name_bytes(step.path)):
        return
    now = read_file(step.path)
    if step.before is not None and now.data == step.before.data:
        return
    if now.data != step.data:
        raise AdministratorError('the file was changed by someone else meanwhile, which is kept', path=step.path)
    if step.before is not None:
        write_file(now, step.before.data)
        return
    try:
        os.unlink(name_bytes(step.path))
    except (OSError, IOError) as error:
        raise problem(error, step.path, 'the file could not be removed again', 'the file is in place')
