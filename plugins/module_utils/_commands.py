# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""Run another program: an argument list, a fixed locale, a time limit, and no way to hang.

What a program prints goes to files, not to pipes: a daemon that the program leaves behind keeps a pipe open, and reading to its end would wait for
as long as the daemon lives. The file of a program that leaves daemons has a name, so that nobody looks in vain for the space that they fill.
"""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import errno
import fcntl
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

# How long a program that was told to end may take before it is killed, and how long the kernel may take for that, in seconds.
GRACE_SECONDS = 5.0
KILL_SECONDS = 5.0

# Where output is kept while a program runs, the first with some room.
SCRATCH_FOLDERS = ('/tmp', '/var/tmp', '/dev/shm')
_SCRATCH_BYTES = 1 << 20
# What is kept of an output: half of it from its beginning, half from its end.
KEPT_BYTES = 4 << 20
# A program that prints more than this is ended.
MOST_BYTES = 256 << 20
UMASK = 0o022


def _lead_group():
    os.setsid()
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)


# How a child process starts: in a group of its own, and ended by a broken pipe, which Python ignores for itself. Python 3 does both
# without running code between fork and exec, which is safe beside other threads.
NEW_GROUP = {'preexec_fn': _lead_group} if sys.version_info[0] == 2 else {'start_new_session': True}


def run_command(argv, environ=None, timeout=60.0, stdin=b'', cwd='/', locale='C'):
    """Run a program without a shell and return what it said.

    :param argv: list of text; the first item is the program, found on the PATH of ``environ``
    :param environ: dictionary of environment variables, default: those of this process
    :param timeout: seconds after which the program and its process group are ended
    :param stdin: bytes given to the program's standard input
    :param locale: the locale of the program, None for the one in ``environ``: daemons keep the one that they are started with
    :returns: CommandResult; ``stdout`` and ``stderr`` are bytes, ``rc`` is negative for a signal
    :raises AdministratorError: when the program cannot be started at all, or prints without end
    """
    command = Command(argv, environ, stdin, cwd, locale, _scratch())
    timed_out = not command.wait(timeout)
    if timed_out:
        end_group(command.process)
    return command.result(timed_out)


class Command(object):
    """A program that was started.

    :param outputs: two objects as ``_File``, for standard output and standard error
    """

    def __init__(self, argv, environ, stdin, cwd, locale, outputs):
        self.argv = list(argv)
        self.began = seconds_up()
        self._outputs = outputs
        variables = dict(os.environ if environ is None else environ)
        if locale is not None:
            variables['LC_ALL'] = variables['LANGUAGE'] = locale
        try:
            self.process = _start(self.argv, variables, stdin, [output.writer for output in outputs], cwd)
        except AdministratorError:
            self.close()
            raise
        for output in outputs:
            output.started()

    def ended(self):
        """Return whether the program has ended; what it left behind does not count.

        :raises AdministratorError: when it prints without end; it is ended then
        """
        if sum(output.take() for output in self._outputs) > MOST_BYTES:
            end_group(self.process)
            self.close()
            raise AdministratorError(
                'the program printed more than %d MiB and was ended' % (MOST_BYTES >> 20), path=self.argv[0], expected='a short answer',
                next_step='run it by hand on the server, and look why it does not stop printing',
            )
        return self.process.poll() is not None

    def wait(self, seconds):
        """Wait for the end of the program; False when it still runs after ``seconds``."""
        until, pause = seconds_up() + seconds, 0.005
        while not self.ended():
            if seconds_up() >= until:
                return False
            time.sleep(pause)
            pause = min(pause * 1.5, 0.1)
        return True

    def result(self, timed_out=False):
        """Return the CommandResult of a program that is not waited for any more; ``rc`` is None for one that still runs."""
        try:
            said = [output.said() for output in self._outputs]
        finally:
            self.close()
        return CommandResult(self.argv, self.process.poll(), said[0], b''.join(said[1:]), timed_out, seconds_up() - self.began)

    def close(self):
        """Let go of the files."""
        for output in self._outputs:
            output.close()


def start_command(argv, environ, log):
    """Start a program that leaves daemons behind, and return it as a Command.

    It has the umask that the product's own start has, and nothing of it stays in a file without a name.

    :param log: path of the file for everything that it prints, replaced; None, or one that cannot be written: nothing is kept
    """
    mask = os.umask(UMASK)
    try:
        return Command(argv, environ, b'', '/', None, (_Log(log),))
    finally:
        os.umask(mask)


class _File(object):
    """A file without a name that takes an output."""

    def __init__(self, folder):
        self._stream = tempfile.TemporaryFile(dir=folder)
        self.writer = self._stream

    def started(self):
        """Nothing is to be done here once the program has its own copy of the file."""

    def take(self):
        """Return how many bytes there are."""
        return os.fstat(self._stream.fileno()).st_size

    def said(self):
        """Return what was printed, shortened in its middle."""
        return _shortened(self._stream, 0)

    def close(self):
        """Close it."""
        self._stream.close()


class _Log(object):
    """A file with a name that takes an output, from where it ends now; ``/dev/null`` where there can be none."""

    def __init__(self, path):
        try:
            if not path:
                raise IOError(errno.ENOENT, 'no log')
            self._stream = os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_APPEND | os.O_TRUNC | os.O_NOFOLLOW | os.O_NONBLOCK, 0o600), 'r+b')
            # A full file system has room for the name of a file, and none for its contents.
            os.write(self._stream.fileno(), b'\n')
        except (OSError, IOError):
            self._stream = open(os.devnull, 'r+b', 0)
        self.writer = self._stream
        self.take = lambda: 0

    def started(self):
        """The program goes on with its own copy."""

    def said(self):
        """Return the end of what was printed."""
        return _shortened(self._stream, 1)

    def close(self):
        """Close it here; daemons keep it."""
        self._stream.close()


class _Pipe(object):
    """A pipe that takes an output where no file system has room; emptied while the program runs."""

    def __init__(self):
        self._reader, writer = os.pipe()
        self.writer = os.fdopen(writer, 'wb', 0)
        fcntl.fcntl(self._reader, fcntl.F_SETFL, fcntl.fcntl(self._reader, fcntl.F_GETFL) | os.O_NONBLOCK)
        fcntl.fcntl(self._reader, fcntl.F_SETFD, fcntl.FD_CLOEXEC)
        self._data, self._count = [], 0

    def started(self):
        """Close the end that the program has."""
        self.writer.close()

    def take(self):
        """Read what there is; return how many bytes there were in all."""
        while self._reader is not None:
            try:
                block = os.read(self._reader, 65536)
            except (OSError, IOError):
                break
            if not block:
                break
            self._count += len(block)
            if self._count <= KEPT_BYTES:
                self._data.append(block)
        return self._count

    def said(self):
        """Return what was printed, from its beginning."""
        self.take()
        return b''.join(self._data)

    def close(self):
        """Close what is open."""
        self.writer.close()
        if self._reader is not None:
            os.close(self._reader)
            self._reader = None


def _shortened(stream, start):
    """Return what a file holds from an offset on: all of it, or its beginning and its end."""
    try:
        size = os.fstat(stream.fileno()).st_size
        stream.seek(start)
        if size - start <= KEPT_BYTES:
            return stream.read(KEPT_BYTES)
        head = stream.read(KEPT_BYTES // 2)
        stream.seek(size - KEPT_BYTES // 2)
        return head + b'\n[%d bytes left out]\n' % (size - start - KEPT_BYTES) + stream.read(KEPT_BYTES // 2)
    except (OSError, IOError):
        return b''


def _scratch():
    """Return the outputs of a program, in files where some file system has room."""
    for folder in SCRATCH_FOLDERS:
        try:
            status = os.statvfs(folder)
            if status.f_bavail * status.f_frsize >= _SCRATCH_BYTES:
                return _File(folder), _File(folder)
        except (OSError, IOError):
            # Missing, read-only or out of inodes: the next one may do.
            continue
    return _Pipe(), _Pipe()


def _start(argv, variables, stdin, writers, cwd):
    given = None
    try:
        given = _input(stdin)
        # The run_command that is asked for belongs to a module, and this is called by what knows none.
        return subprocess.Popen(  # pylint: disable=ansible-bad-function
            argv, stdin=given, stdout=writers[0], stderr=writers[-1], env=variables, cwd=cwd, close_fds=True, **NEW_GROUP
        )
    except (OSError, IOError) as error:
        raise AdministratorError(
            'the program could not be started', path=argv[0], found=os.strerror(error.errno) if error.errno else str(error)
        )
    finally:
        if given is not None:
            given.close()


def _input(data):
    """Return an open file with the bytes for standard input; they are few, so that a pipe can hold them."""
    if not data:
        return open(os.devnull, 'rb')
    reader, writer = os.pipe()
    try:
        fcntl.fcntl(writer, fcntl.F_SETFL, os.O_NONBLOCK)
        os.write(writer, data)
    finally:
        os.close(writer)
    return os.fdopen(reader, 'rb')


def end_group(process, grace=None, last=None):
    """End the program's process group as a whole, first politely; its leader may be gone already.

    :param grace: seconds between asking and killing
    :param last: seconds that the kernel may take for the killing
    :returns: list of (process number, name) of those that live on all the same
    """
    return end_members(process.pid, grace, last, process.poll)


def end_members(leader, grace=None, last=None, poll=lambda: 0):
    """End a process group that another process may have started; see ``end_group``.

    :param leader: number of the process that led it
    :param poll: function that returns None as long as the leader is to be waited for
    """
    for number, seconds in ((signal.SIGTERM, grace), (signal.SIGKILL, last)):
        seconds = seconds if seconds is not None else GRACE_SECONDS if number == signal.SIGTERM else KILL_SECONDS
        until = seconds_up() + seconds
        _signal_group(leader, number)
        while poll() is None or members(leader):
            if seconds_up() >= until:
                break
            time.sleep(0.05)
            if number == signal.SIGKILL:
                # What was started in between.
                _signal_group(leader, number)
        else:
            return []
    return members(leader)


def _signal_group(leader, number):
    for target, send in [(leader, os.killpg)] + [(pid, os.kill) for pid, _name in members(leader)]:
        try:
            send(target, number)
        except OSError as error:
            if error.errno not in (errno.ESRCH, errno.EPERM):
                raise


def members(leader):
    """Return the living processes of a group and of its session: list of (process number, name)."""
    found = []
    for name in os.listdir('/proc'):
        if not name.isdigit():
            continue
        try:
            with open('/proc/%s/stat' % name, 'rb') as status:
                text = status.read()
        except (OSError, IOError):
            continue
        # PID (NAME) STATE PARENT GROUP SESSION
        fields = text.rpartition(b')')[2].split()
        if len(fields) > 3 and fields[0] not in (b'Z', b'X', b'x') and leader in (int(fields[2]), int(fields[3])):
            found.append((int(name), text.partition(b'(')[2].rpartition(b')')[0].decode('utf-8', 'replace')))
    return sorted(found)


def tail(data, lines=20):
    """Return the last lines of a program's output as text for a message."""
    return '\n'.join(data.decode('utf-8', 'replace').rstrip().splitlines()[-lines:])
