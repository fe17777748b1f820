# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""Find out which hash the internal CA signs with, and set it.

No tool reads the setting back, so it is inferred from evidence. The best is this collection's own record of the last successful change, which is
tied to the certificate of the CA and dropped if a certificate issued later contradicts it. Otherwise it is the newest certificate of the CA on this
server. Setting the hash again is harmless, so an unknown hash is set.
"""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import os
import re

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._checkpoint import watchdog
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._checkpoint.certificates import (
    authority_certificate,
    describe,
    read_container,
    read_sic_certificate,
)
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._checkpoint.lscert import is_newest, parse_issued
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._checkpoint.product import (
    ROLE_QUESTIONS,
    is_certificate_authority,
    read_roles,
)
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._checkpoint.services import read_processes
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._checkpoint.set_sign_hash import SIGN_HASHES, set_sign_hash
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.records import private_directory, read_record, write_record
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._parallel import ask_all, values
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._time import now_text

UNKNOWN = 'unknown'
_STATE_COMMAND = ['cpstat', 'ca']
_STATE = re.compile(r'^\s*Up and Running:\s*([0-9]+)\s*$', re.MULTILINE)


def record_path(state_dir):
    """Return the path of the record of the last successful change."""
    return os.path.join(state_dir, 'records', 'sign_hash.json')


def authority_path(environment):
    """Return the path of the container of the internal CA, on the server that owns it and on those that have a copy."""
    return os.path.join(environment.folder('FWDIR'), 'conf', 'InternalCA.p12')


def read_authority(environment, timeout=60.0):
    """Return the facts of the certificate of the internal CA.

    :raises AdministratorError: when it cannot be read
    """
    path = authority_path(environment)
    return describe('ica', path, authority_certificate(read_container(environment, path, timeout)))


def read_running(environment, timeout=60.0):
    """Return whether ``cpstat ca`` says that the CA is running ("Up and Running: 1"); None if it does not say.

    The watchdog does not monitor this process, so its list does not show it.
    """
    try:
        told = _STATE.search(environment.output(_STATE_COMMAND, timeout).stdout.decode('utf-8', 'replace'))
    except AdministratorError:
        return None
    return bool(int(told.group(1))) if told else None


# -- evidence


def weigh(authority, record, certificates, processes):
    """Weigh the evidence of the hash that the CA signs with from now on.

    :param authority: facts of the certificate of the CA
    :param record: what ``set_and_record`` wrote, or None
    :param certificates: facts of certificates on this server, of any issuer
    :param processes: the watchdog's processes now
    :returns: dictionary of ``value`` (a hash or ``unknown``), ``evidence`` and ``restart_required``: whether the services still are in the run in
        which the hash was changed
    """
    newest = _newest(authority, certificates)
    if _is_valid(record, authority, newest):
        evidence = {'kind': 'record', 'at': record['at'], 'ca_fingerprint_sha256': record['ca_fingerprint_sha256']}
        if record['algorithm'] == UNKNOWN:
            evidence = {'kind': 'none', 'reason': 'the change to %s at %s did not end plainly' % (record.get('asked_for'), record['at'])}
        waiting = watchdog.is_same_run(record['processes'], processes)
        return {'value': record['algorithm'], 'evidence': evidence, 'restart_required': waiting}
    if newest is None or newest['hash'] not in SIGN_HASHES:
        reason = 'there is no record of a change, and no certificate on this server that this CA issued'
        if newest is not None:
            reason = 'the newest certificate of this CA, %s, is signed with %s' % (newest['path'], newest['signature_algorithm'])
        return {'value': UNKNOWN, 'evidence': {'kind': 'none', 'reason': reason}, 'restart_required': False}
    evidence = {'kind': 'certificate', 'newest': None}
    evidence.update((key, newest[key]) for key in ('role', 'path', 'subject', 'serial', 'not_before', 'hash'))
    return {'value': newest['hash'], 'evidence': evidence, 'restart_required': False}


def _newest(authority, certificates):
    own = [entry for entry in certificates if entry['issuer'] == authority['subject'] and entry['subject'] != authority['subject']]
    return max(own, key=lambda entry: entry['not_before']) if own else None


def _is_valid(record, authority, newest):
    """Return whether a record is complete, is about this CA, and is not contradicted by a certificate that was issued later."""
    whole = record is not None and record.get('algorithm') in SIGN_HASHES + (UNKNOWN,) and isinstance(record.get('processes'), dict)
    if not whole or not record.get('at') or record.get('ca_fingerprint_sha256') != authority['fingerprint_sha256']:
        return False
    # Renewed since, with another hash: someone changed the setting in between. Its dates prove nothing, because a CA may backdate them.
    return newest is None or newest['fingerprint_sha256'] == record.get('certificate') or newest['hash'] == record['algorithm']


def add_newest(environment, known, timeout=60.0):
    """Complete the evidence of a certificate: ask the CA whether it has issued a newer one since. None if the CA does not say.

    :param known: from ``weigh``; the evidence in it is completed
    """
    if known['evidence']['kind'] == 'certificate':
        try:
            result = environment.output(['cpca_client', 'lscert', '-stat', 'Valid'], timeout)
            issued = parse_issued(result.stdout.decode('utf-8', 'replace'))
        except AdministratorError:
            # A CA that does not answer only leaves this detail open.
            issued = []
        known['evidence']['newest'] = is_newest(known['evidence']['serial'], issued)
    return known


def read_sign_hash(environment, state_dir, timeout=60.0):
    """Return what the evidence says about the sign hash, and the certificate of the CA.

    :returns: what ``weigh`` returns, the CA certificate's facts, and what a record of a change made now would have to hold beside the hash
    :raises AdministratorError: when one of the sources cannot be read
    """
    found = values(
        ask_all(
            {
                'authority': lambda: read_authority(environment, timeout),
                'certificate': lambda: read_sic_certificate(environment, timeout),
                'processes': lambda: read_processes(environment, timeout),
                'record': lambda: read_record(record_path(state_dir)),
            }
        )
    )
    known = weigh(found['authority'], found['record'], [found['certificate']], found['processes'])
    newest = _newest(found['authority'], [found['certificate']])
    frame = {
        'ca_fingerprint_sha256': found['authority']['fingerprint_sha256'],
        'certificate': newest and newest['fingerprint_sha256'],
        'processes': watchdog.run_of(found['processes']),
    }
    return add_newest(environment, known, timeout), found['authority'], frame


# -- change


def ensure_sign_hash(environment, state_dir, algorithm, timeout=60.0, check_mode=False):
    """Have the internal CA sign with a hash from now on; where it is known to do so already, nothing is asked.

    :param algorithm: one of SIGN_HASHES
    :returns: dictionary of ``changed``, ``before``, ``algorithm``, ``evidence``, ``restart_required`` and ``ca_certificate``
    :raises AdministratorError: when this server does not own the CA, or the tool did not say plainly that the hash was changed
    """
    _refuse_others(environment, timeout)
    known, authority, frame = read_sign_hash(environment, state_dir, timeout)
    result = {
        'changed': known['value'] != algorithm,
        'before': known['value'],
        'algorithm': algorithm,
        'evidence': known['evidence'],
        'restart_required': known['restart_required'],
        'ca_certificate': authority,
    }
    if result['changed']:
        result['restart_required'] = True
        if not check_mode:
            result['evidence'] = _set_and_record(environment, state_dir, algorithm, timeout, frame)
    return result


def _refuse_others(environment, timeout):
    roles = read_roles(environment, ('management', 'primary'), timeout)
    if not is_certificate_authority(roles):
        raise AdministratorError(
            'this server does not own the internal CA',
            path='cpprod_util %s' % ROLE_QUESTIONS['primary' if roles['management'] else 'management'],
            expected='the primary management server',
            found='a secondary management server' if roles['management'] else 'no management server',
            state='nothing was asked and nothing was changed',
            next_step='run this on the primary management server alone',
        )


def _set_and_record(environment, state_dir, algorithm, timeout, frame):
    private_directory(state_dir)
    private_directory(os.path.join(state_dir, 'records'))
    path = record_path(state_dir)
    at = now_text()
    record = dict(frame, algorithm=algorithm, asked_for=algorithm, at=at)
    # From the answer to the tool's last word the hash is unknown, and stays so when this process is killed in between.
    set_sign_hash(environment, algorithm, lambda: write_record(path, dict(record, algorithm=UNKNOWN)), timeout)
    try:
        write_record(path, record)
    except AdministratorError as error:
        raise error.with_state(
            'the internal CA signs with %s from now on, but the record says that it is unknown; the services were not restarted' % algorithm,
            'remove the cause and run again: the hash is then set once more, which is harmless',
        )
    return {'kind': 'record', 'at': record['at'], 'ca_fingerprint_sha256': record['ca_fingerprint_sha256']}
