# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module's own part: from its options to the Apache of a server, and what it returns of the copies."""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import os
from contextlib import contextmanager

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


class Ended(Exception):
    """The end of a module."""


class Module(object):
    """What the module's main() takes of Ansible."""

    def __init__(self, params, check_mode, diff, changes):
        self.params, self.check_mode, self._diff, self.changes = params, check_mode, diff, changes
        self.asked = []

    def load_file_common_arguments(self, params, path):
        return dict(path=path, owner=params.get('owner'))

    def set_fs_attributes_if_different(self, arguments, changed):
        self.asked.append((arguments['path'], self.check_mode))
        if arguments['owner'] == 'nobody at all':
            self.fail_json(msg='failed to look up user')
        return changed or self.changes

    def warn(self, text):
        pass

    def fail_json(self, **result):
        raise Ended(dict(result, failed=True))

    def exit_json(self, **result):
        raise Ended(result)


def ended(monkeypatch, params, check_mode=False, diff=False, changes=False):
    """The result of main(), and the module that it made."""
    module = Module(params, check_mode, diff, changes)
    monkeypatch.setattr(ssl_protocol, 'AnsibleModule', lambda **_arguments: module)
    with pytest.raises(Ended) as caught:
        ssl_protocol.main()
    return caught.value.args[0], module


@pytest.mark.parametrize('check_mode', [True, False])
def test_an_owner_that_cannot_be_is_found_out_before_anything_is_written(server, monkeypatch, check_mode):
    result, dummy = ended(monkeypatch, options(server, owner='nobody at all'), check_mode)
    assert result['failed'] and 'look up user' in result['msg']
    with open(os.path.join(server, 'uepm', 'apache22', 'conf', 'ssl.conf'), 'rb') as stream:
        assert stream.read() == SSL_CONF
    assert not os.path.exists(os.path.join(server, 'state'))


def test_owner_and_mode_are_set_at_the_end_and_are_a_change(server, monkeypatch):
    path = os.path.join(server, 'uepm', 'apache22', 'conf', 'ssl.conf')
    assert ended(monkeypatch, options(server))[0]['changed'] is True
    result, module = ended(monkeypatch, options(server))
    assert result['changed'] is False and module.asked == [(path, True), (path, False)]
    for check_mode in (True, False):
        result, module = ended(monkeypatch, options(server), check_mode, changes=True)
        assert result['changed'] is True and module.asked[-1] == (path, check_mode) and module.check_mode is check_mode


def test_owner_and_mode_are_set_while_the_guard_is_armed(server, monkeypatch):
    inside = []

    @contextmanager
    def while_armed(_state_dir, _guard, _check_mode):
        inside.append(True)
        yield
        inside.pop()

    monkeypatch.setattr(ssl_protocol, 'while_armed', while_armed)
    monkeypatch.setattr(ssl_protocol, 'set_attributes', lambda module, path, check_mode: module.asked.append(list(inside)) or False)
    assert ended(monkeypatch, options(server))[1].asked == [[True], [True]]


def test_contents_are_told_only_to_who_asks_for_them(server, monkeypatch):
    assert 'diff' not in ended(monkeypatch, options(server), True)[0]
    assert SSL_CONF.decode('ascii') in [entry['before'] for entry in ended(monkeypatch, options(server), True, True)[0]['diff']]


def test_what_the_documentation_names_is_what_the_module_takes():
    spec = ssl_protocol.argument_spec()
    assert spec['state_dir']['default'] == '/var/lib/checkpoint_endpoint_hardening'
    assert set(spec) == set(('path', 'protocols', 'backup', 'backup_dir', 'httpd', 'httpd_conf', 'httpd_options', 'timeout', 'guard', 'profile', 'state_dir'))
