# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""Brings an Apache's files to a policy: plan, keep copies, write, test, and put everything back when the test fails."""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import os
import re
from functools import partial

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.edit.backup_placement import keep_copies, refuse_included
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.edit.planning import plan_all
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.httpd.inspection import HttpdInspection
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.httpd.installation import config_test
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError, UNCHANGED
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.atomic_write import link_warning, write_file
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.change_journal import alone, record_path, recorded
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.file_state import digest, read_file
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.temporary import remove_leftovers
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.transaction import Step, write_all
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._text import name_bytes

# What httpd says about a value that this collection replaces: no reason not to replace it. The second it says of SSLProxyProtocol, too.
_REPLACED = re.compile(r"^SSLProtocol: Illegal protocol '", re.MULTILINE)
_WITHDRAWN = re.compile(r'^(?:SSLProtocol: )?SSLv[23](?: is no longer| not) supported', re.MULTILINE)
_WITHDRAWN_WORD = re.compile(br'(?i)(?:^|[\s"\'])\+?SSLv[23](?![\w.])')


def enforce_protocols(installation, protocols, state_dir, backup_dir=None, environ=None, timeout=60.0, check_mode=False, refuse=None):
    """Make every scope that can serve TLS enable exactly the policy.

    :param installation: Installation
    :param protocols: names of protocols
    :param state_dir: folder for records, and for copies unless ``backup_dir`` says otherwise
    :param backup_dir: folder for copies; None: the state directory's; False: keep no copies
    :param environ: environment variables for httpd
    :param timeout: seconds for each run of httpd
    :param refuse: function that raises for the paths of files that may not be written
    :returns: dictionary with ``changed`` and what the module ``ssl_protocol`` returns
    :raises AdministratorError: when the policy cannot be reached; the files are then as they were, unless the message says otherwise
    """
    reading = HttpdInspection(installation, environ, timeout)
    outcome = plan_all(reading, protocols)
    states = [_unchanged_since(path, outcome.old[path]) for path in sorted(outcome.contents)]
    outcome.warnings.extend(warning for warning in map(link_warning, states) if warning)
    if refuse is not None:
        refuse([state.path for state in states])
    copies = None if backup_dir is False else backup_dir or os.path.join(state_dir, 'backups')
    if states and copies is not None:
        refuse_included(copies, states, reading.tree)
    validated = _test_before(reading, environ, timeout, bool(states), outcome.warnings) if reading.has_httpd else False
    files = [{'path': state.path, 'backup_file': None} for state in states]
    if not check_mode:
        files = _change_alone(states, outcome.contents, reading, state_dir, copies, lambda: _test_after(reading, environ, timeout))
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


def _test_before(reading, environ, timeout, changes, warnings):
    """Whether httpd accepts the configuration as it is. What would not start anyway is refused before anything is written."""
    test = config_test(reading.installation, environ, timeout)
    if not test['ok'] and not changes:
        warnings.append('no SSLProtocol has to change, but the configuration test fails: %s' % test['output'])
    if not test['ok'] and changes and not _is_replaced(test['output'], reading.tree):
        raise AdministratorError(
            'the configuration test fails already before the change', path=' '.join(test['command']), expected='Syntax OK',
            found=test['output'], state=UNCHANGED, next_step='repair the configuration by hand')
    return test['ok'] or changes


def _is_replaced(output, tree):
    """Whether httpd objects to nothing but a value of SSLProtocol, which will be another one."""
    if _REPLACED.search(output):
        return True
    others = [directive for directive in tree.directives(b'sslproxyprotocol') if directive.active is not False]
    return bool(_WITHDRAWN.search(output)) and not any(_WITHDRAWN_WORD.search(directive.arguments) for directive in others)


def _test_after(reading, environ, timeout):
    if not reading.has_httpd:
        return
    test = config_test(reading.installation, environ, timeout)
    if not test['ok']:
        raise AdministratorError(
            'the configuration test fails with the new configuration', path=' '.join(test['command']), expected='Syntax OK',
            found=test['output'])


def _change_alone(states, contents, reading, state_dir, copies, test):
    # Of a run that was killed while it marked its record: where nothing has to change any more, nothing else would look there.
    remove_leftovers(os.path.dirname(name_bytes(record_path(state_dir))))
    if not states:
        return []
    with alone(state_dir):
        # Whoever had the lock before may have changed what was read.
        for source in reading.tree.files:
            _unchanged_since(source.path, source.data)
        return _change(states, contents, reading, state_dir, copies, test)


def _change(states, contents, reading, state_dir, copies, test):
    """Keep copies, then write all files and test; returns each file with its copy."""
    kept = keep_copies(states, copies, reading) if copies is not None else [None] * len(states)
    entries = [
        {'path': state.path, 'backup': copy, 'sha256_before': state.sha256, 'sha256_after': digest(contents[state.path])}
        for state, copy in zip(states, kept)
    ]
    steps = [Step(state.path, state, contents[state.path], partial(write_file, state, contents[state.path])) for state in states]
    with recorded(state_dir, entries) as complete:
        # Complete is the change when every file is written; a test that fails takes the record back with the files.
        write_all(steps, lambda: (complete(), test()), 'the old configuration is back in place')
    return [{'path': state.path, 'backup_file': copy} for state, copy in zip(states, kept)]


def _difference(state, data):
    return {'before_header': state.path, 'after_header': state.path, 'before': state.data.decode('utf-8', 'replace'),
            'after': data.decode('utf-8', 'replace')}
