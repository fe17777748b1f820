# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""Brings an Apache's files to a policy: plan, keep copies, write, test, and put everything back when the test fails."""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import os
import re
import time
from contextlib import contextmanager

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.installation import config_test
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.planning import plan_all
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.reading import Reading
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files import (
    backup_file, digest, link_warning, private_directory, read_file, read_record, write_file, write_record)

UNCHANGED = 'nothing was changed'

# What httpd says about a value that this collection replaces: no reason not to replace it.
_REPLACED = re.compile(r"Illegal protocol '|SSLv[23](?: is no longer| not) supported")


def enforce_protocols(installation, protocols, state_dir, backup_dir=None, environ=None, timeout=60.0, check_mode=False):
    """Make every scope that can serve TLS enable exactly the policy.

    :param installation: Installation
    :param protocols: names of protocols
    :param state_dir: folder for records, and for copies unless ``backup_dir`` says otherwise
    :param backup_dir: folder for copies; None: the state directory's; False: keep no copies
    :param environ: environment variables for httpd
    :param timeout: seconds for each run of httpd
    :returns: dictionary with ``changed`` and what the module ``ssl_protocol`` returns
    :raises AdministratorError: when the policy cannot be reached; the files are then as they were, unless the message says otherwise
    """
    reading = Reading(installation, environ, timeout)
    outcome = plan_all(reading, protocols)
    states = [_unchanged_since(path, outcome.old[path]) for path in sorted(outcome.contents)]
    outcome.warnings.extend(warning for warning in map(link_warning, states) if warning)
    validated = _test_before(installation, environ, timeout, bool(states), outcome.warnings) if reading.has_httpd else False
    files = [{'path': state.path, 'backup_file': None} for state in states]
    if states and not check_mode:
        if backup_dir is not False:
            files = _keep(states, backup_dir or os.path.join(state_dir, 'backups'), reading.tree.folders)
        with _recorded(state_dir, states, outcome.contents, files):
            _write(states, outcome.contents, lambda: _test_after(reading, environ, timeout))
    return {
        'changed': bool(states),
        'before': outcome.before,
        'after': outcome.after,
        'directives': [change.describe() for change in outcome.changes],
        'files': files,
        'validated': validated and outcome.is_complete,
        'warnings': outcome.warnings,
        'diff': [_difference(state, outcome.contents[state.path]) for state in states],
    }


def _unchanged_since(path, data):
    state = read_file(path)
    if state.data != data:
        raise AdministratorError('the file was changed by someone else meanwhile', path=path, state=UNCHANGED, next_step='run again')
    return state


def _test_before(installation, environ, timeout, changes, warnings):
    """Whether httpd accepts the configuration as it is. What would not start anyway is refused before anything is written."""
    test = config_test(installation, environ, timeout)
    if not test['ok'] and not changes:
        warnings.append('no SSLProtocol has to change, but the configuration test fails: %s' % test['output'])
    if not test['ok'] and changes and not _REPLACED.search(test['output']):
        raise AdministratorError(
            'the configuration test fails already before the change', path=' '.join(test['command']), expected='Syntax OK',
            found=test['output'], state=UNCHANGED, next_step='repair the configuration by hand')
    return test['ok'] or changes


def _test_after(reading, environ, timeout):
    if not reading.has_httpd:
        return
    test = config_test(reading.installation, environ, timeout)
    if not test['ok']:
        raise AdministratorError(
            'the configuration test fails with the new configuration', path=' '.join(test['command']), expected='Syntax OK',
            found=test['output'])


def _keep(states, backup_dir, folders):
    """Copies of the files, never where the configuration might include them: the old value would win."""
    for folder in folders:
        if (os.path.realpath(backup_dir) + os.sep).startswith(folder + os.sep):
            raise AdministratorError(
                'the configuration includes files of the folder for copies, httpd would read the copies', path=backup_dir,
                expected='a folder outside of %s' % folder, state=UNCHANGED)
    return [{'path': state.path, 'backup_file': backup_file(state, backup_dir)} for state in states]


def _write(states, contents, test):
    """Write all files and test; on any failure every file gets its old bytes back."""
    written = []
    try:
        for state in states:
            written.append((state, write_file(state, contents[state.path])))
        test()
    except AdministratorError as error:
        raise error.with_state(_put_back(written))


def _put_back(written):
    """Old bytes into the files that were written; returns how things stand, as text."""
    lost = []
    for old, new in reversed(written):
        try:
            write_file(new, old.data)
        except AdministratorError as error:
            lost.append(error.sentence())
    if lost:
        return 'not every file could be put back: ' + ' '.join(lost)
    return 'the old configuration is back in place' if written else UNCHANGED


@contextmanager
def _recorded(state_dir, states, contents, files):
    """What is changed last, for config_restore; written before the files, so that it is not missing when this is killed between them."""
    path = os.path.join(private_directory(os.path.join(state_dir, 'records')), 'last_change.json')
    earlier = read_record(path)
    write_record(path, {
        'at': time.strftime('%Y-%m-%dT%H:%M:%SZ', time.gmtime()),
        'by': 'ssl_protocol',
        'files': [{'path': state.path, 'backup': kept['backup_file'], 'sha256_before': state.sha256,
                   'sha256_after': digest(contents[state.path])} for state, kept in zip(states, files)],
    })
    try:
        yield
    except AdministratorError:
        # Where it was not made after all, the last change is the one before.
        if all(read_file(state.path).data == state.data for state in states):
            if earlier is None:
                os.unlink(path)
            else:
                write_record(path, earlier)
        raise


def _difference(state, data):
    return {'before_header': state.path, 'after_header': state.path, 'before': state.data.decode('utf-8', 'replace'),
            'after': data.decode('utf-8', 'replace')}
