#!/usr/bin/python
# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

DOCUMENTATION = r"""
module: server_info
short_description: Read everything about a Check Point Endpoint Security server that a policy can ask
version_added: 1.0.0
author:
  - The checkpoint_endpoint.hardening contributors (@checkpoint-endpoint-hardening)
description:
  - Reads release and roles, the TLS configuration of the Endpoint Security server's Apache with everything that it includes, the services, the hash that the
    internal CA signs with, the certificates, and the guard. All of it in one call.
  - What cannot be read is listed in RV(server.unreadable) with its reason, and its part is null. It never looks like something that is in order.
  - Changes nothing and writes nothing. Opens and closes a connection to each of RV(server.tls.endpoints).
extends_documentation_fragment:
  - checkpoint_endpoint.hardening.attributes
  - checkpoint_endpoint.hardening.attributes.reads
  - checkpoint_endpoint.hardening.attributes.server
  - checkpoint_endpoint.hardening.profile
  - checkpoint_endpoint.hardening.state_dir
options:
  timeout:
    description: Seconds for each of the programs that are asked. One that does not answer in time is killed, and what it was asked for is unreadable.
    type: int
    default: 60
attributes:
  platform:
    support: full
seealso:
  - module: checkpoint_endpoint.hardening.tls_probe_info
    description: Asks the same server on the wire.
  - module: checkpoint_endpoint.hardening.ssl_protocol
  - plugin: checkpoint_endpoint.hardening.findings
    plugin_type: filter
    description: Judges the facts by a policy.
"""

EXAMPLES = r"""
- name: Read the server
  checkpoint_endpoint.hardening.server_info:
  register: info

- name: Show what could not be read
  ansible.builtin.debug:
    msg: "{{ info.server.unreadable }}"

- name: Show which protocols each scope with TLS is configured for
  ansible.builtin.debug:
    msg: "{{ item.name }}: {{ item.configured | join(', ') }}"
  loop: "{{ info.server.tls.scopes | selectattr('tls') }}"
  loop_control:
    label: "{{ item.name }}"

- name: Ask the same endpoints on the wire
  checkpoint_endpoint.hardening.tls_probe_info:
    endpoints: "{{ info.server.tls.endpoints }}"
"""

RETURN = r"""
server:
  description: The facts.
  returned: success
  type: dict
  contains:
    product:
      description:
        - Release, build and roles.
        - RV(ignore:build) is null where only the registry told the release.
      type: dict
      sample:
        release: R81.20
        build: "059"
        roles:
          management: true
          primary: true
          policy_server: false
          endpoint_installed: true
    paths:
      description: The profile and the folders that it sets, and the files of the Apache. What was not found is null.
      type: dict
      sample:
        profile: /etc/profile.d/CP.sh
        uepm_dir: /opt/CPuepm-R81.20
        fw_dir: /opt/CPsuite-R81.20/fw1
        cp_dir: /opt/CPshrd-R81.20
        apache_root: /opt/CPuepm-R81.20/apache22
        ssl_conf: /opt/CPuepm-R81.20/apache22/conf/ssl.conf
        httpd: /opt/CPuepm-R81.20/apache22/bin/httpd
        httpd_conf: /opt/CPuepm-R81.20/apache22/conf/httpd.conf
    tls:
      description: The TLS configuration, null when it cannot be read.
      type: dict
      contains:
        httpd:
          description:
            - The Apache and its OpenSSL, and the protocols that they know.
            - Where RV(ignore:identified) is false, they were not asked but taken to be of the most capable kind.
          type: dict
          sample:
            program: /opt/CPuepm-R81.20/apache22/bin/httpd
            version: 2.4.58
            openssl: OpenSSL 1.1.1w
            known_protocols: [SSLv3, TLSv1, TLSv1.1, TLSv1.2, TLSv1.3]
            identified: true
        files:
          description: Every file of the configuration with its SHA-256.
          type: list
          elements: dict
          sample:
            - path: /opt/CPuepm-R81.20/apache22/conf/ssl.conf
              sha256: 79a0b9fd14457038770338a31e291b65466f05bab2f429d08ad1c45f9acf8780
        directives:
          description:
            - Every C(SSLProtocol) that is not a comment, with the protocols that it switches on (null for a value that this httpd does not accept).
            - RV(ignore:state) is V(effective) for one that decides about a scope with TLS, V(unused) for one that decides about none,
              V(overridden) for one that a later one replaces, V(inactive) for one in a condition that does not hold, V(macro) for one in a macro
              that is not used.
          type: list
          elements: dict
          sample:
            - file: /opt/CPuepm-R81.20/apache22/conf/ssl.conf
              line: 12
              container: "<VirtualHost _default_:443>"
              arguments: +TLSv1 +TLSv1.2
              protocols: [TLSv1, TLSv1.2]
              state: effective
        scopes:
          description:
            - The main server and each virtual host, with the protocols that are configured and those that a handshake can settle on. The second
              can be fewer, because OpenSSL allows no holes between the lowest and the highest.
          type: list
          elements: dict
          sample:
            - name: "<VirtualHost _default_:443>"
              kind: virtual_host
              file: /opt/CPuepm-R81.20/apache22/conf/ssl.conf
              line: 10
              addresses: ["*:443"]
              server_name: policy-1.example.com
              aliases: []
              tls: true
              governed_by:
                file: /opt/CPuepm-R81.20/apache22/conf/ssl.conf
                line: 12
              configured: [TLSv1, TLSv1.2]
              negotiable: [TLSv1.2]
              warnings: []
        endpoints:
          description:
            - The addresses that speak TLS, with the server names to ask each for, and the protocols that each name should negotiate.
            - Can be given to M(checkpoint_endpoint.hardening.tls_probe_info) as it is.
          type: list
          elements: dict
          sample:
            - host: 127.0.0.1
              port: 443
              server_names: ["", policy-1.example.com, unknown.invalid]
              expected:
                "": [TLSv1.2]
                policy-1.example.com: [TLSv1.2]
                unknown.invalid: [TLSv1.2]
        certificate_files:
          description: The files of the certificates that the scopes with TLS serve.
          type: list
          elements: str
          sample: [/opt/CPuepm-R81.20/apache22/conf/ssl/server.crt]
        http_test:
          description: Whether the httpd accepts its configuration, and what it says.
          type: dict
          sample:
            ok: true
            output: Syntax OK
            command: [/opt/CPuepm-R81.20/apache22/bin/httpd, -t]
        warnings:
          description: What a person should know about the configuration as a whole.
          type: list
          elements: str
          sample: []
    services:
      description: The services, null when they cannot be read.
      type: dict
      contains:
        running:
          description: Whether RV(server.services.state) is V(started).
          type: bool
          sample: true
        state:
          description:
            - V(started) when every process that the watchdog checks, and the Endpoint engine where it is listed, is executing and every endpoint answers.
            - V(stopped) when none is executing and no endpoint answers, V(partial) otherwise.
          type: str
          sample: started
        processes:
          description: The watchdog's list. The start time is the server's local time.
          type: list
          elements: dict
          sample:
            - name: CPD
              pid: 19730
              status: E
              starts: 1
              started_at: "[17:54:45] 31/5/2019"
              monitored: true
              command: cpd
        ports:
          description: Whether each of the endpoints accepts a connection.
          type: list
          elements: dict
          sample:
            - address: "127.0.0.1:443"
              answers: true
        registry:
          description: The registry file. A server whose registry is empty does not come back after a stop.
          type: dict
          sample:
            path: /opt/CPshrd-R81.20/registry/HKLM_registry.data
            size: 48211
            readable: true
    ica:
      description: The internal CA, null when it cannot be read.
      type: dict
      contains:
        present:
          description: Whether this server owns the internal CA, as the primary management server does. Elsewhere the other values are null.
          type: bool
          sample: true
        running:
          description: Whether the CA runs, as C(cpstat ca) tells it. Null when it tells nothing.
          type: bool
          sample: true
        sign_hash:
          description:
            - The hash that the CA signs with from now on, or V(unknown), and the evidence for it. See
              RV(checkpoint_endpoint.hardening.ica_sign_hash#module:evidence).
            - RV(ignore:restart_required) is true when it was set and the services were not restarted since.
          type: dict
          sample:
            value: sha256
            evidence:
              kind: record
              at: "2026-11-23T10:00:00Z"
              ca_fingerprint_sha256: 79a0b9fd14457038770338a31e291b65466f05bab2f429d08ad1c45f9acf8780
            restart_required: false
        ca_certificate:
          description: The certificate of the CA, as in RV(server.certificates).
          type: dict
          sample: {}
    certificates:
      description:
        - The certificates of this server. RV(ignore:role) is V(ica) for that of the internal CA on the server that owns it, V(sic) for the one that Check Point
          servers know each other by, and V(web) for each that the Apache serves.
        - Null when one of them cannot be read.
      type: list
      elements: dict
      sample:
        - role: web
          path: /opt/CPuepm-R81.20/apache22/conf/ssl/server.crt
          subject: CN=policy-1.example.com,O=mgmt..x7k2a9
          issuer: O=mgmt..x7k2a9
          serial: 5f01
          not_before: "2026-01-01T00:00:00Z"
          not_after: "2031-01-01T00:00:00Z"
          signature_algorithm: sha256WithRSAEncryption
          hash: sha256
          fingerprint_sha256: 79a0b9fd14457038770338a31e291b65466f05bab2f429d08ad1c45f9acf8780
    guard:
      description: The guard, as M(checkpoint_endpoint.hardening.change_guard) returns it, null when it cannot be read.
      type: dict
      sample:
        state: none
    space:
      description: The free space in MiB of the file systems where a change writes, by folder. Null when it cannot be read.
      type: list
      elements: dict
      sample:
        - path: /opt/CPuepm-R81.20/apache22/conf
          free_mib: 20480
    unreadable:
      description: The parts that could not be read, with the reason.
      type: list
      elements: dict
      sample:
        - part: product
          reason: "cpprod_util FwIsPrimary: the role primary could not be read. Expected: 0 or 1. Found: no output."
error:
  description: The error in parts, see RV(checkpoint_endpoint.hardening.services#module:error). Only when not even the profile could be read.
  returned: failure
  type: dict
  sample:
    message: no profile of Check Point was found
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._checkpoint.environment import read_environment
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._server_facts import read_server


def argument_spec():
    return dict(
        timeout=dict(type='int', default=60),
        profile=dict(type='path'),
        state_dir=dict(type='path', default='/var/lib/checkpoint_endpoint_hardening'),
    )


def main():
    module = AnsibleModule(argument_spec=argument_spec(), supports_check_mode=True)
    given = module.params
    try:
        environment = read_environment(given['profile'], given['timeout'])
        server = read_server(environment, given['state_dir'], given['timeout'])
    except AdministratorError as error:
        module.fail_json(msg=str(error), error=error.details())
    module.exit_json(changed=False, server=server)


if __name__ == '__main__':
    main()
