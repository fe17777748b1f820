#!/usr/bin/python
# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

DOCUMENTATION = r"""
module: change_guard
short_description: Roll back a change on the server itself unless it is confirmed in time
version_added: 1.0.0
author:
  - The checkpoint_endpoint.hardening contributors (@checkpoint-endpoint-hardening)
description:
  - Before a server is stopped and changed, V(state=armed) starts a process on it that restores the files and starts the services once the deadline has passed.
    A lost controller, a dropped link or a killed playbook therefore cannot leave the server stopped or half changed. Network engineers know this as
    "commit confirmed".
  - After the change has been verified, V(state=disarmed) confirms it. After a failure, V(state=triggered) restores everything immediately.
  - The guard is also the lock. While it is armed, a second run on the same server fails and is told who holds the guard, since when, and until when.
  - The process is detached from the SSH session. It survives the end of the connection, of the playbook and of the controller, changes of the clock, and
    the deletion of its own program files. It does not survive a restart of the server. The guard is then V(stale), which the module detects and reports.
  - You can read the state of the guard in the file C(guard/state.json) in O(state_dir). To remove a guard by hand, move that file away. The process
    of the guard then ends within a second and restores nothing.
  - The module trusts files and directories of the guard only if they belong to the user it runs as, and if nobody else can write to them.
extends_documentation_fragment:
  - checkpoint_endpoint.hardening.attributes
  - checkpoint_endpoint.hardening.attributes.server
  - checkpoint_endpoint.hardening.profile
  - checkpoint_endpoint.hardening.state_dir
options:
  state:
    description:
      - V(armed) starts a guard. It fails while another guard is armed or stale, and replaces a guard that has ended.
      - V(disarmed) confirms the change and ends the guard. It fails if the guard has already acted, so either the confirmation or the deadline takes effect,
        never both. If the guard is V(stale), it succeeds only if the services are running and the files are as they were before the change.
      - V(triggered) restores the files that differ and starts the services, or restarts them if they are running with files that were restored, and waits
        until that is done. It also works if the guard is V(stale) or V(failed). Once it has succeeded, it changes nothing when it is run again.
    type: str
    choices: [armed, disarmed, triggered]
    required: true
  deadline:
    description:
      - Time in seconds after which the guard acts unless it is disarmed.
      - Must be longer than it takes to stop, change, start and verify the server.
      - Required with O(state=armed).
    type: int
  restore:
    description:
      - The files to restore, with O(state=armed). If there are none, the guard only ensures that the services are running.
    type: list
    elements: dict
    default: []
    suboptions:
      path:
        description: Absolute path of the file.
        type: path
        required: true
      sha256:
        description: The SHA-256 that the file should have. If it has a different one, arming fails, because the change was planned for other content.
        type: str
      backup:
        description: The backup to restore. By default, the module backs up the current content below O(state_dir).
        type: path
  reason:
    description: Why the guard is armed or triggered, as text. Shown to whoever finds the guard.
    type: str
    default: ""
  holder:
    description: Who holds the guard, as text. By default the user and the address that the connection comes from.
    type: str
  id:
    description:
      - The RV(guard.id) that O(state=armed) returned. With O(state=disarmed) and O(state=triggered), a guard with a different ID is left alone.
      - Also required to undo a change that has already been confirmed.
    type: str
  acknowledge:
    description:
      - With O(state=disarmed), dismisses a guard that is V(stale), V(rolled_back) or V(failed), so that it is no longer reported. The files stay as they are.
      - Succeeds only if the services are running.
    type: bool
    default: false
  ports:
    description:
      - Addresses that must answer before the services count as started. Each is a port, V(host:port) or V([IPv6 address]:port).
      - After a rollback, the watchdog must also list every process that was executing when the guard was armed. An aborted start lists only the processes
        that it reached.
    type: list
    elements: str
    default: []
  stop_timeout:
    description: Time limit for stopping the services, in seconds.
    type: int
    default: 900
  start_timeout:
    description: Time limit for starting the services, in seconds, for each of five attempts. With O(state=triggered) there are three attempts.
    type: int
    default: 900
attributes:
  check_mode:
    support: full
    details:
      - Performs all checks that could fail, and writes nothing. Backups that would be created have no path yet.
  diff_mode:
    support: none
    details:
      - M(checkpoint_endpoint.hardening.ssl_protocol) shows the differences of the files.
  platform:
    support: full
seealso:
  - module: checkpoint_endpoint.hardening.config_restore
  - module: checkpoint_endpoint.hardening.services
  - module: checkpoint_endpoint.hardening.ssl_protocol
"""

EXAMPLES = r"""
- name: Arm the guard before the change
  checkpoint_endpoint.hardening.change_guard:
    state: armed
    deadline: 2400
    restore:
      - path: /opt/uepm/apache22/conf/ssl.conf
    ports: ["443"]
    reason: TLSv1.2 only, change 4711
  register: armed

- name: Stop the services, unless the guard has acted in the meantime
  checkpoint_endpoint.hardening.services:
    state: stopped
    ports: ["443"]
    guard: "{{ armed.guard.id }}"

- name: Change the file, unless the guard has acted in the meantime
  checkpoint_endpoint.hardening.ssl_protocol:
    protocols: [TLSv1.2]
    guard: "{{ armed.guard.id }}"

- name: Start the services
  checkpoint_endpoint.hardening.services:
    state: started
    ports: ["443"]
    guard: "{{ armed.guard.id }}"

- name: Confirm the change once it has been verified
  checkpoint_endpoint.hardening.change_guard:
    state: disarmed
    id: "{{ armed.guard.id }}"

- name: Restore everything after a failure
  checkpoint_endpoint.hardening.change_guard:
    state: triggered
    id: "{{ armed.guard.id }}"
    reason: the server did not accept TLSv1.2

- name: Dismiss an earlier guard after inspecting the server
  checkpoint_endpoint.hardening.change_guard:
    state: disarmed
    acknowledge: true
"""

RETURN = r"""
guard:
  description:
    - The guard as it is now.
    - In check mode, as it would be.
  returned: success
  type: dict
  contains:
    state:
      description: V(none), V(armed), V(triggered) during a rollback, V(disarmed), V(rolled_back), V(failed) or V(stale).
      type: str
      sample: armed
    id:
      description: ID of this guard.
      type: str
      sample: 8e01f5a2c47b93d6
    holder:
      description: Who armed the guard.
      type: str
      sample: admin from 192.0.2.17
    host:
      description: Name of the server.
      type: str
      sample: epm-1
    armed_at:
      description: When the guard was armed, in UTC.
      type: str
      sample: "2026-07-28T10:15:00Z"
    deadline_at:
      description: When the guard acts, in UTC, according to the clock at the time of arming. Later changes of the clock do not move the deadline.
      type: str
      sample: "2026-07-28T10:55:00Z"
    pid:
      description: Process ID of the guard.
      type: int
      sample: 4711
    restore:
      description: The files that the guard restores, each with RV(ignore:path), RV(ignore:backup) and the RV(ignore:sha256) of the backup.
      type: list
      elements: dict
      sample:
        - path: /opt/uepm/apache22/conf/ssl.conf
          backup: /var/lib/checkpoint_endpoint_hardening/backups/ssl.conf.20260728T101500Z.3f2a9c01d4e5
          sha256: 3f2a9c01d4e5b0a1cb2f65d1cb0a8d1f1de6ad2c7c6bc0a35e55c5eb1b8b1d2a
    reason:
      description: Why the guard was armed; after a rollback, the reason for the rollback.
      type: str
      sample: TLSv1.2 only, change 4711
    message:
      description: The current situation, as text.
      type: str
      sample: A change is going on. Unless it is disarmed before the deadline, the files are put back and the services started.
    next_step:
      description: What to do next, if anything.
      type: str
      sample: find out why the change was not finished, then run it again
restored:
  description: The files that were restored. Always empty unless O(state=triggered).
  returned: success
  type: list
  elements: str
  sample: [/opt/uepm/apache22/conf/ssl.conf]
restarted:
  description: Whether the services were started or restarted. Always false unless O(state=triggered).
  returned: success
  type: bool
  sample: true
"""

import os

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.arm import arm, plan_arm, refuse_open
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.disarm import check_disarm, disarm
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.state import read_guard
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.trigger import check_trigger, trigger

# What is kept for the guard itself and means nothing to a reader.
_INNER = ('format', 'due', 'process', 'acting', 'processes', 'restart_needed')


def argument_spec():
    return dict(
        state=dict(type='str', choices=['armed', 'disarmed', 'triggered'], required=True),
        deadline=dict(type='int'),
        restore=dict(
            type='list',
            elements='dict',
            default=[],
            options=dict(
                path=dict(type='path', required=True),
                sha256=dict(type='str'),
                backup=dict(type='path'),
            ),
        ),
        reason=dict(type='str', default=''),
        holder=dict(type='str'),
        id=dict(type='str'),
        acknowledge=dict(type='bool', default=False),
        ports=dict(type='list', elements='str', default=[]),
        stop_timeout=dict(type='int', default=900),
        start_timeout=dict(type='int', default=900),
        profile=dict(type='path'),
        state_dir=dict(type='path', default='/var/lib/checkpoint_endpoint_hardening'),
    )


def predict(settings):
    """What would come of it: (changed, guard)."""
    told = read_guard(settings['state_dir'])
    if settings['state'] == 'armed':
        refuse_open(told)
        return True, dict(state='armed', reason=settings['reason'], restore=plan_arm(settings, write=False)[1])
    if settings['state'] == 'disarmed':
        return (True, dict(told, state='disarmed')) if check_disarm(told, settings) else (False, told)
    return (True, dict(told, state='rolled_back')) if check_trigger(told, settings) else (False, told)


def apply(settings):
    """Do it: (changed, guard)."""
    if settings['state'] == 'armed':
        return True, arm(settings)
    return disarm(settings) if settings['state'] == 'disarmed' else trigger(settings)


def main():
    module = AnsibleModule(argument_spec=argument_spec(), required_if=[('state', 'armed', ['deadline'])], supports_check_mode=True)
    for name in ('deadline', 'stop_timeout', 'start_timeout'):
        if module.params[name] is not None and module.params[name] < 1:
            module.fail_json(msg='%s must be at least 1 second, it is %d.' % (name, module.params[name]))
    settings = dict(module.params, state_dir=os.path.abspath(module.params['state_dir']))
    try:
        changed, guard = (predict if module.check_mode else apply)(settings)
    except AdministratorError as error:
        module.fail_json(msg=str(error), error=error.details())
    acted = changed and settings['state'] == 'triggered' and not module.check_mode
    module.exit_json(
        changed=changed,
        guard=dict((name, value) for name, value in guard.items() if name not in _INNER),
        restored=guard['restored'] if acted else [],
        restarted=guard['restarted'] if acted else False,
    )


if __name__ == '__main__':
    main()
