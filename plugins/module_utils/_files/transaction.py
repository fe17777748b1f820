# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""Several files that change together: all of them and the result holds, or every one is as it was before."""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import os
from collections import namedtuple
from contextlib import contextmanager

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError, UNCHANGED
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.atomic_write import NotDurable, write_file
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.file_state import digest, read_file
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.os_errors import problem
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._text import name_bytes

# path: resolved. before: FileState, None for a file that is made. data: the bytes that it gets. write: function without arguments that writes them.
Step = namedtuple('Step', ['path', 'before', 'data', 'write'])

# Called before the first file of a transaction is written, with a dictionary of path to SHA-256 of the bytes that it gets.
_LISTENERS = []


@contextmanager
def announced_to(listener):
    """A context in which every transaction of this process is announced before it writes; what the listener raises keeps it from writing."""
    _LISTENERS.append(listener)
    try:
        yield
    finally:
        _LISTENERS.remove(listener)


def write_all(steps, test, back, next_step=None):
    """Write every file and test the result; on any failure each of them gets its old bytes back.

    :param steps: list of Step
    :param test: function that raises AdministratorError when the result does not hold
    :param back: what to say when everything was put back
    :param next_step: what to tell to do after a failure, default: what the error itself says
    :raises AdministratorError: with the state that the files are in then
    """
    for listener in _LISTENERS:
        listener(dict((step.path, digest(step.data)) for step in steps))
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
    except NotDurable:
        # Replaced all the same, so it is put back like those that were replaced without an error.
        done.append(step)
        raise
    done.append(step)


def _put_back(done, back):
    """Put the old bytes into the files that were written; return how things stand then, as text."""
    lost, loose = [], False
    for step in reversed(done):
        try:
            _put_back_one(step)
        except NotDurable:
            loose = True
        except AdministratorError as error:
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
        raise AdministratorError('the file was changed by another process meanwhile, and that change is kept', path=step.path)
    if step.before is not None:
        write_file(now, step.before.data)
        return
    try:
        os.unlink(name_bytes(step.path))
    except (OSError, IOError) as error:
        raise problem(error, step.path, 'the file could not be removed again', 'the file is in place')
