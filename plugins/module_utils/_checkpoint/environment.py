# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""The environment of Check Point's tools: what the profile script of a server sets, read once and then used without a shell."""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import errno
import glob
import os
import re

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._commands import run_command, start_command, tail
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError, UNCHANGED
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.records import private_directory
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.trust import distrust

# What this collection keeps on a server is in directories of this name.
OWN_DIRECTORY = 'checkpoint_endpoint_hardening'

# Where the profile is known to be, in the order in which Check Point's own scripts look for it.
KNOWN_PROFILES = ('/etc/profile.d/CP.sh', '/opt/CPshared/5.0/tmp/.CPprofile.sh')
PROFILE_PATTERN = '/opt/CPshrd-*/tmp/.CPprofile.sh'

# The path comes as an argument and never becomes a part of this text. What the profile prints goes to standard error. Only bash's own
# commands are used, so that nothing which the profile does to PATH or LD_LIBRARY_PATH matters; variables come as name=value, each ended
# by NUL, behind another NUL (a trap of the profile may have printed something), and a last NUL proves that the profile did not end the
# shell. (/proc/self/environ is cut at 4096 bytes by older kernels, and "env -0" is unknown to the oldest releases.)
_READ_SCRIPT = r"""
__checkpoint_profile=$1
shift
builtin source "$__checkpoint_profile" 1>&2
builtin set +aefuvx
builtin trap - EXIT DEBUG ERR RETURN
builtin unset IFS
builtin printf '\0'
for __checkpoint_name in $(builtin compgen -e); do
  builtin printf '%s=%s\0' "$__checkpoint_name" "${!__checkpoint_name}"
done
builtin printf '\0'
"""

# Variables that make a bash run other files, or run otherwise, before the profile has its say, and those that the profile itself must set.
_UNWANTED = (
    'BASH_ENV', 'ENV', 'SHELLOPTS', 'BASHOPTS', 'POSIXLY_CORRECT', 'LC_ALL', 'LANGUAGE', 'CPDIR', 'FWDIR', 'UEPMDIR'
)


class Environment(object):
    """Variables, folders and programs as the profile of a server gives them.

    ``profile`` is the path of the script, ``variables`` the environment for child processes; ``cp_dir``, ``fw_dir`` and ``uepm_dir`` are
    the folders CPDIR, FWDIR and UEPMDIR, None where the profile does not set one.
    """

    def __init__(self, profile, variables):
        self.profile = profile
        self.variables = variables
        self.cp_dir = variables.get('CPDIR') or None
        self.fw_dir = variables.get('FWDIR') or None
        self.uepm_dir = variables.get('UEPMDIR') or None

    def folder(self, name):
        """The folder that a variable names (``FWDIR``).

        :raises AdministratorError: when the profile does not set it
        """
        value = self.variables.get(name)
        if not value:
            raise AdministratorError(
                'the profile does not set %s' % name,
                path=self.profile,
                expected='the folder of an installed product in %s' % name,
                found='nothing',
                next_step='check that the product is installed on this server, or name another profile',
            )
        return value

    def search_path(self):
        """Return the directories that programs are taken from: those of PATH, then those of the products.

        A relative one would mean another program in another working directory, so it is left out, and so is one that is not there.
        """
        found = self.variables.get('PATH', '').split(os.pathsep)
        found += [os.path.join(folder, 'bin') for folder in (self.cp_dir, self.fw_dir) if folder]
        return [folder for number, folder in enumerate(found) if os.path.isabs(folder) and os.path.isdir(folder) and folder not in found[:number]]

    def program(self, name):
        """The absolute path of a program, from the profile's PATH or else from the programs of its own products.

        :raises AdministratorError: when there is none
        """
        for folder in self.search_path():
            path = os.path.join(folder, name)
            if os.path.isfile(path) and os.access(path, os.X_OK):
                return path
        raise AdministratorError(
            'the program is not there',
            path=name,
            expected='a program on the PATH that %s sets' % self.profile,
            found='nothing that can be executed in %s' % os.pathsep.join(self.search_path()),
            next_step='check that this is a Check Point server and that the profile is the right one',
        )

    def run(self, argv, timeout=60.0, stdin=b'', locale='C'):
        """Run a program with these variables; a name without a slash is looked up with ``program``.

        :returns: CommandResult
        :raises AdministratorError: when there is no such program, or it cannot be started
        """
        if os.sep not in argv[0]:
            argv = [self.program(argv[0])] + list(argv[1:])
        return run_command(argv, environ=self.variables, timeout=timeout, stdin=stdin, locale=locale)

    def start(self, argv):
        """Start a tool that leaves daemons behind and return it as a Command.

        What it prints goes to ``/var/log/checkpoint_endpoint_hardening/TOOL.log``, where that can be written. Daemons keep their locale: the profile's.

        :raises AdministratorError: see ``run``
        """
        name = os.path.basename(argv[0])
        try:
            log = os.path.join(private_directory(os.path.join(self.root, 'var', 'log', OWN_DIRECTORY)), name + '.log')
        except AdministratorError:
            log = None
        return start_command([self.program(argv[0])] + list(argv[1:]), self.variables, log)

    @property
    def root(self):
        """The root of the file system that the product is installed in: what holds its ``opt``.

        That is ``/`` on a server, whatever links lead to ``/opt``; a product that is installed below a directory of its own, as in the lab, has its
        root there. No option has a say in it. Without an ``opt`` in the path, the product's own directory is the root.
        """
        product = os.path.realpath(self.uepm_dir or self.cp_dir)
        above, found, _below = product.rpartition('/opt/')
        return product if not found else '/' if above in ('', '/var') else above

    def output(self, argv, timeout=60.0):
        """Run a program that must end in time and return its CommandResult, whatever its exit code.

        :raises AdministratorError: when it does not end, is not there, or cannot be started
        """
        result = self.run(argv, timeout=timeout)
        if result.timed_out:
            raise AdministratorError(
                'the program did not end within %g s and was killed' % timeout,
                path=' '.join(argv),
                expected='an answer',
                found=tail(result.stdout + result.stderr, 3) or 'no output',
                next_step='run it by hand on the server, and look why it hangs',
            )
        return result


def read_environment(profile=None, timeout=60.0):
    """Find the profile of this server and read the environment that it sets.

    :param profile: path of the profile, default: the first readable of the known places
    :param timeout: seconds that it may take
    :raises AdministratorError: when no profile can be read, it hangs, ends the shell, or is not one of Check Point
    """
    path = _find_profile(profile)
    _refuse_distrusted(path, 'the profile')
    variables = dict((key, value) for key, value in os.environ.items() if _wanted(key))
    result = run_command(['/bin/bash', '--noprofile', '--norc', '-c', _READ_SCRIPT, 'bash', path], variables, timeout)
    if result.timed_out:
        raise _bad_profile('the profile did not end within %g s and was killed' % timeout, path, result)
    if not result.stdout.endswith(b'\0\0'):
        raise _bad_profile('the profile ended the shell that read it', path, result)
    environment = Environment(path, _own_locale(parse_variables(result.stdout.partition(b'\0')[2])))
    if environment.cp_dir is None:
        raise _bad_profile('the profile is not one of Check Point', path, result, expected='a script that sets CPDIR')
    for directory in environment.search_path():
        _refuse_distrusted(directory, 'a directory of PATH')
    return environment


def _refuse_distrusted(path, what):
    """Refuse what others can write: it is run, or programs are taken from it, with the rights of this user."""
    reason = distrust(path)
    if reason is None:
        return
    raise AdministratorError(
        '%s can be written by others' % what, path=path, expected='root or user %d as its owner, and no right to write for others' % os.geteuid(),
        found=reason, state=UNCHANGED, next_step='look at what is in it, then correct owner and mode (and those of the directories above it)',
    )


def parse_variables(data):
    """Variables from bytes with ``name=value``, each ended by NUL, in the form that ``os.environ`` has in this Python."""
    variables = {}
    for item in data.split(b'\0'):
        name, sign, value = item.partition(b'=')
        if sign and name and name != b'_':
            variables[_as_environ(name)] = _as_environ(value)
    return variables


def known_profiles():
    """The places where a profile can be, the likeliest first; of several releases the newest first."""
    places = list(KNOWN_PROFILES)
    if os.environ.get('CPDIR'):
        places.append(os.path.join(os.environ['CPDIR'], 'tmp', '.CPprofile.sh'))
    return places + sorted(glob.glob(PROFILE_PATTERN), key=_release_numbers, reverse=True)


def _find_profile(profile):
    places = [profile] if profile else known_profiles()
    tried = []
    for place in places:
        reason = _unreadable(place)
        if reason is None:
            return os.path.abspath(place)
        tried.append('%s (%s)' % (place, reason))
    if profile:
        raise AdministratorError(
            'the profile cannot be read', path=profile, expected='a script that can be read', found=reason,
            next_step='correct the option profile, or leave it out to have the known places searched',
        )
    raise AdministratorError(
        'no profile of Check Point was found',
        expected='one of the known places, or %s' % PROFILE_PATTERN,
        found=', '.join(tried),
        next_step='check that this is a Check Point server, or name its profile in the option profile',
    )


def _unreadable(path):
    """Why a file cannot be read; None when it can."""
    if os.path.exists(path) and not os.path.isfile(path):
        return 'not a regular file'
    try:
        with open(path, 'rb'):
            return None
    except (OSError, IOError) as error:
        return os.strerror(error.errno or errno.EIO)


def _bad_profile(message, path, result, expected='a script that sets CPDIR, FWDIR and PATH and returns'):
    return AdministratorError(
        message, path=path, expected=expected, found=tail(result.stderr, 5) or 'no output',
        next_step='source this file by hand in a bash on the server, and correct it or name another one',
    )


def _wanted(name):
    return name not in _UNWANTED and not name.startswith('BASH_FUNC_')


def _own_locale(variables):
    """Without the locale in which the profile was read; daemons that are started later have the one of their server."""
    for name in ('LC_ALL', 'LANGUAGE'):
        if variables.get(name) == 'C':
            del variables[name]
            if name in os.environ:
                variables[name] = os.environ[name]
    return variables


def _as_environ(data):
    return data if str is bytes else os.fsdecode(data)


def _release_numbers(path):
    return [int(number) for number in re.findall('[0-9]+', path)]
