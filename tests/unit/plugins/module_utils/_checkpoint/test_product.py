# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type
import time

import pytest

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._checkpoint.product import (
    is_certificate_authority,
    parse_flag,
    parse_version,
    read_product,
    read_roles,
    registry_value,
)
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._parallel import ask_all, values

USAGE = (
    b'Usage: /opt/CPshrd-R80.20/bin/cpprod_util [-e effective_version] funcname <arg>\n'
    b'   Some of the functions require additional parameter(s),\n   some return integer char* or return 0/1 in status\n'
)


@pytest.mark.parametrize(
    'stdout,stderr,flag',
    [
        (b'1\n', b'', True), (b'0\n', b'', False), (b' 1 ', b'', True), (b'0', b'warning\n', False), (b'', b'1\n', True), (b'\n', b'0\n', False),
        (b'', b'', None), (b'2\n', b'', None), (b'01\n', b'', None), (b'-1\n', b'', None), (b'1 0\n', b'', None), (b'yes\n', b'', None),
        (USAGE, b'', None), (b'', USAGE, None), (b'\xff1', b'', None), (b'10\n', b'', None), (b'junk\n', b'1\n', None),
    ],
)
def test_a_flag_is_0_or_1_and_nothing_else(stdout, stderr, flag):
    assert parse_flag(stdout, stderr) is flag


@pytest.mark.parametrize(
    'text,found',
    [
        ("This is Check Point's software version R81.20 - Build 059\n", ('R81.20', '059')),
        ("This is Check Point's software version R80.20.M1 - Build 007", ('R80.20.M1', '007')),
        ("This is Check Point's software version R82 - Build 777", ('R82', '777')),
        ('This is Check Point VPN-1(TM) & FireWall-1(R) R77.30 - Build 204', ('R77.30', '204')),
        ('R81.20', ('R81.20', None)),
        ('Check Point Gaia R81.20', ('R81.20', None)),
        ('', (None, None)),
        ('fw: command not found', (None, None)),
        ('Build 059', (None, '059')),
    ],
)
def test_the_version_is_read_from_what_the_tools_say(text, found):
    assert parse_version(text) == found


def test_a_whole_product(management):
    assert read_product(management.environment()) == {
        'release': 'R81.20',
        'build': '059',
        'roles': {'management': True, 'primary': True, 'policy_server': False, 'endpoint_installed': True},
    }


@pytest.mark.parametrize('script', ['exit 1', None])
def test_the_release_comes_from_the_registry_where_fw_does_not_tell_it(management, script):
    if script is None:
        management.bin.join('fw').remove()
    else:
        management.tool('fw', script)
    management.tool('cpprod_util', '[ "$*" = "CPPROD_GetValue CPshared CurrentLabel 1" ] && echo R81.10 || echo 0\n')
    product = read_product(management.environment())
    assert (product['release'], product['build']) == ('R81.10', None)


@pytest.mark.parametrize('script', ['echo maybe', 'exit 1', 'sleep 600', "printf '%s' 'Usage: cpprod_util'; exit 1"])
def test_a_role_that_cannot_be_read_is_an_error_and_not_absent(management, script):
    management.tool('cpprod_util', 'case $1 in FwIsPrimary) %s;; *) echo 0;; esac\n' % script)
    with pytest.raises(AdministratorError) as caught:
        read_product(management.environment(), timeout=0.5)
    assert caught.value.path == 'cpprod_util FwIsPrimary'
    assert read_roles(management.environment(), ['management'], 5) == {'management': False}


def test_the_questions_are_asked_at_the_same_time(management):
    management.tool('cpprod_util', 'sleep 1; echo 1\n')
    began = time.time()
    read_product(management.environment())
    assert time.time() - began < 3


def test_values_of_the_registry(management):
    management.tool('cpprod_util', 'case "$*" in "CPPROD_GetValue SIC CertPath ") echo "/a b/sic.p12";; *) echo; exit 1;; esac\n')
    assert registry_value(management.environment(), 'SIC', 'CertPath', '') == '/a b/sic.p12'
    assert registry_value(management.environment(), 'SIC', 'Other', '') == ''


@pytest.mark.parametrize('management,primary,owner', [(True, True, True), (True, False, False), (False, True, False), (False, False, False)])
def test_the_primary_management_server_owns_the_ca(management, primary, owner):
    assert is_certificate_authority({'management': management, 'primary': primary}) is owner


def test_asking_at_once_keeps_errors_apart_and_hides_no_fault_of_ours():
    def fails():
        raise AdministratorError('not read')

    outcomes = ask_all({'good': lambda: 7, 'bad': fails})
    assert outcomes['good'] == (7, None) and outcomes['bad'].error.message == 'not read'
    with pytest.raises(AdministratorError, match='not read'):
        values(outcomes)
    assert values(ask_all({'a': lambda: 1})) == {'a': 1}
    with pytest.raises(ZeroDivisionError):
        ask_all({'fault': lambda: 1 // 0, 'good': lambda: 1})
