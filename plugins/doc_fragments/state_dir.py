# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import (absolute_import, division, print_function)

__metaclass__ = type


class ModuleDocFragment(object):
    """Document the option of every module that uses the state directory on a server."""

    DOCUMENTATION = r"""
options:
  state_dir:
    description:
      - Directory on the server in which this collection keeps backups, the guard, and records of changes.
      - It must belong to the user that the module runs as, and must not be writable by anybody else.
    type: path
    default: /var/lib/checkpoint_endpoint_hardening
"""
