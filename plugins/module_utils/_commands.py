# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""Running another program: an argument list, a fixed locale, a time limit, and no way to hang."""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import errno
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections import namedtuple

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._time import seconds_up

CommandResult = namedtuple('CommandResult', ['argv', 'rc', 'stdout', 'stderr', 'timed_out', 'seconds'])

# How long a program that was told to end may take before it is killed, in seconds.
GRACE_SECONDS = 5.0

# Where output is kept while a program runs, the first with some room: tools must be started and heard on a server whose disk is full, too.
SCRATCH_FOLDERS = ('/tmp', '/var/tmp', '/dev/shm')
_SCRATCH_BYTES = 1 << 20


def _lead_group():
    os.setsid()
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)


# How a child process starts: in a group of its own, and ended by a broken pipe, which Python ignores for itself. Python 3 does both
# without running code between fork and exec, which is safe beside other threads.
NEW_GROUP = {'preexec_fn': _lead_group} if sys.version_info[0] == 2 else {'start_new_session': True}


def run_command(argv, environ=None, timeout=60.0, stdin=b'', cwd='/', locale='C'):
    """Run a program without a shell and return what it said.

    Output goes to temporary files, not to pipes: a daemon that the program leaves behind keeps a pipe open, and
    reading to its end would wait for as long as the daemon lives (``cpstart`` leaves many).

    :param argv: list of text; the first item is the program, found on the PATH of ``environ``
    :param environ: dictionary of environment variables, default: those of this process
    :param timeout: seconds after which the program and its process group are ended
    :param stdin: bytes given to the program's standard input
    :param locale: the locale of the program, None for the one in ``environ``: daemons keep the one that they are started with
    :returns: CommandResult; ``stdout`` and ``stderr`` are bytes, ``rc`` is negative for a signal
    :raises AdministratorError: when the program cannot be started at all, or there is no room for its output
    """
    variables = dict(os.environ if environ is None else environ)
    if locale is not None:
        variables['LC_ALL'] = variables['LANGUAGE'] = locale
    started = seconds_up()
    folder = _scratch_folder(argv[0])
    with _scratch(folder) as given, _scratch(folder) as out, _scratch(folder) as err:
        given.write(stdin)
        given.seek(0)
        process = _start(argv, variables, given, out, err, cwd)
        timed_out = not _wait(process, started + timeout)
        if timed_out:
            end_group(process)
        out.seek(0)
        err.seek(0)
        return CommandResult(list(argv), process.returncode, out.read(), err.read(), timed_out, seconds_up() - started)


def _scratch(folder):
    return tempfile.TemporaryFile(dir=folder)


def _scratch_folder(program):
    for folder in SCRATCH_FOLDERS:
        try:
            status = os.statvfs(folder)
            if status.f_bavail * status.f_frsize >= _SCRATCH_BYTES:
                _scratch(folder).close()
                return folder
        except (OSError, IOError):
            # Missing, read-only or out of inodes: the next one may do.
            continue
    raise AdministratorError(
        'the program could not be started', path=program, expected='1 MiB for its output in %s' % ' or '.join(SCRATCH_FOLDERS),
        found='a full or read-only file system in each', next_step='free space there, then run again',
    )


def _start(argv, variables, given, out, err, cwd):
    try:
        # The run_command that is asked for belongs to a module, and this is called by what knows none.
        return subprocess.Popen(  # pylint: disable=ansible-bad-function
            argv, stdin=given, stdout=out, stderr=err, env=variables, cwd=cwd, close_fds=True, **NEW_GROUP
        )
    except (OSError, IOError) as error:
        raise AdministratorError(
            'the program could not be started', path=argv[0], found=os.strerror(error.errno) if error.errno else str(error)
        )


def _wait(process, until):
    """Wait for the end of a process; False when ``until`` (see seconds_up) passed before it."""
    pause = 0.005
    while process.poll() is None:
        if seconds_up() >= until:
            return False
        time.sleep(pause)
        pause = min(pause * 1.5, 0.1)
    return True


def end_group(process):
    """End the program's process group, first politely."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
        except OSError as error:
            if error.errno != errno.ESRCH:
                raise
        if _wait(process, seconds_up() + GRACE_SECONDS):
            return
    process.wait()


def tail(data, lines=20):
    """The last lines of a program's output as text for a message."""
    return '\n'.join(data.decode('utf-8', 'replace').rstrip().splitlines()[-lines:])
