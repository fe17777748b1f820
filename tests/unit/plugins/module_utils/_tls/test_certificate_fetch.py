# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type
import struct

import pytest

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._tls import certificate_fetch
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._tls.probe import probe

# What an Apache takes as a ServerAlias and the probe's hello can say, but not every TLS library.
ODD_NAMES = ['.example.com', 'a..b', 'l' * 64 + '.example.com']


def only_tls13(talk):
    body = b'\x03\x03' + b'r' * 32 + b'\x00\x13\x01\x00' + b'\x00\x06\x00\x2b\x00\x02\x03\x04'
    message = b'\x02\x00' + struct.pack('>H', len(body)) + body

    def treat(link, number):
        data, version = talk.read_hello(link)
        if version == 0x0304:
            link.sendall(struct.pack('>BHH', 22, 0x0303, len(message)) + message)
        else:
            link.sendall(b'\x15\x03\x01\x00\x02\x02\x46')

    return treat


def test_a_name_that_the_library_cannot_ask_for_is_the_reason_for_no_certificate(peer, talk):
    server = peer(only_tls13(talk))
    results = probe([server.endpoint(*ODD_NAMES)], timeout=3)
    assert [item['server_name'] for item in results] == ODD_NAMES
    for item in results:
        accepted = [name for name, found in item['protocols'].items() if found['result'] == 'accepted']
        assert (accepted, item['certificate']) == (['TLSv1.3'], None)
        if certificate_fetch.AVAILABLE:
            assert 'cannot ask for the certificate' in item['certificate_reason']
        else:
            assert item['certificate_reason'] == certificate_fetch.UNAVAILABLE_REASON


@pytest.mark.parametrize('name', ['', 'a.example', '*.example', 'under_score.example', 'l' * 63 + '.example'])
def test_a_name_that_the_library_can_ask_for(name):
    if certificate_fetch.AVAILABLE:
        assert certificate_fetch.cannot_ask(name) is None
