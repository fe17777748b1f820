# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Apache configurations: everything that the reader knows about, put together rightly and wrongly, and then damaged."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from tests.fuzz.damage import damaged
from tests.lab.checkpoint_lab import configurations as lab
from tests.lab.checkpoint_lab.fleet import plan

FILES = ("httpd.conf", "ssl.conf", "extra/a.conf", "extra/b.conf")
PROTOCOLS = ("SSLv2", "SSLv3", "TLSv1", "TLSv1.1", "TLSv1.2", "TLSv1.3", "all")
# Mostly what people ask for, so that most examples come as far as the rewriting.
POLICIES = (
    *[("TLSv1.2",)] * 6,
    ("TLSv1.2", "TLSv1.3"),
    ("TLSv1.1", "TLSv1.2"),
    ("TLSv1",),
    ("TLSv1.3", "TLSv1"),
    ("SSLv3", "all"),
)
CONDITIONS = (
    b"mod_ssl.c", b"!mod_ssl.c", b"ssl_module", b"nothing.c", b"SSL", b"!SSL", b"", b"!", b">= 2.4", b"= 2.4.62", b"!< 2.4.0", b"~ ^2\\.4", b"/2.4/",
    b"= /^2\\.[0-9]+/", b"2.4", b"= 9999999999999", b"conf/ssl.conf", b'"a b"', b"SSLProtocol", b"Macro", b"~ (", b"~ a{2,1}", b"${V}",
)  # fmt: skip
ADDRESSES = (
    b"*:443", b"_default_:443", b"127.0.0.1:443", b"[::1]:443", b"*", b"a.example", b"a.example:8443 b.example:*", b"443", b":", b"[", b"]:443",
    b"*:99999999999999999999", b"*:\xc2\xb2", b"*:-1", b"0.0.0.0:443 *:443", b"${V}", b"$x", b'"*:443"', b"\xff:443", b"..:1",
)  # fmt: skip
PLAIN = (
    b"SSLEngine on", b"SSLEngine off", b"SSLEngine optional", b'sslengine "on"', b"Listen 443", b"Listen 127.0.0.1:8443 https", b"Listen",
    b"Listen \xc2\xb2", b"Listen 1:2:3", b"Listen [::1]:443 options=freebind", b"ServerName a.example", b"ServerName https://b.example:443",
    b"ServerName a:\xc2\xb2", b"ServerName", b"ServerName :", b"ServerAlias *.example ?", b"ServerRoot .", b"SSLPolicy modern",
    b"SSLOpenSSLConfCmd MinProtocol TLSv1.2", b"SSLOpenSSLConfCmd Protocol -ALL,TLSv1.2", b"SSLOpenSSLConfCmd Protocol ,,-", b"SSLOpenSSLConfCmd",
    b"SSLCertificateFile conf/server.crt", b"SSLCertificateFile", b"SSLProxyProtocol all", b"SSLProxyEngine on", b"NSSProtocol TLSv1.2",
    b"SSLProtocolX all", b"LoadModule ssl_module modules/mod_ssl.so", b"LoadModule", b"LoadModule x y z", b"Protocol https", b"Protocols h2",
    b"Define V TLSv1", b"Define V ${V}${V}", b"Define V", b"Define", b"UnDefine V", b"UnDefine", b"Use M", b"Use M TLSv1", b"Use N a b", b"Use",
    b"Use M $x$x", b"UndefMacro M", b"UndefMacro", b"Include ssl.conf", b"Include httpd.conf", b"IncludeOptional extra/*.conf", b"Include extra/",
    b"Include nowhere", b"IncludeOptional [z-a]*", b"Include", b"Include a b", b"IncludeOptional *a*a*a*a*a*a*a*a*a*a*a*a*b", b"Include ../*/*.conf",
    b"IncludeOptional \\", b"IncludeOptional [", b"IncludeOptional [!]x", b"IncludeOptional extra/[[:alpha:]].conf", b"IncludeOptional \xff*",
    b'LogFormat "%t %h %{SSL_PROTOCOL}x" tls', b"LogFormat", b"CustomLog logs/a tls", b'CustomLog "|bin/rotatelogs -n 5 /l %s" "%t%h"', b"CustomLog |",
    b"TransferLog logs/b", b'CustomLog logs/c "%{SSL_PROTOCOL}x" env=!x', b"GlobalLog logs/d CLF", b"CustomLog syslog:a b", b"<", b">", b"</", b"<>",
    b"</>", b"\\", b"#", b'"', b"'", b"\"SSLProtocol\" 'TLSv1'", b"SSLProtocol", b"<Directory", b"SSLProtocol ${V}", b"SSLProtocol $x", b"${V}",
)  # fmt: skip
SECTIONS = (
    b"VirtualHost", b"VirtualHost", b"VirtualHost", b"IfModule", b"IfDefine", b"IfVersion", b"IfFile", b"IfDirective", b"IfSection", b"Directory",
    b"Location", b"If", b"Macro", b"virtualhost", b"IFMODULE", b"Proxy", b"x",
)  # fmt: skip
MACROS = (b"M", b"M $x", b"N $x %y", b"N @x $xy", b"", b"M $x $x", b"m $")


@dataclass(frozen=True)
class Site:
    """Files by name, the policy, and which httpd reads them."""

    files: dict[str, bytes]
    protocols: tuple[str, ...]
    httpd: tuple[int, int, int]
    openssl: tuple[int, int, int]
    known: bool

    @property
    def size(self) -> int:
        """All bytes."""
        return sum(len(data) for data in self.files.values())


protocol_words = st.builds(
    lambda sign, name: (sign + name).encode(),
    st.sampled_from(["", "", "+", "-"]),
    st.one_of(
        st.sampled_from(PROTOCOLS),
        st.sampled_from(PROTOCOLS[2:]),
        st.sampled_from(["tlsv1.2", "ALL", "TLSv1.4", "${V}", "$x", "", "all"]),
    ),
)
ssl_protocol: SearchStrategy[bytes] = st.builds(
    lambda name, gap, words: name + gap + gap.join(words),
    st.sampled_from([b"SSLProtocol", b"sslprotocol", b"SSLPROTOCOL", b'"SSLProtocol"', b"SSLProto\\\ncol"]),
    st.sampled_from([b" ", b"\t", b"  ", b" \\\n ", b" \\\r\n", b"\v"]),
    st.lists(protocol_words, max_size=4),
)
lines: SearchStrategy[bytes] = st.one_of(
    ssl_protocol,
    ssl_protocol,
    st.sampled_from(PLAIN),
    st.sampled_from(PLAIN),
    st.builds(lambda line: b"# " + line, st.sampled_from(PLAIN)),
    st.binary(max_size=12),
    st.builds(lambda piece, number: piece * number, st.sampled_from([b"a", b" ", b"${", b"\\", b'"', b"<IfModule x>\n", b"\\\n", b"\0"]), st.integers(1, 300)),
)  # fmt: skip
newlines = st.sampled_from([b"\n"] * 8 + [b"\r\n", b"\\\n", b"\\\\\n", b" \\ \n", b"\\\r\n", b"\0\n", b"\r", b""])
indents = st.sampled_from([b"", b"    ", b"\t", b" \t"])


def _section(name: bytes, argument: bytes, body: bytes, closing: int) -> bytes:
    end = {0: b"", 1: b"</Wrong>\n", 2: b"</" + name.upper() + b" >\n"}.get(closing, b"</" + name + b">\n")
    return b"<" + name + b" " + argument + b">\n" + body + end


def _lines(parts: list[tuple[bytes, bytes, bytes]]) -> bytes:
    return b"".join(indent + line + end for indent, line, end in parts)


def _grown(inner: SearchStrategy[bytes]) -> SearchStrategy[bytes]:
    arguments = st.one_of(st.sampled_from(ADDRESSES), st.sampled_from(CONDITIONS), st.sampled_from(MACROS))
    section = st.builds(_section, st.sampled_from(SECTIONS), arguments, inner, st.integers(0, 80))
    host = st.builds(lambda body: b"<VirtualHost *:443>\nSSLEngine on\n" + body + b"</VirtualHost>\n", inner)
    macro = st.builds(lambda name, body: _section(b"Macro", name, body, 9), st.sampled_from(MACROS), inner)
    return st.lists(st.one_of(section, host, macro, inner), min_size=1, max_size=4).map(b"".join)


block = st.lists(st.tuples(indents, lines, newlines), max_size=5).map(_lines)
generated = st.recursive(block, _grown, max_leaves=12)
_member = plan(1, 0, "127.0.0")[0]
# What the lab's servers have, the nearest that there is to real files.
TEMPLATES = (
    *(data for made in lab.SSL_CONF.values() for data in made(_member).values()),
    lab.httpd_conf(_member, Path("/opt/uepm/apache22"), Path("/nowhere")),
)
contents: SearchStrategy[bytes] = st.one_of(
    generated, damaged(generated), damaged(st.sampled_from(TEMPLATES), PLAIN), st.binary(max_size=200)
)
sites: SearchStrategy[Site] = st.builds(
    Site,
    st.fixed_dictionaries({name: contents if number < 2 else block for number, name in enumerate(FILES)}),
    st.sampled_from(POLICIES),
    st.sampled_from([(2, 4, 62), (2, 4, 62), (2, 4, 10), (2, 2, 15), (2, 4, 66)]),
    st.sampled_from([(3, 0, 0), (3, 0, 0), (1, 0, 2), (1, 1, 1), (0, 9, 8)]),
    st.booleans(),
)
