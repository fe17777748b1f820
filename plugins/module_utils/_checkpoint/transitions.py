# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""Start and stop the services with ``cpstart`` and ``cpstop``.

A stop that takes too long is ended as a whole, because a worker of it that lives on would stop the services again after they were started. A start is
never ended: what has come up so far may be all there will be, and the rest may still come.
"""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import time
from collections import namedtuple

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._checkpoint.services import look, parse_address
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._commands import end_group, tail
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._time import seconds_up

Wanted = namedtuple('Wanted', ['state', 'tool', 'verb', 'condition', 'next_step'])
STARTED = Wanted(
    'started',
    'cpstart',
    'start',
    'CPD executing, EPM, FWM and CPM where the server has them, the Endpoint Apache listening, and every port answering',
    'look into $CPDIR/log/cpwd.elg and the log of what is missing, remove the cause, and run cpstart',
)
STOPPED = Wanted(
    'stopped',
    'cpstop',
    'stop',
    'the end of cpstop, no listening Endpoint Apache, and none of CPD, EPM and FWM executing',
    'find out what keeps the named processes, run cpstop again, or run cpstart to have the services back',
)
# Seconds between asking a cpstop that is late to end and killing it, and for the killing.
STOP_GRACE_SECONDS = 60.0
STOP_KILL_SECONDS = 30.0
# How long a list that cannot be read is asked for again after a stop that has ended, in seconds.
UNREADABLE_SECONDS = 10.0
# How long a cpstart that goes on is waited for when everything runs already, in seconds.
LATE_SECONDS = 30.0


def start_services(environment, timeout=600.0, ports=(), before=(), cancelled=None):
    """Run ``cpstart`` and wait until the services are started.

    :param timeout: seconds for the tool and the waiting together
    :param ports: see ``read_services``
    :param before: names of processes that executed before the stop
    :param cancelled: function that raises an error when nobody wants this any more
    :returns: ServicesState
    :raises AdministratorError: when they are not started in time; a tool that still runs then is left alone
    """
    return _Transition(environment, STARTED, timeout, ports, before, cancelled).run()


def stop_services(environment, timeout=600.0, ports=(), cancelled=None):
    """Run ``cpstop`` and wait until the services are stopped.

    :returns: ServicesState; ``unknown`` where the tool has ended, nothing listens, and the watchdog's list cannot be read
    :raises AdministratorError: when they are not stopped in time; a tool that still runs then is ended with everything that it has started
    """
    return _Transition(environment, STOPPED, timeout, ports, (), cancelled).run()


def ensure_services(environment, state, timeout=600.0, ports=(), check_mode=False, before=(), started=None):
    """Bring the services to a state; where they are in it already, nothing is run.

    :param state: ``started``, ``stopped`` or ``restarted``
    :param timeout: seconds, for stopping and for starting each
    :param before: names of processes that executed before the stop, and are expected again
    :param started: function that is called with the name and the process number of each tool that is run
    :returns: dictionary of ``changed``, ``before``, ``state``, ``commands`` (names of tools) and ``services`` (see ServicesState.facts)
    :raises AdministratorError: see ``start_services``
    """
    if timeout < 1:
        # A tool that is ended at once leaves services half stopped.
        raise AdministratorError('the time limit is too short', expected='1 second or more', found='%g s' % timeout, state='nothing was run')
    found = now = look(environment, ports, before=before)
    steps = [step for step in (STOPPED, STARTED) if state in (step.state, 'restarted')]
    if found.state == state:
        steps = []
    for step in [] if check_mode else steps:
        now = _Transition(environment, step, timeout, ports, before, None, started).run()
    return {
        'changed': bool(steps),
        'before': found.state,
        'state': steps[-1].state if steps else found.state,
        'commands': [step.tool for step in steps],
        'services': now.facts(),
    }


class _Transition(object):
    """One run of one tool, and the waiting for what it is to bring about."""

    def __init__(self, environment, wanted, timeout, ports, before, cancelled, started=None):
        for port in ports:
            parse_address(port)
        self._environment, self._wanted, self._timeout, self._ports = environment, wanted, timeout, ports
        self._before = before
        self._cancelled = cancelled or (lambda: None)
        self._started = started or (lambda name, pid: None)
        self._until = seconds_up() + timeout
        self._state = None
        # Set when the tool was ended or left alone at the limit, in words.
        self._late = None
        self._survivors = []

    def run(self):
        """Do it; see ``start_services``."""
        self._command = self._environment.start([self._wanted.tool])
        self._started(self._wanted.tool, self._command.process.pid)
        try:
            self._wait_for_tool()
            self._wait_for_state()
        except AdministratorError:
            self._command.close()
            raise
        result = self._command.result(self._late is not None)
        if not self._survivors and self._reached():
            return self._state
        raise self._failure(result)

    def _wait_for_tool(self):
        """Wait until the tool has ended, or is not waited for any more."""
        next_look, since = seconds_up() + 2.0, None
        while not self._command.ended():
            self._cancelled()
            now = seconds_up()
            if now >= self._until:
                self._end_late_tool()
                return
            if self._wanted is STARTED and now >= next_look:
                self._look()
                next_look = seconds_up() + 2.0
                since = (since or now) if self._reached() else None
                if since is not None and now - since >= LATE_SECONDS:
                    return
            time.sleep(0.05)

    def _end_late_tool(self):
        if self._wanted is STARTED:
            self._late = 'it still runs as process %d and was left alone' % self._command.process.pid
            return
        self._survivors = end_group(self._command.process, STOP_GRACE_SECONDS, STOP_KILL_SECONDS)
        names = ', '.join('%s (process %d)' % (name, pid) for pid, name in self._survivors)
        self._late = 'could not be killed: %s' % names if names else 'was killed'

    def _wait_for_state(self):
        ended, pause = seconds_up(), 0.1
        while not self._survivors:
            self._look()
            patience = UNREADABLE_SECONDS if self._is_unreadable_stop() else 0.0
            if self._reached() and seconds_up() - ended >= patience:
                return
            if seconds_up() + pause >= self._until:
                return
            self._cancelled()
            time.sleep(pause)
            pause = min(pause * 1.5, 2.0)

    def _look(self):
        self._state = look(self._environment, self._ports, before=self._before)

    def _is_unreadable_stop(self):
        return self._wanted is STOPPED and self._state.state == 'unknown'

    def _reached(self):
        """Return whether the last look shows what is wanted. Unknown words of the watchdog's client are no reason for a second stop."""
        if self._state is None:
            return False
        return self._state.state == self._wanted.state or (self._is_unreadable_stop() and self._state.is_silent())

    def _failure(self, result):
        wanted = self._wanted
        if self._late is None:
            message = 'the services did not %s within %g s' % (wanted.verb, self._timeout)
        elif wanted is STARTED:
            message = '%s did not end within %g s, and the services did not start; %s' % (wanted.tool, self._timeout, self._late)
        else:
            message = '%s did not end within %g s and %s' % (wanted.tool, self._timeout, self._late)
        ended = '' if result.rc is None or self._late else 'exit code %d, ' % result.rc
        return AdministratorError(
            message,
            path=result.argv[0],
            expected=wanted.condition,
            found='%slast lines: %s' % (ended, tail(result.stdout + result.stderr, 5) or 'no output'),
            state=self._state.text() if self._state and not self._survivors else 'unknown: what still runs can stop the services at any time',
            next_step=wanted.next_step if not self._survivors else 'find out what keeps these processes, end them, then run cpstart',
        )
