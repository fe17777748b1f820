# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type
import pytest

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._checkpoint.lscert import is_newest, parse_issued

# The layout of the command line guide, and a pasted output of a real server.
GUIDE = """\
Operation succeeded. rc=0.
2 certs found.

Subject = CN=cp_mgmt,O=MGMT.5p72vp
Status = Valid   Kind = SIC   Serial = 30287   DP = 0
Not_Before: Sat Apr  7 19:40:12 2018   Not_After: Fri Apr  7 19:40:12 2023

Subject = CN=kfo,OU=users,O=management..ivfvvt
Status = Expired   Kind = IKE   Serial = 99639   DP = 1
Not_Before: Mon Aug  4 21:06:09 2014   Not_After: Thu Aug  4 21:06:09 2016
"""


def test_every_field_is_read():
    assert parse_issued(GUIDE) == [
        {
            'subject': 'CN=cp_mgmt,O=MGMT.5p72vp', 'status': 'Valid', 'kind': 'SIC', 'serial': 30287, 'dp': 0,
            'not_before': (2018, 4, 7, 19, 40, 12), 'not_after': (2023, 4, 7, 19, 40, 12),
        },
        {
            'subject': 'CN=kfo,OU=users,O=management..ivfvvt', 'status': 'Expired', 'kind': 'IKE', 'serial': 99639, 'dp': 1,
            'not_before': (2014, 8, 4, 21, 6, 9), 'not_after': (2016, 8, 4, 21, 6, 9),
        },
    ]


@pytest.mark.parametrize(
    'text,serials',
    [
        ('', []),
        ('Operation failed. rc=-1\n', []),
        ('Operation succeeded. rc=0.\n0 certs found.\n\n', []),
        (GUIDE.replace('\n', '\r\n'), [30287, 99639]),
        (GUIDE.replace('DP = 0\n', 'DP = 0\nComment = made by hand\n'), [30287, 99639]),
        (GUIDE.replace('Status = Valid   Kind = SIC   Serial = 30287   DP = 0\n', ''), [99639]),
        (GUIDE.replace('Sat Apr  7', 'Sat Xyz  7'), [99639]),
        (GUIDE.replace('Serial = 30287', 'Serial = 0x7'), [99639]),
        (GUIDE.replace('Subject = CN=cp_mgmt,O=MGMT.5p72vp\n', ''), [99639]),
        (GUIDE[:-30], [30287]),
    ],
)
def test_what_is_not_whole_is_passed_over(text, serials):
    assert [entry['serial'] for entry in parse_issued(text)] == serials


@pytest.mark.parametrize(
    'serial,newest', [('764f', True), ('00764f', True), ('018537', False), ('01', None)]
)
def test_the_newest_is_found_by_its_number(serial, newest):
    assert is_newest(serial, parse_issued(GUIDE)) is newest


def test_of_two_issued_in_one_second_both_are_the_newest():
    twins = parse_issued(GUIDE.replace('Mon Aug  4 21:06:09 2014', 'Sat Apr  7 19:40:12 2018'))
    assert is_newest('764f', twins) is True and is_newest('018537', twins) is True
    assert is_newest('764f', []) is None
