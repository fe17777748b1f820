# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""Find out which product a server runs, in which release, and in which roles."""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import re

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._commands import tail
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._parallel import ask_all, values

# Our name of a role -> the question to cpprod_util.
ROLE_QUESTIONS = {
    'management': 'FwIsFirewallMgmt',
    'primary': 'FwIsPrimary',
    'policy_server': 'UepmIsPolicyServer',
    'endpoint_installed': 'UepmIsInstalled',
}

_RELEASE = re.compile(r'\b(R[0-9]{2}(?:\.[0-9A-Za-z_]+)*)')
_BUILD = re.compile(r'\bBuild\s+([0-9A-Za-z]+)')


def read_product(environment, timeout=60.0):
    """Return the release, the build and the roles of this server.

    :returns: ``release`` (text), ``build`` (text, None where only the registry told the release) and ``roles``, a dictionary of booleans
    :raises AdministratorError: when one of them cannot be read; a role that is not known is never reported as absent
    """
    questions = dict((role, _role_question(environment, role, timeout)) for role in ROLE_QUESTIONS)
    questions['version'] = lambda: _read_version(environment, timeout)
    answers = values(ask_all(questions))
    release, build = answers.pop('version')
    return {'release': release, 'build': build, 'roles': answers}


def read_roles(environment, roles, timeout=60.0):
    """Return some of the roles of this server, for callers that do not need all of them.

    :param roles: names of roles
    :returns: dictionary of booleans

    :raises AdministratorError: when one of them cannot be read
    """
    return values(ask_all(dict((role, _role_question(environment, role, timeout)) for role in roles)))


def is_certificate_authority(roles):
    """Return whether a server with these roles owns the internal CA. The primary management server does; a secondary only has a copy."""
    return roles['management'] and roles['primary']


def parse_flag(stdout, stderr=b''):
    """Return the answer 0 or 1 of cpprod_util as a boolean; None if it is neither.

    The exit code is no indication, because some functions return their value in it. Some releases print to standard error if their output is
    not a terminal.

    :param stdout: bytes
    :param stderr: bytes, read where ``stdout`` is empty
    """
    words = stdout.split() or stderr.split()
    return {b'0': False, b'1': True}.get(words[-1]) if len(words) == 1 else None


def parse_version(text):
    """Return the release and the build from the output of ``fw ver``, None for each that it does not contain.

    :param text: for example ``This is Check Point's software version R81.20 - Build 059``
    """
    release, build = _RELEASE.search(text), _BUILD.search(text)
    return release and release.group(1), build and build.group(1)


def registry_value(environment, product, key, third, timeout=60.0):
    """Return a value of Check Point's registry as text, empty if there is none.

    :param third: the third argument, as Check Point's own scripts give it for this value
    :raises AdministratorError: when cpprod_util cannot be asked
    """
    result = environment.output(['cpprod_util', 'CPPROD_GetValue', product, key, third], timeout)
    lines = result.stdout.decode('utf-8', 'replace').strip().splitlines()
    return lines[0].strip() if len(lines) == 1 else ''


def _role_question(environment, role, timeout):
    def ask():
        argv = ['cpprod_util', ROLE_QUESTIONS[role]]
        result = environment.output(argv, timeout)
        flag = parse_flag(result.stdout, result.stderr)
        if flag is None:
            raise AdministratorError(
                'the role %s could not be read' % role,
                path=' '.join(argv),
                expected='0 or 1',
                found=tail(result.stdout or result.stderr, 3) or 'no output',
                next_step='run this command by hand on the server',
            )
        return flag

    return ask


def _read_version(environment, timeout):
    try:
        result = environment.output(['fw', 'ver'], timeout)
        found = tail(result.stdout or result.stderr, 3) or 'no output'
        release, build = parse_version(result.stdout.decode('utf-8', 'replace'))
    except AdministratorError as error:
        found, release, build = error.sentence(), None, None
    if release is None:
        release, build = parse_version(registry_value(environment, 'CPshared', 'CurrentLabel', '1', timeout))
    if release is None:
        raise AdministratorError(
            'the release could not be read',
            path='fw ver',
            expected="This is Check Point's software version R.. - Build ..",
            found=found,
            next_step='run this command by hand on the server',
        )
    return release, build
