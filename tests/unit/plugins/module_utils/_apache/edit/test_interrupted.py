# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Changes that fail late, that are killed, or that meet another one."""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import errno
import os
import stat

import pytest

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.edit import apply, change, restore
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.httpd.installation import Httpd, find_installation
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.records import read_record

OLD = b'SSLProtocol all\n'
NEW = b'SSLProtocol TLSv1.2\n'


class Killed(BaseException):
    """What nobody handles."""


@pytest.fixture
def apache(site):
    """A configuration of two files that change, without a program."""
    site.write('ssl.conf', b'Include a.conf\nInclude b.conf\n')
    site.write('a.conf', OLD)
    site.write('b.conf', OLD)
    return site


def run(site, protocols=('TLSv1.2',), **more):
    return apply.enforce_protocols(httpd_of(site), protocols, site.path('state'), **more)


def httpd_of(site):
    return Httpd(find_installation(ssl_conf=site.path('ssl.conf')))


def both(site):
    return [site.data(name) for name in ('a.conf', 'b.conf')]


def put_back(site):
    restore.restore(restore.plan_restore(None, site.path('state')), httpd_of(site), site.path('state'))


def killed_at_the_second_file(site, monkeypatch):
    real, calls = apply.write_file, []

    def write_file(state, data):
        calls.append(state)
        if len(calls) == 2:
            raise Killed()
        return real(state, data)

    monkeypatch.setattr(apply, 'write_file', write_file)
    with pytest.raises(Killed):
        run(site)
    monkeypatch.setattr(apply, 'write_file', real)
    assert both(site) == [NEW, OLD]


@pytest.mark.parametrize('number', [1, 2])
def test_file_that_is_in_place_although_its_write_failed(apache, monkeypatch, number):
    real, calls = os.fsync, []

    def fsync(descriptor):
        status = os.fstat(descriptor)
        if stat.S_ISDIR(status.st_mode) and status.st_ino == os.stat(apache.folder).st_ino:
            calls.append(descriptor)
            if len(calls) == number:
                raise OSError(errno.EIO, 'Input/output error')
        return real(descriptor)

    monkeypatch.setattr(os, 'fsync', fsync)
    with pytest.raises(AdministratorError) as caught:
        run(apache)
    assert caught.value.state == 'the old configuration is back in place' and both(apache) == [OLD, OLD]
    assert not os.path.exists(apache.path('state/records/last_change.json'))


def test_killed_between_two_files_run_again_and_undone(apache, monkeypatch):
    killed_at_the_second_file(apache, monkeypatch)
    assert run(apache)['changed'] and both(apache) == [NEW, NEW]
    put_back(apache)
    assert both(apache) == [OLD, OLD]


def test_killed_between_two_files_and_undone(apache, monkeypatch):
    killed_at_the_second_file(apache, monkeypatch)
    put_back(apache)
    assert both(apache) == [OLD, OLD]


def test_killed_between_two_files_then_another_policy_and_undone(apache, monkeypatch):
    killed_at_the_second_file(apache, monkeypatch)
    assert run(apache, ['TLSv1.2', 'TLSv1.3'])['changed']
    put_back(apache)
    assert both(apache) == [OLD, OLD]


def test_another_run_that_was_faster(apache, monkeypatch):
    """It has changed the file when this one gets the lock: this one refuses, and what can be undone is that of the other."""
    real = change.alone

    def later(state_dir):
        monkeypatch.setattr(change, 'alone', real)
        assert run(apache, ['TLSv1.3'])['changed']
        return real(state_dir)

    monkeypatch.setattr(change, 'alone', later)
    with pytest.raises(AdministratorError) as caught:
        run(apache)
    assert 'nothing was changed' in str(caught.value) and both(apache) == [b'SSLProtocol TLSv1.3\n'] * 2
    put_back(apache)
    assert both(apache) == [OLD, OLD]


def test_a_file_that_is_edited_while_the_copies_are_made(apache, monkeypatch):
    run(apache, ['TLSv1.3'])
    record = read_record(apache.path('state/records/last_change.json'))
    real = apply.back_up_files

    def edited(*arguments):
        apache.write('a.conf', b'# edited\n')
        return real(*arguments)

    monkeypatch.setattr(apply, 'back_up_files', edited)
    with pytest.raises(AdministratorError) as caught:
        run(apache)
    assert 'changed' in caught.value.message and caught.value.path == apache.path('a.conf')
    assert read_record(apache.path('state/records/last_change.json')) == record
    assert both(apache) == [b'# edited\n', b'SSLProtocol TLSv1.3\n']


def test_without_change_nothing_is_made(apache):
    run(apache, backup_dir=False, check_mode=True)
    for name in ('a.conf', 'b.conf'):
        apache.write(name, NEW)
    assert run(apache)['changed'] is False and not os.path.exists(apache.path('state'))


def test_what_a_run_left_that_was_killed_at_its_record_goes_with_the_next(apache):
    run(apache)
    left = apache.write('state/records/.checkpoint_endpoint_hardening.0123456789abcdef.tmp', b'{')
    assert run(apache, check_mode=True)['changed'] is False and os.path.exists(left)
    assert run(apache)['changed'] is False and not os.path.exists(left)
