# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""The services of a server: whether they run, and starting and stopping them.

``cpstop`` and ``cpstart`` are judged by what is true afterwards, by the watchdog's list and by the TCP addresses that must or must not answer.
Their exit codes are not documented and only reported.
"""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import os
import re
import socket
import time
from collections import namedtuple

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._checkpoint import watchdog
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._commands import tail
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._parallel import ask_all, values
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._time import seconds_up

LIST_COMMAND = ['cpwd_admin', 'list']
# Seconds for one connection, and for one look at the list while waiting.
CONNECT_SECONDS = 2.0
LOOK_SECONDS = 30.0
_ADDRESS = re.compile(r'(?:(?:\[(?P<six>[0-9A-Fa-f]*:[0-9A-Fa-f:.]*(?:%[\w.-]+)?)\]|(?P<host>[^\s:\[\]]+)):)?(?P<port>[0-9]{1,5})$')

Wanted = namedtuple('Wanted', ['state', 'tool', 'verb', 'condition', 'next_step'])
STARTED = Wanted(
    'started',
    'cpstart',
    'start',
    'every process that the watchdog checks executing, and every port answering',
    'look into $CPDIR/log/cpwd.elg and the log of what is missing, remove the cause, and run cpstart',
)
STOPPED = Wanted(
    'stopped',
    'cpstop',
    'stop',
    'no process executing, and no port answering',
    'find out what keeps the named processes, run cpstop again, or run cpstart to have the services back',
)


class ServicesState(namedtuple('ServicesState', ['state', 'processes', 'ports'])):
    """``state`` (started, stopped, partial), ``processes`` as in watchdog.parse_list, ``ports``: list of ``address`` and ``answers``."""

    __slots__ = ()

    def facts(self):
        """The state as the dictionary that modules return."""
        return {
            'running': self.state == STARTED.state,
            'state': self.state,
            'processes': self.processes,
            'ports': self.ports,
        }

    def text(self):
        """The state as a sentence for a message."""
        running, missing = watchdog.executing(self.processes), watchdog.missing(self.processes)
        parts = ['the services are %s' % self.state]
        parts.append('executing: %s' % (', '.join(running) or 'none'))
        if running and missing:
            parts.append('terminated: %s' % ', '.join(missing))
        for port in self.ports:
            parts.append('%s %s' % (port['address'], 'answers' if port['answers'] else 'does not answer'))
        return '; '.join(parts)


def read_services(environment, ports=(), timeout=60.0):
    """Look whether the services run.

    :param ports: addresses that belong to the services: a number, ``"443"``, ``"host:443"`` or ``"[::1]:443"``; without a host 127.0.0.1
    :returns: ServicesState
    :raises AdministratorError: when the watchdog's list cannot be read, or an address cannot be understood
    """
    found = values(
        ask_all({'processes': lambda: read_processes(environment, timeout), 'ports': lambda: _read_ports(ports)})
    )
    return ServicesState(watchdog.judge(found['processes'], found['ports']), found['processes'], found['ports'])


def judge_services(processes, ports=()):
    """The same for a list that was read already."""
    seen = _read_ports(ports)
    return ServicesState(watchdog.judge(processes, seen), processes, seen)


def _read_ports(ports):
    addresses = [parse_address(port) for port in ports]
    found = values(ask_all(dict((_text(address), lambda address=address: answers(address)) for address in addresses)))
    return [{'address': _text(address), 'answers': found[_text(address)]} for address in addresses]


def read_processes(environment, timeout=60.0):
    """The watchdog's processes, see watchdog.parse_list.

    :raises AdministratorError: when the list cannot be read
    """
    result = environment.output(LIST_COMMAND, timeout)
    text = (result.stdout + b'\n' + result.stderr).decode('utf-8', 'replace')
    try:
        return watchdog.parse_list(text)
    except watchdog.ListError as error:
        raise AdministratorError(
            "the watchdog's list of processes cannot be read: %s" % error,
            path=' '.join(LIST_COMMAND),
            expected='a header APP PID STAT ..., then one row per process',
            found=tail(result.stdout + result.stderr, 5) or 'no output, exit code %d' % result.rc,
            next_step='run this command by hand on the server',
        )


def start_services(environment, timeout=600.0, ports=()):
    """Run ``cpstart`` and wait until the services are started.

    :param timeout: seconds for the tool and the waiting together
    :param ports: see ``read_services``
    :returns: ServicesState
    :raises AdministratorError: when they are not started in time; a tool that still runs then is killed
    """
    return _reach(environment, STARTED, timeout, ports)


def stop_services(environment, timeout=600.0, ports=()):
    """Run ``cpstop`` and wait until the services are stopped; see ``start_services``."""
    return _reach(environment, STOPPED, timeout, ports)


def ensure_services(environment, state, timeout=600.0, ports=(), check_mode=False):
    """Bring the services to a state; where they are in it already, nothing is run.

    :param state: ``started``, ``stopped`` or ``restarted``
    :param timeout: seconds, for stopping and for starting each
    :returns: dictionary of ``changed``, ``before``, ``state``, ``commands`` (names of tools) and ``services`` (see ServicesState.facts)
    :raises AdministratorError: see ``start_services``
    """
    if timeout < 1:
        # A tool that is killed at once leaves services half stopped.
        raise AdministratorError('the time limit is too short', expected='1 second or more', found='%g s' % timeout, state='nothing was run')
    before = now = read_services(environment, ports)
    steps = [step for step in (STOPPED, STARTED) if state in (step.state, 'restarted')]
    if before.state == state:
        steps = []
    for step in [] if check_mode else steps:
        now = _reach(environment, step, timeout, ports)
    return {
        'changed': bool(steps),
        'before': before.state,
        'state': steps[-1].state if steps else before.state,
        'commands': [step.tool for step in steps],
        'services': now.facts(),
    }


def _reach(environment, wanted, timeout, ports):
    for port in ports:
        parse_address(port)
    until = seconds_up() + timeout
    # Daemons keep the locale that they are started with: the profile's, not ours.
    result = environment.run([wanted.tool], timeout=timeout, locale=None)
    pause = 0.1
    while True:
        state, problem = _look(environment, ports)
        if state is not None and state.state == wanted.state:
            return state
        if seconds_up() + pause >= until:
            raise _not_reached(wanted, timeout, result, state, problem)
        time.sleep(pause)
        pause = min(pause * 1.5, 2.0)


def _look(environment, ports):
    """State and no error, or no state and the error: while services stop and start, the list may be out of reach for a while."""
    try:
        return read_services(environment, ports, LOOK_SECONDS), None
    except AdministratorError as error:
        return None, error


def _not_reached(wanted, timeout, result, state, problem):
    if result.timed_out:
        message = '%s did not end within %g s and was killed' % (wanted.tool, timeout)
    else:
        message = 'the services did not %s within %g s' % (wanted.verb, timeout)
    last = tail(result.stdout + result.stderr, 5) or 'no output'
    ended = '' if result.timed_out else 'exit code %d, ' % result.rc
    return AdministratorError(
        message,
        path=result.argv[0],
        expected=wanted.condition,
        found='%slast lines: %s' % (ended, last),
        state=state.text() if state else 'not known, because %s' % problem,
        next_step=wanted.next_step,
    )


# -- addresses


def parse_address(port):
    """Host and port number of an address.

    :param port: a number, ``"443"``, ``"host:443"`` or ``"[::1]:443"``
    :raises AdministratorError: when it is none of them
    """
    match = _ADDRESS.match(str(port).strip())
    number = int(match.group('port')) if match else 0
    if not 1 <= number <= 65535:
        raise AdministratorError(
            'this is no address of a service: %s' % port,
            expected='a port, host:port, or [IPv6 address]:port',
            found=str(port),
            next_step='correct the option ports',
        )
    return match.group('six') or match.group('host') or '127.0.0.1', number


def answers(address):
    """Whether a TCP address accepts a connection.

    :param address: pair of host and port number
    :raises AdministratorError: when the host's name cannot be resolved: that would look like a service that is stopped
    """
    try:
        connection = socket.create_connection(address, CONNECT_SECONDS)
    except socket.gaierror as error:
        raise AdministratorError(
            'the name cannot be resolved: %s' % error.args[-1],
            path=_text(address),
            expected='the address of this server',
            next_step='correct the option ports, or the name service of the server',
        )
    except (OSError, IOError):
        return False
    connection.close()
    return True


def _text(address):
    return '%s:%d' % (('[%s]' % address[0]) if ':' in address[0] else address[0], address[1])


# -- registry


def read_registry(environment):
    """Size of the registry file, without which a server does not come back after a stop.

    :returns: ``path``, ``size`` (bytes, 0 where it is not there) and ``readable``
    """
    path = os.path.join(environment.folder('CPDIR'), 'registry', 'HKLM_registry.data')
    size, readable = 0, False
    # Not a pipe or device in its place: opening that could wait for ever.
    if os.path.isfile(path):
        try:
            with open(path, 'rb') as stream:
                size, readable = os.fstat(stream.fileno()).st_size, True
        except (OSError, IOError):
            # What cannot be opened is reported as not readable, whatever the reason is.
            pass
    return {'path': path, 'size': size, 'readable': readable}
