# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What may stand around a part of a configuration: conditions, included files, macros and variables."""

from __future__ import annotations

import random

from tests.differential import words
from tests.differential.spelling import Line, Node, Raw, Section
from tests.support import apache

CONDITIONS = (
    ("IfModule", "mod_ssl.c"), ("IfModule", "ssl_module"), ("IfModule", "!mod_nss.c"), ("IfModule", "mod_so.c"), ("IfModule", "core.c"),
    ("IfModule", "!nss_module"), ("IfModule", "mod_version.c"), ("IfModule", "mpm_event_module"), ("IfModule", "!prefork.c"),
    ("IfModule", "macro_module"), ("IfDefine", "SSL"), ("IfDefine", "!NOSSL"), ("IfDefine", "SSL"), ("IfVersion", ">= 2.4"),
    ("IfVersion", "> 2.2"), ("IfVersion", "< 2.5"), ("IfVersion", "!< 2.4"), ("IfVersion", "~ ^2\\.4"), ("IfVersion", "/^2\\.4/"),
    ("IfVersion", "= /^2/"), ("IfVersion", ">= 2"), ("IfVersion", ">= 2.4.17"), ("IfFile", "/dev/null"), ("IfFile", "httpd.conf"),
    ("IfFile", "!@ROOT@/missing"), ("IfDirective", "SSLProtocol"), ("IfDirective", "sslengine"), ("IfDirective", "!NSSProtocol"),
    ("IfDefine", "FOREGROUND"), ("IfDefine", "!BACKGROUND"), ("IfModule", "event.c"), ("IfModule", "!mod_mpm_event.c"),
    ("IfDirective", "!MDomain"), ("IfVersion", "~ ^2\\.[[:digit:]]"), ("IfModule", "!mod_rewrite.c"), ("IfDirective", "!RewriteEngine"),
    ("IfSection", "VirtualHost"), ("IfSection", "!NoSuch"), ("IfModule", '"mod_ssl.c"'), ("IfFile", '"@ROOT@/httpd.conf"'),
)  # fmt: skip
UNMET = (
    ("IfModule", "!mod_ssl.c"), ("IfModule", "mod_nss.c"), ("IfModule", "prefork.c"), ("IfDefine", "NOSSL"), ("IfDefine", "!SSL"),
    ("IfVersion", "< 2.4"), ("IfVersion", "= 2.4.1"), ("IfVersion", "2.2"), ("IfVersion", "!~ 2"), ("IfFile", "missing"),
    ("IfDirective", "NSSProtocol"), ("IfSection", "NoSuch"), ("IfModule", "MOD_SSL.C"), ("IfDefine", "ssl"), ("IfVersion", "= 2.4"),
    ("IfDefine", "!FOREGROUND"), ("IfDefine", "BACKGROUND"), ("IfModule", "mod_mpm_event.c"), ("IfDirective", "SSLPolicyX"),
    ("IfModule", "mod_http2.c"), ("IfVersion", "> 2.4"), ("IfSection", "<VirtualHost>"), ("IfVersion", "!>= 2.4"),
)  # fmt: skip
# Modules that a configuration may load late: name, source file, a directive and a section of theirs.
LATE = (
    ("rewrite", "mod_rewrite.c", "RewriteEngine", "NoSuch"),
    ("proxy", "mod_proxy.c", "ProxyPass", "Proxy"),
    ("alias", "mod_alias.c", "Alias", "NoSuch"),
)
BEYOND_THE_BRACKET = ("", "", "", "", "", " ", " # x")


class Wrapping:
    """Wraps parts of one configuration; collects the files and definitions that this needs.

    :ivar definitions: what must stand at the head of the entry file
    :ivar files: further files by their path below the ServerRoot
    :ivar links: symbolic links to some of them
    """

    def __init__(self, chance: random.Random, rate: float) -> None:
        self.chance = chance
        self.rate = rate
        self.definitions: list[Node] = []
        self.files: dict[str, list[Node]] = {}
        self.links: dict[str, str] = {}
        self._parts: list[str] = []
        self.used: set[str] = set()
        if chance.random() < 0.85:
            self.definitions.append(Line("Define", ("SSL",)))

    def around(self, nodes: tuple[Node, ...], inside: bool = False, host: bool = False) -> tuple[Node, ...]:
        """The nodes, perhaps wrapped, perhaps several times.

        :param inside: whether they stand in a virtual host
        :param host: whether they are a virtual host
        """
        for _depth in range(3):
            if self.chance.random() >= self.rate:
                break
            ways = [self.condition, self.condition, self.unmet, self.include, self.included_folder, self.macro]
            if not host:
                ways += [self.variable, self.variable]
            if inside:
                ways += [self.shared]
            else:
                ways += [self.late_module]
            way = self.chance.choice(ways)
            self.used.add(way.__name__)
            nodes = way(nodes)
        return nodes

    def condition(self, nodes: tuple[Node, ...]) -> tuple[Node, ...]:
        """In a section that is likely read, perhaps with its opposite beside it."""
        name, argument = self.chance.choice(CONDITIONS)
        self.used.add(name)
        made: list[Node] = [Section(name, argument, nodes)]
        if self.chance.random() < 0.3:
            opposite = argument[1:] if argument.startswith("!") else f"!{argument}"
            made.insert(self.chance.randint(0, 1), Section(name, opposite, (words.protocol_line(self.chance, 1.0),)))
        return tuple(made)

    def late_module(self, nodes: tuple[Node, ...]) -> tuple[Node, ...]:
        """Beside or in a condition about a module that is loaded only further down; a second LoadModule does nothing."""
        name, source, directive, section = self.chance.choice(LATE)
        file = apache.find_installation().modules / f"mod_{name}.so"
        load = Line("LoadModule", (f"{name}_module", str(file)))
        kinds = [
            ("IfModule", source),
            ("IfModule", f"{name}_module"),
            ("IfDirective", directive),
            ("IfSection", section),
        ]
        kind, argument = self.chance.choice(kinds)
        sign = self.chance.choice(["", "!"])
        around = Section(kind, sign + argument, nodes)
        beside = Section(kind, argument, (words.protocol_line(self.chance, 1.0),))
        return self.chance.choice([(around, load), (load, around), (beside, load, *nodes), (load, beside, *nodes)])

    def unmet(self, nodes: tuple[Node, ...]) -> tuple[Node, ...]:
        """Beside a section that is likely not read; one time in three the nodes themselves are in it."""
        name, argument = self.chance.choice(UNMET)
        self.used.add(name)
        if self.chance.random() < 0.33:
            return (Section(name, argument, nodes),)
        bogus: Node = (
            words.illegal_line(self.chance) if self.chance.random() < 0.08 else words.protocol_line(self.chance, 1.0)
        )
        section = Section(name, argument, (bogus,))
        return (section, *nodes) if self.chance.random() < 0.5 else (*nodes, section)

    def include(self, nodes: tuple[Node, ...]) -> tuple[Node, ...]:
        """In a file of its own."""
        path = f"conf/part{len(self.files) + 1}.conf"
        self.files[path] = list(nodes)
        form = self.chance.choice(
            [path, path, f"@ROOT@/{path}", f'"{path}"', f"conf/../{path}", path.replace("part", "p?rt")]
        )
        made: list[Node] = [Line(self.chance.choice(["Include", "Include", "IncludeOptional"]), (form,))]
        if self.chance.random() < 0.08:
            made *= 2
        if self.chance.random() < 0.15:
            missing = self.chance.choice(["conf/missing.conf", "conf/missing*.conf", "conf/none/*.conf", "missing/"])
            made.insert(0, Line("IncludeOptional", (missing,)))
        return tuple(made)

    def shared(self, nodes: tuple[Node, ...]) -> tuple[Node, ...]:
        """Beside a file that other virtual hosts include, too, perhaps by another name; or that they may include from now on."""
        if not self._parts or self.chance.random() < 0.3:
            name = self.chance.choice(["shared", "s h a r e d", "sh\u00e4red", "shared.conf~"])
            path = f"conf/{len(self.files) + 1} {name}.inc"
            self.files[path] = [words.protocol_line(self.chance)]
            self._parts.append(path)
        path = self.chance.choice(self._parts)
        if self.chance.random() < 0.3:
            link = f"conf/link{len(self.links) + 1}.inc"
            self.links[link] = self.chance.choice([path.removeprefix("conf/"), f"../{path}"])
            path = link
            self.used.add("symbolic link")
        line = Line("Include", (f'"{path}"',))
        return (line, *nodes) if self.chance.random() < 0.5 else (*nodes, line)

    def included_folder(self, nodes: tuple[Node, ...]) -> tuple[Node, ...]:
        """In a folder that is included by a pattern or as a whole, with files that count and files that do not."""
        folder = f"conf/d{len(self.files) + 1}"
        self.files[f"{folder}/50-part.conf"] = list(nodes)
        for name in ("10-first.conf", "90-last.conf", "50-part.conf~", ".hidden.conf", "sub/x.conf"):
            if self.chance.random() < 0.25:
                self.files[f"{folder}/{name}"] = [words.protocol_line(self.chance)]
        pattern = self.chance.choice(["/*.conf", "/*.conf", "/", "", "/[0-9]*.conf", "/*", "/??-*.conf", "/*/*.conf"])
        kind = "IncludeOptional" if pattern == "/*/*.conf" else self.chance.choice(["Include", "IncludeOptional"])
        return (Line(kind, (folder + pattern,)),)

    def macro(self, nodes: tuple[Node, ...]) -> tuple[Node, ...]:
        """In a macro that is used once or twice, with a parameter at times."""
        name = f"macro{len(self.definitions)}"
        values: tuple[str, ...] = ()
        parameters = ""
        if self.chance.random() < 0.5:
            parameters, values = (
                " $value",
                (self.chance.choice(["TLSv1.2", "all", '"all -SSLv3"', '"-all +TLSv1.2"', "TLSv1"]),),
            )
            if self.chance.random() < 0.5:
                nodes = tuple(_with_words(node, ("$value",)) for node in nodes)
        self.definitions.append(Section("Macro", f"{name}{parameters}", nodes))
        spelled = name.upper() if self.chance.random() < 0.2 else name
        made: list[Node] = [Line("Use", (spelled, *values))]
        if self.chance.random() < 0.05:
            made *= 2
        return tuple(made)

    def variable(self, nodes: tuple[Node, ...]) -> tuple[Node, ...]:
        """With a value that comes from a variable, at times one that is defined twice."""
        name = f"WORDS{len(self.definitions)}"
        used = "${" + name + "}"
        for index, node in enumerate(nodes):
            if isinstance(node, Line) and node.words:
                value = " ".join(node.words).replace('"', "")
                quoted = f'"{value}"' if " " in value or "$" in value else value
                self.definitions.append(Line("Define", (name, quoted)))
                forms: list[tuple[str, ...]] = [(used,)]
                if "-" in node.words[-1][:1] or "+" in node.words[-1][:1]:
                    forms.append((*node.words[:-1], node.words[-1][0] + used))
                    self.definitions[-1] = Line(
                        "Define", (name, node.words[-1][1:] if len(node.words) == 1 else quoted)
                    )
                made: list[Node] = [*nodes[:index], Line(node.name, forms[0]), *nodes[index + 1 :]]
                if self.chance.random() < 0.03:
                    made.insert(0, Raw(b"UnDefine " + name.encode("ascii")))
                return tuple(made)
        return nodes


def _with_words(node: Node, new: tuple[str, ...]) -> Node:
    """The same with other words, in the first SSLProtocol that is found."""
    if isinstance(node, Line) and node.name == "SSLProtocol":
        return Line(node.name, new)
    if isinstance(node, Section):
        return Section(node.name, node.argument, tuple(_with_words(inner, new) for inner in node.body))
    return node
