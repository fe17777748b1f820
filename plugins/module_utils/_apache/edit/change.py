# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""The one way in which files of an Apache change: lock, backups, all files or none, httpd's own test, and everything back when it fails."""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

from collections import namedtuple
from contextlib import contextmanager

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.change_journal import alone, recorded
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.file_state import digest
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.transaction import write_all

# What an error says. rejected: httpd does not accept the new files; undone: every file is as it was; next_step: None for what the error itself says
Wording = namedtuple('Wording', ['rejected', 'undone', 'next_step'])


class ChangeTransaction(object):
    """Files that change together or not at all.

    :ivar httpd: Httpd that has to accept the result, where there is one
    :ivar state_dir: directory of this collection on the server
    :ivar wording: Wording
    :ivar is_recorded: whether the change becomes the last change, which config_restore undoes
    """

    def __init__(self, httpd, state_dir, wording, is_recorded):
        self.httpd = httpd
        self.state_dir = state_dir
        self.wording = wording
        self.is_recorded = is_recorded

    def run(self, steps, back_up):
        """Back the files up, write them, and let httpd test the result.

        :param steps: list of Step
        :param back_up: function that is called under the lock and returns the path of each file's backup, None for none
        :returns: what ``back_up`` returned
        :raises AdministratorError: with the state that the files are in then
        """
        with alone(self.state_dir):
            backups = back_up()
            with self._journal(steps, backups) as complete:

                def finish():
                    # The change is complete when every file is written; a test that fails takes the record back with the files.
                    complete()
                    self._test()

                write_all(steps, finish, self.wording.undone, self.wording.next_step)
        return backups

    @contextmanager
    def _journal(self, steps, backups):
        if not self.is_recorded:
            yield lambda: None
            return
        entries = [
            {'path': step.path, 'backup': backup, 'sha256_before': step.before.sha256, 'sha256_after': digest(step.data)}
            for step, backup in zip(steps, backups)
        ]
        with recorded(self.state_dir, entries) as complete:
            yield complete

    def _test(self):
        answer = self.httpd.test() if self.httpd.is_there else {'ok': True}
        if not answer['ok']:
            raise AdministratorError(self.wording.rejected, path=' '.join(answer['command']), expected='Syntax OK', found=answer['output'])
