# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import errno
import os
import struct

import pytest

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils import _files
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._storage import attributes, temporary

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason='only root can give files away')


def access_list(mask):
    """An access list that lets user 12345 read: entries of tag, permissions, id."""
    entries = [(0x01, 6, 0xFFFFFFFF), (0x02, 4, 12345), (0x04, 0, 0xFFFFFFFF), (0x10, mask, 0xFFFFFFFF), (0x20, 0, 0xFFFFFFFF)]
    return struct.pack('<I', 2) + b''.join(struct.pack('<HHI', *entry) for entry in entries)


def set_attribute(path, name, value):
    descriptor = os.open(path, os.O_RDONLY)
    try:
        attributes._set(descriptor, name, value)
    except (OSError, IOError) as error:
        pytest.skip('this file system has no %s: %s' % (name, error))
    finally:
        os.close(descriptor)


def test_access_list_is_kept(target, way):
    set_attribute(target, attributes.ACCESS_LIST, access_list(4))
    before = _files.read_file(target)
    assert before.attributes[attributes.ACCESS_LIST] == access_list(4)
    after = _files.write_file(before, b'new')
    assert _files.read_file(target) == after and after.attributes == before.attributes and after.mode == before.mode


def test_access_list_of_the_directory_is_not_inherited(target, way):
    set_attribute(os.path.dirname(target), 'system.posix_acl_default', access_list(7))
    _files.write_file(_files.read_file(target), b'new')
    state = _files.read_file(target)
    assert state.attributes[attributes.ACCESS_LIST] is None and state.mode == 0o640


@needs_root
def test_security_context_is_kept(target, way):
    set_attribute(target, attributes.SELINUX, b'system_u:object_r:httpd_config_t:s0\0')
    state = _files.read_file(target)
    assert state.attributes[attributes.SELINUX].startswith(b'system_u:object_r:httpd_config_t')
    _files.write_file(state, b'new')
    assert _files.read_file(target).attributes == state.attributes


def test_file_that_is_gone_comes_back_with_its_access_list(target, folder, way):
    set_attribute(target, attributes.ACCESS_LIST, access_list(4))
    before = _files.read_file(target)
    kept = _files.backup_file(before, folder)
    assert _files.backup_file(before, folder) == kept
    os.unlink(target)
    assert _files.restore_file(*_files.read_backup(kept))
    assert _files.read_file(target).attributes == before.attributes and _files.read_file(target).mode == before.mode


@needs_root
def test_file_that_is_gone_comes_back_with_its_security_context(target, folder, way):
    set_attribute(target, attributes.SELINUX, b'system_u:object_r:httpd_config_t:s0\0')
    before = _files.read_file(target)
    kept = _files.backup_file(before, folder)
    os.unlink(target)
    _files.restore_file(*_files.read_backup(kept))
    assert _files.read_file(target).attributes == before.attributes


def test_context_that_cannot_be_set_any_more_does_not_keep_a_file_away(target, folder, monkeypatch):
    backup, data = _files.read_backup(_files.backup_file(_files.read_file(target), folder))

    def refuses(_descriptor, values):
        if values:
            raise OSError(errno.EINVAL, 'Invalid argument')

    os.unlink(target)
    monkeypatch.setattr(temporary, 'write_attributes', refuses)
    assert _files.restore_file(backup, data) and _files.read_file(target).data == data
