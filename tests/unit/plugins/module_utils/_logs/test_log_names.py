# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""Which files are those of one log, and which are those of another."""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import os
import time

import pytest

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._logs.clients import read_clients
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._logs.directives import FILE, PATTERN, Target
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._logs.rotation import files_of
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._logs.sources import given_sources

HOUR = 3600
NOW = 1795435200


def make(folder, names):
    """Files, the first of them the newest."""
    for age, name in enumerate(names):
        path = folder.join(name)
        path.write_binary(b'10.1.1.7 TLSv1.2\n')
        os.utime(str(path), (NOW - age * HOUR, NOW - age * HOUR))


def names_of(entries):
    return [os.path.basename(entry.path).decode('utf-8') for entry in entries]


@pytest.mark.parametrize('names', [
    ['ssl_request_log', 'ssl_request_log.1', 'ssl_request_log.2.gz', 'ssl_request_log.10.gz'],
    ['ssl_request_log', 'ssl_request_log-20261122', 'ssl_request_log-20261121.bz2', 'ssl_request_log-2026-11-20.xz', 'ssl_request_log-20261119-1795000000'],
    ['ssl_request_log', 'ssl_request_log.1795000000', 'ssl_request_log.old', 'ssl_request_log.bak.gz', 'ssl_request_log.3.zst'],
    ['ssl_request_log.1', 'ssl_request_log'],
])
def test_rotated_files_newest_first(tmpdir, names):
    make(tmpdir, names)
    make(tmpdir, ['ssl_request_log2', 'ssl_request_log.tmp', 'xssl_request_log.1', 'ssl_request_log-abc', 'ssl_request_log.1.gz.sha256'])
    tmpdir.mkdir('ssl_request_log.9')
    files = files_of(Target(FILE, str(tmpdir.join('ssl_request_log')).encode('utf-8'), None))
    assert names_of(files) == names
    assert names_of([entry for entry in files if entry.live]) == ['ssl_request_log']
    assert [entry.compression for entry in files if entry.path.endswith(b'zst')] == [None] * sum('zst' in name for name in names)


def test_names_with_an_extension(tmpdir):
    names = ['access.log', 'access.log.1', 'access-20261122.log', 'access.2.log.gz']
    make(tmpdir, names)
    make(tmpdir, ['access-tls.log', 'access.log.txt'])
    assert names_of(files_of(Target(FILE, str(tmpdir.join('access.log')).encode('utf-8'), None))) == names


def test_a_file_is_read_once_whatever_names_it_has(tmpdir):
    make(tmpdir, ['log', 'log.1', 'log.1.gz', 'log.2.gz'])
    os.link(str(tmpdir.join('log')), str(tmpdir.join('log.5')))
    os.symlink(str(tmpdir.join('log.1')), str(tmpdir.join('log.6')))
    os.symlink('/nowhere', str(tmpdir.join('log.7')))
    entries = files_of(Target(FILE, str(tmpdir.join('log')).encode('utf-8'), None))
    assert len(entries) == 3 and names_of(entries)[0] == 'log'


def test_names_made_of_the_time(tmpdir):
    make(tmpdir, ['ssl.20261123', 'ssl.20261122', 'ssl.20261121.gz'])
    make(tmpdir, ['ssl.', 'ssl.20261121.sum', 'xssl.20261121'])
    base = str(tmpdir).encode('utf-8')
    assert names_of(files_of(Target(PATTERN, base + b'/ssl.%Y%m%d', None))) == ['ssl.20261123', 'ssl.20261122', 'ssl.20261121.gz']
    make(tmpdir.mkdir('2026').mkdir('11'), ['a[b]*23.log'])
    assert names_of(files_of(Target(PATTERN, base + b'/%Y/%m/a[b]*%d.log', None))) == ['a[b]*23.log']


@pytest.mark.parametrize(('name', 'conversions'), [
    ('ssl.2026-11-23_12:00:00', '%F_%T'), ('ssl.1795435200', '%s'), ('ssl.Mon-23.Nov', '%a-%d.%b'), ('ssl.11/23/26', '%D'), ('ssl.%26', '%%%y'),
])
def test_all_that_a_time_can_be_in_a_name(tmpdir, name, conversions):
    if '/' in name:
        tmpdir.mkdir('ssl.11').mkdir('23')
    make(tmpdir, [name])
    base = str(tmpdir).encode('utf-8')
    files = files_of(Target(PATTERN, base + b'/ssl.' + conversions.encode('ascii'), None))
    assert [entry.path for entry in files] == [base + b'/' + name.encode('ascii')]


def test_a_long_name_that_does_not_fit_takes_no_time(tmpdir):
    make(tmpdir, ['ssl.' + filling * 240 + '_' for filling in 'a1-'])
    begun = time.time()
    for pattern in (b'/ssl.%Y%m%d%H%M%S', b'/ssl.%Y-%m-%d-%H-%M-%S', b'/ssl.%Q%Q%Q%Q%Q%Q'):
        files_of(Target(PATTERN, str(tmpdir).encode('utf-8') + pattern, None))
    assert time.time() - begun < 2


@pytest.mark.parametrize(('own', 'other', 'expected'), [
    ('ssl.log', 'ssl-8443.log', ['ssl.log', 'ssl-20261122.log', 'ssl.log.1']),
    ('ssl-8443.log', 'ssl.log', ['ssl-8443.log', 'ssl-8443.log.1', 'ssl-8443-20261122.log.gz']),
    ('ssl.log', 'ssl.log.%Y%m%d', ['ssl.log', 'ssl-8443.log', 'ssl-20261122.log', 'ssl-8443-20261122.log.gz', 'ssl.log.1']),
    ('ssl.log', 'other', ['ssl.log', 'ssl-8443.log', 'ssl-20261122.log', 'ssl-8443-20261122.log.gz', 'ssl.log.1', 'ssl.log.20261122']),
])
def test_files_of_another_log_are_not_those_of_this_one(tmpdir, own, other, expected):
    make(tmpdir, ['ssl.log', 'ssl-8443.log', 'ssl-8443.log.1', 'ssl-20261122.log', 'ssl-8443-20261122.log.gz', 'ssl.log.1', 'ssl.log.20261122'])
    base = str(tmpdir).encode('utf-8') + b'/'
    others = [Target(PATTERN if '%' in other else FILE, base + other.encode('ascii'), None)]
    names = names_of(files_of(Target(FILE, base + own.encode('ascii'), None), others))
    assert [name for name in names if name != 'ssl.log.20261122' or '%' in other or other == 'other'] == expected


def test_requests_of_two_logs_are_counted_once(tmpdir):
    make(tmpdir, ['ssl.log', 'ssl-8443.log'])
    given = [(str(tmpdir.join(name)).encode('utf-8'), b'%h %{SSL_PROTOCOL}x') for name in ('ssl.log', 'ssl-8443.log')]
    assert read_clients(given_sources(given), b'TLSv1.2')['protocols'] == {'TLSv1.2': 2}
    # Also where the other one does not hold the protocol, and is not read.
    given[1] = (given[1][0], b'%h')
    assert read_clients(given_sources(given), b'TLSv1.2')['protocols'] == {'TLSv1.2': 1}
