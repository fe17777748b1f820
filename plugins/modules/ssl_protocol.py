#!/usr/bin/python
# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

DOCUMENTATION = r"""
module: ssl_protocol
short_description: Let an Apache serve exactly the TLS protocols of a policy
version_added: 1.0.0
author:
  - The checkpoint_endpoint.hardening contributors (@checkpoint-endpoint-hardening)
description:
  - Makes the main server and every virtual host that can serve TLS enable exactly O(protocols), by changing C(SSLProtocol) and nothing else.
  - The configuration is read as httpd reads it, with its includes, conditions, variables and macros. What already means the policy is left alone,
    however it is spelled. C(-all +TLSv1.2) is C(TLSv1.2).
  - Every other C(SSLProtocol) is rewritten in place, also one that a later one overrides, one in a condition that does not hold, and one in a macro.
    A server that serves TLS and has none gets one behind its C(SSLEngine).
  - Comments, C(SSLProxyProtocol) and the directives of other TLS modules stay, and so does every other byte.
  - Before anything is written, the module refuses a policy without any protocol, a protocol that this httpd does not know, an C(SSLOpenSSLConfCmd)
    that overrides the policy, a value that comes from a variable or a macro parameter where httpd reads it, and files that httpd could not read either.
  - After writing, the configuration test of httpd must pass. Otherwise the old bytes of every file are back in place before the module fails.
  - The services are not restarted. Use M(checkpoint_endpoint.hardening.services) for that.
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
      - By default the C(ssl.conf) of C(apache*/conf) below E(UEPMDIR), which the O(profile) sets.
      - With it goes everything that its httpd reads. Owner, group and mode are set on this file alone.
    type: path
    aliases: [dest]
  protocols:
    description:
      - The protocols to enable, for example V(TLSv1.2).
      - No other is left enabled.
    type: list
    elements: str
    required: true
  backup:
    description: Keep a copy of each file that changes.
    type: bool
    default: true
  backup_dir:
    description:
      - Folder for the copies, by default C(backups) in O(state_dir).
      - Must not be one that the configuration includes, or would include with a copy in it. httpd would read the copy, and the old value would win.
    type: path
  httpd:
    description:
      - The program that reads the configuration.
      - By default C(bin/httpd) of the Apache that O(path) belongs to. Where there is none, O(path) is read on its own and nothing is tested, see
        RV(validated).
      - Where it is given, there must be an O(httpd_conf) for it.
    type: path
  httpd_conf:
    description: The file that httpd begins with, by default C(conf/httpd.conf) of the Apache that O(path) belongs to.
    type: path
  timeout:
    description: Seconds for each run of httpd.
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
  - A configuration that leaves no protocol passes the configuration test of httpd, and then httpd does not start. This module does not rely on that test alone.
"""

EXAMPLES = r"""
- name: Allow TLSv1.2 alone
  checkpoint_endpoint.hardening.ssl_protocol:
    protocols: [TLSv1.2]
  register: tls

- name: Show where the old files are
  ansible.builtin.debug:
    var: tls.files

- name: Look what would change in another Apache, without changing it
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
  description: The file with the TLS settings, links resolved.
  returned: success
  type: str
  sample: /opt/CPuepm-R81.20/apache22/conf/ssl.conf
before:
  description: Protocols by scope as they were configured.
  returned: success
  type: dict
  sample:
    "<VirtualHost _default_:443> epm.example.com": [TLSv1, TLSv1.2]
after:
  description: Protocols by scope as they are configured now, or would be in check mode.
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
      description: The file that it stands in.
      type: str
      sample: /opt/CPuepm-R81.20/apache22/conf/ssl.conf
    line:
      description: Its line in the old file; for a new directive the line that it gets.
      type: int
      sample: 98
    container:
      description: The sections around it, empty for none.
      type: str
      sample: <VirtualHost _default_:443>
    old:
      description: The arguments that it had, null for a new directive.
      type: str
      sample: +TLSv1 +TLSv1.2
    new:
      description: The arguments that it gets.
      type: str
      sample: TLSv1.2
files:
  description: Each file that changes, with the path of its copy. In check mode, and without O(backup), there is no copy and RV(files[].backup_file) is null.
  returned: success
  type: list
  elements: dict
  contains:
    path:
      description: The file.
      type: str
      sample: /opt/CPuepm-R81.20/apache22/conf/ssl.conf
    backup_file:
      description: The copy.
      type: str
      sample: /var/lib/checkpoint_endpoint_hardening/backups/ssl.conf.20260101T120000Z.0123456789ab
backup_file:
  description: The copy of RV(path), or of the first file that changed where RV(path) did not.
  returned: when a copy was made
  type: str
  sample: /var/lib/checkpoint_endpoint_hardening/backups/ssl.conf.20260101T120000Z.0123456789ab
validated:
  description:
    - Whether the configuration test of httpd covers the result.
    - False where there is no httpd, where it does not read RV(path), and where the test fails although nothing has to change. The last is a warning too.
  returned: success
  type: bool
  sample: true
"""

import os
from functools import partial

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.edit.apply import enforce_protocols
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.httpd.installation import find_installation
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._checkpoint.environment import read_environment
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.fencing import refuse_unguarded, while_armed


def argument_spec():
    return dict(
        path=dict(type='path', aliases=['dest']),
        protocols=dict(type='list', elements='str', required=True),
        backup=dict(type='bool', default=True),
        backup_dir=dict(type='path'),
        httpd=dict(type='path'),
        httpd_conf=dict(type='path'),
        timeout=dict(type='int', default=60),
        profile=dict(type='path'),
        guard=dict(type='str'),
        state_dir=dict(type='path', default='/var/lib/checkpoint_endpoint_hardening'),
    )


def find_environment(profile, needed):
    """The Environment of the server; None where none is needed and there is none (an Apache that is not Check Point's)."""
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
        # An owner that does not exist is found out before anything is written.
        attributes(path, True)
    result = enforce_protocols(
        installation, given['protocols'], given['state_dir'], given['backup_dir'] if given['backup'] else False,
        environment.variables if environment else None, given['timeout'], check_mode, refuse)
    if attributes is not None:
        result['changed'] = attributes(path, check_mode) or result['changed']
    result['path'] = path
    copies = [kept['backup_file'] for kept in result['files'] if kept['path'] == path] or [kept['backup_file'] for kept in result['files']]
    if copies and copies[0]:
        result['backup_file'] = copies[0]
    return result


def set_attributes(module, path, check_mode):
    """What the options of every file module ask for; whether that is a change."""
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
