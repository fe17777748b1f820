# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""Files with settings of TLS that httpd would read if it were started with another -D: nothing here says with which it was started."""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import os
from collections import namedtuple

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.config import include_paths
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.config.conditions import CONDITIONALS, decide
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.config.lexer import parse, split_words
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._text import native

INCLUDES = (b'include', b'includeoptional')
_OF_TLS = (b'sslengine', b'sslprotocol')

# directive: the Directive of an Include; define: the Section of the IfDefine that keeps httpd from it; paths: list of the files with
# settings of TLS that it would read
InactiveInclude = namedtuple('InactiveInclude', ['directive', 'define', 'paths'])


def missing_define(directive, context):
    """Return the IfDefine that alone keeps httpd from a directive, as a Section; None when something else does, or a Define that is here."""
    missing = None
    for section in directive.sections:
        if section.name not in CONDITIONALS or decide(section.name, section.arguments, context) is not False:
            continue
        if section.name != b'ifdefine' or section.arguments.startswith(b'!'):
            return None
        missing = missing or section
    return missing


def files_with_tls(words, server_root, read, seen=None):
    """Return the files with settings of TLS that an Include would read, by itself or through others.

    :param words: its arguments, list of bytes
    :param read: function from a path to bytes
    :returns: list of paths, links resolved; what cannot be read is left out
    """
    seen = set() if seen is None else seen
    found = []
    try:
        paths = include_paths.expand(native(words[0]), server_root) if words else []
    except (include_paths.NothingFound, include_paths.Unreadable):
        return found
    for path in map(os.path.realpath, paths):
        if path in seen:
            continue
        seen.add(path)
        try:
            lines = parse(read(path))
        except AdministratorError:
            continue
        names = [(line.statement.name.lower(), line.statement.arguments) for line in lines]
        if any(name in _OF_TLS for name, dummy in names):
            found.append(path)
        for name, arguments in names:
            if name in INCLUDES:
                found += files_with_tls(split_words(arguments), server_root, read, seen)
    return found
