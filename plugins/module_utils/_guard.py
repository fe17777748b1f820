# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""The guard: a change that is not confirmed in time is undone on the server itself ("commit confirmed"), and two changes never meet.

Armed, a process on the server waits for the deadline, whatever becomes of the one who armed it. Exactly one wins of disarming, triggering and the
deadline, because each of them decides while it holds the lock, by what the state says then. The parts are in ``_guarding/``.
"""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guarding.arming import arm, plan_arm, refuse_open
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guarding.ending import check_disarm, check_trigger, disarm, trigger
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guarding.fence import refuse_unguarded, while_armed
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guarding.store import Store, judge

__all__ = ['arm', 'check_disarm', 'check_trigger', 'disarm', 'plan_arm', 'read_guard', 'refuse_open', 'refuse_unguarded', 'trigger', 'while_armed']


def read_guard(state_dir):
    """What the guard of this server says; nothing is written.

    :returns: dictionary; ``state`` is none, armed, triggered (a rollback is going on), disarmed, rolled_back, failed or stale (its process is gone)
    :raises AdministratorError: when it cannot be read or trusted
    """
    return judge(Store(state_dir).load())
