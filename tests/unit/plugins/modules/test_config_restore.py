# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""The module's own part: the Apache that tests what is put back, also where its files are gone."""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import os

import pytest

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError
from ansible_collections.checkpoint_endpoint.hardening.plugins.modules import config_restore, ssl_protocol

HTTPD = """#!/bin/sh
case "$1" in
-v) echo 'Server version: Apache/2.4.62 (Unix)'; exit 0 ;;
-l) printf 'Compiled in modules:\\n  core.c\\n  mod_so.c\\n  mod_ssl.c\\n'; exit 0 ;;
esac
echo Syntax OK
"""


def write(path, text, mode=0o644):
    if not os.path.isdir(os.path.dirname(path)):
        os.makedirs(os.path.dirname(path))
    with open(path, 'w') as stream:
        stream.write(text)
    os.chmod(path, mode)
    return path


def read(path):
    with open(path) as stream:
        return stream.read()


class Server(object):
    """A server whose Apache was just brought to another policy."""

    def __init__(self, root):
        self.root = root
        self.profile = write(os.path.join(root, 'profile.sh'), 'CPDIR=%s; UEPMDIR=%s/uepm; export CPDIR UEPMDIR\n' % (root, root))
        apache = os.path.join(root, 'uepm', 'apache22')
        self.httpd = write(os.path.join(apache, 'bin', 'httpd'), HTTPD, 0o755)
        self.httpd_conf = write(os.path.join(apache, 'conf', 'httpd.conf'), 'IncludeOptional conf/ss*.conf\n')
        self.ssl_conf = write(os.path.join(apache, 'conf', 'ssl.conf'), 'SSLProtocol all\n', 0o640)
        ssl_protocol.run(self.options(ssl_protocol, protocols=['TLSv1.2']), False)
        assert read(self.ssl_conf) == 'SSLProtocol TLSv1.2\n'

    def options(self, module, **given):
        known = dict((name, option.get('default')) for name, option in module.argument_spec().items())
        known.update(profile=self.profile, state_dir=os.path.join(self.root, 'state'))
        known.update(given)
        return known

    def restore(self, check_mode, **given):
        return config_restore.run(self.options(config_restore, **given), check_mode)


@pytest.fixture
def server(tmpdir):
    return Server(os.path.realpath(str(tmpdir)))


def by_paths(server):
    return dict(profile=None, httpd=server.httpd, httpd_conf=server.httpd_conf)


@pytest.mark.parametrize('how', [lambda server: {}, by_paths])
def test_ssl_conf_that_is_gone_comes_back(server, how):
    os.unlink(server.ssl_conf)
    predicted = server.restore(True, **how(server))
    assert predicted['changed'] and not os.path.exists(server.ssl_conf)
    done = server.restore(False, **how(server))
    assert (done['changed'], done['validated'], read(server.ssl_conf)) == (True, True, 'SSLProtocol all\n')
    assert os.stat(server.ssl_conf).st_mode & 0o777 == 0o640
    assert server.restore(False, **how(server))['changed'] is False


def test_an_apache_that_is_not_found_is_found_out_in_check_mode(server):
    for check_mode in (True, False):
        with pytest.raises(AdministratorError) as caught:
            server.restore(check_mode, httpd=os.path.join(server.root, 'missing'))
        assert 'the httpd is not there' in str(caught.value)
    assert read(server.ssl_conf) == 'SSLProtocol TLSv1.2\n'


def test_contents_are_told_only_to_who_asks_for_them(server, monkeypatch):
    class Module(object):
        params, check_mode, _diff = server.options(config_restore), True, False

        def exit_json(self, **result):
            told.append(result)

    told = []
    for Module._diff in (False, True):
        monkeypatch.setattr(config_restore, 'AnsibleModule', lambda **_arguments: Module())
        config_restore.main()
    assert ['diff' in result for result in told] == [False, True]
