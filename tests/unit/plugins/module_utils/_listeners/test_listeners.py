# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type
import os
import signal
import socket
import subprocess
import time

import pytest

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.httpd.installation import Installation
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._listeners.facts import (
    NEVER_ASKED,
    ask_listeners,
    is_asked,
    read_listeners,
)
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._listeners.owners import Process, find_owners

# All of 127.0.0.0/8 is this machine; this address is no other test's.
ADDRESS = '127.44.5.6'
MARK = 'CHECKPOINT_LISTENERS_TEST=%d' % os.getpid()


@pytest.fixture(scope='module')
def key(tmpdir_factory):
    path = str(tmpdir_factory.mktemp('tls').join('both.pem'))
    subprocess.check_output(
        ['openssl', 'req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', path + '.key', '-out', path, '-days', '3', '-subj', '/CN=other'],
        stderr=subprocess.STDOUT,
    )
    return path


def free_port(address):
    found = socket.socket()
    found.bind((address, 0))
    port = found.getsockname()[1]
    found.close()
    return port


@pytest.fixture(scope='module')
def other(key):
    """A TLS server of another program, which accepts TLSv1.2 alone: (its process, its port)."""
    port = free_port(ADDRESS)
    name, dummy, value = MARK.partition('=')
    server = subprocess.Popen(
        ['openssl', 's_server', '-accept', '%s:%d' % (ADDRESS, port), '-cert', key, '-key', key + '.key', '-tls1_2', '-quiet'],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=dict(os.environ, **{name: value}),
    )
    for dummy in range(200):
        try:
            socket.create_connection((ADDRESS, port)).close()
            break
        except (OSError, IOError):
            time.sleep(0.02)
    yield server, port
    os.kill(server.pid, signal.SIGKILL)
    server.wait()


def one(port, listeners):
    return [entry for entry in listeners if (entry['address'], entry['port']) == (ADDRESS, port)][0]


def test_a_listener_is_told_with_its_owner(other):
    server, port = other
    found = one(port, read_listeners(None))
    assert found['owner'] == {
        'pid': server.pid, 'name': 'openssl', 'program': os.path.realpath(Process(server.pid).program()), 'user_id': os.geteuid()}
    assert found['owner']['program'].endswith('/openssl')
    assert (found['ours'], found['web'], found['asked'], found['protocols']) == (False, False, False, None)
    assert found['reachable'] is False


def test_with_a_mark_only_listeners_that_carry_it_count(other):
    server, port = other
    own = socket.socket()
    own.bind((ADDRESS, 0))
    own.listen(1)
    assert one(own.getsockname()[1], read_listeners(None))['owner']['pid'] == os.getpid()
    found = read_listeners(None, MARK)
    assert [(entry['address'], entry['port'], entry['owner']['pid']) for entry in found] == [(ADDRESS, port, server.pid)]
    assert found[0]['reachable'] is True
    assert read_listeners(None, MARK + '0') == []
    own.close()


@pytest.mark.parametrize('mark', ['NAME', 'NAME='])
def test_what_is_no_mark_is_refused(mark):
    with pytest.raises(AdministratorError, match='the mark'):
        read_listeners(None, mark)


def test_of_processes_that_share_a_socket_the_parent_owns_it():
    shared = socket.socket()
    shared.bind((ADDRESS, 0))
    shared.listen(1)
    inode = os.fstat(shared.fileno()).st_ino
    child = os.fork()
    if child == 0:
        time.sleep(60)
        os._exit(0)
    assert find_owners([inode])[inode].pid == os.getpid()
    shared.close()
    # An httpd that lost its parent: its child goes on to serve.
    assert find_owners([inode])[inode].pid == child
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    assert find_owners([inode]) == {}


def test_handshakes_show_what_another_program_accepts(other):
    dummy, port = other
    found = one(port, ask_listeners(read_listeners(None, MARK), 'all'))
    assert found['asked'] is True
    assert [name for name, answer in sorted(found['protocols'].items()) if answer['result'] == 'accepted'] == ['TLSv1.2']
    found = one(port, ask_listeners(read_listeners(None, MARK), 'web'))
    assert (found['asked'], found['protocols']) == (False, None)


def listener(**changes):
    return dict({'address': '0.0.0.0', 'port': 443, 'ours': False, 'reachable': True, 'web': True}, **changes)


@pytest.mark.parametrize(
    'changes,choices',
    [
        ({}, ['all', 'web']),
        ({'web': False, 'port': 5000}, ['all']),
        ({'reachable': False}, ['all']),
        ({'ours': True}, []),
    ] + [({'port': port}, []) for port in (18190, 18191, 18192, 18193, 18208, 18209, 18210, 18211, 18221, 19009)],
)
def test_which_listeners_are_asked(changes, choices):
    assert [choice for choice in ('all', 'none', 'web') if is_asked(listener(**changes), choice)] == choices


def test_web_ports_are_none_of_check_points_own():
    assert not NEVER_ASKED & set([443, 4434, 8443])


def test_the_endpoint_apache_is_known_by_its_program_and_by_its_root(tmpdir, key):
    port = free_port(ADDRESS)
    program = tmpdir.join('httpd')
    program.write('#!/bin/sh\nexec openssl s_server -accept %s:%d -cert %s -key %s.key -quiet\n' % (ADDRESS, port, key, key))
    program.chmod(0o755)
    server = subprocess.Popen([str(program)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    for dummy in range(200):
        if any(entry['port'] == port for entry in read_listeners(None)):
            break
        time.sleep(0.02)
    openssl = Process(server.pid).program()
    same = tmpdir.join('link')
    same.mksymlinkto(openssl)
    ours = [
        one(port, read_listeners(Installation(str(tmpdir), None, httpd, None)))['ours']
        for httpd in (openssl, str(same), str(program), '/bin/sh', None, str(tmpdir.join('none')))
    ]
    assert ours == [True, True, False, False, False, False]
    assert Process(server.pid).runs(None) is False
    server.kill()
    server.wait()


def test_a_script_that_starts_the_httpd_for_its_root_is_ours(tmpdir):
    port = free_port(ADDRESS)
    text = 'import socket, time; s = socket.socket(); s.bind(("%s", %d)); s.listen(1); time.sleep(60)' % (ADDRESS, port)
    server = subprocess.Popen([os.environ.get('PYTHON', 'python3'), '-c', text, '-d', str(tmpdir)])
    for dummy in range(200):
        if any(entry['port'] == port for entry in read_listeners(None)):
            break
        time.sleep(0.02)
    roots = [str(tmpdir), str(tmpdir.join('conf')), '/']
    assert [one(port, read_listeners(Installation(root, None, None, None)))['ours'] for root in roots] == [True, False, False]
    server.kill()
    server.wait()
