# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What one SSLProtocol means to which httpd (ssl_engine_config.c, ssl_engine_init.c), and how a policy is written."""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import pytest

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.tls.dialect import Dialect
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.tls.ssl_protocol import (
    IllegalProtocol,
    canonical_arguments,
    check_policy,
    default_protocols,
    discarded_words,
    evaluate,
    hole_warning,
    negotiable,
)
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._protocols import sort_protocols

DEBIAN_12 = Dialect((2, 4, 71), (3, 0, 22))
RHEL_7 = Dialect((2, 4, 6), (1, 0, 2))
GAIA = Dialect((2, 2, 34), (1, 0, 2))
OLD = Dialect((2, 2, 3), (0, 9, 8))

ALL = 'TLSv1 TLSv1.1 TLSv1.2 TLSv1.3'


@pytest.mark.parametrize('arguments, expected', [
    (b'all', ALL),
    (b'ALL', ALL),
    (b'TLSV1.2', 'TLSv1.2'),
    (b'all -SSLv3', ALL),
    (b'all -SSLv2 -SSLv3 -TLSv1 -TLSv1.1', 'TLSv1.2 TLSv1.3'),
    (b'-all +TLSv1.2', 'TLSv1.2'),
    (b'+TLSv1.2 +TLSv1.2', 'TLSv1.2'),
    (b'TLSv1.2 TLSv1.3', 'TLSv1.3'),
    (b'TLSv1.3 TLSv1.2', 'TLSv1.2'),
    (b'all TLSv1.2', 'TLSv1.2'),
    (b'TLSv1.2 all', ALL),
    (b'-TLSv1 all', ALL),
    (b'TLSv1.2 +TLSv1.3', 'TLSv1.2 TLSv1.3'),
    (b'-SSLv3 -TLSv1 -TLSv1.1', ''),
    (b'-SSLv2', ''),
    (b'', ''),
    (b'"all" -TLSv1', 'TLSv1.1 TLSv1.2 TLSv1.3'),
])
def test_words_from_left_to_right(arguments, expected):
    assert ' '.join(sort_protocols(evaluate(arguments, DEBIAN_12))) == expected


@pytest.mark.parametrize('arguments', [
    b'TLSv1.0', b'TLS1.2', b'all,-SSLv3', b'all - TLSv1', b'all ""', b'all -TLSv1;', b'all\xc2\xa0-TLSv1', b'all \xe2\x80\x93TLSv1',
    b'all # why', b'"all -TLSv1"', b'-"TLSv1"', b'${X}', b'all \\', b'nzos_Version_1_2',
])
def test_words_that_no_httpd_knows(arguments):
    with pytest.raises(IllegalProtocol) as caught:
        evaluate(arguments, DEBIAN_12)
    assert caught.value.foreign


@pytest.mark.parametrize('arguments, dialect', [
    (b'SSLv2', DEBIAN_12), (b'+SSLv2', RHEL_7), (b'+SSLv3', DEBIAN_12), (b'all -TLSv1.3', RHEL_7), (b'+TLSv1.3', GAIA), (b'TLSv1.2', OLD),
])
def test_words_that_this_httpd_refuses(arguments, dialect):
    with pytest.raises(IllegalProtocol) as caught:
        evaluate(arguments, dialect)
    assert not caught.value.foreign


@pytest.mark.parametrize('dialect, expected', [
    (DEBIAN_12, ALL),
    (RHEL_7, 'SSLv3 TLSv1 TLSv1.1 TLSv1.2'),
    (GAIA, 'SSLv2 SSLv3 TLSv1 TLSv1.1 TLSv1.2'),
    (OLD, 'SSLv2 SSLv3 TLSv1'),
    (Dialect((2, 4, 35), (1, 1, 1)), 'TLSv1 TLSv1.1 TLSv1.2'),
])
def test_all(dialect, expected):
    assert ' '.join(sort_protocols(evaluate(b'all', dialect))) == expected


@pytest.mark.parametrize('arguments, modern, old', [
    (b'+TLSv1 +TLSv1.2', 'TLSv1.2', 'TLSv1 TLSv1.2'),
    (b'all -TLSv1.1', 'TLSv1.2 TLSv1.3', 'SSLv3 TLSv1 TLSv1.2'),
    (b'all -TLSv1.2', 'TLSv1.3', 'SSLv3 TLSv1 TLSv1.1'),
    (b'TLSv1.2', 'TLSv1.2', 'TLSv1.2'),
    (b'-all', '', ''),
])
def test_holes(arguments, modern, old):
    for dialect, expected in ((DEBIAN_12, modern), (RHEL_7, old)):
        assert ' '.join(sort_protocols(negotiable(evaluate(arguments, dialect), dialect))) == expected


def test_hole_warning():
    assert 'TLSv1 cannot be negotiated' in hole_warning(['TLSv1', 'TLSv1.2'], DEBIAN_12)
    assert hole_warning(['TLSv1', 'TLSv1.2'], RHEL_7) is None
    assert hole_warning(['TLSv1.2', 'TLSv1.3'], DEBIAN_12) is None


@pytest.mark.parametrize('dialect, expected', [
    (DEBIAN_12, ALL), (RHEL_7, 'SSLv3 TLSv1 TLSv1.1 TLSv1.2'), (Dialect((2, 4, 17), (1, 0, 2)), 'TLSv1 TLSv1.1 TLSv1.2'),
    (GAIA, 'SSLv2 SSLv3 TLSv1 TLSv1.1 TLSv1.2'),
])
def test_default(dialect, expected):
    assert ' '.join(sort_protocols(default_protocols(dialect))) == expected


@pytest.mark.parametrize('protocols, expected', [
    (['TLSv1.2'], b'TLSv1.2'), (['TLSv1.3', 'TLSv1.2'], b'-all +TLSv1.2 +TLSv1.3'), (['TLSv1', 'TLSv1.2'], b'-all +TLSv1 +TLSv1.2'),
])
def test_canonical_spelling_means_what_it_says(protocols, expected):
    assert canonical_arguments(protocols) == expected
    assert evaluate(expected, DEBIAN_12) == frozenset(protocols)


@pytest.mark.parametrize('protocols, dialect, said', [
    ([], DEBIAN_12, 'leaves no protocol'), (['TLSv1.4'], DEBIAN_12, 'TLSv1.4'), (['all'], DEBIAN_12, 'all'), (['TLSv1.3'], RHEL_7, 'TLSv1.3'),
    (['SSLv3'], DEBIAN_12, 'SSLv3'), (['SSLv2'], RHEL_7, 'SSLv2'), ([''], DEBIAN_12, 'cannot offer'),
])
def test_policies_that_are_refused(protocols, dialect, said):
    with pytest.raises(AdministratorError) as caught:
        check_policy(protocols, dialect)
    assert said in str(caught.value)
    assert 'nothing was changed' in str(caught.value)


def test_policy_in_any_case():
    assert check_policy([' tlsv1.2', 'TLSV1.3'], DEBIAN_12).protocols == frozenset(('TLSv1.2', 'TLSv1.3'))


@pytest.mark.parametrize('arguments, words', [
    (b'TLSv1.2 TLSv1.3', ['TLSv1.2']), (b'-all TLSv1.2', []), (b'all -SSLv3', []), (b'-TLSv1 all', ['-TLSv1']), (b'+TLSv1.2', []),
])
def test_words_without_effect(arguments, words):
    assert discarded_words(arguments) == words
