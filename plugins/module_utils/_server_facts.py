# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""Read everything that a policy can ask of a server in one go: questions that do not wait for each other are asked at the same time."""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import os
import time
from collections import namedtuple

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.facts import read_tls_facts
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.httpd.installation import Httpd, find_installation
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
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._listeners.facts import ask_listeners, read_listeners
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._parallel import ask_all
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._time import format_utc
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._tls.probe import accepted_of, probe

PARTS = ('product', 'tls', 'services', 'ica', 'certificates', 'guard', 'space', 'probe', 'listeners', 'extra_endpoints')

# timeout: seconds for one handshake; listeners: which of the host's listeners to ask, one of _listeners.facts.CHOICES; mark: see
# _listeners.facts.read_listeners; extra_endpoints: further endpoints to ask, as _tls.probe takes them
Handshakes = namedtuple('Handshakes', ['timeout', 'listeners', 'mark', 'extra_endpoints'])
FEW_HANDSHAKES = Handshakes(5.0, 'none', '', ())


def read_server(environment, state_dir, timeout=60.0, handshakes=FEW_HANDSHAKES):
    """Return the facts of this server; nothing is written.

    :param environment: Environment
    :param state_dir: directory of this collection on the server
    :param timeout: seconds for each program that is asked
    :param handshakes: Handshakes
    :returns: dictionary with ``now`` (the server's time), ``paths``, each of PARTS, and ``unreadable``: a list of ``part`` and ``reason``. A part
        that cannot be read is None and is in that list.
    """
    now = format_utc(time.time())
    installation = _asked(lambda: find_installation(environment.uepm_dir))
    answers = ask_all(_questions(environment, installation, state_dir, timeout, handshakes))
    parts = ask_all(_derived_questions(environment, state_dir, timeout, handshakes, answers))
    parts.update((name, answers[name]) for name in ('product', 'tls', 'guard'))
    _add_accepted(parts['tls'].value, parts['probe'].value)
    server = dict((name, part.value) for name, part in parts.items())
    server['now'] = now
    server['paths'] = _paths(environment, installation.value)
    server['unreadable'] = [{'part': name, 'reason': parts[name].error.sentence()} for name in PARTS if parts[name].error is not None]
    return server


def _questions(environment, installation, state_dir, timeout, handshakes):
    """Return what waits for nothing but a process of its own."""
    return {
        'product': lambda: read_product(environment, timeout),
        'tls': lambda: read_tls_facts(Httpd(_value(installation), environment.variables, timeout)),
        'processes': lambda: read_processes(environment, timeout),
        'registry': lambda: read_registry(environment),
        'sic': lambda: read_sic_certificate(environment, timeout),
        'authority': lambda: _authority(environment, timeout),
        'authority_runs': lambda: _authority_runs(environment, timeout),
        'record': lambda: read_record(internal_ca.record_path(state_dir)),
        'guard': lambda: read_guard(state_dir, place_of(environment) if environment.uepm_dir else None),
        'sockets': lambda: read_listeners(installation.value, handshakes.mark),
    }


def _derived_questions(environment, state_dir, timeout, handshakes, answers):
    """Return what follows from the answers to the first questions, or waits for them."""
    return {
        'services': lambda: _services(environment, answers),
        'ica': lambda: _internal_ca(environment, answers, timeout),
        'certificates': lambda: _certificates(answers),
        'space': lambda: _space(answers, state_dir),
        'probe': lambda: probe(_value(answers['tls'])['endpoints'], timeout=handshakes.timeout),
        'listeners': lambda: ask_listeners(_value(answers['sockets']), handshakes.listeners, handshakes.timeout),
        'extra_endpoints': lambda: probe(handshakes.extra_endpoints, timeout=handshakes.timeout),
    }


def _add_accepted(tls, results):
    """Add to each endpoint what it accepts for each of its names."""
    if tls and results:
        accepted = dict(((result['host'], result['port'], result['server_name']), accepted_of(result)) for result in results)
        for entry in tls['endpoints']:
            entry['accepted'] = dict((name, accepted[entry['host'], entry['port'], name]) for name in entry['server_names'])


def _has_authority(environment):
    return os.path.lexists(internal_ca.authority_path(environment))


def _authority_runs(environment, timeout):
    # Like the certificate of the CA, it is asked for before the roles are known.
    return internal_ca.read_running(environment, timeout) if _has_authority(environment) else None


def _authority(environment, timeout):
    # Asked before the roles are known, to save the time: a policy server has no such file.
    return internal_ca.read_authority(environment, timeout) if _has_authority(environment) else None


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
    setting = internal_ca.add_newest(environment, known, timeout)
    return {'present': True, 'running': _value(answers['authority_runs']), 'sign_hash': setting, 'ca_certificate': authority}


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
    """Return all certificates of this server; one that cannot be read makes the whole part unreadable, with the reason of each."""
    # A CA that is not there is told by the part "ica".
    copy_or_missing = not _is_authority(answers) or answers['authority'] == (None, None)
    outcomes = ([] if copy_or_missing else [answers['authority']]) + [answers['sic']]
    outcomes += [_asked(lambda path=path: read_web_certificate(path)) for path in _value(answers['tls'])['certificate_files']]
    errors = [outcome.error.sentence() for outcome in outcomes if outcome.error is not None]
    if errors:
        raise AdministratorError('%d of %d certificates cannot be read: %s' % (len(errors), len(outcomes), ' '.join(errors)))
    return [outcome.value for outcome in outcomes]


def _space(answers, state_dir):
    """Return the free space where a change writes: beside each configuration file, and in the state directory."""
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
