#!/usr/bin/python
# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

DOCUMENTATION = r"""
module: services
short_description: Start, stop or restart Check Point services and verify the result
version_added: 1.0.0
author:
  - The checkpoint_endpoint.hardening contributors (@checkpoint-endpoint-hardening)
description:
  - Runs C(cpstop) and C(cpstart) and waits until the requested state is reached.
  - Judges the state by the watchdog's list (C(cpwd_admin list)) and by the TCP addresses in O(ports), not by exit codes, which are not documented.
    The services are started if every process that the watchdog checks (and the Endpoint engine, if it is listed) is executing and every port answers.
    They are stopped if no process is executing and no port answers. Every other state is partial.
  - Runs nothing if the services are already in the requested state.
  - Kills a tool that is still running after O(timeout). The error message then lists what is running and what is not.
extends_documentation_fragment:
  - checkpoint_endpoint.hardening.attributes
  - checkpoint_endpoint.hardening.attributes.server
  - checkpoint_endpoint.hardening.profile
  - checkpoint_endpoint.hardening.guard
  - checkpoint_endpoint.hardening.state_dir
options:
  state:
    description:
      - The requested state.
      - V(restarted) always stops and starts them.
    type: str
    choices: [started, stopped, restarted]
    required: true
  timeout:
    description:
      - Time limit in seconds within which the state must be reached. With V(restarted) it applies to stopping and to starting separately.
      - A management server may need several minutes to stop, and again to start.
    type: int
    default: 600
  ports:
    description:
      - TCP addresses that answer if the services are started, and do not answer if they are stopped.
      - Each is a port of this server (V(443)), V(host:443), or V([::1]:443).
    type: list
    elements: str
    default: []
attributes:
  check_mode:
    support: full
    details:
      - Returns the state that would be reached, and runs nothing.
  diff_mode:
    support: full
    details:
      - Shows the state before and after.
  platform:
    support: full
seealso:
  - module: checkpoint_endpoint.hardening.change_guard
    description: Arm a guard before you stop services, so that a lost connection does not leave them stopped.
  - module: checkpoint_endpoint.hardening.server_info
"""

EXAMPLES = r"""
- name: Stop the services and verify that port 443 is closed
  checkpoint_endpoint.hardening.services:
    state: stopped
    ports: ["443"]

- name: Start the services with a short time limit
  checkpoint_endpoint.hardening.services:
    state: started
    timeout: 120
    ports: ["443", "[::1]:443"]
  register: services

- name: Show what is running
  ansible.builtin.debug:
    msg: "{{ services.services.processes | selectattr('status', 'equalto', 'E') | map(attribute='name') | join(', ') }}"
"""

RETURN = r"""
before:
  description: The previous state, V(started), V(stopped) or V(partial).
  returned: success
  type: str
  sample: started
state:
  description: The new state; in check mode the state that would be reached.
  returned: success
  type: str
  sample: stopped
commands:
  description: The tools that were run; in check mode the tools that would be run.
  returned: success
  type: list
  elements: str
  sample: [cpstop]
services:
  description:
    - The services as they are at the end; in check mode as they are now.
    - See RV(checkpoint_endpoint.hardening.server_info#module:server.services) for the details.
  returned: success
  type: dict
  sample:
    running: false
    state: stopped
    processes: []
    ports:
      - address: "127.0.0.1:443"
        answers: false
error:
  description:
    - The parts of the error message. They are RV(ignore:message), RV(ignore:path) (a file or command), RV(ignore:expected),
      RV(ignore:found), RV(ignore:state) (what state things are in now) and RV(ignore:next_step). Unknown parts are omitted.
  returned: failure
  type: dict
  sample:
    message: the services did not start within 600 s
    path: /opt/CPshrd-R81.20/bin/cpstart
    expected: every process that the watchdog checks executing, and every port answering
    found: "exit code 0, last lines: ..."
    state: "the services are partial; executing: CPD, FWD; terminated: EPM; 127.0.0.1:443 does not answer"
    next_step: look into $CPDIR/log/cpwd.elg and the log of what is missing, remove the cause, and run cpstart
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._checkpoint.environment import read_environment
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._checkpoint.services import ensure_services
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.fencing import while_armed


def argument_spec():
    return dict(
        state=dict(type='str', choices=['started', 'stopped', 'restarted'], required=True),
        timeout=dict(type='int', default=600),
        ports=dict(type='list', elements='str', default=[]),
        profile=dict(type='path'),
        guard=dict(type='str'),
        state_dir=dict(type='path', default='/var/lib/checkpoint_endpoint_hardening'),
    )


def main():
    module = AnsibleModule(argument_spec=argument_spec(), supports_check_mode=True)
    given = module.params
    try:
        environment = read_environment(given['profile'])
        with while_armed(given['state_dir'], given['guard'], module.check_mode):
            result = ensure_services(environment, given['state'], given['timeout'], given['ports'], module.check_mode)
    except AdministratorError as error:
        module.fail_json(msg=str(error), error=error.details())
    if result['changed']:
        result['diff'] = dict(before='services: %s\n' % result['before'], after='services: %s\n' % result['state'])
    module.exit_json(**result)


if __name__ == '__main__':
    main()
