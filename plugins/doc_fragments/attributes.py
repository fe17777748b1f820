# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import (absolute_import, division, print_function)

__metaclass__ = type


class ModuleDocFragment(object):
    """Document the attributes that every module has: check mode, diff mode, platform."""

    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Can run in check mode, and returns what it would return otherwise.
  diff_mode:
    description: Returns a diff of what has changed, or would change in check mode.
  platform:
    description: The supported operating systems.
    support: full
    platforms: Gaia, Linux
"""

    # For a module that only reads.
    READS = r"""
options: {}
attributes:
  check_mode:
    support: full
    details:
      - Never changes anything.
  diff_mode:
    support: none
    details:
      - Has nothing to show, because it never changes anything.
"""

    # For a member of the action group.
    SERVER = r"""
options: {}
attributes:
  action_group:
    description: Use C(group/checkpoint_endpoint.hardening.server) in C(module_defaults) to set options for all modules of this group at once.
    support: full
    membership:
      - checkpoint_endpoint.hardening.server
"""
