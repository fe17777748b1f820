# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""Bring the files of an Apache to a policy: plan, back up, write, test, and put everything back when the test fails."""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import os
import re
from functools import partial

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.edit.backup_placement import back_up_files, refuse_included
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.edit.change import ChangeTransaction, Wording
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.edit.plan import plan_change
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.httpd.answers import undefined_variables
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.httpd.inspection import HttpdInspection
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError, UNCHANGED
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.atomic_write import link_warning, write_file
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.change_journal import record_path
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.file_state import read_file
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.temporary import remove_leftovers
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.transaction import Step
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._text import name_bytes

WORDING = Wording('the configuration test fails with the new configuration', 'the old configuration is back in place', None)

# What httpd says about a value that this collection replaces: no reason not to replace it. The second it says of SSLProxyProtocol, too.
_REPLACED = re.compile(r"^SSLProtocol: Illegal protocol '", re.MULTILINE)
_WITHDRAWN = re.compile(r'^(?:SSLProtocol: )?SSLv[23](?: is no longer| not) supported', re.MULTILINE)
_WITHDRAWN_WORD = re.compile(br'(?i)(?:^|[\s"\'])\+?SSLv[23](?![\w.])')


def enforce_protocols(httpd, protocols, state_dir, backup_dir=None, check_mode=False, refuse=None):
    """Make every scope that can serve TLS enable exactly the policy.

    :param httpd: Httpd
    :param protocols: names of protocols
    :param state_dir: directory for records, and for backups unless ``backup_dir`` says otherwise
    :param backup_dir: directory for backups; None: the state directory's; False: keep no backups
    :param refuse: function that raises for the paths of files that may not be written
    :returns: dictionary with ``changed`` and what the module ``ssl_protocol`` returns
    :raises AdministratorError: when the policy cannot be reached; the files are then as they were, unless the message says otherwise
    """
    inspection = HttpdInspection(httpd)
    plan = plan_change(inspection, protocols)
    states = [_unchanged_since(path, plan.old[path]) for path in sorted(plan.contents)]
    warnings = plan.warnings + [warning for warning in map(link_warning, states) if warning]
    if refuse is not None:
        refuse([state.path for state in states])
    backups = None if backup_dir is False else backup_dir or os.path.join(state_dir, 'backups')
    if states and backups is not None:
        refuse_included(backups, states, inspection.tree)
    validated = _test_before(inspection, bool(states), warnings) if httpd.is_there else False
    kept = [None] * len(states) if check_mode else _change(plan, states, inspection, state_dir, backups)
    return {
        'changed': bool(states),
        'before': plan.before,
        'after': plan.after,
        'directives': [edit.describe() for edit in plan.edits],
        'files': [{'path': state.path, 'backup_file': backup} for state, backup in zip(states, kept)],
        'httpd_options': inspection.options,
        'validated': validated and plan.is_complete,
        'warnings': warnings,
        'diff': [_difference(state, plan.contents[state.path]) for state in states],
    }


def _unchanged_since(path, data):
    state = read_file(path)
    if state.data != data:
        raise AdministratorError('another process changed the file meanwhile', path=path, state=UNCHANGED, next_step='run again')
    return state


def _test_before(inspection, changes, warnings):
    """Return whether httpd accepts the configuration as it is. What would not start anyway is refused before anything is written."""
    test = inspection.httpd.test()
    warnings.extend(undefined_variables(test['output']))
    if not test['ok'] and not changes:
        warnings.append('no SSLProtocol has to change, but the configuration test fails: %s' % test['output'])
    if not test['ok'] and changes and not _is_replaced(test['output'], inspection.tree):
        raise AdministratorError(
            'the configuration test fails already before the change', path=' '.join(test['command']), expected='Syntax OK',
            found=test['output'], state=UNCHANGED, next_step='repair the configuration by hand')
    return test['ok'] or changes


def _is_replaced(output, tree):
    """Return whether httpd objects to nothing but a value of SSLProtocol, which will be another one."""
    if _REPLACED.search(output):
        return True
    others = [directive for directive in tree.directives(b'sslproxyprotocol') if directive.active is not False]
    return bool(_WITHDRAWN.search(output)) and not any(_WITHDRAWN_WORD.search(directive.arguments) for directive in others)


def _change(plan, states, inspection, state_dir, backup_dir):
    """Carry the plan out; returns the path of each file's backup, None for none."""
    # A run that was killed while it marked its record may have left something: where nothing has to change any more, nothing else looks there.
    remove_leftovers(os.path.dirname(name_bytes(record_path(state_dir))))
    if not states:
        return []
    steps = [Step(state.path, state, plan.contents[state.path], partial(write_file, state, plan.contents[state.path])) for state in states]

    def back_up():
        # Whoever had the lock before may have changed what was read.
        for source in inspection.tree.files:
            _unchanged_since(source.path, source.data)
        return back_up_files(states, backup_dir, inspection) if backup_dir is not None else [None] * len(states)

    return ChangeTransaction(inspection.httpd, state_dir, WORDING, True).run(steps, back_up)


def _difference(state, data):
    return {'before_header': state.path, 'after_header': state.path, 'before': state.data.decode('utf-8', 'replace'),
            'after': data.decode('utf-8', 'replace')}
