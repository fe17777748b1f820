# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import (absolute_import, division, print_function)

__metaclass__ = type


class ModuleDocFragment(object):
    """The option of every module that takes a step of a guarded change."""

    DOCUMENTATION = r"""
options:
  guard:
    description:
      - The RV(checkpoint_endpoint.hardening.change_guard#module:guard.id) of the guard under which this is done. Unless this guard is armed, the module
        fails before it does anything.
      - A controller that was asleep when the deadline passed then does not go on with a change that was undone meanwhile. When the deadline passes while
        the module works, the guard waits for its end.
      - A file that this guard would not put back is not written.
      - By default it works without a guard.
    type: str
    version_added: 1.0.0
"""
