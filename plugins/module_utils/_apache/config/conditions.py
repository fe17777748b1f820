# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""Decide whether httpd reads what stands in an IfModule, IfDefine, IfVersion, IfFile, IfDirective or IfSection.

Rules: core.c (start_cond_section and its tests), mod_version.c (start_ifversion). The answer may be None: it cannot be determined from here.
"""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import re

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.config.lexer import SPACE, next_word

CONDITIONALS = frozenset((b'ifmodule', b'ifdefine', b'ifversion', b'iffile', b'ifdirective', b'ifsection'))

# Source files of modules that are not named after their module.
_SOURCE_FILES = {
    b'mpm_event_module': b'event.c', b'mpm_worker_module': b'worker.c', b'mpm_prefork_module': b'prefork.c',
    b'http_module': b'http_core.c', b'core_module': b'core.c', b'ldap_module': b'util_ldap.c',
}
_STRUCTURES = dict((source, name) for name, source in _SOURCE_FILES.items())

_OPERATOR = re.compile(br'(!?)(>=|<=|==|=|>|<|~)?\Z')
_NUMBERS = re.compile(br'[0-9]{1,9}(?:\.[0-9]{1,9}){0,2}\Z')
# What Python takes as long for as nobody waits, or cannot read at all: repeated groups, many repetitions, and long patterns.
_REPEATED_GROUP = re.compile(br'\)[*+?{]')
_REPETITION = re.compile(br'[*+?{]')
_MOST_REPETITIONS = 4
_LONGEST_PATTERN = 100


class EvaluationContext(object):
    """What conditions are decided by, as it stands at one point of the reading.

    :ivar version: version of httpd as a tuple, None when it is not known
    :ivar static_modules: names by which a compiled-in module can be asked for, as bytes, None when they are not known
    :ivar loaded: names by which a LoadModule so far can be asked for, as bytes
    :ivar defines: names of Define and -D, as bytes; case counts
    :ivar values: dictionary of the values that Define gave, by names in small letters, as bytes
    :ivar directives: names of the directives and sections that httpd knows, as bytes in small letters, None when they are not known
    :ivar exists: function that tells whether a file is there; its argument is a word of the configuration
    """

    def __init__(self, version, static_modules, defines, exists, directives=None):
        """
        :param static_modules: names of the source files of compiled-in modules, as ``httpd -l`` lists them, or None
        """
        self.version = version
        self.static_modules = None if static_modules is None else static_modules | _structures(static_modules)
        self.loaded = set()
        self.defines = set(defines)
        self.values = {}
        self.exists = exists
        self.directives = directives

    def define(self, name, value=None):
        """Take note of a Define. httpd keeps names and values apart: case counts in names alone, and no value leaves an earlier one."""
        self.defines.add(name)
        if value is not None:
            self.values[name.lower()] = value

    def undefine(self, name):
        """Forget a name, and the value of any spelling of it."""
        self.defines.discard(name)
        self.values.pop(name.lower(), None)

    def load_module(self, name, file_name):
        """Take note of a LoadModule: name of its structure and of its file, as bytes."""
        stem = file_name.rsplit(b'/', 1)[-1].rsplit(b'.', 1)[0]
        source = b'mod_' + (name[:-7] if name.endswith(b'_module') else name) + b'.c'
        self.loaded.update((name, _SOURCE_FILES.get(name, source), stem + b'.c'))

    def has_module(self, name):
        """Return whether a module is there, by the name of its structure or of its source file; None when that cannot be determined."""
        if name in self.loaded:
            return True
        if self.static_modules is None:
            return None
        return name in self.static_modules


def _structures(sources):
    """Return the structures of compiled-in modules, which httpd finds them by as well (core.c, start_ifmod)."""
    return frozenset(_STRUCTURES.get(name, name[4:-2] + b'_module') for name in sources
                     if name in _STRUCTURES or (name.startswith(b'mod_') and name.endswith(b'.c')))


def decide(section, arguments, context):
    """Return whether a conditional section is read.

    :param section: its name in small letters, as bytes
    :param arguments: what stands between its name and its closing bracket, as bytes
    :returns: True, False, or None when that cannot be determined
    """
    if section == b'ifversion':
        return _decide_version(arguments, context.version)
    wanted = not arguments.startswith(b'!')
    word = next_word(arguments if wanted else arguments[1:], 0)[0]
    answer = _TESTS[section](word, context)
    return answer if answer is None or wanted else not answer


def _is_defined(word, context):
    if word in context.defines:
        return True
    # Without its httpd a file is read for any command line that an httpd might get.
    return None if context.static_modules is None else False


def _has_directive(word, context):
    """Return whether httpd knows a directive or section. Only httpd can list them, except for mod_ssl's."""
    if context.directives is not None:
        return word.lower() in context.directives
    return context.has_module(b'mod_ssl.c') if word.lower().startswith(b'ssl') else None


_TESTS = {
    b'ifmodule': lambda word, context: context.has_module(word),
    b'ifdefine': _is_defined,
    b'iffile': lambda word, context: context.exists(word),
    b'ifdirective': _has_directive,
    b'ifsection': lambda word, context: _has_directive(b'<' + word, context),
}


def _decide_version(arguments, version):
    words = arguments.split()
    if version is None or not 1 <= len(words) <= 2:
        return None
    operator = _OPERATOR.match(words[0]) if len(words) == 2 else _OPERATOR.match(b'=')
    if operator is None:
        return None
    answer = _compare(operator.group(2) or b'=', words[-1].strip(b'"' + SPACE), version)
    return answer if answer is None or not operator.group(1) else not answer


def _compare(operator, operand, version):
    if operator == b'~' or (operator in (b'=', b'==') and operand.startswith(b'/')):
        return _matches(operand.strip(b'/') if operator != b'~' else operand, version)
    if not _NUMBERS.match(operand):
        return None
    given = tuple(int(number) for number in operand.split(b'.'))
    given += (0,) * (3 - len(given))
    mine = (tuple(version) + (0, 0, 0))[:3]
    return {b'=': mine == given, b'==': mine == given, b'>': mine > given, b'>=': mine >= given,
            b'<': mine < given, b'<=': mine <= given}[operator]


def _matches(pattern, version):
    """Return whether a version fits a regular expression; None for one that is not understood, or that could be a trap."""
    text = '.'.join(str(number) for number in version)
    if len(pattern) > _LONGEST_PATTERN or _REPEATED_GROUP.search(pattern) or len(_REPETITION.findall(pattern)) > _MOST_REPETITIONS:
        return None
    try:
        return re.search(pattern.decode('latin-1'), text) is not None
    except (re.error, OverflowError):
        return None
