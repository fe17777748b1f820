# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""Start a process that outlives its session, and tell whether one still lives."""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import errno
import fcntl
import os
import select
import signal
import syslog
import time

try:
    import ctypes
except ImportError:  # a Python that was built without it
    ctypes = None

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError, UNCHANGED
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.os_errors import uninterrupted
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._time import seconds_up

_BOOT_ID = '/proc/sys/kernel/random/boot_id'
_PR_SET_NAME = 15
# What ps -e and pgrep show, 15 bytes at most. Release 1.0.0 called its own change_guard.
_NAME = b'endpoint_guard'
_SIGNALS_OF_A_SESSION = (signal.SIGHUP, signal.SIGINT, signal.SIGQUIT, signal.SIGPIPE, signal.SIGTTOU, signal.SIGTTIN, signal.SIGTSTP)
_ENDED = (b'Z', b'X', b'x')
_SECONDS_TO_APPEAR = 30.0
_UMASK = 0o022
# The signals that have asked this process for something.
_ASKED = []


def asked_to_act():
    """Return whether this detached process was asked to act before its time (SIGUSR1)."""
    return signal.SIGUSR1 in _ASKED


def asked_to_end():
    """Return whether this detached process was asked to end (SIGTERM)."""
    return signal.SIGTERM in _ASKED


def boot_id():
    """Return a name for the time since the server was started; empty where the kernel has none."""
    try:
        with open(_BOOT_ID, 'rb') as name:
            return name.read().decode('ascii', 'replace').strip()
    except (OSError, IOError):
        return ''


def identify(pid):
    """Return what tells this process from a later one with the same number: dictionary with ``pid``, ``started`` (clock ticks) and ``boot_id``."""
    return {'pid': pid, 'started': _started(pid), 'boot_id': boot_id()}


def lives(identity):
    """Return whether a process that ``identify`` described still runs; nothing is sent to it."""
    if not identity or identity.get('boot_id') != boot_id():
        return False
    started = _started(identity.get('pid') or 0)
    return started is not None and started == identity.get('started')


def _started(pid):
    """Return when a process started, in clock ticks since the server was started; None when it is gone or ended."""
    try:
        with open('/proc/%d/stat' % pid, 'rb') as status:
            fields = status.read().rpartition(b')')[2].split()
        return None if fields[0] in _ENDED else int(fields[19])
    except (OSError, IOError, ValueError, IndexError):
        return None


def seconds_of_life(pid):
    """Return for how long a process has been running; 0 when it is gone."""
    started = _started(pid)
    return 0.0 if started is None else max(0.0, seconds_up() - seconds_since_boot_of({'started': started}))


def seconds_since_boot_of(identity):
    """Return when a process started, on the clock of ``seconds_up``."""
    return (identity.get('started') or 0) / float(os.sysconf('SC_CLK_TCK'))


def was_replaced(identity):
    """Return whether the number of a process belongs to another one now."""
    started = _started(identity.get('pid') or 0)
    return identity.get('boot_id') != boot_id() or started not in (None, identity.get('started'))


def end(identity, seconds=5.0, politely=True):
    """End a process, first politely unless said otherwise; True when it is gone."""
    for number in (signal.SIGTERM, signal.SIGKILL) if politely else (signal.SIGKILL,):
        if not lives(identity):
            return True
        try:
            os.kill(identity['pid'], number)
        except OSError as error:
            if error.errno != errno.ESRCH:
                raise
        until = seconds_up() + seconds
        while lives(identity) and seconds_up() < until:
            time.sleep(0.02)
    return not lives(identity)


def detach(work, kept=()):
    """Run a function in a process that nothing of this one can reach: own session, no terminal, no open file of the parent.

    The process never comes back into the caller's code. Whatever it needs must be imported before: a module that was sent to this server is
    deleted as soon as its parent has ended.

    :param work: function with one argument: a descriptor, on which it may tell the parent something
    :param kept: further descriptors that it needs
    :returns: (identity of the process, descriptor with what it tells, at its end when the process has ended)
    :raises AdministratorError: when it does not appear
    """
    told, tell = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            os.setsid()
            if os.fork() == 0:
                _cut_ties((tell,) + tuple(kept))
                os.write(tell, b'%d\n' % os.getpid())
                fcntl.fcntl(tell, fcntl.F_SETFL, os.O_NONBLOCK)
                work(tell)
        finally:
            os._exit(0)  # not through the caller's "finally" and "atexit"
    os.close(tell)
    os.waitpid(child, 0)
    return identify(_read_number(told)), told


def _cut_ties(kept):
    os.chdir('/')
    # That of the product's own start: what is made here for the guard itself is given its mode, and what is started here is not to have a stricter one.
    os.umask(_UMASK)
    syslog.closelog()
    for number in _SIGNALS_OF_A_SESSION:
        # A function, because a signal that is ignored stays so in the programs that are started.
        signal.signal(number, _pass_over)
    del _ASKED[:]
    signal.signal(signal.SIGTERM, _note_asked)
    signal.signal(signal.SIGUSR1, _note_asked)
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in (0, 1, 2):
        os.dup2(nothing, descriptor)
    for descriptor in _open_descriptors():
        if descriptor > 2 and descriptor not in kept:
            try:
                os.close(descriptor)
            except OSError:
                pass
    if ctypes is not None:
        ctypes.CDLL(None).prctl(_PR_SET_NAME, _NAME, 0, 0, 0)


def _note_asked(number, _frame):
    _ASKED.append(number)


def _pass_over(_number, _frame):
    return None


def _open_descriptors():
    try:
        return [int(name) for name in os.listdir('/proc/self/fd')]
    except OSError:
        return list(range(3, os.sysconf('SC_OPEN_MAX')))


def _read_number(told):
    """Read the line with the number of a new process."""
    line = read_line(told, _SECONDS_TO_APPEAR)
    if not line:
        os.close(told)
        raise AdministratorError('the guard process did not start', state=UNCHANGED, next_step='look at the load of this server')
    return int(line)


def read_line(descriptor, seconds):
    """Read one line that a detached process tells; None when it does not come in time, or the process has ended."""
    text, until = [], seconds_up() + seconds
    while not text or text[-1] != b'\n':
        if not wait_readable(descriptor, until - seconds_up()):
            return None
        text.append(uninterrupted(os.read, descriptor, 1))
        if not text[-1]:
            return None
    return b''.join(text)


def tell_line(descriptor, data):
    """Tell a line to the parent, which may be gone or too busy to listen."""
    try:
        os.write(descriptor, data + b'\n')
    except (OSError, IOError):
        pass


def wait_readable(descriptor, seconds):
    """Wait until something, or the end, can be read; False when the time is over."""
    until = seconds_up() + seconds
    while True:
        try:
            return bool(select.select([descriptor], [], [], max(0.0, until - seconds_up()))[0])
        except (OSError, select.error) as error:
            if error.args[0] != errno.EINTR:
                raise
