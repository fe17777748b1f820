# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import os

import pytest

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._checkpoint import services
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.backups import KEPT, backup_file, list_backups
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.file_state import read_file
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard import earlier_release
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.arm import arm
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.disarm import disarm
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.fencing import while_armed
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.trigger import trigger

# An httpd that dislikes one word, and a product whose Apache dislikes it, too.
HTTPD = '#!/bin/sh\n[ "$1" = -t ] || exit 0\nif grep -q bad {conf}; then echo "Syntax error"; exit 1; fi\necho "Syntax OK"\n'


@pytest.fixture
def with_httpd(server, monkeypatch):
    """The server with an Apache that can test its configuration, and never listens."""
    monkeypatch.setattr(services, 'is_serving', lambda environment: None)
    root = os.path.join(server.root, 'uepm', 'apache22')
    os.makedirs(os.path.join(root, 'bin'))
    os.makedirs(os.path.join(root, 'conf'))
    server.conf = os.path.join(root, 'conf', 'ssl.conf')
    for name, text in (('conf/httpd.conf', ''), ('conf/ssl.conf', 'old\n'), ('bin/httpd', HTTPD)):
        server.write(os.path.join('uepm/apache22', name), text)
    os.chmod(os.path.join(root, 'bin/httpd'), 0o755)
    return server


def contents(server):
    with open(server.conf) as stream:
        return stream.read()


def test_hotfix_that_the_server_starts_with_is_left(server, meddle, until, state_of):
    arm(server.request(deadline=1))
    server.stop()
    meddle(server)
    assert until(lambda: state_of(server)['state'] == 'failed'), state_of(server)
    assert server.runs() and contents(server) == 'hotfix\n'
    assert server.conf in state_of(server)['message'] and 'neither the guard nor its run' in state_of(server)['message']


def test_hotfix_that_the_server_does_not_start_with_is_kept_as_a_copy(server, meddle, until, state_of):
    server.write('bin/cpstart', server.read('bin/cpstart') + 'grep -q hotfix {conf} && rm -f {root}/running\n')
    arm(server.request(deadline=1, start_timeout=1))
    server.stop()
    meddle(server)
    assert until(lambda: state_of(server)['state'] == 'rolled_back'), state_of(server)
    kept = state_of(server)['kept'][0]
    with open(kept['copy']) as copy:
        assert (kept['path'], copy.read()) == (server.conf, 'hotfix\n')
    assert server.runs() and contents(server) == 'old\n' and 'stop' not in server.read('calls')


def test_hotfix_that_httpd_refuses_is_replaced_before_the_start(with_httpd, meddle, until, state_of):
    server = with_httpd
    arm(server.request(deadline=1))
    server.stop()
    meddle(server, b'bad\n')
    assert until(lambda: state_of(server)['state'] == 'rolled_back'), state_of(server)
    assert contents(server) == 'old\n' and server.read('calls').split() == ['start']
    with open(state_of(server)['kept'][0]['copy']) as copy:
        assert copy.read() == 'bad\n'


@pytest.mark.parametrize('refused', [False, True])
def test_link_that_appeared_is_never_written_through(with_httpd, until, state_of, refused):
    server = with_httpd
    elsewhere = os.path.join(server.root, 'elsewhere')
    with open(elsewhere, 'w') as stream:
        stream.write('bad\n' if refused else 'fine\n')
    arm(server.request(deadline=1))
    server.stop()
    os.unlink(server.conf)
    os.symlink(elsewhere, server.conf)
    assert until(lambda: state_of(server)['state'] == ('rolled_back' if refused else 'failed')), state_of(server)
    with open(elsewhere) as stream:
        assert stream.read() == ('bad\n' if refused else 'fine\n')
    assert server.runs() and os.path.islink(server.conf) is not refused
    if refused:
        assert contents(server) == 'old\n' and os.readlink(state_of(server)['kept'][0]['copy']) == elsewhere


def test_directory_that_became_a_link_is_never_written_through(with_httpd, until, state_of):
    server = with_httpd
    arm(server.request(deadline=1))
    server.stop()
    directory = os.path.dirname(server.conf)
    os.rename(directory, directory + '.moved')
    os.symlink(directory + '.moved', directory)
    with open(server.conf, 'w') as stream:
        stream.write('bad\n')
    assert until(lambda: state_of(server)['state'] == 'failed'), state_of(server)
    assert server.runs() and contents(server) == 'bad\n'


def test_what_the_run_wrote_is_put_back_although_the_state_is_gone(server, change, until):
    """The guard has learned of it before."""
    arm(server.request(deadline=3))
    server.stop()
    change(server)
    assert until(lambda: True) and not until(lambda: False, 1.5)
    os.rename(server.state_dir, server.state_dir + '.moved')
    os.rename(server.place.directory, server.place.directory + '.moved')
    assert until(server.runs)
    assert contents(server) == 'old\n' and server.read('running_with') == 'old\n'


def test_two_state_directories_are_one_server(server, state_of):
    other = server.request(state_dir=os.path.join(server.root, 'other'), holder='Bob')
    arm(server.request(holder='Alice'))
    with pytest.raises(AdministratorError, match='held by Alice'):
        arm(other)
    assert not os.path.exists(other.state_dir)
    disarm(server.request())
    arm(other)
    with pytest.raises(AdministratorError, match='held by Bob.*state directory'):
        arm(server.request())
    disarm(other)


def test_step_keeps_others_out_whatever_their_state_directory_is(server, monkeypatch):
    guard = arm(server.request())
    with while_armed(server.state_dir, guard.id), pytest.raises(AdministratorError, match='another process'), server.place.locked(0.1, None):
        pytest.fail('both have the lock')


def test_guard_of_the_first_release_under_another_state_directory_is_respected(server, monkeypatch):
    process = os.path.join(server.root, 'proc', '4711')
    os.makedirs(process)
    for name, text in (('comm', 'change_guard\n'), ('environ', '')):
        with open(os.path.join(process, name), 'w') as stream:
            stream.write(text)
    monkeypatch.setattr(earlier_release, '_PROCESSES', os.path.join(server.root, 'proc'))
    monkeypatch.delenv('SSH_CONNECTION', raising=False)
    with pytest.raises(AdministratorError, match='guard of release 1.0.0 under another state directory, process 4711'):
        arm(server.request())
    # On a machine where servers are rehearsed, one with another address is another server.
    with open(os.path.join(process, 'environ'), 'w') as stream:
        stream.write('A=b\0SSH_CONNECTION=127.0.0.1 5555 127.9.9.9 22\0')
    arm(server.request())


def test_backup_that_a_rollback_will_ask_for_is_not_pruned(server):
    directory = os.path.join(server.state_dir, 'backups')
    for number in range(KEPT):
        server.write('ssl.conf', '%d\n' % number)
        backup_file(read_file(server.conf), directory)
    oldest = list_backups(server.conf, directory)[-1].backup
    server.write('ssl.conf', 'newest\n')
    arm(server.request())
    assert os.path.exists(oldest) and len(list_backups(server.conf, directory)) == KEPT + 1
    # A second change of the file under the open guard does not prune it either.
    backup_file(read_file(server.conf), directory)
    assert os.path.exists(oldest)
    disarm(server.request())
    assert len(list_backups(server.conf, directory)) == KEPT


def test_backup_that_a_guard_names_outlives_it(server):
    directory = os.path.join(server.state_dir, 'backups')
    named = arm(server.request()).restore[0]['backup']
    trigger(server.request())
    for number in range(KEPT + 5):
        server.write('ssl.conf', '%d\n' % number)
        backup_file(read_file(server.conf), directory)
    assert os.path.exists(named) and len(list_backups(server.conf, directory)) == KEPT + 1
