# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import (absolute_import, division, print_function)

__metaclass__ = type


class ModuleDocFragment(object):
    """What every module says about itself: check mode, difference, platform."""

    DOCUMENTATION = r"""
options: {}
attributes:
  check_mode:
    description: Can run in check mode and return what it would return without it.
  diff_mode:
    description: Returns what is changed, or would be changed, as a difference.
  platform:
    description: The operating systems that it works on.
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
      - It only reads and never changes anything.
  diff_mode:
    support: none
    details:
      - It never changes anything.
"""

    # For a member of the action group.
    SERVER = r"""
options: {}
attributes:
  action_group:
    description: Use C(group/checkpoint_endpoint.hardening.server) in C(module_defaults) to set options of all modules of this group at once.
    support: full
    membership:
      - checkpoint_endpoint.hardening.server
"""
