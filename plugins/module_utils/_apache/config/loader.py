# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""Read a configuration as httpd does: includes, conditional sections, variables and macros, in the order of the files.

Rules: config.c (ap_build_config_sub), core.c (include_config, set_define, ap_resolve_env), mod_macro.c.
"""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import os
import re
from collections import namedtuple

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.config import inactive_includes, include_paths, macros
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.config.conditions import (
    CONDITIONALS,
    EvaluationContext,
    decide,
    depends_on_start,
)
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.config.lexer import (
    CLOSE,
    DIRECTIVE,
    OPEN,
    expand_variables,
    split_statement,
    split_words,
    variables_in,
)
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.config.nodes import Directive, Section, SourceFile, Tree, Unresolved
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.config.section_stack import Frame, Stream, around, ends, may_end
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError, UNCHANGED
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.file_state import read_file
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._text import display, name_bytes, native

# A configuration larger than this is not one: macros that use macros can grow without end.
MAX_LINES = 200000
# Limits that httpd does not have, far beyond any use; what goes beyond them doubles itself, or fills any memory: bytes of lines that
# variables and macros make, macros that use each other, and the sections around all directives together.
MAX_MADE = 16 * 1024 * 1024
MAX_NESTED = 128
MAX_AROUND = 4 * 1000 * 1000


# Conditions that another start, or another file, would decide otherwise; the others depend on the httpd alone.
_CHANGING = frozenset((b'ifdefine', b'iffile'))
_OF_MODULES = frozenset((b'ifmodule', b'ifdirective', b'ifsection'))
# Sections whose lines are the text of a program. The first end like this; the second may configure anything.
_LUA, _PERL = re.compile(br'luahook|luaquickhandler'), b'perl'

_NOT_TEXT = re.compile(br'\xff\xfe|\xfe\xff|[^\0]\0[^\0]\0|\0[^\0]\0[^\0]', re.DOTALL)

# One directive that the loader acts upon: the Directive, its words, the Item and the Stream that it came from.
_Action = namedtuple('_Action', ['directive', 'words', 'item', 'stream'])


def read_tree(httpd_conf, server_root, defines=(), environ=None, build=None, read=None, start_is_known=True, environ_is_known=True, before=b'',
              after=b''):
    """Read a configuration and everything that it includes.

    :param httpd_conf: path of the file to begin with, native text
    :param server_root: directory that relative paths count from until a ServerRoot says otherwise
    :param defines: names given to httpd with -D, as bytes
    :param environ: dictionary of environment variables as native text, for ``${NAME}``
    :param build: Build of the httpd; None where there is none, then conditions that need it are undecided (active is None); without
        its modules, where it is not known what it has loaded and was started with
    :param read: function from a path to the bytes of the file, default: the file itself
    :param start_is_known: whether ``defines`` are those that the httpd in question was started with; ``environ_is_known``: the same of ``environ``
    :param before, after: bytes of the lines that it reads before the file and after it (options -C and -c)
    :returns: Tree
    :raises AdministratorError: with file and line, when httpd could not read the configuration either
    """
    loader = _Loader(server_root, defines, environ, build, read or _bytes_of, start_is_known, environ_is_known)
    return loader.run(os.path.abspath(httpd_conf), before, after)


def _bytes_of(path):
    return read_file(path).data


class _Loader(object):
    def __init__(self, server_root, defines, environ, build, read, start_is_known, environ_is_known):
        self.environ_is_known = environ_is_known
        self.read = read
        self.build = build
        self.environ = dict((name_bytes(name), name_bytes(value)) for name, value in (environ or {}).items())
        self.tree = Tree(None, server_root)
        self.context = EvaluationContext(
            build.version if build else None, build.static_modules if build else None, defines, self._exists,
            build.directives if build else None, self._mentions, start_is_known)
        self.tree.static_modules = frozenset(self.context.static_modules or ())
        self.doubtful = set()
        self.mentioned = {}
        self.macros = {}
        self.unused = []
        self.depth = 0
        self.lines_read = 0
        self.bytes_made = 0
        self.sections_around = 0

    @property
    def _has_httpd(self):
        return self.build is not None and self.build.static_modules is not None

    @property
    def is_old(self):
        return self.build is not None and self.build.version is not None and self.build.version < (2, 3, 0)

    def run(self, path, before, after):
        self.tree.root = os.path.realpath(path)
        if before:
            self._lines(SourceFile('option -C', before), (), True)
        self._lines(self._source(path), (), True)
        if after:
            self._lines(SourceFile('option -c', after), (), True)
        self._unused_macros()
        return self.tree

    def _exists(self, word):
        return os.path.exists(include_paths.absolute(native(word), self.tree.server_root))

    def _mentions(self, file_name, source):
        """Return whether a module's file contains the name of a source file; True where it cannot be read."""
        key = (file_name, source)
        if key not in self.mentioned:
            try:
                data = _bytes_of(os.path.realpath(include_paths.absolute(native(file_name), self.tree.server_root)))
                self.mentioned[key] = source + b'\0' in data
            except AdministratorError:
                self.mentioned[key] = True
        return self.mentioned[key]

    def _source(self, path):
        """Return the SourceFile of a path; httpd reads a file once more for each Include, and it is the same file."""
        path = os.path.realpath(path)
        source = self.tree.file(path)
        if source is None:
            data = self.read(path)
            if _NOT_TEXT.match(data):
                raise AdministratorError(
                    'the file is encoded in UTF-16, which httpd cannot read', path=path, line=1, expected='ASCII or UTF-8', state=UNCHANGED,
                    next_step='save it in UTF-8')
            source = SourceFile(path, data, self.is_old)
            self.tree.files.append(source)
        return source

    def _lines(self, source, sections, active):
        """Read every line of one file. Sections have to be closed in the file that opens them."""
        if active:
            self.tree.read.add(source.path)
        frames = [Frame(None, active)]
        stream = Stream(source)
        for item in stream:
            self.lines_read += 1
            if self.lines_read > MAX_LINES:
                raise self._error(item, 'the configuration grows without end', 'at most %d lines' % MAX_LINES)
            reads = frames[-1].active
            text = item.text if reads is False or b'${' not in item.text else self._expand(item)
            statement = split_statement(text)
            if statement.kind == OPEN:
                self._open(statement, item, sections, frames, stream)
            elif statement.kind == CLOSE:
                self._close(statement, item, frames)
            elif statement.kind == DIRECTIVE:
                self._directive(self._placed(statement, item, sections, frames, reads), item, stream)
        if not may_end(frames[1:]):
            opened = frames[-1].section
            raise AdministratorError(
                'a section is never closed', path=opened.file, line=opened.line, expected='</%s>' % display(opened.spelling),
                found='the end of the file')

    def _expand(self, item):
        names = variables_in(item.text)
        found = [(name, self.context.values.get(name.lower(), self.environ.get(name))) for name in names]
        self.tree.variables.update(names)
        if self.context.start_is_known and self.environ_is_known:
            self.tree.from_environment += [
                Unresolved('%s:%d' % (item.source.path, item.place.line), split_statement(item.text).name.lower(), name)
                for name in names if name.lower() not in self.context.values and name in self.environ]
        for name, value in found:
            if (value is None and not self.environ_is_known) or name.lower() in self.doubtful:
                self._unresolved(item, 'the value of ${%s} depends on how httpd was started, which is not known' % display(name))
        self._make(item, sum(len(value) for dummy, value in found if value is not None))
        return expand_variables(item.text, dict((name, value) for name, value in found if value is not None))

    def _unresolved(self, item, reason):
        place = '%s:%d' % (item.source.path, item.place.line)
        self.tree.unresolved.append(Unresolved(place, split_statement(item.text).name.lower(), reason))

    def _make(self, item, size):
        """Take note of bytes that variables or a macro are about to make."""
        self.bytes_made += size
        if self.bytes_made > MAX_MADE:
            raise self._error(item, 'variables and macros make the configuration grow without end', 'at most %d bytes' % MAX_MADE)

    def _open(self, statement, item, sections, frames, stream):
        if not statement.closed and frames[-1].active is not False:
            raise self._error(item, 'a section has no closing bracket', '<%s ...>' % display(statement.name))
        name = statement.name.lower()
        section = Section(name, statement.name, statement.arguments, item.source, item.place)
        frame = frames[-1]
        if name == b'macro' and frame.active is not False:
            self._define_macro(section, item, stream)
            return
        if frame.active is not False and (_LUA.match(name) or name == _PERL):
            self._skip_program(section, item, stream)
            return
        frames.append(self._frame(section, frame, item.uses))
        if name == b'virtualhost':
            # It makes a server even when nothing stands in it.
            self.tree.found.append(self._placed(statement, item, sections, frames, frames[-1].active))

    def _frame(self, section, around, uses):
        """Return the Frame that a section opens within another."""
        active, assumed, barrier = around.active, around.assumed, around.barrier
        if section.name in CONDITIONALS:
            self.tree.has_conditions = self.tree.has_conditions or section.name in _OF_MODULES
            answer = decide(section.name, section.arguments, self.context)
            if answer is False and section.name not in _CHANGING:
                barrier = barrier or section
            if depends_on_start(section.name, section.arguments, self.context):
                assumed = assumed or section
            if active is not False:
                active = answer if active or answer is False else None
        return Frame(section, active, uses, assumed, barrier)

    def _skip_program(self, section, item, stream):
        """Skip the text of a program, which httpd hands on as it is (mod_lua's hooks, mod_perl's sections)."""
        end = b'</perl' if section.name == _PERL else b'</lua'
        if not any(line.text.lower().startswith(end) for line in stream):
            raise self._error(item, 'a section is never closed', '</%s>' % display(section.spelling))
        if section.name == _PERL:
            self._unresolved(item, 'a <Perl> section can configure anything, and is not read here')

    def _placed(self, statement, item, sections, frames, active):
        """Return a Directive with the sections around it."""
        sections += around(frames[1:], item.uses)
        self.sections_around += len(sections)
        if self.sections_around > MAX_AROUND:
            raise self._error(item, 'too many directives are nested too deep', 'at most %d sections around all of them' % MAX_AROUND)
        directive = Directive(statement, item.source, item.place, sections, active)
        directive.assumed, directive.barrier = frames[-1].assumed, frames[-1].barrier
        return directive

    def _close(self, statement, item, frames):
        opened = frames[-1].section
        if opened is None or not ends(statement, item.text, frames[-1]):
            raise self._error(item, 'a section is closed that is not the one open', 'no section end' if opened is None else
                              '</%s> for %s:%d' % (display(opened.spelling), opened.file, opened.line))
        frames.pop()

    def _define_macro(self, section, item, stream):
        macro = macros.define(section)
        if macro is None or not macros.collect(stream, macro):
            raise self._error(item, 'a macro has no name or no end', '<Macro name> ... </Macro>')
        self.macros[macro.name] = macro
        self.unused.append(macro)

    def _directive(self, directive, item, stream):
        self.tree.found.append(directive)
        action = self._ACTIONS.get(directive.name)
        if action is not None and directive.active is not False:
            action(self, _Action(directive, split_words(directive.arguments), item, stream))
        elif directive.active is False and directive.name in inactive_includes.INCLUDES:
            self._not_included(directive, item)
        elif directive.assumed and directive.barrier is None:
            self._not_done(directive.name, split_words(directive.arguments))

    def _not_done(self, name, words):
        """Take note of what a start with other options would do to what follows."""
        if name == b'loadmodule' and words:
            self.context.may_load_module(words[0])
        elif name in (b'define', b'undefine') and words:
            self.doubtful.add(words[0].lower())

    def _not_included(self, directive, item):
        """Take note of an Include that httpd would follow if it were started otherwise."""
        define = inactive_includes.missing_define(directive, self.context)
        if define is not None:
            words = split_words(split_statement(self._expand(item)).arguments)
            paths = inactive_includes.files_with_tls(words, self.tree.server_root, self.read)
            self.tree.inactive_includes.append(inactive_includes.InactiveInclude(directive, define, paths))

    def _define(self, action):
        if action.words:
            self.context.define(*action.words[:2])
            self.tree.definitions[action.words[0].lower()] = '%s:%d' % (action.item.source.path, action.item.place.line)
            if action.directive.assumed or b'${' in b''.join(action.words[1:2]):
                self.doubtful.add(action.words[0].lower())

    def _undefine(self, action):
        for word in action.words[:1]:
            self.context.undefine(word)

    def _load_module(self, action):
        if len(action.words) == 2:
            name, file_name = action.words
            if action.directive.active or self.build is None:
                self.context.load_module(name, file_name)
                self.tree.modules[name] = file_name
            else:
                self.context.may_load_module(name)
                self.tree.modules.setdefault(name, file_name)

    def _server_root(self, action):
        for word in action.words[:1]:
            self.tree.server_root = os.path.normpath(native(word))

    def _include(self, action):
        item = action.item
        if self.depth >= include_paths.MAX_DEPTH:
            raise self._error(item, 'files include each other without end', 'at most %d levels' % include_paths.MAX_DEPTH)
        self.depth += 1
        depth, known = self.depth, len(self.tree.found)
        try:
            for path in self._included(action.directive, action.words, item):
                self._lines(self._included_source(path, item), action.directive.sections, action.directive.active)
        except AdministratorError:
            # httpd would not start if it read this. As it cannot be decided whether it does, it is not fatal here: httpd itself is asked.
            if action.directive.active is not None or not self._has_httpd:
                raise
            del self.tree.found[known:]
            self.depth = depth
        self.depth -= 1

    def _included_source(self, path, item):
        try:
            return self._source(path)
        except AdministratorError as error:
            raise self._unreadable(item, error.sentence())

    def _included(self, directive, words, item):
        if len(words) != 1:
            raise self._error(item, 'an Include needs one path', 'one path')
        optional = directive.name == b'includeoptional'
        try:
            paths = include_paths.expand(native(words[0]), self.tree.server_root)
            if paths != [include_paths.absolute(native(words[0]), self.tree.server_root)]:
                self.tree.included_directories.update(os.path.dirname(os.path.realpath(path)) for path in paths)
            return [path for path in paths if path != include_paths.EMPTY and not (optional and include_paths.leads_nowhere(path))]
        except include_paths.NothingFound as problem:
            if optional or (self.is_old and '*' in native(words[0])):
                return []
            raise self._unreadable(item, str(problem))
        except include_paths.Unreadable as problem:
            raise self._unreadable(item, str(problem))

    def _unreadable(self, item, reason):
        return AdministratorError(
            'an included file cannot be read, and it may hold an SSLProtocol', path=item.source.path, line=item.place.line,
            expected='files that can be read', found=reason)

    def _use(self, action):
        words, item = action.words, action.item
        macro = self.macros.get(words[0].lower()) if words else None
        if macro is None or len(words) - 1 != len(macro.parameters):
            if action.directive.active is None and self._has_httpd:
                return  # httpd would not start if it read this
            raise self._error(item, 'a macro is used that is not defined, or not with these parameters', 'a macro defined before')
        if any(use.arguments == macro.name for use in item.uses):
            raise self._error(item, 'a macro uses itself', 'no recursion')
        if len(item.uses) >= MAX_NESTED:
            raise self._error(item, 'macros are nested too deep', 'at most %d levels' % MAX_NESTED)
        macro.used = True
        use = Section(b'macro', None, macro.name, item.source, item.place)
        try:
            items = macros.expand(macro, words[1:], item.uses + (use,))
        except macros.TooLong:
            raise self._error(item, 'a line of a macro is longer than httpd allows', 'at most %d bytes' % macros.MAX_LINE)
        self._make(item, sum(len(made.text) for made in items))
        action.stream.push(items)

    def _undefine_macro(self, action):
        for word in action.words[:1]:
            self.macros.pop(word.lower(), None)

    _ACTIONS = {
        b'define': _define, b'undefine': _undefine, b'loadmodule': _load_module, b'serverroot': _server_root,
        b'include': _include, b'includeoptional': _include, b'use': _use, b'undefmacro': _undefine_macro,
    }

    def _unused_macros(self):
        """Add the directives in macros that nothing uses: they have no effect, but a reader should know them."""
        for macro in self.unused:
            for item in macro.items if not macro.used else ():
                statement = split_statement(item.text)
                if statement.kind == DIRECTIVE:
                    self.tree.found.append(
                        Directive(statement, item.source, item.place, (macro.section,), False, unused_macro=True))

    def _error(self, item, message, expected):
        return AdministratorError(
            message, path=item.source.path, line=item.place.line, expected=expected, found=display(item.place.text))
