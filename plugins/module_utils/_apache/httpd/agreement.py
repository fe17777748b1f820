# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""Compare what httpd reports about its configuration with what was read here: what one side alone knows makes the reading worthless."""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.config.include_paths import EMPTY
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.config.lexer import split_words
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.tls.addresses import is_numeric, parse_address
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.tls.diagnostics import MATTERS
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._text import display

HTTPD, HERE = 'httpd reads %s, which was not found here', '%s was found here, and httpd does not read it'


def disagreements(tree, report):
    """Return sentences about what httpd or this collection alone knows.

    What stands under a condition that cannot be decided may be known to httpd or not.

    :param tree: Tree
    :param report: Report
    """
    found = []
    if report.files is not None:
        every = frozenset(source.path for source in tree.files)
        found += _differences(report.files - {EMPTY}, tree.read, every, 'the file %s')
    if report.modules is not None:
        sure = frozenset(name for name in tree.modules if name in report.modules or not _is_doubtful(tree, name))
        found += _differences(report.modules, sure & _loaded(tree), frozenset(tree.modules), 'the module %s', display)
    if report.hosts is not None:
        hosts = [directive for directive in tree.directives(b'virtualhost') if directive.active is not False]
        sure = frozenset(_place(host) for host in hosts if host.active and _has_address(host))
        found += _differences(report.hosts, sure, frozenset(map(_place, hosts)), 'the virtual host at %s:%d')
    if report.directives is not None:
        found += _directives(tree, report)
    return found


def settle(tree, report):
    """Decide by httpd's own list what conditions that cannot be decided here come to, where it has one (mod_info)."""
    if report.directives is None:
        return
    known = set((place, name, tuple(split_words(arguments))) for place, name, arguments in report.directives)
    for directive in tree.directives():
        if directive.active is None and directive.name in MATTERS:
            directive.active = _told(directive) in known


def _differences(theirs, sure, every, text, show=None):
    show = show or (lambda item: item)
    found = [HTTPD % (text % show(item)) for item in sorted(theirs - every)]
    return found + [HERE % (text % show(item)) for item in sorted(sure - theirs)]


def _loaded(tree):
    """Return the modules that a LoadModule loads for sure, and that are not compiled in."""
    found = set()
    for directive in tree.directives(b'loadmodule'):
        words = split_words(directive.arguments)
        if directive.active and words:
            found.add(words[0])
    return found


def _is_doubtful(tree, name):
    """Return whether httpd skips a LoadModule because the module is compiled in."""
    return name in tree.static_modules


def _place(directive):
    """Return (path, last line) of a directive; of what a macro makes that of the outermost use."""
    uses = [section for section in directive.sections if section.spelling is None]
    return (uses[0].source.path, uses[0].place.last_line) if uses else (directive.file, directive.place.last_line)


def _has_address(host):
    """Return whether a virtual host has an address that needs no resolver: httpd leaves a host out that has none."""
    addresses = [parse_address(display(word)) for word in split_words(host.arguments)]
    return any(address and (address.host is None or is_numeric(address.host)) for address in addresses)


def _directives(tree, report):
    """Return sentences about directives of TLS and of addresses; what stands in other sections, such as Directory, is not compared."""
    theirs = set((place, name, tuple(split_words(arguments))) for place, name, arguments in report.directives if name in MATTERS)
    ours = [directive for directive in tree.directives() if directive.active is not False and directive.name in MATTERS]
    every = set(_told(directive) for directive in ours)
    sure = set(_told(directive) for directive in ours if directive.active)
    found = [HTTPD % _sentence(item) for item in sorted(theirs - every)]
    return found + [HERE % _sentence(item) for item in sorted(sure - theirs)]


def _told(directive):
    return _place(directive), directive.name, tuple(split_words(directive.arguments))


def _sentence(item):
    (path, line), name, words = item
    return '%s %s at %s:%d' % (display(name), display(b' '.join(words)), path, line)
