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
  - That is judged by the watchdog's list (C(cpwd_admin list)), by the sockets of the Endpoint Apache and by the TCP addresses in O(ports), not by exit codes,
    which are not documented.
  - The services are started when CPD executes, and EPM, FWM and CPM where the server has them, the Endpoint Apache listens, and every port answers. Anything
    else that does not execute is a warning in RV(services).
  - They are stopped when C(cpstop) has ended, the Endpoint Apache does not listen, and CPD, EPM and FWM do not execute. The watchdog and what it keeps beside
    may live on, and what another program answers on the same port does not count. Everything else is partial.
  - When the list cannot be read after a C(cpstop), the state is unknown. That is reported and is no reason for a second stop.
  - Where the services already are in the state asked for, nothing is run.
  - A C(cpstop) that hangs is ended as a whole at the end of O(timeout). It is asked to end, killed 60 seconds later, and the error names what lives on after
    another 30 seconds. A C(cpstart) that hangs is never ended.
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
  description: The state before, V(started), V(stopped), V(partial) or V(unknown).
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
    serving: false
    warnings: []
error:
  description:
    - The parts of the error message. They are RV(ignore:message), RV(ignore:path) (a file or command), RV(ignore:expected),
      RV(ignore:found), RV(ignore:state) (what state things are in now) and RV(ignore:next_step). Unknown parts are omitted.
  returned: failure
  type: dict
  sample:
    message: the services did not start within 600 s
    path: /opt/CPshrd-R81.20/bin/cpstart
    expected: CPD executing, EPM, FWM and CPM where the server has them, the Endpoint Apache listening, and every port answering
    found: "exit code 0, last lines: ..."
    state: "the services are partial; executing: CPD, FWD; terminated: EPM; 127.0.0.1:443 does not answer"
    next_step: look into $CPDIR/log/cpwd.elg and the log of what is missing, remove the cause, and run cpstart
"""

from functools import partial

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._checkpoint.environment import read_environment
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._checkpoint.transitions import ensure_services
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.fencing import expected_processes, while_armed
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.place import place_of


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
        place = place_of(environment) if given['guard'] else None
        with while_armed(given['state_dir'], given['guard'], module.check_mode, place):
            before = expected_processes(given['state_dir'], given['guard'], place)
            note = partial(place.note_tool, given['guard']) if place else None
            result = ensure_services(environment, given['state'], given['timeout'], given['ports'], module.check_mode, before, note)
    except AdministratorError as error:
        module.fail_json(msg=str(error), error=error.details())
    if result['changed']:
        result['diff'] = dict(before='services: %s\n' % result['before'], after='services: %s\n' % result['state'])
    module.exit_json(**result)


if __name__ == '__main__':
    main()
