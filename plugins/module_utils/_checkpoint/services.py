# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""Read whether the services of a server run.

They are judged by what is true, never by exit codes: by the watchdog's list, by the sockets of the Endpoint Apache, and by the TCP addresses that must
answer. See watchdog.judge for the table.
"""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import os
import re
import socket
from collections import namedtuple

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._checkpoint import watchdog
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._checkpoint.listening import is_serving
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._commands import tail
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._parallel import ask_all, values

LIST_COMMAND = ['cpwd_admin', 'list']
# Seconds for one connection, and for one look at the watchdog's list.
CONNECT_SECONDS = 2.0
LOOK_SECONDS = 30.0
_ADDRESS = re.compile(r'(?:(?:\[(?P<six>[0-9A-Fa-f]*:[0-9A-Fa-f:.]*(?:%[\w.-]+)?)\]|(?P<host>[^\s:\[\]]+)):)?(?P<port>[0-9]{1,5})$')

# Names are resolved with this codec, which Python loads when it is first needed: a guard must not need a file later on.
u'localhost'.encode('idna')


class ServicesState(namedtuple('ServicesState', ['state', 'processes', 'ports', 'serving', 'warnings', 'problem', 'before'])):
    """What runs now.

    ``state`` is started, stopped, partial, or unknown where the watchdog's list cannot be read. ``processes`` are as in watchdog.parse_list,
    ``ports`` is a list of ``address`` and ``answers``. ``serving`` tells whether the Endpoint Apache listens (None: not known), ``warnings`` what is
    not as it should be and does not matter for the state, ``problem`` why the list could not be read (None: it could), ``before`` which processes
    executed before a stop.
    """

    __slots__ = ()

    def facts(self):
        """Return the state as the dictionary that modules return."""
        return {
            'running': self.state == 'started',
            'state': self.state,
            'processes': self.processes,
            'ports': self.ports,
            'serving': self.serving,
            'warnings': self.warnings,
        }

    def text(self):
        """Return the state as a sentence for a message."""
        if self.problem is not None:
            return 'not known, because %s' % self.problem
        running, absent = watchdog.executing(self.processes), watchdog.missing(self.processes, self.before)
        listed = [process['name'] for process in self.processes]
        parts = ['the services are %s' % self.state]
        parts.append('executing: %s' % (', '.join(running) or 'none'))
        for words, names in (('terminated', [name for name in absent if name in listed]), ('not listed', [name for name in absent if name not in listed])):
            if running and names:
                parts.append('%s: %s' % (words, ', '.join(names)))
        for port in self.ports:
            parts.append('%s %s' % (port['address'], 'answers' if port['answers'] else 'does not answer'))
        if self.serving is False and any(port['answers'] for port in self.ports):
            parts.append('what answers is not the Endpoint Apache, which does not listen')
        return '; '.join(parts + list(self.warnings))

    def is_silent(self):
        """Return whether the Endpoint Apache serves nobody."""
        return watchdog.is_silent(self.ports, self.serving)


def read_services(environment, ports=(), timeout=60.0, before=()):
    """Look whether the services run.

    :param ports: addresses that belong to the services: a number, ``"443"``, ``"host:443"`` or ``"[::1]:443"``; without a host 127.0.0.1
    :param before: names of processes that executed before a stop, and are expected again
    :returns: ServicesState
    :raises AdministratorError: when the watchdog's list cannot be read, or an address cannot be understood
    """
    found = values(ask_all(dict(_sights(environment, ports), processes=lambda: read_processes(environment, timeout))))
    return _state(found['processes'], found['ports'], found['serving'], before)


def look(environment, ports=(), timeout=LOOK_SECONDS, before=()):
    """Look whether the services run; a list that cannot be read makes the state ``unknown``.

    While services stop and start, the list may be out of reach for a while, and what ``cpwd_admin`` says then differs by release.
    """
    try:
        return read_services(environment, ports, timeout, before)
    except AdministratorError as error:
        found = values(ask_all(_sights(environment, ports)))
        return ServicesState('unknown', [], found['ports'], found['serving'], [], str(error), before)


def _sights(environment, ports):
    return {'ports': lambda: _read_ports(ports), 'serving': lambda: is_serving(environment)}


def judge_services(processes, ports=(), serving=None):
    """Judge a list that was read already; see ``read_services``."""
    return _state(processes, _read_ports(ports), serving, ())


def _state(processes, ports, serving, before):
    return ServicesState(
        watchdog.judge(processes, ports, serving, before), processes, ports, serving, watchdog.warnings(processes, before), None, before,
    )


def _read_ports(ports):
    addresses = [parse_address(port) for port in ports]
    found = values(ask_all(dict((_text(address), lambda address=address: answers(address)) for address in addresses)))
    return [{'address': _text(address), 'answers': found[_text(address)]} for address in addresses]


def read_processes(environment, timeout=60.0):
    """Return the watchdog's processes, see watchdog.parse_list.

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


# -- addresses


def parse_address(port):
    """Parse an address into host and port number.

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
    """Return whether a TCP address accepts a connection.

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
    """Return the size of the registry file, without which a server does not come back after a stop.

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
