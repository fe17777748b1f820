# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import (absolute_import, division, print_function)

__metaclass__ = type


class ModuleDocFragment(object):
    """Document the option of every module that uses Check Point's tools."""

    DOCUMENTATION = r"""
options:
  profile:
    description:
      - Path of the profile, the script that sets E(CPDIR), E(FWDIR), E(UEPMDIR) and E(PATH) on a Check Point server. The module finds directories and programs
        through these variables.
      - By default the first readable file of C(/etc/profile.d/CP.sh), C(/opt/CPshared/5.0/tmp/.CPprofile.sh), C(tmp/.CPprofile.sh) below E(CPDIR), and
        C(/opt/CPshrd-*/tmp/.CPprofile.sh) of the newest release.
    type: path
"""
