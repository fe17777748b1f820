# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import (absolute_import, division, print_function)

__metaclass__ = type


class ModuleDocFragment(object):
    """The option of every module that keeps or reads something on a server."""

    DOCUMENTATION = r"""
options:
  state_dir:
    description:
      - Folder on the server for what this collection keeps there. That is backups, the guard, and records of changes.
      - It must belong to the user that the module runs as, and nobody else may be able to write to it.
    type: path
    default: /var/lib/checkpoint_endpoint_hardening
"""
