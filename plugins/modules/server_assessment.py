#!/usr/bin/python
# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

DOCUMENTATION = r"""
module: server_assessment
short_description: Read a Check Point Endpoint Security server and judge it by a policy
version_added: 1.1.0
author:
  - The checkpoint_endpoint.hardening contributors (@checkpoint-endpoint-hardening)
description:
  - Gathers the facts of a server with M(checkpoint_endpoint.hardening.server_info) in one call, and judges them on the controller, as the filter
    P(checkpoint_endpoint.hardening.findings#filter) does.
  - If the server does not refuse every protocol outside the policy, it also finds the clients of the server with
    M(checkpoint_endpoint.hardening.tls_client_info), unless O(read_logs) or the policy rules that out.
  - The role P(checkpoint_endpoint.hardening.assess#role) uses it.
extends_documentation_fragment:
  - checkpoint_endpoint.hardening.attributes
  - checkpoint_endpoint.hardening.attributes.reads
  - checkpoint_endpoint.hardening.attributes.server
  - checkpoint_endpoint.hardening.handshakes
  - checkpoint_endpoint.hardening.profile
  - checkpoint_endpoint.hardening.state_dir
options:
  policy:
    description:
      - The declared policy, as described for the filter P(checkpoint_endpoint.hardening.findings#filter).
    type: dict
    required: true
  read_logs:
    description: Whether to read the logs of a server that may have to refuse clients.
    type: bool
    default: true
  run:
    description: What this run is called. Returned as it is, so that a later playbook of the run knows who assessed the server.
    type: str
    default: ""
  timeout:
    description: Time limit for each program that is run, in seconds.
    type: int
    default: 60
attributes:
  platform:
    support: full
  action:
    description: Runs on the controller and calls modules on the server.
    support: full
seealso:
  - module: checkpoint_endpoint.hardening.server_info
  - plugin: checkpoint_endpoint.hardening.findings
    plugin_type: filter
  - plugin: checkpoint_endpoint.hardening.verdict
    plugin_type: filter
"""

EXAMPLES = r"""
- name: Assess the server
  checkpoint_endpoint.hardening.server_assessment:
    policy:
      tls_protocols: [TLSv1.2]
      sign_hash: sha256
  register: assessment

- name: Show the verdict
  ansible.builtin.debug:
    var: assessment.text
"""

RETURN = r"""
name:
  description: The inventory name of the server.
  returned: success
  type: str
  sample: policy-1
at:
  description: The time on the controller after the server was read, in UTC.
  returned: success
  type: str
  sample: "2026-11-23T10:00:00Z"
run:
  description: The value of O(run).
  returned: success
  type: str
  sample: ""
policy:
  description: The policy as declared.
  returned: success
  type: dict
  sample:
    tls_protocols: [TLSv1.2]
server:
  description: The facts, see RV(checkpoint_endpoint.hardening.server_info#module:server).
  returned: success
  type: dict
  sample: {}
probe:
  description: The handshakes, see RV(checkpoint_endpoint.hardening.server_info#module:probe).
  returned: success
  type: list
  elements: dict
  sample: []
clients:
  description: The clients, see RV(checkpoint_endpoint.hardening.tls_client_info#module:clients). Null if the logs were not read.
  returned: success
  type: dict
  sample: null
findings:
  description: The finding of each rule.
  returned: success
  type: list
  elements: dict
  sample:
    - rule: TLS-1
      title: Every TLS scope is configured for exactly the declared protocols
      status: pass
      message: 2 TLS scopes are configured for TLSv1.2.
      evidence: {}
      next_step: ""
compliant:
  description: Whether no rule fails and everything was read.
  returned: success
  type: bool
  sample: true
text:
  description: The verdict as one sentence. The other parts of the verdict are returned as well.
  returned: success
  type: str
  sample: at the policy
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._server_options import argument_spec as server_options


def argument_spec():
    return dict(
        server_options(),
        policy=dict(type='dict', required=True),
        read_logs=dict(type='bool', default=True),
        run=dict(type='str', default=''),
    )


def main():
    module = AnsibleModule(argument_spec=argument_spec(), supports_check_mode=True)
    # Its action plugin, which judges on the controller, is what Ansible runs under this name.
    module.fail_json(msg='server_assessment runs on the controller: call it by its full name, checkpoint_endpoint.hardening.server_assessment')


if __name__ == '__main__':
    main()
