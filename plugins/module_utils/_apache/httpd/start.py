# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""Find out how the running httpd was started: its options, and the variables that its configuration uses.

Believed is only a process of root (in tests: of the user of this process) whose executable is the installed program, by device and inode, and
that owns a listening socket of the configuration. Where the installed program is a script, its executable is the one that the script names after
``exec``, and it must have been started for the root directory of this Apache. Of its options -D, -d, -f, -C and -c count; nothing of it is ever run.
"""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import os
import re
from collections import namedtuple

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._text import native

# options: list of native text, only -D, -d, -f, -C and -c with their values; environ: dictionary of native text, all of it: never told;
# pid: number of the process
Start = namedtuple('Start', ['pid', 'options', 'environ'])

# What httpd takes a value with (main.c, AP_SERVER_BASEARGS "C:c:D:d:E:e:f:vVlLtTSMh?X", and -k, -n).
_WITH_VALUE = frozenset('CcDdEefkn')
_COUNTED = frozenset('CcDdf')
_LISTENING = '0A'
# A script that starts httpd is short; the program that it becomes stands after exec, with its whole path.
_SCRIPT_BYTES = 64 * 1024
_EXEC = re.compile(br'^[ \t]*exec[ \t]+(/[^\s"\'$`\\;&|<>()]+)', re.MULTILINE)
_SOCKET = re.compile(r'socket:\[(\d+)\]\Z')


def find_start(program, ports, proc='/proc'):
    """Return the Start of the httpd that listens on one of some ports; None when there is none, or it cannot be looked at.

    :param program: path of the installed httpd
    :param ports: numbers of the ports that the configuration listens on
    """
    try:
        script, wanted = _executable(program)
    except (OSError, IOError):
        return None
    root = os.path.dirname(os.path.dirname(program))
    sockets = _listening(ports, proc)
    for pid in sorted((name for name in _names(proc) if name.isdigit()), key=int) if sockets else []:
        path = os.path.join(proc, pid)
        if _is_program(path, wanted) and _sockets(path) & sockets:
            options = _read(os.path.join(path, 'cmdline'))
            environ = _read(os.path.join(path, 'environ'))
            if options is None or environ is None:
                continue
            start = Start(int(pid), count_options(options.split(b'\0')[1:-1]), _variables(environ))
            if not script or root in values_of(start.options, 'd'):
                return start
    return None


def _executable(program):
    """Return whether a program is a script, and the status of the file that its process executes."""
    with open(program, 'rb') as stream:
        beginning = stream.read(_SCRIPT_BYTES)
    if not beginning.startswith(b'#!'):
        return False, os.stat(program)
    match = _EXEC.search(beginning)
    return True, os.stat(match.group(1) if match else program)


def _names(path):
    try:
        return os.listdir(path)
    except OSError:
        return []


def _read(path):
    try:
        with open(path, 'rb') as stream:
            return stream.read()
    except (OSError, IOError):
        return None


def _is_program(path, wanted):
    """Return whether a process of root, or of this user, executes a program."""
    try:
        owner, executable = os.stat(path), os.stat(os.path.join(path, 'exe'))
    except OSError:
        return False
    # Children of httpd have given up root; what they were started with counts less than what root was.
    return owner.st_uid in (0, os.geteuid()) and (executable.st_dev, executable.st_ino) == (wanted.st_dev, wanted.st_ino)


def _listening(ports, proc):
    """Return the inodes of sockets that listen on some TCP ports, as text."""
    found = set()
    for name in ('tcp', 'tcp6'):
        for line in (_read(os.path.join(proc, 'net', name)) or b'').decode('ascii', 'replace').splitlines()[1:]:
            fields = line.split()
            if len(fields) > 9 and fields[3] == _LISTENING and int(fields[1].rpartition(':')[2], 16) in ports:
                found.add(fields[9])
    return found


def _sockets(path):
    """Return the inodes of the sockets that a process has open, as text."""
    found = set()
    for name in _names(os.path.join(path, 'fd')):
        try:
            match = _SOCKET.match(os.readlink(os.path.join(path, 'fd', name)))
        except OSError:
            continue
        if match:
            found.add(match.group(1))
    return found


def count_options(words):
    """Return the options of a command line that decide what httpd reads, in their order: -D, -d, -f, -C and -c, each before its value.

    :param words: list of bytes, without the program
    :returns: list of native text
    """
    found, index = [], 0
    while index < len(words):
        word = words[index]
        index += 1
        letter = native(word[1:2]) if word.startswith(b'-') else ''
        if letter not in _WITH_VALUE or not letter:
            continue
        value = word[2:]
        if not value and index < len(words):
            value, index = words[index], index + 1
        if letter in _COUNTED:
            found += ['-' + letter, native(value)]
    return found


def values_of(options, letter):
    """Return the values of one option, in their order."""
    return [value for option, value in zip(options[::2], options[1::2]) if option == '-' + letter]


# A plain assignment in a shell script, perhaps exported: no expansion, no command.
_ASSIGNMENT = re.compile(
    br'^[ \t]*(?:export[ \t]+)?([A-Za-z_][A-Za-z0-9_]*)='
    br'(?:"([^"$`\\\n]*)"|\'([^\'\n]*)\'|([^\s"\'$`\\;&|<>()#]*))[ \t]*(?:;.*|#.*)?$', re.MULTILINE)


def read_envvars(path):
    """Return the variables that a start script (bin/envvars) sets in plain words; the script is parsed, never run.

    :returns: dictionary of native text; empty where there is no such file
    """
    found = {}
    for match in _ASSIGNMENT.finditer(_read(path) or b''):
        found[native(match.group(1))] = native(match.group(2) or match.group(3) or match.group(4) or b'')
    return found


def _variables(environ):
    found = {}
    for entry in environ.split(b'\0'):
        name, separator, value = entry.partition(b'=')
        if separator:
            found.setdefault(native(name), native(value))
    return found
