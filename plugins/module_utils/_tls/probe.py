# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""Find out which protocol versions endpoints really negotiate and which certificates they serve: plan a probe, collect its results."""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import functools
import re
from collections import OrderedDict

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._protocols import sort_protocols
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._tls import certificate_fetch, event_loop
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._tls.answers import AnswerReader
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._tls.client_hello import client_hello
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._tls.protocols import PROBED, alert_name
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._tls.resolve import is_address
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._tls.tasks import Endpoint, Task
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._tls.x509 import (
    CertificateError,
    read_certificate,
)

DEFAULT_CONCURRENCY = 64
DEFAULT_PER_ENDPOINT = 4
# With fewer, one dropped connection could pass for an answer.
_SILENCES_FOR_REFUSAL = 2


class Hello(object):
    """Hold a conversation (see tasks.Task) of one ClientHello and its answer."""

    def __init__(self, protocol, server_name):
        self._hello = client_hello(protocol, server_name)
        self._reader = AnswerReader(protocol)

    def start(self):
        """Return the bytes to send first."""
        return self._hello

    def feed(self, data):
        """Process received bytes; there is never anything else to send."""
        return b'', self._reader.feed(data)

    def end(self, how, again):
        """Return the Verdict for a connection that ends early."""
        return self._reader.end(how, again)


def probe(endpoints, protocols=PROBED, timeout=5.0, concurrency=DEFAULT_CONCURRENCY,
          per_endpoint=DEFAULT_PER_ENDPOINT, retries=1):
    """Probe every endpoint and server name with one ClientHello for each protocol version.

    :param endpoints: list of dictionaries ``host`` (name, IPv4 or IPv6 address), ``port`` and optionally ``server_names``
        (default: one empty name, which stands for a client without SNI)
    :param protocols: names from _tls/protocols.PROBED
    :param timeout: time limit of one handshake, and of resolving one name, in seconds
    :param concurrency: maximum number of simultaneous connections; ``per_endpoint``: those to one endpoint
    :param retries: further attempts if a connection is dropped before the answer is complete
    :returns: list of dictionaries, one for each endpoint and server name in the given order: ``host``, ``port``, ``server_name``,
        ``protocols`` {name: {result, alert, alert_name, negotiated, cipher, reason, latent, tries}}, ``certificate``
        (or null) and ``certificate_reason`` (why it is null)
    :raises AdministratorError: for an invalid argument
    """
    wanted = _known(protocols)
    targets = _targets(endpoints)
    bounds = {'timeout': timeout, 'concurrency': concurrency, 'per_endpoint': per_endpoint, 'retries': retries}
    tasks = OrderedDict()
    for target in targets:
        for protocol in wanted:
            key = target.key(protocol)
            if key not in tasks:
                tasks[key] = Task(target.endpoint, functools.partial(Hello, protocol, key[2]))
    event_loop.run(list(tasks.values()), **bounds)
    outcomes = [dict((protocol, tasks[target.key(protocol)]) for protocol in wanted) for target in targets]
    fetched = _fetch_encrypted(targets, outcomes, bounds)
    return [_result(target, wanted, found, fetched) for target, found in zip(targets, outcomes)]


def accepted_protocols(results):
    """Return a summary of the results: ``{"host:port/server name": [accepted protocols]}``."""
    short = {}
    for item in results:
        host = '[%s]' % item['host'].strip('[]') if ':' in item['host'] else item['host']
        short['%s:%d/%s' % (host, item['port'], item['server_name'])] = accepted_of(item)
    return short


def accepted_of(result):
    """Return the protocols that one endpoint accepts for one server name, in their order."""
    return sort_protocols(name for name, found in result['protocols'].items() if found['result'] == 'accepted')


# -- the plan


class _Target(object):
    """One endpoint with one server name."""

    def __init__(self, endpoint, host, server_name):
        self.endpoint = endpoint
        self.host = host
        self.server_name = server_name
        self.wire_name = _wire_name(server_name)

    def key(self, protocol):
        """Return what distinguishes a handshake from others: SSLv3 cannot contain a server name."""
        name = b'' if protocol == 'SSLv3' else self.wire_name
        return (self.endpoint.host, self.endpoint.port, name, protocol)


def _known(protocols):
    for name in protocols:
        if name not in PROBED:
            raise AdministratorError('a protocol cannot be probed', expected='one of ' + ', '.join(PROBED), found=name)
    if not protocols:
        raise AdministratorError('there is no protocol to probe', expected='at least one of ' + ', '.join(PROBED))
    return sort_protocols(protocols)


def _targets(endpoints):
    known, targets = {}, []
    for item in endpoints:
        host, port = _text(item['host']).strip('[]'), int(item['port'])
        if not host or not 0 < port < 65536:
            raise AdministratorError(
                'an endpoint cannot be probed', expected='a host and a port', found='%s:%d' % (_ascii(host), port)
            )
        if (host, port) not in known:
            known[host, port] = Endpoint(host, port)
        names = item.get('server_names')
        for name in [''] if names is None else names:
            targets.append(_Target(known[host, port], _text(item['host']), _text(name or '')))
    return targets


def _text(value):
    """Return any string as text: Python 2.7 passes options as bytes."""
    return value.decode('utf-8', 'replace') if isinstance(value, bytes) else value


def _wire_name(name):
    """Return a server name as it is sent; empty for an address, which the extension cannot contain (RFC 6066, section 3)."""
    name = name.strip('[]').rstrip('.')
    if not name or is_address(name):
        return b''
    try:
        wire = name.encode('ascii') if re.match(r'[\x21-\x7e]+$', name) else name.encode('idna')
    except UnicodeError:
        wire = b''
    if not 0 < len(wire) < 256:
        raise AdministratorError('a server name cannot be sent', expected='a DNS name', found=_ascii(name))
    return wire


def _ascii(text):
    return text.encode('ascii', 'backslashreplace').decode('ascii')


# -- the certificate


def _served(target, outcomes):
    """Return the DER certificate of the newest unencrypted handshake, and the protocol of that handshake."""
    for protocol in reversed(PROBED):
        if protocol == 'SSLv3' and target.wire_name:
            continue
        task = outcomes.get(protocol)
        if task is not None and task.outcome.certificate is not None:
            return task.outcome.certificate, protocol
    return None, None


def _fetch_encrypted(targets, outcomes, bounds):
    """Fetch the certificates that only TLS 1.3 reveals: {(host, port, name): Task}."""
    tasks = OrderedDict()
    for target, found in zip(targets, outcomes):
        task = found.get('TLSv1.3')
        if task is None or task.outcome.result != 'accepted' or _served(target, found)[0] is not None:
            continue
        key = target.key('TLSv1.3')
        if certificate_fetch.AVAILABLE and key not in tasks:
            name = target.wire_name.decode('ascii')
            tasks[key] = Task(target.endpoint, functools.partial(certificate_fetch.CertificateFetch, name))
            tasks[key].outcome = certificate_fetch.cannot_ask(name)
    event_loop.run([task for task in tasks.values() if task.outcome is None], **bounds)
    return tasks


def _certificate(target, outcomes, fetched):
    """Return the certificate or None, and why there is none."""
    der, protocol = _served(target, outcomes)
    if der is None:
        task = fetched.get(target.key('TLSv1.3'))
        if task is not None:
            der, protocol = task.outcome.certificate, 'TLSv1.3'
            if der is None:
                return None, task.outcome.reason
    if der is None:
        accepted = [name for name in outcomes if outcomes[name].outcome.result == 'accepted']
        if accepted == ['TLSv1.3']:
            return None, certificate_fetch.UNAVAILABLE_REASON
        return None, 'no handshake showed a certificate' if accepted else 'no protocol was accepted'
    try:
        facts = read_certificate(der)
    except CertificateError as error:
        return None, 'the served certificate cannot be read: %s' % error
    return dict(facts, seen_with=protocol), None


# -- the results


def _result(target, wanted, outcomes, fetched):
    accepted = [name for name in wanted if outcomes[name].outcome.result == 'accepted']
    certificate, reason = _certificate(target, outcomes, fetched)
    return {
        'host': target.host,
        'port': target.endpoint.port,
        'server_name': target.server_name,
        'protocols': dict((name, _facts(outcomes[name], accepted)) for name in wanted),
        'certificate': certificate,
        'certificate_reason': reason,
    }


def _facts(task, accepted):
    found = task.outcome
    if found.silent and found.result == 'inconclusive' and accepted and task.silences >= _SILENCES_FOR_REFUSAL:
        # OpenSSL before 1.1.0 sends no alert for a disabled version: it just closes the connection. If
        # the same address accepts another version in the same run, repeated proper closing means exactly that.
        reason = 'closed without an answer %d times, while %s was accepted: how OpenSSL before 1.1.0 refuses a version' % (
            task.silences,
            ', '.join(accepted),
        )
        found = found._replace(result='refused', reason=reason)
    return {
        'result': found.result,
        'alert': found.alert,
        'alert_name': None if found.alert is None else alert_name(found.alert),
        'negotiated': found.negotiated,
        'cipher': found.cipher,
        'reason': found.reason,
        'latent': found.latent,
        'tries': task.tries,
    }
