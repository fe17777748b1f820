# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""Steps that are only taken while their guard is armed.

A controller that was asleep (a suspended laptop, a stopped process, a link that hung) takes up its work behind the deadline as if nothing had happened.
The guard has undone the change then, and nothing would bring the server back from what that late step begins.
"""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

from contextlib import contextmanager

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.transaction import announced_to
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.record import NO_GUARD
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.state import Store


@contextmanager
def while_armed(state_dir, identifier, check_mode=False, place=None):
    """A context for one step of a guarded change. The guard waits for its end when the deadline passes in it.

    What the step writes is announced to the guard before it is written, so that the guard knows it for its own.

    :param identifier: id of the guard; None for a step that has no guard
    :param place: Place of the server where it is known, for the case that the state directory cannot be used any more
    :returns: the paths that the guard puts back, of which alone the step may write; None for a step that has no guard
    :param check_mode: only look, and keep nobody waiting
    :raises AdministratorError: when another guard or none is armed; then the step was not begun
    """
    if not identifier:
        yield None
        return
    store = Store(state_dir, place)
    guarded = _guarded(store, identifier)
    if check_mode:
        yield guarded
        return
    with store.locked():
        guarded = _guarded(store, identifier)
        with announced_to(lambda digests: store.place and store.place.announce(identifier, digests)):
            yield guarded


def expected_processes(state_dir, identifier, place=None):
    """Return the names of the processes that executed when a guard was armed; empty without a guard."""
    record = Store(state_dir, place).load_any(identifier) if identifier else None
    return list(record.processes or []) if record is not None else []


def refuse_unguarded(guarded, paths):
    """Raise an error when a step is about to write a file that its guard would not put back.

    :param guarded: what ``while_armed`` gave
    :param paths: the files to be written, links resolved
    """
    others = [] if guarded is None else sorted(set(paths) - set(guarded))
    if others:
        raise AdministratorError(
            'the configuration is not the one that the change was planned for any more', path=others[0],
            expected='changes of %s alone, which the guard puts back' % (', '.join(sorted(guarded)) or 'no file'), found='a change of %s' % ', '.join(others),
            state='nothing was written', next_step='look who changed the configuration, then run again from the beginning',
        )


def _guarded(store, identifier):
    """Return the paths that the guard puts back; an error when it is not armed."""
    record = (store.load_any(identifier) or NO_GUARD).effective()
    if record.state == 'armed' and record.id == identifier:
        return [item['path'] for item in record.restore]
    if record.state == 'none':
        found = 'no guard on this server'
    elif record.id != identifier:
        found = 'id %s, %s, held by %s' % (record.id, record.state, record.held_by())
    else:
        found = '%s%s: %s' % (record.state, ' at %s' % record.finished_at if record.finished_at else '', record.message)
    raise AdministratorError(
        'the guard of this change is not armed any more', expected='the guard %s, armed' % identifier, found=found,
        state='this step was not begun', next_step='find out what held the run up for so long, then run it again from its beginning',
    )
