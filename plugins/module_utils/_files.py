# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""Files: read, replace in one step, keep copies, keep records. The only part of this collection that writes to a server's disk.

The parts are in ``_storage/``; this is the door.
"""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._storage.backups import (
    Backup,
    backup_file,
    list_backups,
    make_again,
    read_backup,
    restore_file,
)
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._storage.last_change import (
    alone,
    record_path,
    recorded,
)
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._storage.records import (
    check_private,
    private_directory,
    read_record,
    write_record,
)
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._storage.replace import (
    create_file,
    link_warning,
    write_file,
)
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._storage.target import (
    FileState,
    digest,
    read_file,
)
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._storage.temporary import remove_leftovers
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._storage.together import Step, write_all

__all__ = [
    'Backup',
    'FileState',
    'Step',
    'alone',
    'backup_file',
    'check_private',
    'create_file',
    'digest',
    'link_warning',
    'list_backups',
    'make_again',
    'private_directory',
    'read_backup',
    'read_file',
    'read_record',
    'record_path',
    'recorded',
    'remove_leftovers',
    'restore_file',
    'write_all',
    'write_file',
    'write_record',
]
