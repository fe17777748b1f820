# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One fault on purpose: what httpd refuses, what only looks wrong, and what it accepts though nobody would think so."""

from __future__ import annotations

import random
from collections.abc import Sequence

from tests.differential import words
from tests.differential.spelling import Line, Node, Raw, Section

RAW = (
    b"NoSuchDirective on", b"<IfModule mod_ssl.c>", b"</IfModule>", b"</VirtualHost>", b"<IfModule mod_ssl.c", b"<VirtualHost>",
    b"<IfModule x>\n</IfModule> # x", b"<IfModule x>\n</IfModule >", b"<ifmodule x>\n</IFMODULE>", b"Include conf/missing.conf",
    b"Include conf/missing*.conf", b"Include conf/ssl.conf", b"Use missing", b"<IfModule x>\n<IfDefine y>\n</IfModule>\n</IfDefine>",
    b"<IfModule x>\n<Odd y>\n</IfModule>", b"SSLProtocol all # x", b"\xef\xbb\xbfSSLProtocol all", b"SSLProtocol\xc2\xa0all",
    b"SSLProtocol all \\ ", b'SSLProtocol "all', b"SSLProtocol 'TLSv1.2", b'"SSLProtocol" "all"-TLSv1', b"SSLProtocol TLSv1.2\0 all",
    b"SSLProtocol all\0 \\\nSSLProtocol TLSv1.2", b"SSLProtocol all \\\\\n-TLSv1", b"SSLProtocol all \\\n\n-TLSv1", b"SSLEngine maybe",
    b"SSLEngine", b"SSLEngine on on", b"SSLEngine ON", b"SSLProto\\\n  col all", b"SSLProtocol\\\nall", b"SSLProtocolTLSv1.2",
    b"<Directory />\nSSLProtocol all\n</Directory>", b"<Location />\nSSLProtocol TLSv1.2\n</Location>", b"<If true>\nSSLProtocol all\n</If>",
    b"<Files x>\nSSLEngine on\n</Files>", b"<IfModule mod_ssl.c>SSLProtocol all\n</IfModule>", b"<IfModule x> y>\nbogus\n</IfModule>",
    b"<VirtualHost *:1>\n<VirtualHost *:2>\n</VirtualHost>\n</VirtualHost>", b"Define", b"Define A B C", b"Define A${NOWHERE} x",
    b"<IfVersion bogus 1>\n</IfVersion>", b"<IfVersion >= 2.4>\nSSLProtocol TLSv1.2\n</IfVersion>", b"<IfVersion>\n</IfVersion>",
    b"<Macro m $x>\nSSLProtocol $x\n</Macro>\nUse m", b"<Macro m $x>\nSSLProtocol $x\n</Macro>\nUse m TLSv1.2", b"SSLPolicy modern",
    b"<Macro m>\nSSLProtocol TLSv1.2\n</Macro>\n<Macro m>\nSSLProtocol all\n</Macro>\nUse m", b"<Macro m>\n</IfModule>\n</Macro>",
    b"Define V SSLProtocol\n${V} TLSv1.2", b'Define V "SSLProtocol all"\n${V}', b"SSLProtocol ${NOWHERE}", b"<VirtualHost *:1 >\n</VirtualHost>",
    b"<VirtualHost *:1>\nSSLProtocol bogus\n</VirtualHost>", b"<VirtualHost *:1>\nSSLProtocol\n</VirtualHost>", b"Error stop", b"Define HOME",
    b"<VirtualHost *:1>\nSSLEngine on\nSSLProtocol -all\n</VirtualHost>", b"<VirtualHost nosuch.invalid:1>\nSSLEngine on\n</VirtualHost>",
    b"SSLFIPS on", b"SSLProxyProtocol -all", b"SSLProxyProtocol TLSv9", b"SSLProxyEngine on\nSSLProxyProtocol -all", b"\\", b"\\\n",
    b"SSLCertificateFile /missing", b"Listen @HOST@:@P1@", b"NameVirtualHost *:@P1@", b"ServerRoot /", b"# x \\\n", b"SSLProtocol All -SSLv3 \\",
    b"<VirtualHost *:@P1@>\nSSLEngine on\nServerName z.example\n<Directory />\nSSLProtocol all\n</Directory>\n</VirtualHost>", b"\0",
    b"<IfModule mod_ssl.c>\nSSLProtocol TLSv1.2\n</IfModule>", b"IncludeOptional conf/ssl.con[x]", b"Include", b"Include conf", b"Include a b",
    b"LoadModule ssl_module /missing.so", b"<IfFile>\n</IfFile>", b"<IfModule>\n</IfModule>", b"<IfDefine >\n</IfDefine>",
    b"<Proxy *>\nSSLProxyProtocol all\n</Proxy>", b"SSLOpenSSLConfCmd", b"SSLRandomSeed startup builtin", b"\x0cSSLProtocol all",
    b"<IfModule x>\n<RequireAll>\n</RequireAll>\n</IfModule>", b"<IfModule x>\n<Foo a>\n</Fooz\n</IfModule>", b"<IfModule x>\n</Foo>\n</IfModule>",
    b"<IfModule x>\n<Foo a\n</Foo>\n</IFMODULE> # x", b"<IfModule x>\n</IfModulez y", b"<IfModule x>\n<Macro a>\n</Foo>\n</IfModule>",
    b"<IfModule x>\n< Foo>\n</IfModule>", b"<Macro a>\n</Macro> x", b"<Macro a>\n<Macro b>\n</Macro>\n</Macro>", b"<Macro a>\n</Macro >",
    b"<VirtualHost *:1>\n</VirtualHost> # x", b"<VirtualHost *:1> x\n</VirtualHost>", b"<VirtualHost *:1\n</VirtualHost>", b"<IfModule core.c>\n</IfModule",
    b"<VirtualHost *:1>\n</VirtualHost >", b"<VirtualHost *:1>>\nSSLProtocol -all\n</VirtualHost>", b"<IfModule x>\n\"<Foo\" a>\n</Foo>\n</IfModule>",
)  # fmt: skip


def insert_fault(chance: random.Random, nodes: Sequence[Node]) -> list[Node]:
    """The nodes with one fault somewhere among them or inside one of their sections."""
    kind = chance.random()
    fault: Node
    if kind < 0.25:
        fault = words.illegal_line(chance)
    elif kind < 0.35:
        fault = words.override_line(chance, broken=0.7)
    elif kind < 0.42:
        fault = Line("SSLProtocol", chance.choice([(), ("-all",), ("-TLSv1",), ("all", "-all")]))
    else:
        fault = Raw(chance.choice(RAW))
    return list(_inserted(chance, tuple(nodes), fault))


def _inserted(chance: random.Random, nodes: tuple[Node, ...], fault: Node) -> tuple[Node, ...]:
    sections = [index for index, node in enumerate(nodes) if isinstance(node, Section)]
    if sections and chance.random() < 0.65:
        index = chance.choice(sections)
        section = nodes[index]
        if isinstance(section, Section):
            inner = Section(section.name, section.argument, _inserted(chance, section.body, fault))
            return (*nodes[:index], inner, *nodes[index + 1 :])
    position = chance.randint(0, len(nodes))
    return (*nodes[:position], fault, *nodes[position:])
