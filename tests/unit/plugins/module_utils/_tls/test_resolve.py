# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type
import socket
import threading
import time

import pytest

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._tls import resolve
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._tls.probe import probe


class Place(object):
    """What the look-up needs of an endpoint."""

    def __init__(self, host, port=443):
        self.host, self.port = host, port
        self.addresses, self.error = None, None


def answer(host, port):
    return [(socket.AF_INET, 1, 6, '', ('192.0.2.%d' % len(host), port))] * 2


@pytest.fixture
def resolver(monkeypatch):
    """Function that replaces the system's resolver: ``resolver(function of host and port)``."""
    ended = threading.Event()

    def replace(function):
        monkeypatch.setattr(socket, 'getaddrinfo', lambda host, port, *rest: function(host, port))
        return ended

    yield replace
    ended.set()


def find(hosts, timeout):
    places = [Place(host) for host in hosts]
    started = time.time()
    resolve.find_addresses(places, timeout)
    return places, time.time() - started


def test_names_that_take_long_are_looked_up_beside_each_other(resolver):
    def slow(host, port):
        time.sleep(0.3)
        return answer(host, port)

    resolver(slow)
    places, seconds = find(['h%d' % number for number in range(resolve.LOOKUPS)], 5)
    assert seconds < 2
    assert set((str(place.addresses), place.error) for place in places) <= set(
        (str([(socket.AF_INET, (address, 443))]), None) for address in ('192.0.2.2', '192.0.2.3')
    )


def test_a_resolver_that_never_answers_holds_up_nobody_for_long(resolver):
    def stuck(host, port):
        if host.startswith('dead'):
            ended.wait(20)
        return answer(host, port)

    ended = resolver(stuck)
    dead = ['dead%d' % number for number in range(resolve.LOOKUPS + 4)]
    places, seconds = find(dead + ['alive'], 0.4)
    # The last ones begin when the first ones have been given up.
    assert seconds < 3
    assert places[-1].addresses == [(socket.AF_INET, ('192.0.2.5', 443))]
    assert set(place.error for place in places[:-1]) == set('the name %s was not resolved within 0.4 seconds' % host for host in dead)


def test_the_probe_says_that_a_name_took_too_long(resolver):
    def slow(host, port):
        ended.wait(20)
        return answer(host, port)

    ended = resolver(slow)
    started = time.time()
    results = probe([{'host': 'h%d' % number, 'port': 443} for number in range(6)], ['TLSv1.2'], timeout=0.4)
    assert time.time() - started < 2
    for item in results:
        found = item['protocols']['TLSv1.2']
        assert (found['result'], found['tries']) == ('unreachable', 0)
        assert found['reason'] == 'the name %s was not resolved within 0.4 seconds' % item['host']


def test_an_address_needs_no_thread(monkeypatch):
    monkeypatch.setattr(resolve.threading, 'Thread', None)
    places, _seconds = find(['127.0.0.1', '::1'], 5)
    assert [place.addresses[0][1][:2] for place in places] == [('127.0.0.1', 443), ('::1', 443)]


def test_without_threads_names_are_looked_up_one_after_the_other(resolver, monkeypatch):
    class NoThread(object):
        def __init__(self, target, args):
            pass

        def start(self):
            raise RuntimeError('can\'t start new thread')

    resolver(answer)
    monkeypatch.setattr(resolve.threading, 'Thread', NoThread)
    places, _seconds = find(['a', 'bb'], 5)
    assert [place.addresses[0][1][0] for place in places] == ['192.0.2.1', '192.0.2.2']


@pytest.mark.parametrize('host', [u'a..b', u'\u00fc' * 64, u'a\x00b'])
def test_a_name_that_cannot_be_asked_for_has_a_reason(host):
    places, seconds = find([host], 10)
    assert seconds < 8
    assert places[0].addresses == []
    assert 'could not be resolved' in places[0].error


def test_a_name_without_a_usable_address_has_a_reason(resolver):
    resolver(lambda host, port: [])
    places, _seconds = find(['a', 'a'], 5)
    assert [(place.addresses, place.error) for place in places] == [([], 'the name a has no address')] * 2
