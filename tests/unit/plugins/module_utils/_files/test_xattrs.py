# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import errno
import os
import struct

import pytest

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files import temporary, xattrs
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.atomic_write import write_file
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.backups import backup_file, read_backup, restore_file
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.file_state import read_file

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason='only root can give files away')


def access_list(mask):
    """An access list that lets user 12345 read: entries of tag, permissions, id."""
    entries = [(0x01, 6, 0xFFFFFFFF), (0x02, 4, 12345), (0x04, 0, 0xFFFFFFFF), (0x10, mask, 0xFFFFFFFF), (0x20, 0, 0xFFFFFFFF)]
    return struct.pack('<I', 2) + b''.join(struct.pack('<HHI', *entry) for entry in entries)


def set_attribute(path, name, value):
    descriptor = os.open(path, os.O_RDONLY)
    try:
        xattrs._set(descriptor, name, value)
    except (OSError, IOError) as error:
        pytest.skip('this file system has no %s: %s' % (name, error))
    finally:
        os.close(descriptor)


def test_access_list_is_kept(target, way):
    set_attribute(target, xattrs.ACCESS_LIST, access_list(4))
    before = read_file(target)
    assert before.attributes[xattrs.ACCESS_LIST] == access_list(4)
    after = write_file(before, b'new')
    assert read_file(target) == after and after.attributes == before.attributes and after.mode == before.mode


def test_access_list_of_the_directory_is_not_inherited(target, way):
    set_attribute(os.path.dirname(target), 'system.posix_acl_default', access_list(7))
    write_file(read_file(target), b'new')
    state = read_file(target)
    assert state.attributes[xattrs.ACCESS_LIST] is None and state.mode == 0o640


@needs_root
def test_security_context_is_kept(target, way):
    set_attribute(target, xattrs.SELINUX, b'system_u:object_r:httpd_config_t:s0\0')
    state = read_file(target)
    assert state.attributes[xattrs.SELINUX].startswith(b'system_u:object_r:httpd_config_t')
    write_file(state, b'new')
    assert read_file(target).attributes == state.attributes


def test_file_that_is_gone_comes_back_with_its_access_list(target, folder, way):
    set_attribute(target, xattrs.ACCESS_LIST, access_list(4))
    before = read_file(target)
    kept = backup_file(before, folder)
    assert backup_file(before, folder) == kept
    os.unlink(target)
    assert restore_file(*read_backup(kept))
    assert read_file(target).attributes == before.attributes and read_file(target).mode == before.mode


@needs_root
def test_file_that_is_gone_comes_back_with_its_security_context(target, folder, way):
    set_attribute(target, xattrs.SELINUX, b'system_u:object_r:httpd_config_t:s0\0')
    before = read_file(target)
    kept = backup_file(before, folder)
    os.unlink(target)
    restore_file(*read_backup(kept))
    assert read_file(target).attributes == before.attributes


def test_context_that_cannot_be_set_any_more_does_not_keep_a_file_away(target, folder, monkeypatch):
    backup, data = read_backup(backup_file(read_file(target), folder))

    def refuses(_descriptor, values):
        if values:
            raise OSError(errno.EINVAL, 'Invalid argument')

    os.unlink(target)
    monkeypatch.setattr(temporary, 'write_attributes', refuses)
    assert restore_file(backup, data) and read_file(target).data == data
