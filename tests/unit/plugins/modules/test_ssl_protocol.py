# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module's own part: from its options to the Apache of a server, and what it returns of the copies."""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import os

import pytest

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError
from ansible_collections.checkpoint_endpoint.hardening.plugins.modules import ssl_protocol

SSL_CONF = b'<VirtualHost *:443>\nSSLEngine on\nSSLProtocol +TLSv1 +TLSv1.2\n</VirtualHost>\n'


def write(path, data, mode=0o644):
    if not os.path.isdir(os.path.dirname(path)):
        os.makedirs(os.path.dirname(path))
    with open(path, 'wb') as stream:
        stream.write(data)
    os.chmod(path, mode)
    return path


@pytest.fixture
def server(tmpdir):
    """A folder with a profile that sets UEPMDIR to a server whose Apache has no program."""
    root = os.path.realpath(str(tmpdir))
    write(os.path.join(root, 'profile.sh'), ('CPDIR=%s; UEPMDIR=%s/uepm; export CPDIR UEPMDIR\n' % (root, root)).encode('ascii'))
    write(os.path.join(root, 'uepm', 'apache22', 'conf', 'ssl.conf'), SSL_CONF)
    return root


def options(server, **given):
    known = dict((name, option.get('default')) for name, option in ssl_protocol.argument_spec().items())
    known.update(profile=os.path.join(server, 'profile.sh'), state_dir=os.path.join(server, 'state'), protocols=['TLSv1.2'])
    known.update(given)
    return known


def test_the_ssl_conf_of_the_server(server):
    result = ssl_protocol.run(options(server), False)
    assert result['path'] == os.path.join(server, 'uepm', 'apache22', 'conf', 'ssl.conf')
    assert (result['changed'], result['validated']) == (True, False)
    with open(result['backup_file'], 'rb') as stream:
        assert stream.read() == SSL_CONF
    again = ssl_protocol.run(options(server), False)
    assert again['changed'] is False and 'backup_file' not in again


def test_check_mode(server):
    result = ssl_protocol.run(options(server), True)
    assert result['changed'] and 'backup_file' not in result
    assert not os.path.exists(os.path.join(server, 'state'))


def test_copies_elsewhere_or_not_at_all(server):
    elsewhere = os.path.join(server, 'elsewhere')
    assert ssl_protocol.run(options(server, backup_dir=elsewhere), False)['backup_file'].startswith(elsewhere)
    result = ssl_protocol.run(options(server, backup=False, protocols=['TLSv1.3']), False)
    assert result['changed'] and 'backup_file' not in result


def test_a_profile_that_cannot_be_read(server):
    missing = os.path.join(server, 'missing.sh')
    with pytest.raises(AdministratorError) as caught:
        ssl_protocol.run(options(server, profile=missing), False)
    assert missing in str(caught.value)


def test_a_server_without_endpoint_security(server):
    write(os.path.join(server, 'profile.sh'), b'CPDIR=/opt/x; export CPDIR\n')
    with pytest.raises(AdministratorError) as caught:
        ssl_protocol.run(options(server), False)
    assert 'UEPMDIR is not set' in str(caught.value)


def test_what_the_documentation_names_is_what_the_module_takes():
    spec = ssl_protocol.argument_spec()
    assert spec['state_dir']['default'] == '/var/lib/checkpoint_endpoint_hardening'
    assert set(spec) == set(('path', 'protocols', 'backup', 'backup_dir', 'httpd', 'httpd_conf', 'timeout', 'guard', 'profile', 'state_dir'))
