# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type
import socket

import pytest

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._listeners.sockets import (
    Socket,
    is_loopback,
    is_wildcard,
    parse_table,
    read_sockets,
)

HEAD = b'  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n'


def row(local, state='0A', inode=326028):
    line = '   0: %s 00000000:0000 %s 00000000:00000000 00:00000000 00000000     0        0 %d 1 0 100 0 0 10 0\n'
    return (line % (local, state, inode)).encode('ascii')


@pytest.fixture(params=[(socket.AF_INET, '127.0.0.1'), (socket.AF_INET, '0.0.0.0'), (socket.AF_INET6, '::1'), (socket.AF_INET6, '::')])
def listener(request):
    family, address = request.param
    found = socket.socket(family)
    found.bind((address, 0))
    found.listen(1)
    yield address, found.getsockname()[1]
    found.close()


def test_a_listener_of_this_host_is_found(listener):
    assert listener in [(found.address, found.port) for found in read_sockets()]


def test_a_connection_is_no_listener():
    server = socket.socket()
    server.bind(('127.0.0.1', 0))
    server.listen(1)
    client = socket.create_connection(server.getsockname())
    found = [(entry.address, entry.port) for entry in read_sockets()]
    assert server.getsockname() in found and client.getsockname() not in found
    client.close()
    server.close()


def test_only_whole_lines_of_listening_sockets_count():
    table = HEAD + row('0100007F:01BB') + row('0100007F:01BC', state='01') + b'\n' + b'  2: nonsense\n' + row('xyz:01BB') + row('0100:01BB')
    if socket.htonl(1) != 1:
        assert parse_table(table) == [Socket('127.0.0.1', 443, 326028)]
    assert len(parse_table(table)) == 1


def test_an_address_of_ipv4_in_ipv6_is_one_of_ipv4():
    if socket.htonl(1) != 1:
        assert parse_table(HEAD + row('0000000000000000FFFF00000100007F:1F90'))[0].address == '127.0.0.1'


def test_a_host_without_ipv6(tmpdir):
    table = tmpdir.join('tcp')
    table.write_binary(HEAD + row('0100007F:01BB'))
    assert len(read_sockets((str(table), str(tmpdir.join('none'))))) == 1


def test_a_table_that_cannot_be_read_is_an_error(tmpdir):
    with pytest.raises(AdministratorError, match='cannot be read'):
        read_sockets((str(tmpdir.join('none')),))


def test_what_only_this_host_reaches():
    assert [address for address in ('127.0.0.1', '127.3.0.1', '::1', '0.0.0.0', '::', '10.0.0.1', 'fe80::1') if is_loopback(address)] == [
        '127.0.0.1', '127.3.0.1', '::1']
    assert is_wildcard('::') and is_wildcard('0.0.0.0') and not is_wildcard('10.0.0.1')
