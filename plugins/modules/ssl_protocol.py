#!/usr/bin/python
# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

DOCUMENTATION = r"""
module: ssl_protocol
short_description: Set the TLS protocols that an Apache httpd accepts
version_added: 1.0.0
author:
  - The checkpoint_endpoint.hardening contributors (@checkpoint-endpoint-hardening)
description:
  - Makes the main server and every virtual host that can serve TLS enable exactly O(protocols), by changing C(SSLProtocol) and nothing else.
  - Reads the configuration as httpd does, with included files, conditions, variables and macros. Leaves a directive alone that already enables exactly
    O(protocols), however it is spelled. For example, C(-all +TLSv1.2) has the same meaning as C(TLSv1.2).
  - Rewrites every other C(SSLProtocol) in place, even if a later directive overrides it, if it is inside a condition that does not hold, or if it is
    inside a macro. Inserts one after C(SSLEngine) if a server serves TLS without any C(SSLProtocol).
  - Keeps comments, C(SSLProxyProtocol), the directives of other TLS modules, and every other byte.
  - Before it writes anything, the module refuses a policy without any protocol, a protocol that this httpd does not know, an C(SSLOpenSSLConfCmd)
    that overrides the policy, a value that comes from an active variable or macro parameter, and files that httpd could not read either.
  - After writing, the configuration test of httpd must pass. If it does not, the module restores the old bytes of every file and fails.
  - Does not restart the services. Use M(checkpoint_endpoint.hardening.services) for that.
extends_documentation_fragment:
  - ansible.builtin.files
  - checkpoint_endpoint.hardening.attributes
  - checkpoint_endpoint.hardening.attributes.server
  - checkpoint_endpoint.hardening.profile
  - checkpoint_endpoint.hardening.guard
  - checkpoint_endpoint.hardening.state_dir
options:
  path:
    description:
      - The file with the TLS settings.
      - By default C(apache*/conf/ssl.conf) below E(UEPMDIR), which the O(profile) sets.
      - The module also changes the other files that httpd reads. It sets owner, group and mode only on this file.
    type: path
    aliases: [dest]
  protocols:
    description:
      - The protocols to enable, for example V(TLSv1.2).
      - All other protocols are disabled.
    type: list
    elements: str
    required: true
  backup:
    description: Whether to back up each file that changes.
    type: bool
    default: true
  backup_dir:
    description:
      - Directory for the backups, by default C(backups) in O(state_dir).
      - Must not be a directory whose files the configuration includes. httpd would then read the backup, and the old value would take effect.
    type: path
  httpd:
    description:
      - The program that reads the configuration.
      - By default C(bin/httpd) of the Apache that O(path) belongs to. If that does not exist, the module reads O(path) alone and tests nothing, see
        RV(validated).
      - If you set this option, a suitable O(httpd_conf) must exist.
    type: path
  httpd_conf:
    description: The main configuration file of httpd, by default C(conf/httpd.conf) of the Apache that O(path) belongs to.
    type: path
  httpd_options:
    description:
      - The options that httpd is started with, as far as they decide what it reads. C(-D), C(-d), C(-f), C(-C) and C(-c), each before its value.
      - By default those of the httpd that runs, if it belongs to root, is the installed program and listens on a port of the configuration.
      - Give RV(httpd_options) of an earlier run in check mode when httpd is stopped meanwhile.
    type: list
    elements: str
    default: []
    version_added: 1.1.0
  timeout:
    description: Time limit for each run of httpd, in seconds.
    type: int
    default: 60
attributes:
  check_mode:
    support: full
    details:
      - Returns what would be changed and writes nothing.
  diff_mode:
    support: full
    details:
      - Shows each file that changes.
seealso:
  - module: checkpoint_endpoint.hardening.server_info
  - module: checkpoint_endpoint.hardening.config_restore
  - module: checkpoint_endpoint.hardening.services
notes:
  - A configuration without any enabled protocol passes the configuration test of httpd, but httpd does not start with it. This module therefore does not rely
    on that test alone.
"""

EXAMPLES = r"""
- name: Accept only TLSv1.2
  checkpoint_endpoint.hardening.ssl_protocol:
    protocols: [TLSv1.2]
  register: tls

- name: Show the backups of the old files
  ansible.builtin.debug:
    var: tls.files

- name: Show what would change in another Apache, without changing it
  checkpoint_endpoint.hardening.ssl_protocol:
    path: /etc/httpd/conf.d/ssl.conf
    httpd: /usr/sbin/httpd
    httpd_conf: /etc/httpd/conf/httpd.conf
    protocols: [TLSv1.2, TLSv1.3]
  check_mode: true
  diff: true
"""

RETURN = r"""
path:
  description: The file with the TLS settings, with symbolic links resolved.
  returned: success
  type: str
  sample: /opt/CPuepm-R81.20/apache22/conf/ssl.conf
before:
  description: The previously configured protocols of each scope.
  returned: success
  type: dict
  sample:
    "<VirtualHost _default_:443> epm.example.com": [TLSv1, TLSv1.2]
after:
  description: The protocols of each scope that are configured now; in check mode those that would be.
  returned: success
  type: dict
  sample:
    "<VirtualHost _default_:443> epm.example.com": [TLSv1.2]
directives:
  description: Each directive that changes.
  returned: success
  type: list
  elements: dict
  contains:
    file:
      description: The file that contains the directive.
      type: str
      sample: /opt/CPuepm-R81.20/apache22/conf/ssl.conf
    line:
      description: Its line in the old file, or the line of a new directive in the new file.
      type: int
      sample: 98
    container:
      description: The sections that enclose it, empty if there are none.
      type: str
      sample: <VirtualHost _default_:443>
    old:
      description: The old arguments, null for a new directive.
      type: str
      sample: +TLSv1 +TLSv1.2
    new:
      description: The new arguments.
      type: str
      sample: TLSv1.2
files:
  description: Each file that changes, with the path of its backup. In check mode, and without O(backup), RV(files[].backup_file) is null.
  returned: success
  type: list
  elements: dict
  contains:
    path:
      description: The file.
      type: str
      sample: /opt/CPuepm-R81.20/apache22/conf/ssl.conf
    backup_file:
      description: The backup.
      type: str
      sample: /var/lib/checkpoint_endpoint_hardening/backups/ssl.conf.20260101T120000Z.0123456789ab
backup_file:
  description: The backup of RV(path), or of the first changed file if RV(path) did not change.
  returned: when a backup was made
  type: str
  sample: /var/lib/checkpoint_endpoint_hardening/backups/ssl.conf.20260101T120000Z.0123456789ab
httpd_options:
  description: The options that httpd is started with, as far as they decide what it reads.
  returned: success
  type: list
  elements: str
  sample: [-D, SSL]
validated:
  description:
    - Whether the configuration test of httpd covers the result.
    - False if there is no httpd, if it does not read RV(path), if it cannot be determined what httpd reads,
      or if the test fails although nothing has to change. In the last case the module also warns.
  returned: success
  type: bool
  sample: true
"""

import os
from functools import partial

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.edit.apply import enforce_protocols
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.httpd.installation import Httpd, find_installation
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.httpd.start import count_options
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._checkpoint.environment import read_environment
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.fencing import refuse_unguarded, while_armed
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._text import name_bytes


def argument_spec():
    return dict(
        path=dict(type='path', aliases=['dest']),
        protocols=dict(type='list', elements='str', required=True),
        backup=dict(type='bool', default=True),
        backup_dir=dict(type='path'),
        httpd=dict(type='path'),
        httpd_conf=dict(type='path'),
        httpd_options=dict(type='list', elements='str', default=[]),
        timeout=dict(type='int', default=60),
        profile=dict(type='path'),
        guard=dict(type='str'),
        state_dir=dict(type='path', default='/var/lib/checkpoint_endpoint_hardening'),
    )


def find_environment(profile, needed):
    """Return the Environment of the server; None where none is needed and there is none (an Apache that is not Check Point's)."""
    try:
        return read_environment(profile)
    except AdministratorError:
        if needed or profile is not None:
            raise
        return None


def run(given, check_mode, attributes=None, refuse=None):
    """Find the Apache, bring it to the policy, and return the module's result.

    :param attributes: function that gives a file the owner, group and mode that were asked for, or in check mode only looks whether it could;
        takes the path and whether it is check mode, and returns whether that is a change
    :param refuse: function that raises for the paths of files that may not be written
    """
    environment = find_environment(given['profile'], given['path'] is None)
    installation = find_installation(
        environment.uepm_dir if environment else None, given['path'], given['httpd'], given['httpd_conf'])
    path = os.path.realpath(installation.ssl_conf)
    if attributes is not None:
        # Refuse an owner that does not exist before anything is written.
        attributes(path, True)
    options = count_options([name_bytes(word) for word in given['httpd_options']])
    httpd = Httpd(installation, environment.variables if environment else None, given['timeout']).started_like(options, {}, ())
    result = enforce_protocols(
        httpd, given['protocols'], given['state_dir'], given['backup_dir'] if given['backup'] else False, check_mode, refuse)
    if attributes is not None:
        result['changed'] = attributes(path, check_mode) or result['changed']
    result['path'] = path
    backups = [kept['backup_file'] for kept in result['files'] if kept['path'] == path] or [kept['backup_file'] for kept in result['files']]
    if backups and backups[0]:
        result['backup_file'] = backups[0]
    return result


def set_attributes(module, path, check_mode):
    """Set what the options of every file module ask for; return whether that is a change."""
    real, module.check_mode = module.check_mode, check_mode
    try:
        return module.set_fs_attributes_if_different(module.load_file_common_arguments(module.params, path=path), False)
    finally:
        module.check_mode = real


def main():
    module = AnsibleModule(argument_spec=argument_spec(), add_file_common_args=True, supports_check_mode=True)
    try:
        with while_armed(module.params['state_dir'], module.params['guard'], module.check_mode) as guarded:
            result = run(module.params, module.check_mode, partial(set_attributes, module), partial(refuse_unguarded, guarded))
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
