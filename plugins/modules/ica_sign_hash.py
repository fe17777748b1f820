#!/usr/bin/python
# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

DOCUMENTATION = r"""
module: ica_sign_hash
short_description: Set the hash that the internal CA signs new certificates with
version_added: 1.0.0
author:
  - The checkpoint_endpoint.hardening contributors (@checkpoint-endpoint-hardening)
description:
  - Runs C(cpca_client set_sign_hash) on the management server that owns the internal CA, answers the question that the tool asks, and checks its output.
    If the tool asks another question, names another hash, hangs, or prints anything but a plain success, the module fails.
  - Existing certificates keep their hash until they are renewed. The certificate of the CA itself keeps its hash forever.
  - The new hash takes effect once the services have been stopped and started, see RV(restart_required).
  - No tool can read the setting back, so the module decides by evidence. The best evidence is its own record of the last successful change, as long as
    the CA still has the same certificate and no certificate that was issued later contradicts the record. The second best is the hash of this server's
    SIC certificate, which this CA issued. Without any evidence the hash is unknown; the module then sets it, which does no harm.
  - On a server that does not own the CA, the module fails before it runs the tool.
extends_documentation_fragment:
  - checkpoint_endpoint.hardening.attributes
  - checkpoint_endpoint.hardening.attributes.server
  - checkpoint_endpoint.hardening.profile
  - checkpoint_endpoint.hardening.guard
  - checkpoint_endpoint.hardening.state_dir
options:
  algorithm:
    description: The hash to sign with.
    type: str
    choices: [sha1, sha256, sha384, sha512]
    required: true
  timeout:
    description: Time limit for each tool that is run, in seconds.
    type: int
    default: 60
attributes:
  check_mode:
    support: full
    details:
      - Reads the evidence and returns what would be set, without setting it.
  diff_mode:
    support: full
    details:
      - Shows the hash before and after.
  platform:
    support: full
notes:
  - According to the older version of Check Point's sk103840, the setting applies to certificates that are issued from then on. According to the newer version,
    issued certificates follow the hash of the CA's own certificate. If that certificate is signed with a weaker hash than O(algorithm), check the next
    certificate that the CA issues. RV(ca_certificate) contains the hash, and the module warns about it.
seealso:
  - module: checkpoint_endpoint.hardening.services
  - module: checkpoint_endpoint.hardening.server_info
"""

EXAMPLES = r"""
- name: Sign new certificates with SHA-256
  checkpoint_endpoint.hardening.ica_sign_hash:
    algorithm: sha256
  register: ica

- name: Make the new hash take effect
  checkpoint_endpoint.hardening.services:
    state: restarted
    ports: ["443"]
  when: ica.restart_required
"""

RETURN = r"""
before:
  description: The hash that the CA signed with before, according to the evidence, or V(unknown).
  returned: success
  type: str
  sample: sha1
algorithm:
  description: The hash that the CA signs with from now on; in check mode the hash that would be set.
  returned: success
  type: str
  sample: sha256
evidence:
  description:
    - How the module knows the hash. In check mode and if nothing was changed, this is the evidence for RV(before).
    - RV(ignore:kind) is V(record) for the record of a change, with RV(ignore:at) (ISO 8601, UTC) and RV(ignore:ca_fingerprint_sha256).
    - It is V(certificate) for the newest certificate on this server that the CA issued, with RV(ignore:path), RV(ignore:subject), RV(ignore:serial),
      RV(ignore:not_before) and RV(ignore:hash). RV(ignore:newest) is true if the CA lists no newer certificate, and null if that is unknown.
    - It is V(none) when there is no evidence, with RV(ignore:reason).
  returned: success
  type: dict
  sample:
    kind: record
    at: "2026-11-23T10:00:00Z"
    ca_fingerprint_sha256: 79a0b9fd14457038770338a31e291b65466f05bab2f429d08ad1c45f9acf8780
restart_required:
  description: Whether the services must be stopped and started for the hash to take effect. Also true if an earlier run has set the hash and the services
    have not been restarted since.
  returned: success
  type: bool
  sample: true
ca_certificate:
  description: The certificate of the internal CA, see RV(checkpoint_endpoint.hardening.server_info#module:server.certificates).
  returned: success
  type: dict
  sample:
    role: ica
    path: /opt/CPsuite-R81.20/fw1/conf/InternalCA.p12
    subject: O=mgmt..x7k2a9
    issuer: O=mgmt..x7k2a9
    serial: "01"
    not_before: "2022-01-01T00:00:00Z"
    not_after: "2038-01-01T00:00:00Z"
    signature_algorithm: sha256WithRSAEncryption
    hash: sha256
    fingerprint_sha256: 79a0b9fd14457038770338a31e291b65466f05bab2f429d08ad1c45f9acf8780
error:
  description: The parts of the error message, see RV(checkpoint_endpoint.hardening.services#module:error). Its state says what is known about the hash.
  returned: failure
  type: dict
  sample:
    message: the tool did not ask its question
    path: /opt/CPsuite-R81.20/fw1/bin/cpca_client set_sign_hash sha256
    found: Operation failed. rc=-1
    state: the question was not answered, so the hash is as it was before
"""

from ansible.module_utils.basic import AnsibleModule

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._checkpoint.environment import read_environment
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._checkpoint.internal_ca import ensure_sign_hash
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.fencing import while_armed
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.place import place_of

ALGORITHMS = ['sha1', 'sha256', 'sha384', 'sha512']


def argument_spec():
    return dict(
        algorithm=dict(type='str', choices=ALGORITHMS, required=True),
        timeout=dict(type='int', default=60),
        profile=dict(type='path'),
        guard=dict(type='str'),
        state_dir=dict(type='path', default='/var/lib/checkpoint_endpoint_hardening'),
    )


def weaker_root(result):
    """A warning where the certificate of the CA itself is signed with a weaker hash; None where it is not."""
    found = result['ca_certificate']['hash']
    if not result['changed'] or found not in ALGORITHMS or ALGORITHMS.index(found) >= ALGORITHMS.index(result['algorithm']):
        return None
    return (
        'The certificate of the internal CA is signed with %s and keeps it. Check whether the next certificate that the CA issues is really signed '
        'with %s: the two versions of sk103840 differ on that.' % (found, result['algorithm'])
    )


def main():
    module = AnsibleModule(argument_spec=argument_spec(), supports_check_mode=True)
    given = module.params
    try:
        environment = read_environment(given['profile'])
        place = place_of(environment) if given['guard'] else None
        with while_armed(given['state_dir'], given['guard'], module.check_mode, place):
            result = ensure_sign_hash(environment, given['state_dir'], given['algorithm'], given['timeout'], module.check_mode)
    except AdministratorError as error:
        module.fail_json(msg=str(error), error=error.details())
    if result['changed']:
        result['diff'] = dict(before='sign hash: %s\n' % result['before'], after='sign hash: %s\n' % result['algorithm'])
    warning = weaker_root(result)
    if warning:
        module.warn(warning)
    module.exit_json(**result)


if __name__ == '__main__':
    main()
