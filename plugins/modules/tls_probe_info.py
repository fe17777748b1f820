#!/usr/bin/python
# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

DOCUMENTATION = r"""
module: tls_probe_info
short_description: Find out which TLS versions an endpoint really negotiates
version_added: 1.0.0
author:
  - The checkpoint_endpoint.hardening contributors (@checkpoint-endpoint-hardening)
description:
  - For each endpoint, server name and protocol version, opens a connection, sends a ClientHello that offers only this version, and reports the server's answer.
  - Creates the ClientHello itself, without a TLS library. The module can therefore detect SSLv3 to TLSv1.1 even if the local OpenSSL refuses them, and
    TLSv1.3 even if the local OpenSSL does not support it. It does not complete any handshake and does not verify certificates.
  - An answer that is neither a clear yes nor a clear no is V(inconclusive), with a reason. It never counts as refused.
  - Runs on the server itself, or once for a whole fleet with C(delegate_to=localhost) and C(run_once=true).
  - Requires only Python 2.7 or 3.6 and later.
extends_documentation_fragment:
  - checkpoint_endpoint.hardening.attributes
  - checkpoint_endpoint.hardening.attributes.reads
options:
  endpoints:
    description:
      - The endpoints to probe.
      - If a host has several addresses, the module probes the first one that accepts a connection.
      - You can pass RV(checkpoint_endpoint.hardening.server_info#module:server.tls.endpoints) unchanged.
    type: list
    elements: dict
    required: true
    suboptions:
      host:
        description: Host name, IPv4 address or IPv6 address.
        type: str
        required: true
      port:
        description: TCP port.
        type: int
        default: 443
      server_names:
        description:
          - The names to send as server name indication (SNI). An empty string stands for a client that sends no SNI.
          - A web server may apply a different policy to each name, so try every name that it has, no name, and one that it does not know.
          - An address is treated like no name, because SNI cannot contain addresses. SSLv3 has no SNI, so its answer is the same for all names.
        type: list
        elements: str
        default: [""]
      expected:
        description: Ignored. It exists so that you can pass the endpoints of M(checkpoint_endpoint.hardening.server_info) unchanged.
        type: dict
      accepted:
        description: Ignored, like O(endpoints[].expected).
        type: dict
  protocols:
    description: The versions to offer, each in a separate handshake.
    type: list
    elements: str
    choices: [SSLv3, TLSv1, TLSv1.1, TLSv1.2, TLSv1.3]
    default: [SSLv3, TLSv1, TLSv1.1, TLSv1.2, TLSv1.3]
  timeout:
    description:
      - Time limit for each handshake in seconds, from connecting to the result.
      - A host whose name takes longer than this to resolve is V(unreachable).
    type: float
    default: 5
  concurrency:
    description: Maximum number of simultaneous connections.
    type: int
    default: 64
  per_endpoint:
    description: Maximum number of simultaneous connections to the same endpoint.
    type: int
    default: 4
  retries:
    description:
      - Number of further attempts if a server drops a connection before it has answered.
      - With V(0), a server that refuses a version by closing the connection is V(inconclusive), see RV(results[].protocols).
    type: int
    default: 1
attributes:
  platform:
    platforms: posix
    support: full
seealso:
  - module: checkpoint_endpoint.hardening.server_info
  - module: checkpoint_endpoint.hardening.ssl_protocol
"""

EXAMPLES = r"""
- name: Probe a server from the controller
  checkpoint_endpoint.hardening.tls_probe_info:
    endpoints:
      - host: policy-1.example.com
        port: 443
        server_names: ["", policy-1.example.com, unknown.invalid]
  delegate_to: localhost
  register: probe

- name: Fail unless the server accepts only TLSv1.2, and SSLProtocol itself refuses all other versions
  ansible.builtin.assert:
    that:
      - item.protocols['TLSv1.2'].result == 'accepted'
      - item.protocols | dict2items | rejectattr('key', 'equalto', 'TLSv1.2')
        | map(attribute='value.result') | unique | list == ['refused']
      - item.protocols.values() | selectattr('latent') | list | length == 0
  loop: "{{ probe.results }}"
  loop_control:
    label: "{{ item.host }}:{{ item.port }} {{ item.server_name }}"

- name: Show a summary
  ansible.builtin.debug:
    var: probe.accepted
"""

RETURN = r"""
results:
  description: One item for each endpoint and server name, in the given order.
  returned: success
  type: list
  elements: dict
  contains:
    host:
      description: The given host.
      type: str
      sample: policy-1.example.com
    port:
      description: The port.
      type: int
      sample: 443
    server_name:
      description: The server name that was sent, empty if none was sent.
      type: str
      sample: ""
    protocols:
      description:
        - The result for each protocol version.
        - RV(ignore:result) is V(accepted) if the server answered with a ServerHello of this version. It is V(refused) if the server sent an alert that
          says so, if it answered with another version, or if it closed the connection properly at least twice without an answer although the same address
          accepts another version, as OpenSSL before 1.1.0 does. It is V(unreachable) if there was no connection, and V(inconclusive) in all other cases.
        - RV(ignore:latent) is true if the version is refused, but not by C(SSLProtocol). The alerts 80 (internal_error) and 40 (handshake_failure) mean
          that C(SSLProtocol) allows the version, and that only the security level or the cipher suites prevent it. The server would accept the version if
          those were relaxed.
        - RV(ignore:alert) and RV(ignore:alert_name) are the alert that was received, RV(ignore:negotiated) and RV(ignore:cipher) are what the server chose,
          RV(ignore:reason) is a sentence, and RV(ignore:tries) is the number of connections. Unknown values are null.
      type: dict
      sample:
        TLSv1:
          result: refused
          alert: 70
          alert_name: protocol_version
          negotiated: null
          cipher: null
          reason: the server does not allow this protocol version
          latent: false
          tries: 1
    certificate:
      description:
        - The certificate that the server sent, null if none was seen.
        - Has RV(ignore:subject), RV(ignore:issuer), RV(ignore:names), RV(ignore:serial), RV(ignore:not_before), RV(ignore:not_after) (ISO 8601, UTC),
          RV(ignore:signature_algorithm), RV(ignore:hash), RV(ignore:fingerprint_sha256), and RV(ignore:seen_with), the protocol in which it was seen.
        - TLSv1.3 encrypts the certificate. If the server accepts only TLSv1.3, the module reads the certificate with the TLS library of the Python in use,
          provided that this library supports TLSv1.3 and SNI.
      type: dict
      sample:
        subject: CN=policy-1.example.com,O=mgmt..x7k2a9
        issuer: O=mgmt..x7k2a9
        names: [policy-1.example.com]
        serial: 5f01
        not_before: "2026-01-01T00:00:00Z"
        not_after: "2031-01-01T00:00:00Z"
        signature_algorithm: sha256WithRSAEncryption
        hash: sha256
        fingerprint_sha256: 79a0b9fd14457038770338a31e291b65466f05bab2f429d08ad1c45f9acf8780
        seen_with: TLSv1.2
    certificate_reason:
      description: Why RV(results[].certificate) is null. Null if it is not.
      type: str
      sample: no protocol was accepted
accepted:
  description: A summary of the accepted protocols for each C(host:port/server name).
  returned: success
  type: dict
  sample:
    "policy-1.example.com:443/": [TLSv1.2]
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._tls.probe import (
    DEFAULT_CONCURRENCY,
    DEFAULT_PER_ENDPOINT,
    accepted_protocols,
    probe,
)
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._tls.protocols import PROBED


def argument_spec():
    return dict(
        endpoints=dict(
            type='list',
            elements='dict',
            required=True,
            options=dict(
                host=dict(type='str', required=True),
                port=dict(type='int', default=443),
                server_names=dict(type='list', elements='str', default=['']),
                expected=dict(type='dict'),
                accepted=dict(type='dict'),
            ),
        ),
        protocols=dict(type='list', elements='str', choices=list(PROBED), default=list(PROBED)),
        timeout=dict(type='float', default=5),
        concurrency=dict(type='int', default=DEFAULT_CONCURRENCY),
        per_endpoint=dict(type='int', default=DEFAULT_PER_ENDPOINT),
        retries=dict(type='int', default=1),
    )


def main():
    module = AnsibleModule(argument_spec=argument_spec(), supports_check_mode=True)
    try:
        results = probe(**module.params)
    except AdministratorError as error:
        module.fail_json(msg=str(error), error=error.details())
    module.exit_json(changed=False, results=results, accepted=accepted_protocols(results))


if __name__ == '__main__':
    main()
