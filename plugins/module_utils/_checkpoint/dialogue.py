# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""A dialogue with a program that asks a question: on a terminal of its own, answered once, and only the question that was expected.

A terminal and not a pipe, because a program that writes to a pipe keeps its question back until it ends.
"""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import errno
import os
import pty
import re
import select
import subprocess
import termios
import time
from collections import namedtuple

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._commands import NEW_GROUP, end_group
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._time import seconds_up

# What was said before the answer and after it (text); whether it was given; whether the program ended in time; its exit code; and the last line
# of a question that was not the expected one.
Transcript = namedtuple('Transcript', ['before', 'after', 'answered', 'timed_out', 'rc', 'unexpected'])

# A program that is silent for so many seconds after something like a question is waiting for an answer.
QUIET_SECONDS = 1.0
# Before the answer anything that ends like a prompt is one; after it the program may be at work, and only a plain question ends it.
_QUESTION_BEFORE = re.compile(r'(?:[?:>]|[\(\[]\s*y(?:es)?\s*/\s*n(?:o)?\s*[\)\]])\s*\Z', re.IGNORECASE)
_QUESTION_AFTER = re.compile(r'(?:\?|[\(\[]\s*y(?:es)?\s*/\s*n(?:o)?\s*[\)\]](?:\s*:)?)\s*\Z', re.IGNORECASE)
_MOST_OUTPUT = 1 << 20


def converse(argv, variables, question, answer, approve, timeout=60.0):
    """Run a program, wait for its question, and answer it once.

    :param argv: list of text, the program's path first
    :param variables: dictionary, its environment
    :param question: compiled pattern that matches the end of what was said up to the question
    :param answer: bytes
    :param approve: function that is called with what was said so far before the answer is given; an AdministratorError that it raises ends
        the program and is passed on
    :param timeout: seconds for all of it; a program that still runs then is killed
    :returns: Transcript
    :raises AdministratorError: when the program cannot be started
    """
    master, process = _start(argv, variables)
    try:
        talk = _Talk(master, process, seconds_up() + timeout)
        talk.follow(question, answer, approve)
        return talk.end()
    finally:
        if process.poll() is None:
            end_group(process)
        os.close(master)


class _Talk(object):
    def __init__(self, master, process, until):
        self._master = master
        self._process = process
        self._until = until
        self._said = [b'', b'']
        self._answered = False
        self._unexpected = None

    def follow(self, question, answer, approve):
        """Listen and answer until the program closes its terminal, ends, waits for something else, or the time is over."""
        while seconds_up() < self._until and len(self._said[self._answered]) < _MOST_OUTPUT:
            ready = select.select([self._master], [], [], max(0.0, min(QUIET_SECONDS, self._until - seconds_up())))[0]
            if ready:
                data = self._read()
                if not data:
                    return
                self._said[self._answered] += data
                if not self._answered and question.search(self._text(False)):
                    approve(self._text(False))
                    self._answered = True
                    os.write(self._master, answer)
            elif self._process.poll() is not None:
                return
            elif (_QUESTION_AFTER if self._answered else _QUESTION_BEFORE).search(self._text(self._answered)):
                self._unexpected = self._text(self._answered).strip().splitlines()[-1]
                return

    def _read(self):
        try:
            return os.read(self._master, 4096)
        except (OSError, IOError) as error:
            # Linux tells the end of a terminal as EIO.
            if error.errno != errno.EIO:
                raise
            return b''

    def _text(self, answered):
        return self._said[answered].decode('utf-8', 'replace').replace('\r', '')

    def end(self):
        """Wait for the end of the program as long as there is time."""
        while self._process.poll() is None and self._unexpected is None and seconds_up() < self._until:
            time.sleep(0.01)
        ended = self._process.poll()
        timed_out = ended is None and self._unexpected is None
        return Transcript(self._text(False), self._text(True), self._answered, timed_out, ended, self._unexpected)


def _start(argv, variables):
    variables = dict(variables, LC_ALL='C', LANGUAGE='C')
    try:
        master, slave = pty.openpty()
    except (OSError, IOError) as error:
        raise AdministratorError(
            'the program could not be started', path=argv[0], expected='a free pseudo terminal, below /dev/pts', found=str(error)
        )
    try:
        settings = termios.tcgetattr(slave)
        settings[1] &= ~termios.OPOST
        settings[3] &= ~termios.ECHO
        termios.tcsetattr(slave, termios.TCSANOW, settings)
        # A terminal and a dialogue: more than a module's run_command, which is asked for, can do.
        process = subprocess.Popen(  # pylint: disable=ansible-bad-function
            argv, stdin=slave, stdout=slave, stderr=slave, env=variables, cwd='/', close_fds=True, **NEW_GROUP
        )
    except (OSError, IOError) as error:
        os.close(master)
        raise AdministratorError(
            'the program could not be started', path=argv[0], found=os.strerror(error.errno) if error.errno else str(error)
        )
    finally:
        os.close(slave)
    return master, process
