# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""What reading a configuration brings to light: files, and directives with the sections that they stand in."""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import hashlib
from collections import namedtuple

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.config.lexer import parse
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._text import display

# Sections that do not open a scope: what stands in them counts as if it stood around them.
TRANSPARENT = frozenset((b'ifmodule', b'ifdefine', b'ifversion', b'iffile', b'ifdirective', b'ifsection', b'macro'))


class SourceFile(object):
    """One file of the configuration.

    :ivar path: absolute path as native text, links resolved
    :ivar data: its bytes
    :ivar sha256: their digest in hexadecimal
    :ivar lines: list of LogicalLine
    """

    def __init__(self, path, data, escaped_backslash_ends_line=False):
        self.path = path
        self.data = data
        self.sha256 = hashlib.sha256(data).hexdigest()
        self.lines = parse(data, escaped_backslash_ends_line)


class Section(object):
    """One opened section, or one use of a macro. Each opening is an object of its own.

    :ivar name: in small letters, as bytes; ``macro`` for a use
    :ivar spelling: the name as in the file, as bytes; None for the use of a macro
    :ivar arguments: as bytes, variables expanded
    :ivar source: the SourceFile that it was opened in, ``place``: the LogicalLine there
    """

    def __init__(self, name, spelling, arguments, source, place):
        self.name = name
        self.spelling = spelling
        self.arguments = arguments
        self.source = source
        self.place = place

    @property
    def file(self):
        """Path of the file that it was opened in."""
        return self.source.path

    @property
    def line(self):
        """Number of the line that opened it."""
        return self.place.line

    def text(self):
        """Return the section as a person would write it, or which macro was used where."""
        if self.spelling is None:
            return 'macro %s used at %s:%d' % (display(self.arguments), self.file, self.line)
        return '<%s%s%s>' % (display(self.spelling), ' ' if self.arguments else '', display(self.arguments))


class Directive(object):
    """One directive as httpd comes across it; a line in a macro or in a file that is read twice makes several.

    :ivar name: in small letters, as bytes
    :ivar arguments: as bytes, macro parameters and variables put in
    :ivar sections: tuple of Section from the outermost to the innermost
    :ivar active: True, False when a condition or an unused macro keeps httpd from it, None when that cannot be determined
    :ivar assumed: the IfDefine around it, as a Section, that depends on how httpd was started, where that is not known; else None
    :ivar barrier: the condition around it, as a Section, that never holds with this httpd, whatever it is started with; else None
    :ivar source: the SourceFile, ``place``: the LogicalLine in it
    :ivar literal: whether the text in the file is what httpd uses: no variable and no macro parameter in it
    :ivar unused_macro: whether it stands in a macro that nothing uses

    The opening of a virtual host is here, too, by the name ``virtualhost``: it makes a server even when nothing stands in it.
    """

    def __init__(self, statement, source, place, sections, active, unused_macro=False):
        self.name = statement.name.lower()
        self.arguments = statement.arguments
        self.source = source
        self.place = place
        self.sections = sections
        self.active = active
        self.unused_macro = unused_macro
        self.assumed = None
        self.barrier = None
        self.literal = statement == place.statement and b'${' not in place.text

    @property
    def file(self):
        """Path of the file that it stands in."""
        return self.source.path

    @property
    def line(self):
        """Number of its first physical line."""
        return self.place.line

    @property
    def scope(self):
        """Return the Section of the virtual host that it belongs to, None for the main server."""
        hosts = [section for section in self.sections if section.name == b'virtualhost']
        return hosts[-1] if hosts else None

    @property
    def forbidden_in(self):
        """Return the section in which httpd does not accept a directive of a server, None when there is no such section."""
        for section in self.sections:
            if section.name != b'virtualhost' and section.name not in TRANSPARENT:
                return section
        return None

    def section_text(self):
        """Return all sections around it in one line of text, empty at the outermost level."""
        return ' '.join(section.text() for section in self.sections)


# Something that httpd may read otherwise than it is read here. place: ``file:line``; name: the directive's name in small letters, as bytes
Unresolved = namedtuple('Unresolved', ['place', 'name', 'reason'])


class Tree(object):
    """A configuration as it was read.

    :ivar root: path of the file that the reading began with
    :ivar files: list of SourceFile in the order of their first reading
    :ivar server_root: the last ServerRoot, native text
    :ivar modules: dictionary of LoadModule: name to file, as bytes
    :ivar included_directories: set of directories, links resolved, that an Include names with a wildcard or as a whole: what is put there may be read
    :ivar read: set of the paths of files that httpd reads for sure; others are under a condition that cannot be decided
    :ivar unresolved: list of Unresolved, what keeps the reading from being complete
    :ivar definitions: dictionary of the names of variables, in small letters as bytes, to the place of their last Define, ``file:line``
    :ivar has_conditions: whether there are conditions that depend on the modules of httpd
    :ivar static_modules: frozenset of the names of compiled-in modules, as bytes; empty where they are not known
    :ivar from_environment: list of Unresolved whose reason is the name of a variable, as bytes, that has its value from the environment
    :ivar variables: set of the names of all variables that were asked for, as bytes
    :ivar inactive_includes: list of InactiveInclude, Includes that an IfDefine keeps httpd from
    """

    def __init__(self, root, server_root):
        self.root = root
        self.server_root = server_root
        self.files = []
        self.modules = {}
        self.included_directories = set()
        self.read = set()
        self.unresolved = []
        self.from_environment = []
        self.variables = set()
        self.static_modules = frozenset()
        self.definitions = {}
        self.has_conditions = False
        self.inactive_includes = []
        self.found = []

    def directives(self, name=None):
        """Return the directives in the order of reading, those with one name when it is given (bytes in small letters)."""
        if name is None:
            return list(self.found)
        return [directive for directive in self.found if directive.name == name]

    def file(self, path):
        """Return the SourceFile of a path, None when it was not read."""
        for source in self.files:
            if source.path == path:
                return source
        return None
