# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import os
import socket

import pytest

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files import temporary
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.atomic_write import write_file
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.file_state import digest, read_file


def test_state_of_a_file(target):
    state = read_file(target)
    assert (state.data, state.mode, state.uid, state.path) == (b'old\r\n\xff', 0o640, os.geteuid(), target)
    assert state.sha256 == digest(b'old\r\n\xff') and state.links == 1
    assert (state.device, state.inode) == (os.stat(target).st_dev, os.stat(target).st_ino)


def test_chain_of_links_is_resolved(target, tmpdir):
    os.symlink(target, str(tmpdir.join('one')))
    os.symlink('one', str(tmpdir.join('two')))
    state = read_file(str(tmpdir.join('two')))
    assert state.path == target and state.asked == str(tmpdir.join('two'))


def make_fifo(path):
    os.mkfifo(path)


def make_socket(path):
    folder, name = os.path.split(path)
    here = os.getcwd()
    os.chdir(folder)  # a socket's path is limited to 108 bytes
    try:
        socket.socket(socket.AF_UNIX).bind(name)
    finally:
        os.chdir(here)


def make_device_link(path):
    os.symlink('/dev/zero', path)


def make_loop(path):
    os.symlink(path, path)


@pytest.mark.parametrize('make, word', [
    (os.mkdir, 'directory'), (make_fifo, 'FIFO'), (make_socket, 'socket'), (make_device_link, 'character device'), (make_loop, 'symbolic link'),
    (lambda path: None, 'no such file'),
])
def test_what_is_no_regular_file_is_refused_and_never_opened(tmpdir, make, word):
    path = str(tmpdir.join('target'))
    make(path)
    with pytest.raises(AdministratorError, match=word) as caught:
        read_file(path)
    assert 'nothing was changed' in str(caught.value)


@pytest.mark.parametrize('path', ['ssl.conf', '', '/etc/pass\0wd'])
def test_paths_that_cannot_be_worked_with(path):
    with pytest.raises(AdministratorError):
        read_file(path)


def test_file_below_a_file_is_missing(target):
    with pytest.raises(AdministratorError, match='no such file'):
        read_file(os.path.join(target, 'below'))


def edit(path):
    with open(path, 'ab') as stream:
        stream.write(b'edited')


def swap_for_directory(path):
    os.unlink(path)
    os.mkdir(path)


def other_owner(path):
    if os.geteuid() != 0:
        pytest.skip('only root can give files away')
    os.chown(path, 12345, -1)


@pytest.mark.parametrize('meddle', [
    edit, lambda path: os.chmod(path, 0o600), os.unlink, swap_for_directory, other_owner,
])
def test_change_by_somebody_else_is_kept(target, meddle, way, beside):
    state = read_file(target)
    meddle(target)
    before = os.path.lexists(target) and os.stat(target)
    with pytest.raises(AdministratorError):
        write_file(state, b'new')
    assert (os.path.lexists(target) and os.stat(target)) == before
    assert [name for name in beside(target) if name != 'ssl.conf'] == []


def test_change_while_the_new_file_is_being_made_is_kept(target, monkeypatch, way, contents, beside):
    fill = temporary.Temporary.fill

    def fill_and_meddle(self, data):
        fill(self, data)
        edit(target)

    monkeypatch.setattr(temporary.Temporary, 'fill', fill_and_meddle)
    with pytest.raises(AdministratorError, match='changed by someone else'):
        write_file(read_file(target), b'new')
    assert contents(target) == b'old\r\n\xffedited' and beside(target) == ['ssl.conf']


def test_link_that_was_turned_elsewhere_is_refused(target, tmpdir, contents):
    link = str(tmpdir.join('link'))
    other = str(tmpdir.join('other'))
    edit(other)
    os.symlink(target, link)
    state = read_file(link)
    os.unlink(link)
    os.symlink(other, link)
    with pytest.raises(AdministratorError, match='symbolic link was changed'):
        write_file(state, b'new')
    assert contents(target) == b'old\r\n\xff' and contents(other) == b'edited'


def test_same_bytes_under_a_new_inode_are_the_same_file(target, contents):
    state = read_file(target)
    os.rename(target, target + '.moved')
    with open(target, 'wb') as stream:
        stream.write(state.data)
    os.chmod(target, state.mode)
    write_file(state, b'new')
    assert contents(target) == b'new'
