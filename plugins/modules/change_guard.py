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
  - Before a server is stopped and changed, V(state=armed) leaves a process on it that puts the files back and starts the services when the deadline passes. A
    controller that is lost, a link that drops or a playbook that is killed cannot leave the server stopped or half changed. Network engineers know this
    as "commit confirmed".
  - After the change was verified, V(state=disarmed) confirms it. On a failure, V(state=triggered) puts everything back at once.
  - The guard is also the lock of the server, whatever O(state_dir) says. While it is armed, a second run on the same server fails and is told who holds it,
    since when, and until when. The lock is in C(/var/lib/checkpoint_endpoint_hardening_guard), in a directory that is named after the file system and inode
    of C(UEPMDIR). A guard of release 1.0.0 under another state directory is respected, too.
  - The process belongs to no session. It survives the end of the connection, of the playbook and of the controller, changes of the clock, and the
    deletion of its own program files. It does not survive a restart of the server. The guard is V(stale) then, which is recognised and reported.
  - From arming on the process has everything in memory. It needs no file, no lock and no space on a disk to bring the server up at its deadline. It tries again
    with growing pauses of up to 15 minutes until the services run, and tells syslog each time, with its process number. C(cpstop) runs once at
    most. While another process stops, starts or installs, the guard waits.
  - It puts back only files that hold what they held at the time of arming, or what the run under the guard has written. A file of another party (a hotfix, a
    link that appeared) is left where C(httpd -t) and a start succeed with it. Otherwise a copy of it is kept first, named in RV(guard.kept).
  - The state is kept in the file C(guard/state.json) of O(state_dir) for a person to read. Moving it away ends nothing. To end a guard at the console, send
    SIGTERM to its process (C(kill) with RV(guard.pid); the process is called C(endpoint_guard)). That disarms it, and nothing more is put back or started.
  - Files and directories of the guard are obeyed only when they belong to the user who runs this, and nobody else can write to them.
extends_documentation_fragment:
  - checkpoint_endpoint.hardening.attributes
  - checkpoint_endpoint.hardening.attributes.server
  - checkpoint_endpoint.hardening.profile
  - checkpoint_endpoint.hardening.state_dir
options:
  state:
    description:
      - V(armed) starts a guard. It is refused while another one is armed or stale. One that has ended is replaced.
      - V(disarmed) confirms the change and ends the guard. It fails when the guard has acted already, so of confirmation and deadline exactly one wins. On a
        guard that is V(stale) it succeeds only when the services run and the files are as they were before.
      - V(triggered) puts back the files that differ, starts the services, or restarts them when they run with what was put back, and waits until that is
        done. It works on a V(stale) guard, and on one that V(failed) as well. After it has succeeded it changes nothing any more. After three tries the
        module fails, and the process on the server goes on trying.
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
      - Addresses that must answer for the services to count as started, each a port, V(host:port) or V([IPv6 address]:port).
      - After a rollback, CPD must also execute, and those of EPM, FWM and CPM that executed at the time of arming. A start that breaks off lists only
        what it got to.
    type: list
    elements: str
    default: []
  stop_timeout:
    description: Time limit for stopping the services, in seconds.
    type: int
    default: 900
  start_timeout:
    description: Seconds that starting the services may take, for each try.
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
      sample: A change is going on. Unless it is confirmed before the deadline, the files that the run wrote are put back and the services started.
    left:
      description: Files of another party that were left as they are, after a rollback.
      type: list
      elements: str
      sample: ["/opt/uepm/apache22/conf/ssl.conf (a link to /root/new.conf)"]
    kept:
      description: Files of another party that were replaced by a rollback, each with RV(ignore:path) and the RV(ignore:copy) of what was there.
      type: list
      elements: dict
      sample:
        - path: /opt/uepm/apache22/conf/ssl.conf
          copy: /var/lib/checkpoint_endpoint_hardening/kept/ssl.conf.20260728T101500Z.3f2a9c01
    warnings:
      description: What is not as it should be and did not decide, after a rollback.
      type: list
      elements: str
      sample: ["INDEXER was started 5 times, and the watchdog has given up"]
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
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.arm import arm, predict_arm
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.disarm import check_disarm, disarm, open_store
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.record import GuardRequest
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.trigger import check_trigger, trigger


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


def predict(state, request):
    """Return what would come of it: (changed, GuardRecord)."""
    if state == 'armed':
        return True, predict_arm(request)
    record = open_store(request)[1].effective()
    check, outcome = (check_disarm, 'disarmed') if state == 'disarmed' else (check_trigger, 'rolled_back')
    return (True, record.copy(state=outcome)) if check(record, request) else (False, record)


def apply(state, request):
    """Do it, and return (changed, GuardRecord)."""
    if state == 'armed':
        return True, arm(request)
    return disarm(request) if state == 'disarmed' else trigger(request)


def main():
    module = AnsibleModule(argument_spec=argument_spec(), required_if=[('state', 'armed', ['deadline'])], supports_check_mode=True)
    for name in ('deadline', 'stop_timeout', 'start_timeout'):
        if module.params[name] is not None and module.params[name] < 1:
            module.fail_json(msg='%s must be at least 1 second, it is %d.' % (name, module.params[name]))
    state = module.params['state']
    request = GuardRequest(**dict((name, module.params[name]) for name in GuardRequest._fields))
    request = request._replace(state_dir=os.path.abspath(request.state_dir))
    try:
        changed, record = (predict if module.check_mode else apply)(state, request)
    except AdministratorError as error:
        module.fail_json(msg=str(error), error=error.details())
    acted = changed and state == 'triggered' and not module.check_mode
    module.exit_json(
        changed=changed,
        guard=record.public(),
        restored=record.restored if acted else [],
        restarted=bool(record.restarted) if acted else False,
    )


if __name__ == '__main__':
    main()
