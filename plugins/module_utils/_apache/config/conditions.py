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

# Directives that mod_ssl has had since 2.0: of others only httpd knows whether it has them.
_OF_EVERY_MOD_SSL = frozenset((b'sslengine', b'sslprotocol', b'sslciphersuite', b'sslcertificatefile', b'sslcertificatekeyfile', b'ssloptions'))

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
# What Python and PCRE, which httpd asks, understand alike: a first difference is a POSIX class, a second a repetition without its lower bound.
_UNDERSTOOD = re.compile(br'(?:[0-9.^$|()*+?]|\\[.d]|\[\^?(?:[0-9.]|[0-9]-[0-9])+\]|\{[0-9]+(?:,[0-9]*)?\})*\Z')
_MOST_REPETITIONS = 4
_LONGEST_PATTERN = 100


class EvaluationContext(object):
    """What conditions are decided by, as it stands at one point of the reading.

    :ivar version: version of httpd as a tuple, None when it is not known
    :ivar static_modules: names by which a compiled-in module can be asked for, as bytes, None when they are not known
    :ivar loaded: names of modules that a LoadModule so far loaded, as bytes: of the structure, and of the source file as it is usually called
    :ivar maybe_loaded: the same of those that a start with other options would load
    :ivar module_files: files that a LoadModule so far named, as bytes
    :ivar mentions: function that tells whether a module's file contains the name of a source file
    :ivar defines: names of Define and -D, as bytes; case counts
    :ivar values: dictionary of the values that Define gave, by names in small letters, as bytes
    :ivar directives: dictionary of the directives and sections that httpd knows in the end, as bytes in small letters, to the source files of
        the modules that have them; None when they are not known
    :ivar start_is_known: whether ``defines`` are those that the httpd in question was started with
    :ivar exists: function that tells whether a file is there; its argument is a word of the configuration
    """

    def __init__(self, version, static_modules, defines, exists, directives=None, mentions=None, start_is_known=True):
        """
        :param static_modules: names of the source files of compiled-in modules, as ``httpd -l`` lists them, or None
        """
        self.version = version
        self.static_modules = None if static_modules is None else static_modules | _structures(static_modules)
        self.loaded = set()
        self.maybe_loaded = set()
        self.module_files = []
        self.mentions = mentions or (lambda file_name, source: True)
        self.start_is_known = start_is_known
        self.defines = set(defines)
        self.values = {}
        self.exists = exists
        self.directives = directives
        self._sources = None if directives is None else frozenset(source for sources in directives.values() for source in sources)

    def define(self, name, value=None):
        """Take note of a Define.

        httpd keeps names and values apart: case counts in names alone, and no value leaves an earlier one. It takes an empty value as none.
        """
        self.defines.add(name)
        if value:
            self.values[name.lower()] = value

    def undefine(self, name):
        """Forget a name, and the value of any spelling of it."""
        self.defines.discard(name)
        self.values.pop(name.lower(), None)

    def load_module(self, name, file_name):
        """Take note of a LoadModule: name of its structure and of its file, as bytes."""
        self.loaded.update((name, _usual_source(name)))
        self.module_files.append(file_name)

    def may_load_module(self, name):
        """Take note of a LoadModule that a start with other options would read."""
        self.maybe_loaded.update((name, _usual_source(name)))

    def has_module(self, name):
        """Return whether a module is there, by the name of its structure or of its source file; None when that cannot be determined."""
        if name in self.loaded and (self._sources is None or name in self._sources or not name.endswith(b'.c')):
            return True
        if self.static_modules is None:
            return None
        if name in self.static_modules:
            return True
        if name in self.maybe_loaded:
            return None
        if self._sources is None or not name.endswith(b'.c'):
            return False
        # A module may have another source file than is usual. Then the file that is loaded has its name in it.
        return None if any(self.mentions(file_name, name) for file_name in self._unexplained(name)) else False

    def _unexplained(self, name):
        """Return the files of modules so far, where httpd knows the source file or one of them has no directives; else none."""
        if name in self.loaded or name in self._sources:
            return self.module_files
        silent = [source for source in self.loaded if source.endswith(b'.c') and source not in self._sources]
        return self.module_files if silent else []

    def has_directive(self, name):
        """Return whether httpd knows a directive, or a section with its bracket, at this point; None when that cannot be determined."""
        if self.directives is None:
            return self.has_module(b'mod_ssl.c') if name in _OF_EVERY_MOD_SSL else None
        answers = [self.has_module(source) for source in self.directives.get(name, ())]
        if True in answers:
            return True
        return None if None in answers else False


def _usual_source(name):
    return _SOURCE_FILES.get(name, b'mod_' + (name[:-7] if name.endswith(b'_module') else name) + b'.c')


def _structures(sources):
    """Return the structures of compiled-in modules, which httpd finds them by as well (core.c, start_ifmod)."""
    return frozenset(_STRUCTURES.get(name, name[4:-2] + b'_module') for name in sources
                     if name in _STRUCTURES or (name.startswith(b'mod_') and name.endswith(b'.c')))


def depends_on_start(section, arguments, context):
    """Return whether the options that httpd was started with decide a conditional section, and they are not known."""
    if section != b'ifdefine' or context.start_is_known:
        return False
    return next_word(arguments[1:] if arguments.startswith(b'!') else arguments, 0)[0] not in context.defines


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


_TESTS = {
    b'ifmodule': lambda word, context: context.has_module(word),
    b'ifdefine': _is_defined,
    b'iffile': lambda word, context: context.exists(word),
    b'ifdirective': lambda word, context: context.has_directive(word.lower()),
    b'ifsection': lambda word, context: context.has_directive(b'<' + word.lower()),
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
    if len(pattern) > _LONGEST_PATTERN or not _UNDERSTOOD.match(pattern):
        return None
    if _REPEATED_GROUP.search(pattern) or len(_REPETITION.findall(pattern)) > _MOST_REPETITIONS:
        return None
    try:
        return re.search(pattern.decode('latin-1'), text) is not None
    except (re.error, OverflowError):
        return None
