# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""One try to put a server back: the old files, then running services. Can be broken off at any point and done again.

``cpstop`` runs at most once in the life of a guard, and only for services that run with files that were put back. After that there is ``cpstart`` alone.
"""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.httpd.installation import Httpd, find_installation
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._checkpoint.services import look
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._checkpoint.transitions import start_services, stop_services
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard import files
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._time import now_text

LOOK_SECONDS = 60.0


class Attempt(object):
    """One try.

    :param record: GuardRecord, brought up to date; ``note`` saves it
    :param environment: Environment
    :param kept: list of Kept
    :param digests: function of a path that returns the SHA-256 of all contents that the guard knows
    :param directories: where copies of files of another party may be kept
    :param cancelled: function that raises an error when the guard is to end
    """

    def __init__(self, record, note, environment, kept, digests, directories, cancelled):
        self.record, self._note, self._environment, self._kept = record, note, environment, kept
        self._digests, self._directories, self._cancelled = digests, directories, cancelled
        # Files that could not be put back, with the reason.
        self.problems = []
        self.services = None

    def run(self):
        """Put the files back and have the services run.

        :raises Exception: when they do not run
        """
        left = self._put_files_back()
        if left and self._is_refused():
            left = self._replace(left)
        try:
            self._bring_up()
        except AdministratorError:
            if not left:
                raise
            # The files of another party may be the reason.
            if self._replace(left) == left:
                raise
            left = []
            self._bring_up()
        self.record.left = sorted(files.describe(kept) for kept in left)

    def _put_files_back(self):
        """Put back what the guard owns; return the files that it does not."""
        left, self.problems = [], []
        for kept in self._kept:
            try:
                if self._put_back(kept) == files.FOREIGN:
                    left.append(kept)
            except Exception as error:
                # Whatever it is, the services have to be started.
                self.problems.append('%s: %s' % (kept.backup.path, error))
        return left

    def _put_back(self, kept):
        digests = self._digests(kept.backup.path)
        if files.classify(kept, digests) in (files.OWN, files.GONE):
            # Noted before it is done: when this is broken off after the file, the next one knows that running services have other settings.
            self.record.restart_needed = True
            self._note()
        found = files.put_back(kept, digests)
        if found in (files.OWN, files.GONE):
            self.record.restored = sorted(set((self.record.restored or []) + [kept.backup.path]))
        return found

    def _is_refused(self):
        """Return whether httpd refuses the configuration with the files of another party; False where it cannot be asked."""
        try:
            installation = find_installation(self._environment.uepm_dir)
            if installation.httpd is None or installation.httpd_conf is None:
                return False
            return not Httpd(installation, self._environment.variables).test()['ok']
        except AdministratorError:
            return False

    def _replace(self, left):
        """Replace files of another party, each after a copy was kept; return those that could not be."""
        still = []
        for kept in left:
            try:
                copy = files.replace_foreign(kept, self._directories)
            except Exception as error:
                self.problems.append('%s: %s' % (kept.backup.path, error))
                still.append(kept)
                continue
            self.record.kept = (self.record.kept or []) + [{'path': kept.backup.path, 'copy': copy}]
            self.record.restored = sorted(set((self.record.restored or []) + [kept.backup.path]))
            self.record.restart_needed = True
            self._note()
        return still

    def _bring_up(self):
        record = self.record
        before = record.processes or ()
        found = look(self._environment, record.ports or (), LOOK_SECONDS, before)
        if found.state == 'started' and not record.restart_needed:
            self.services = found
            return
        record.restarted = True
        if record.restart_needed and not record.stop and self._runs(found):
            self._stop()
        self.services = start_services(self._environment, record.start_timeout, record.ports or (), before, self._cancelled)
        if record.stop and record.stop != 'done':
            self.problems.append('The services could not be stopped, so they may still run with the files from before: %s' % record.stop)
        record.restart_needed = False

    def _stop(self):
        """Stop the services, once: half stopped is no reason to leave them so, and no reason to stop them again."""
        record = self.record
        try:
            stop_services(self._environment, record.stop_timeout, record.ports or (), self._cancelled)
            record.stop = 'done'
        except AdministratorError as error:
            silent = look(self._environment, record.ports or (), LOOK_SECONDS).is_silent()
            record.stop = 'done' if silent else str(error)
            record.attempts = (record.attempts or []) + [{'at': now_text(), 'failed': str(error)}]
        self._note()

    @staticmethod
    def _runs(found):
        """Return whether something runs that may have read the files that were put back."""
        return found.state not in ('stopped', 'unknown') or (found.state == 'unknown' and not found.is_silent())
