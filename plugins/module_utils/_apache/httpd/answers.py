# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""Parse what httpd reports about a configuration that it has read: files, virtual hosts, modules and directives.

Printed by core.c (DUMP_INCLUDES), vhost.c (ap_dump_vhosts), mod_so.c (dump_loaded_modules) and mod_info.c (DUMP_CONFIG).
"""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import os
import re
from collections import namedtuple

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.config.lexer import split_statement
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._text import native

DEFINES = ('DUMP_INCLUDES', 'DUMP_VHOSTS', 'DUMP_MODULES', 'DUMP_CONFIG')

# files: set of paths, links resolved; hosts: set of places; modules: set of names of structures that a LoadModule loaded;
# directives: list of (place, name in small letters, arguments). Places are (path, number of the last line), for what a macro makes those of its
# outermost use. Each is None where httpd does not report it.
Report = namedtuple('Report', ['files', 'hosts', 'modules', 'directives'])

_FILE = re.compile(br'^ *\((?:\*|\d+)\) (/.*)$', re.MULTILINE)
_HOST = re.compile(br" \(((?:/|macro ').*):(\d+)\)$", re.MULTILINE)
_MODULE = re.compile(br'^ (\w+) \((static|shared)\)$', re.MULTILINE)
_USE = re.compile(br'.* used on line (\d+) of "([^"]+)"+\Z', re.DOTALL)
_IN_FILE, _LINE = re.compile(br'# In file: (.*)\Z'), re.compile(br' *# +(\d+):\Z')
_TITLES = (b'Included configuration files:', b'VirtualHost configuration:', b'Loaded Modules:')


def parse_report(output):
    """Return the Report that the output of ``httpd -t`` with the DEFINES makes."""
    directives = _config(output)
    parts = dict((title, _part(output, title)) for title in _TITLES)
    files, hosts, modules = [parts[title] for title in _TITLES]
    return Report(
        None if files is None else frozenset(_real(path) for path in _FILE.findall(files)),
        None if hosts is None else frozenset(_place(path, int(line)) for path, line in _HOST.findall(hosts)),
        None if modules is None else frozenset(name for name, kind in _MODULE.findall(modules) if kind == b'shared'),
        directives)


def undefined_variables(output):
    """Return what httpd says about variables that are not defined, list of text."""
    lines = [line for line in output.splitlines() if 'AH00111' in line]
    found = [line[line.index('AH00111'):] for line in lines]
    return sorted(set(found), key=found.index)


def _part(output, title):
    """Return the lines below a title, None where it is not there."""
    begin = output.find(title + b'\n')
    if begin < 0:
        return None
    ends = [end for end in (output.find(other + b'\n', begin + 1) for other in _TITLES + (b'\n# In file: ',)) if end >= 0]
    end = min(ends) if ends else len(output)
    return output[begin:end] + b'\n'


def _real(path):
    return os.path.realpath(native(path))


def _place(path, line):
    """Return (path, line) of what httpd says stands there; for a macro the place of its outermost use."""
    use = _USE.match(path) if path.startswith(b"macro '") else None
    return (_real(use.group(2)), int(use.group(1))) if use else (_real(path), line)


def _config(output):
    """Return the directives that mod_info prints, None where it is not loaded."""
    found, path, line = [], None, None
    for text in output.split(b'\n'):
        in_file, number = _IN_FILE.match(text), _LINE.match(text)
        if in_file:
            path = in_file.group(1)
        elif number:
            line = int(number.group(1))
        elif path is not None and line is not None:
            statement = split_statement(text.strip())
            found.append((_place(path, line), statement.name.lower(), statement.arguments))
            line = None
    return found if path is not None else None


def parse_directives(output):
    """Return a dictionary of directives and sections to the source files of their modules from ``httpd -L``, None where it lists none."""
    found = {}
    for name, source in re.findall(br'^(<?[\w-]+) \(([^()\s]+)\)', output, re.MULTILINE):
        found.setdefault(name.lower(), []).append(source)
    return found or None
