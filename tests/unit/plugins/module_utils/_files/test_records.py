# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import os
import stat

import pytest

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.records import private_directory, read_record, write_record

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason='only root can give files away')


def test_directory_is_made_private_whatever_the_umask(tmpdir):
    before = os.umask(0)
    try:
        path = private_directory(str(tmpdir.join('a', 'b')))
    finally:
        os.umask(before)
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o700 and stat.S_IMODE(os.stat(os.path.dirname(path)).st_mode) == 0o700
    assert private_directory(path) == path


def test_directory_that_others_can_read_is_left_so(tmpdir):
    path = tmpdir.mkdir('open')
    path.chmod(0o755)
    assert private_directory(str(path)) == str(path)
    assert stat.S_IMODE(os.stat(str(path)).st_mode) == 0o755


@pytest.mark.parametrize('mode', [0o777, 0o770, 0o702, 0o1777])
def test_directory_that_others_can_write_to_is_refused(tmpdir, mode):
    path = tmpdir.mkdir('open')
    path.chmod(mode)
    with pytest.raises(AdministratorError, match='trusted'):
        private_directory(str(path))


def test_directory_below_one_that_others_can_write_to_is_refused(tmpdir):
    above = tmpdir.mkdir('open')
    path = above.mkdir('mine')
    path.chmod(0o700)
    above.chmod(0o777)
    for wanted in (path, above.join('new')):
        with pytest.raises(AdministratorError, match='trusted'):
            private_directory(str(wanted))
    assert not above.join('new').exists()
    above.chmod(0o1777)  # as /tmp: nobody can rename what belongs to another one
    assert private_directory(str(path)) == str(path)


@needs_root
def test_directory_of_somebody_else_is_refused(tmpdir):
    path = tmpdir.mkdir('theirs')
    path.chmod(0o700)
    os.chown(str(path), 12345, 12345)
    for wanted in (path, path.join('below')):
        with pytest.raises(AdministratorError, match='trusted'):
            private_directory(str(wanted))


def test_file_in_the_place_of_a_directory(target):
    with pytest.raises(AdministratorError, match='not a directory'):
        private_directory(target)
    with pytest.raises(AdministratorError):
        private_directory(os.path.join(target, 'below'))


def test_record_comes_back_as_it_was(folder):
    record = {'path': '/x', 'number': 1, 'none': None, 'yes': True, 'list': [{'a': 1.5}], 'text': 'a "quoted" \\ line\nbreak'}
    path = os.path.join(private_directory(folder), 'record.json')
    assert read_record(path) is None
    for _time in range(2):
        write_record(path, record)
        assert read_record(path) == dict(record, format=2)
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    assert os.listdir(folder) == ['record.json']


@pytest.mark.parametrize('data', [b'', b'[]', b'{', b'null', b'\xff', b'"text"'])
def test_damaged_record_is_told(folder, data, write):
    path = os.path.join(private_directory(folder), 'record.json')
    write(path, data)
    os.chmod(path, 0o600)
    with pytest.raises(AdministratorError, match='damaged'):
        read_record(path)


def test_record_that_others_could_have_written_is_refused(folder):
    path = os.path.join(private_directory(folder), 'record.json')
    write_record(path, {'a': 1})
    os.chmod(path, 0o620)
    with pytest.raises(AdministratorError, match='trusted'):
        read_record(path)
    write_record(path, {'a': 2})
    os.chmod(folder, 0o777)
    for action in (read_record, lambda path: write_record(path, {})):
        with pytest.raises(AdministratorError, match='trusted'):
            action(path)


def test_record_behind_a_link_is_refused(folder, target, write):
    os.unlink(target)
    path = os.path.join(private_directory(folder), 'record.json')
    write_record(target + '.json', {'a': 1}) if os.stat(os.path.dirname(target)).st_mode & 0o022 == 0 else write(target + '.json', b'{}')
    os.symlink(target + '.json', path)
    with pytest.raises(AdministratorError, match='regular file'):
        read_record(path)
    write_record(path, {'a': 2})
    assert not os.path.islink(path) and read_record(path) == {'a': 2, 'format': 2}
