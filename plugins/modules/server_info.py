#!/usr/bin/python
# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

DOCUMENTATION = r"""
module: server_info
short_description: Gather facts about a Check Point Endpoint Security server
version_added: 1.0.0
author:
  - The checkpoint_endpoint.hardening contributors (@checkpoint-endpoint-hardening)
description:
  - Gathers in one call the release and the roles, the TLS configuration of the Endpoint Security server's Apache including all included files, the services,
    the hash that the internal CA signs with, the certificates, and the guard.
  - If a part cannot be read, it is null, and RV(server.unreadable) contains the reason. A part that cannot be read never looks as if it were in order.
  - Tries handshakes with every endpoint of that Apache, and lists the TCP listeners of the host with the programs that own them.
  - Changes nothing and writes nothing. Connects to each of RV(server.tls.endpoints), to O(extra_endpoints) and to the listeners that O(probe_listeners)
    chooses, and sends the first message of a TLS handshake for every protocol version.
extends_documentation_fragment:
  - checkpoint_endpoint.hardening.attributes
  - checkpoint_endpoint.hardening.attributes.reads
  - checkpoint_endpoint.hardening.attributes.server
  - checkpoint_endpoint.hardening.handshakes
  - checkpoint_endpoint.hardening.profile
  - checkpoint_endpoint.hardening.state_dir
options:
  timeout:
    description: Time limit in seconds for each program that is run. A program that exceeds it is killed, and the part that needs it is unreadable.
    type: int
    default: 60
attributes:
  platform:
    support: full
seealso:
  - module: checkpoint_endpoint.hardening.tls_probe_info
    description: Finds out what the same server accepts on the wire.
  - module: checkpoint_endpoint.hardening.ssl_protocol
  - plugin: checkpoint_endpoint.hardening.findings
    plugin_type: filter
    description: Judges the facts by a policy.
"""

EXAMPLES = r"""
- name: Gather facts about the server
  checkpoint_endpoint.hardening.server_info:
  register: info

- name: Show what could not be read
  ansible.builtin.debug:
    msg: "{{ info.server.unreadable }}"

- name: Show the configured protocols of each TLS scope
  ansible.builtin.debug:
    msg: "{{ item.name }}: {{ item.configured | join(', ') }}"
  loop: "{{ info.server.tls.scopes | selectattr('tls') }}"
  loop_control:
    label: "{{ item.name }}"

- name: Show what each endpoint accepts
  ansible.builtin.debug:
    msg: "{{ item.host }}:{{ item.port }} {{ item.accepted }}"
  loop: "{{ info.server.tls.endpoints }}"
  loop_control:
    label: "{{ item.host }}:{{ item.port }}"

- name: Also probe the other web servers of the host
  checkpoint_endpoint.hardening.server_info:
    probe_listeners: web
  register: info
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
        - RV(ignore:build) is null if the release is known only from the registry.
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
      description: The profile, the directories that it sets, and the files of the Apache. A path that was not found is null.
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
      description: The TLS configuration, null if it cannot be read.
      type: dict
      contains:
        httpd:
          description:
            - The Apache and its OpenSSL, and the protocols that they support.
            - If RV(ignore:identified) is false, their versions could not be determined, and the most capable ones are assumed.
          type: dict
          sample:
            program: /opt/CPuepm-R81.20/apache22/bin/httpd
            version: 2.4.58
            openssl: OpenSSL 1.1.1w
            known_protocols: [SSLv3, TLSv1, TLSv1.1, TLSv1.2, TLSv1.3]
            identified: true
        files:
          description: Every configuration file with its SHA-256.
          type: list
          elements: dict
          sample:
            - path: /opt/CPuepm-R81.20/apache22/conf/ssl.conf
              sha256: 79a0b9fd14457038770338a31e291b65466f05bab2f429d08ad1c45f9acf8780
        directives:
          description:
            - Every C(SSLProtocol) that is not commented out, with the protocols that it enables (null if this httpd does not accept its value).
            - RV(ignore:state) is V(effective) if the directive sets the protocols of a TLS scope, V(unused) if it sets those of no TLS scope,
              V(overridden) if a later directive replaces it, V(inactive) if it is inside a condition that does not hold, and V(macro) if it is inside an
              unused macro.
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
            - The main server and each virtual host, with the configured protocols and the protocols that a handshake can negotiate. The latter
              can be fewer, because OpenSSL ignores versions below a gap.
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
            - The addresses that use TLS, the server names to try with each, the protocols that each name should negotiate, and those that it accepted.
            - You can pass this list to M(checkpoint_endpoint.hardening.tls_probe_info) unchanged.
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
              accepted:
                "": [TLSv1.2]
                policy-1.example.com: [TLSv1.2]
                unknown.invalid: [TLSv1.2]
        certificate_files:
          description: The certificate files that the TLS scopes serve.
          type: list
          elements: str
          sample: [/opt/CPuepm-R81.20/apache22/conf/ssl/server.crt]
        http_test:
          description: Whether httpd accepts its configuration, and the output of its configuration test.
          type: dict
          sample:
            ok: true
            output: Syntax OK
            command: [/opt/CPuepm-R81.20/apache22/bin/httpd, -t]
        warnings:
          description: Warnings about the configuration as a whole.
          type: list
          elements: str
          sample: []
    services:
      description: The services, null if they cannot be read.
      type: dict
      contains:
        running:
          description: Whether RV(server.services.state) is V(started).
          type: bool
          sample: true
        state:
          description:
            - V(started) if every process that the watchdog checks (and the Endpoint engine, if it is listed) is executing and every endpoint answers.
            - V(stopped) if no process is executing and no endpoint answers, V(partial) otherwise.
          type: str
          sample: started
        processes:
          description: The watchdog's list. Start times are in the server's local time.
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
          description: Whether each endpoint accepts a connection.
          type: list
          elements: dict
          sample:
            - address: "127.0.0.1:443"
              answers: true
        registry:
          description: The registry file. A server with an empty registry does not start again once it has been stopped.
          type: dict
          sample:
            path: /opt/CPshrd-R81.20/registry/HKLM_registry.data
            size: 48211
            readable: true
    ica:
      description: The internal CA, null if it cannot be read.
      type: dict
      contains:
        present:
          description: Whether this server owns the internal CA, as the primary management server does. If not, the other values are null.
          type: bool
          sample: true
        running:
          description: Whether the CA is running according to C(cpstat ca). Null if C(cpstat ca) does not say.
          type: bool
          sample: true
        sign_hash:
          description:
            - The hash that the CA signs with from now on, or V(unknown), and the evidence for it. See
              RV(checkpoint_endpoint.hardening.ica_sign_hash#module:evidence).
            - RV(ignore:restart_required) is true if the hash was set and the services have not been restarted since.
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
        - The certificates of this server. RV(ignore:role) is V(ica) for the certificate of the internal CA (only on the server that owns the CA), V(sic)
          for the certificate that identifies this server to other Check Point servers, and V(web) for each certificate that the Apache serves.
        - Null if one of them cannot be read.
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
      description: The guard, as returned by M(checkpoint_endpoint.hardening.change_guard). Null if it cannot be read.
      type: dict
      sample:
        state: none
    space:
      description: The free space in MiB of the file systems that a change writes to, by directory. Null if it cannot be read.
      type: list
      elements: dict
      sample:
        - path: /opt/CPuepm-R81.20/apache22/conf
          free_mib: 20480
    listeners:
      description:
        - The TCP listeners of the host, null if they cannot be read.
        - RV(ignore:owner) is the process that owns the socket, null if it is not visible. RV(ignore:ours) is true for the Endpoint Apache.
          RV(ignore:reachable) is false for a loopback address. RV(ignore:web) is true for web servers and for ports that serve web pages.
        - RV(ignore:asked) is true if handshakes were tried. RV(ignore:protocols) contains their results, as in RV(probe), else null.
      type: list
      elements: dict
      sample:
        - address: 0.0.0.0
          port: 4434
          owner:
            pid: 5120
            name: httpd2
            program: /web/cpshared/web/Apache/2.2.0/bin/httpd2
            user_id: 0
          ours: false
          reachable: true
          web: true
          asked: false
          protocols: null
    extra_endpoints:
      description: The results of the handshakes with O(extra_endpoints), as in RV(probe), null if they could not be tried.
      type: list
      elements: dict
      sample: []
    now:
      description: The time on the server when it was read, in UTC.
      type: str
      sample: "2026-11-23T10:00:00Z"
    unreadable:
      description: The parts that could not be read, with the reason. The part V(probe) stands for RV(probe).
      type: list
      elements: dict
      sample:
        - part: product
          reason: "cpprod_util FwIsPrimary: the role primary could not be read. Expected: 0 or 1. Found: no output."
probe:
  description:
    - The results of the handshakes with RV(server.tls.endpoints), one item for each endpoint and server name, null if they could not be tried.
    - See RV(checkpoint_endpoint.hardening.tls_probe_info#module:results).
  returned: success
  type: list
  elements: dict
  sample: []
error:
  description: The parts of the error message, see RV(checkpoint_endpoint.hardening.services#module:error). Only returned if even the profile cannot be read.
  returned: failure
  type: dict
  sample:
    message: no profile of Check Point was found
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._checkpoint.environment import read_environment
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._server_facts import Handshakes, read_server
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._server_options import argument_spec


def main():
    module = AnsibleModule(argument_spec=argument_spec(), supports_check_mode=True)
    given = module.params
    try:
        environment = read_environment(given['profile'], given['timeout'])
        handshakes = Handshakes(given['handshake_timeout'], given['probe_listeners'], given['listener_mark'], given['extra_endpoints'])
        server = read_server(environment, given['state_dir'], given['timeout'], handshakes)
    except AdministratorError as error:
        module.fail_json(msg=str(error), error=error.details())
    module.exit_json(changed=False, probe=server.pop('probe'), server=server)


if __name__ == '__main__':
    main()
