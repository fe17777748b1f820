#!/usr/bin/python
# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

DOCUMENTATION = r"""
module: config_restore
short_description: Restore configuration files of the web server from their backups
version_added: 1.0.0
author:
  - The checkpoint_endpoint.hardening contributors (@checkpoint-endpoint-hardening)
description:
  - Restores the files that the last change by M(checkpoint_endpoint.hardening.ssl_protocol) replaced, or the backups that you name.
  - Replaces each file in one step, and keeps its owner, mode, SELinux context and access list. A missing file is created again with the ones that it had.
  - Backs up each file before replacing it, so that you can undo the restoration in the same way.
  - After that the configuration test of httpd must pass. If it does not, the module restores every file to its previous content and fails.
  - Changes nothing if the files are already identical to their backups.
  - Does not restart the services. Use M(checkpoint_endpoint.hardening.services) for that, protected by M(checkpoint_endpoint.hardening.change_guard).
extends_documentation_fragment:
  - checkpoint_endpoint.hardening.attributes
  - checkpoint_endpoint.hardening.attributes.server
  - checkpoint_endpoint.hardening.profile
  - checkpoint_endpoint.hardening.guard
  - checkpoint_endpoint.hardening.state_dir
options:
  files:
    description:
      - The files to restore, each with the backup to use.
      - By default the files of the last change, as recorded in C(records/last_change.json) in O(state_dir). The module refuses to restore them if one of
        them has been modified since, because that modification would be lost. To restore them anyway, name the backups.
    type: list
    elements: dict
    suboptions:
      path:
        description: Absolute path of the file.
        type: path
        required: true
      backup:
        description: Absolute path of its backup, created by this collection.
        type: path
        required: true
  httpd:
    description:
      - The program that tests the configuration.
      - By default C(bin/httpd) of the Apache below E(UEPMDIR). If that does not exist, nothing is tested, see RV(validated).
      - If you set this option, a suitable O(httpd_conf) must exist.
    type: path
  httpd_conf:
    description: The main configuration file of httpd, by default C(conf/httpd.conf) of the same Apache.
    type: path
  timeout:
    description: Time limit for the configuration test, in seconds.
    type: int
    default: 60
attributes:
  check_mode:
    support: full
    details:
      - Returns what would be restored and writes nothing. Skips the configuration test, which requires the files in place.
  diff_mode:
    support: full
    details:
      - Shows each file that is restored.
  platform:
    support: full
seealso:
  - module: checkpoint_endpoint.hardening.ssl_protocol
  - module: checkpoint_endpoint.hardening.change_guard
  - module: checkpoint_endpoint.hardening.services
"""

EXAMPLES = r"""
- name: Undo the last change to the configuration of the web server
  checkpoint_endpoint.hardening.config_restore:
  register: restored

- name: Restore a specific backup
  checkpoint_endpoint.hardening.config_restore:
    files:
      - path: /opt/uepm/apache22/conf/ssl.conf
        backup: /var/lib/checkpoint_endpoint_hardening/backups/ssl.conf.20260728T101500Z.3f2a9c01d4e5
"""

RETURN = r"""
files:
  description: The files that were restored, or would be in check mode.
  returned: success
  type: list
  elements: dict
  contains:
    path:
      description: The file.
      type: str
      sample: /opt/uepm/apache22/conf/ssl.conf
    backup:
      description: The backup that was restored.
      type: str
      sample: /var/lib/checkpoint_endpoint_hardening/backups/ssl.conf.20260728T101500Z.3f2a9c01d4e5
    backup_file:
      description: A backup of the previous content; null if the file was missing, and in check mode.
      type: str
      sample: /var/lib/checkpoint_endpoint_hardening/backups/ssl.conf.20260728T184200Z.9be0c1d27f31
validated:
  description: Whether httpd has tested the files as they are now. Always false in check mode, and if nothing was changed.
  returned: success
  type: bool
  sample: true
"""

from functools import partial

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.edit.restore import differences, plan_restore, restore, warnings_of
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.httpd.installation import Httpd, find_installation
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._checkpoint.environment import read_environment
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.fencing import refuse_unguarded, while_armed


def argument_spec():
    return dict(
        files=dict(
            type='list',
            elements='dict',
            options=dict(
                path=dict(type='path', required=True),
                backup=dict(type='path', required=True),
            ),
        ),
        httpd=dict(type='path'),
        httpd_conf=dict(type='path'),
        timeout=dict(type='int', default=60),
        profile=dict(type='path'),
        guard=dict(type='str'),
        state_dir=dict(type='path', default='/var/lib/checkpoint_endpoint_hardening'),
    )


def find_apache(given, items):
    """Return the Httpd that tests what is put back. Where httpd and httpd_conf are given, no Check Point product is needed."""
    gone = [item.backup.path for item in items if item.state is None]
    if given['httpd'] and given['httpd_conf'] and not given['profile']:
        return Httpd(find_installation(None, items[0].backup.path, given['httpd'], given['httpd_conf'], gone), None, given['timeout'])
    environment = read_environment(given['profile'])
    installation = find_installation(environment.uepm_dir, None, given['httpd'], given['httpd_conf'], gone)
    return Httpd(installation, environment.variables, given['timeout'])


def run(given, check_mode, refuse=None):
    """Plan, and unless it is check mode put back; returns the module's result.

    :param refuse: function that raises for the paths of files that may not be written
    """
    items = plan_restore(given['files'], given['state_dir'])
    if refuse is not None:
        refuse([item.backup.path for item in items])
    result = dict(
        changed=bool(items),
        files=[dict(path=item.backup.path, backup=item.backup.backup, backup_file=None) for item in items],
        validated=False,
        warnings=warnings_of(items),
        diff=differences(items),
    )
    if items:
        # In check mode, too: what cannot be found is reported there.
        httpd = find_apache(given, items)
        if not check_mode:
            result['files'] = restore(items, httpd, given['state_dir'])
            result['validated'] = httpd.is_there
    return result


def main():
    module = AnsibleModule(argument_spec=argument_spec(), supports_check_mode=True)
    try:
        with while_armed(module.params['state_dir'], module.params['guard'], module.check_mode) as guarded:
            result = run(module.params, module.check_mode, partial(refuse_unguarded, guarded))
    except AdministratorError as error:
        module.fail_json(msg=str(error), error=error.details())
    if not module._diff:
        # Files of a web server may hold secrets; they are shown to who asks for it.
        del result['diff']
    for warning in result.pop('warnings'):
        module.warn(warning)
    module.exit_json(**result)


if __name__ == '__main__':
    main()
