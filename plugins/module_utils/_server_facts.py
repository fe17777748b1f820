# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""Everything that a policy can ask of a server, read in one go: questions that do not wait for each other are asked at the same time."""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import os

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.facts import read_tls_facts
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.httpd.installation import find_installation
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._checkpoint import internal_ca
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._checkpoint.certificates import (
    read_sic_certificate,
    read_web_certificate,
)
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._checkpoint.listening import is_serving
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._checkpoint.product import (
    is_certificate_authority,
    read_product,
)
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._checkpoint.services import (
    judge_services,
    read_processes,
    read_registry,
)
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.free_space import read_space
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.records import read_record
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.place import place_of
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.state import read_guard
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._parallel import ask_all, values

PARTS = ('product', 'tls', 'services', 'ica', 'certificates', 'guard', 'space')


def read_server(environment, state_dir, timeout=60.0):
    """The facts of this server; nothing is written.

    :param environment: Environment
    :param state_dir: folder of this collection on the server
    :param timeout: seconds for each program that is asked
    :returns: dictionary with ``paths``, each of PARTS, and ``unreadable``: a list of ``part`` and ``reason``. A part that cannot be read is None and
        is in that list.
    """
    installation = _asked(lambda: find_installation(environment.uepm_dir))
    answers = ask_all(_questions(environment, installation, state_dir, timeout))
    parts = {
        'product': answers['product'],
        'tls': answers['tls'],
        'services': _asked(lambda: _services(environment, answers)),
        'ica': _asked(lambda: _internal_ca(environment, answers, timeout)),
        'certificates': _asked(lambda: _certificates(answers)),
        'guard': answers['guard'],
        'space': _asked(lambda: _space(answers, state_dir)),
    }
    server = dict((name, part.value) for name, part in parts.items())
    server['paths'] = _paths(environment, installation.value)
    server['unreadable'] = [{'part': name, 'reason': parts[name].error.sentence()} for name in PARTS if parts[name].error is not None]
    return server


def _questions(environment, installation, state_dir, timeout):
    """What waits for nothing but a process of its own."""
    return {
        'product': lambda: read_product(environment, timeout),
        'tls': lambda: read_tls_facts(_value(installation), environment.variables, timeout),
        'processes': lambda: read_processes(environment, timeout),
        'registry': lambda: read_registry(environment),
        'sic': lambda: read_sic_certificate(environment, timeout),
        'authority': lambda: _authority(environment, timeout),
        'record': lambda: read_record(internal_ca.record_path(state_dir)),
        'guard': lambda: read_guard(state_dir, place_of(environment) if environment.uepm_dir else None),
    }


def _authority(environment, timeout):
    # Asked before the roles are known, to save the time: a policy server has no such file.
    if not os.path.lexists(internal_ca.authority_path(environment)):
        return None
    return internal_ca.read_authority(environment, timeout)


def _asked(question):
    return ask_all({'it': question})['it']


def _value(outcome):
    if outcome.error is not None:
        raise outcome.error
    return outcome.value


def _is_authority(answers):
    return is_certificate_authority(_value(answers['product'])['roles'])


def _services(environment, answers):
    endpoints = (answers['tls'].value or {}).get('endpoints', [])
    ports = ['%s:%d' % ('[%s]' % entry['host'] if ':' in entry['host'] else entry['host'], entry['port']) for entry in endpoints]
    facts = judge_services(_value(answers['processes']), ports, is_serving(environment)).facts()
    facts['registry'] = _value(answers['registry'])
    return facts


def _internal_ca(environment, answers, timeout):
    if not _is_authority(answers):
        return {'present': False, 'running': None, 'sign_hash': None, 'ca_certificate': None}
    authority = _own_authority(environment, answers)
    known = internal_ca.weigh(authority, _value(answers['record']), [_value(answers['sic'])], _value(answers['processes']))
    found = values(
        ask_all(
            {
                'running': lambda: internal_ca.read_running(environment, timeout),
                'sign_hash': lambda: internal_ca.add_newest(environment, known, timeout),
            }
        )
    )
    return {'present': True, 'running': found['running'], 'sign_hash': found['sign_hash'], 'ca_certificate': authority}


def _own_authority(environment, answers):
    authority = _value(answers['authority'])
    if authority is None:
        raise AdministratorError(
            'this is the primary management server and its internal CA is not there',
            path=internal_ca.authority_path(environment),
            expected='the PKCS #12 file of the internal CA',
            found='no such file',
        )
    return authority


def _certificates(answers):
    """All certificates of this server; one that cannot be read makes the whole part unreadable, with the reason of each."""
    # A CA that is not there is told by the part "ica".
    copy_or_missing = not _is_authority(answers) or answers['authority'] == (None, None)
    outcomes = ([] if copy_or_missing else [answers['authority']]) + [answers['sic']]
    outcomes += [_asked(lambda path=path: read_web_certificate(path)) for path in _value(answers['tls'])['certificate_files']]
    errors = [outcome.error.sentence() for outcome in outcomes if outcome.error is not None]
    if errors:
        raise AdministratorError('%d of %d certificates cannot be read: %s' % (len(errors), len(outcomes), ' '.join(errors)))
    return [outcome.value for outcome in outcomes]


def _space(answers, state_dir):
    """Where a change writes: beside each configuration file, and in the state directory."""
    return read_space([os.path.dirname(entry['path']) for entry in _value(answers['tls'])['files']] + [state_dir])


def _paths(environment, installation):
    return {
        'profile': environment.profile,
        'uepm_dir': environment.uepm_dir,
        'fw_dir': environment.fw_dir,
        'cp_dir': environment.cp_dir,
        'apache_root': installation and installation.root,
        'ssl_conf': installation and installation.ssl_conf,
        'httpd': installation and installation.httpd,
        'httpd_conf': installation and installation.httpd_conf,
    }
