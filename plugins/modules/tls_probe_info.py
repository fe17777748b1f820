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
  - Opens a connection per endpoint, server name and protocol version, sends a hello that offers this one version, and reports what the server
    makes of it.
  - The hello is made by the module itself, without a TLS library. So it sees SSLv3 to TLSv1.1 where the local OpenSSL refuses to speak them, and TLSv1.3
    where the local OpenSSL does not know it. No handshake is completed, and nothing is verified.
  - An answer that is neither a clear yes nor a clear no is V(inconclusive), with its reason. It never counts as refused.
  - Runs on the server itself, or once for a whole fleet with C(delegate_to=localhost) and C(run_once=true).
  - Needs nothing but Python 2.7 or 3.6 and later.
extends_documentation_fragment:
  - checkpoint_endpoint.hardening.attributes
  - checkpoint_endpoint.hardening.attributes.reads
options:
  endpoints:
    description:
      - The endpoints to ask.
      - Where a host has several addresses, all answers come from the first one of them that a connection can be made to.
      - The value RV(checkpoint_endpoint.hardening.server_info#module:server.tls.endpoints) can be given as it is.
    type: list
    elements: dict
    required: true
    suboptions:
      host:
        description: Name, IPv4 address or IPv6 address.
        type: str
        required: true
      port:
        description: TCP port.
        type: int
        default: 443
      server_names:
        description:
          - The names to ask for, by server name indication. An empty text stands for a client that names no server.
          - A web server may give each name another policy, so ask for every name that it has, for none, and for one that it does not know.
          - An address as a name is asked for like no name, because the indication cannot carry addresses. SSLv3 cannot name a server at all, its
            answer is the same for all names.
        type: list
        elements: str
        default: [""]
      expected:
        description: Not looked at. It is here so that what M(checkpoint_endpoint.hardening.server_info) returns can be given as it is.
        type: dict
  protocols:
    description: The versions to offer, each in a handshake of its own.
    type: list
    elements: str
    choices: [SSLv3, TLSv1, TLSv1.1, TLSv1.2, TLSv1.3]
    default: [SSLv3, TLSv1, TLSv1.1, TLSv1.2, TLSv1.3]
  timeout:
    description:
      - Seconds for one handshake, from connecting to the verdict.
      - A name that takes longer than this to be resolved is V(unreachable).
    type: float
    default: 5
  concurrency:
    description: The most connections at a time.
    type: int
    default: 64
  per_endpoint:
    description: The most connections at a time to one endpoint.
    type: int
    default: 4
  retries:
    description:
      - Further tries when a server drops a connection in the middle.
      - With V(0) a server that refuses by closing the connection stays V(inconclusive), see RV(results[].protocols).
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
- name: Ask a server from the controller
  checkpoint_endpoint.hardening.tls_probe_info:
    endpoints:
      - host: policy-1.example.com
        port: 443
        server_names: ["", policy-1.example.com, unknown.invalid]
  delegate_to: localhost
  register: probe

- name: Fail unless TLSv1.2 is all that it accepts, and nothing older is only held back
  ansible.builtin.assert:
    that:
      - item.protocols['TLSv1.2'].result == 'accepted'
      - item.protocols | dict2items | rejectattr('key', 'equalto', 'TLSv1.2')
        | map(attribute='value.result') | unique | list == ['refused']
      - item.protocols.values() | selectattr('latent') | list | length == 0
  loop: "{{ probe.results }}"
  loop_control:
    label: "{{ item.host }}:{{ item.port }} {{ item.server_name }}"

- name: Show it in short
  ansible.builtin.debug:
    var: probe.accepted
"""

RETURN = r"""
results:
  description: One item per endpoint and server name, in the order given.
  returned: success
  type: list
  elements: dict
  contains:
    host:
      description: The host as given.
      type: str
      sample: policy-1.example.com
    port:
      description: The port.
      type: int
      sample: 443
    server_name:
      description: The server name that was asked for, empty for none.
      type: str
      sample: ""
    protocols:
      description:
        - What came of each protocol version, by its name.
        - Each value has RV(ignore:result), which is V(accepted) for a ServerHello with this version; V(refused) for an alert that says so, for a
          ServerHello with another version, and for a connection that is closed at least twice in good order without an answer while the same address accepts
          another version, as OpenSSL before 1.1.0 does; V(unreachable) when there was no connection; V(inconclusive) for everything else.
        - RV(ignore:latent) is true for a version that is refused, but not by C(SSLProtocol). The alerts 80 (internal_error) and 40 (handshake_failure)
          say that the version was let through and that only the security level or the cipher suites held it back. It comes back when they are relaxed.
        - RV(ignore:alert) and RV(ignore:alert_name) are the alert received, RV(ignore:negotiated) and RV(ignore:cipher) what the server chose,
          RV(ignore:reason) is a sentence, RV(ignore:tries) the number of connections that were made, V(0) where there was none. What is not known is null.
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
        - The certificate that was served, null when none was seen.
        - Has RV(ignore:subject), RV(ignore:issuer), RV(ignore:names), RV(ignore:serial), RV(ignore:not_before), RV(ignore:not_after) (ISO 8601, UTC),
          RV(ignore:signature_algorithm), RV(ignore:hash), RV(ignore:fingerprint_sha256), and RV(ignore:seen_with), the protocol that showed it.
        - TLSv1.3 encrypts it. Where TLSv1.3 is all that is accepted, it is read with the TLS library of the Python in use, if that is able to
          and can ask for the server name.
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
      description: Why RV(results[].certificate) is null, else null.
      type: str
      sample: no protocol was accepted
accepted:
  description: The accepted protocols in short, by C(host:port/server name).
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
