# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import (absolute_import, division, print_function)

__metaclass__ = type


class ModuleDocFragment(object):
    """Document the option of every module that performs a step of a guarded change."""

    DOCUMENTATION = r"""
options:
  guard:
    description:
      - The RV(checkpoint_endpoint.hardening.change_guard#module:guard.id) of the guard that protects this step. Unless this guard is armed, the module
        fails before it does anything.
      - A controller that was suspended until after the deadline can thus not continue a change that the guard has rolled back. If the deadline passes while
        the module is running, the guard waits until the module has finished.
      - The module does not write to a file that this guard would not restore.
      - By default, the module runs without a guard.
    type: str
    version_added: 1.0.0
"""
