# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Configurations that once showed a disagreement: what it was, and who was right. Apache is always right about itself.

Each is compared as the generated ones are; ``kind`` says what must come of it besides.
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.differential.configuration import Configuration

LISTEN = b"Listen @HOST@:@P1@\nInclude conf/ssl.conf\n"
CHANGED, REFUSED, LEFT_ALONE = "starts, changed", "starts, refused", "starts, left alone"
TEST_FAILS, TEST_FAILS_CHANGED = "config test fails, refused", "config test fails, changed"
NO_START_CHANGED, NO_START_REFUSED = "does not start, changed", "does not start, refused"


@dataclass(frozen=True)
class Case:
    """One configuration, the disagreement that it showed, and what httpd and the module do with it."""

    name: str
    what: str
    kind: str
    configuration: Configuration


def case(
    name: str,
    what: str,
    kind: str,
    ssl_conf: bytes,
    head: bytes = LISTEN,
    ports: int = 1,
    policy: tuple[str, ...] = ("TLSv1.2",),
    more: dict[str, bytes] | None = None,
    links: dict[str, str] | None = None,
) -> Case:
    """A Case of an entry file, of what httpd begins with, and of further files and links."""
    files = {"httpd.conf": head, "conf/ssl.conf": ssl_conf, **(more or {})}
    names = ("a.example", "b.example", "c.example")
    return Case(name, what, kind, Configuration(name, files, ports, names, policy, links=links or {}))


def host(body: bytes = b"", address: bytes = b"*:@P1@", name: bytes = b"a.example") -> bytes:
    """A virtual host that serves TLS."""
    return b"<VirtualHost %s>\nServerName %s\nSSLEngine on\n%s</VirtualHost>\n" % (address, name, body)


CASES = (
    case(
        "empty virtual host",
        "A virtual host with nothing in it is a host, and here the base: the port speaks plaintext. We saw TLS.",
        CHANGED,
        b"<VirtualHost *:@P1@>\n</VirtualHost>\n" + host(b"SSLProtocol all\n"),
    ),
    case(
        "IfSection with a bracket",
        "The argument of IfSection stands without bracket; with one it is never met. We took it as read.",
        CHANGED,
        host(b"SSLProtocol TLSv1.1\n<IfSection <VirtualHost>>\nSSLProtocol all\n</IfSection>\n"),
    ),
    case(
        "value that OpenSSL refuses",
        "SSLOpenSSLConfCmd with a value that OpenSSL does not know passes the config test, then httpd does not start. We said nothing.",
        NO_START_REFUSED,
        host(b"SSLProtocol TLSv1.2\nSSLOpenSSLConfCmd MinProtocol bogus\n"),
    ),
    case(
        "value in small letters",
        "SSLOpenSSLConfCmd takes commands in any case but values in their own: tlsv1 does not start. We read it as TLSv1.",
        NO_START_REFUSED,
        host(b"SSLProtocol TLSv1.2\nSSLOpenSSLConfCmd minprotocol tlsv1\n"),
    ),
    case(
        "SSLEngine optional",
        "From Apache 2.4.64 on, SSLEngine optional is off: the name keeps what the base host says. We switched protocols for it.",
        CHANGED,
        host(b"SSLProtocol TLSv1\n")
        + b"<VirtualHost *:@P1@>\nServerName b.example\nSSLEngine optional\nSSLProtocol TLSv1.2\n</VirtualHost>\n",
    ),
    case(
        "no protocol where SSLEngine is optional",
        "Nothing reads the protocols of a host without TLS: httpd starts. We said that it does not.",
        CHANGED,
        host(b"SSLProtocol all\n")
        + b"<VirtualHost *:@P1@>\nServerName b.example\nSSLEngine optional\nSSLProtocol -all\n</VirtualHost>\n",
    ),
    case(
        "loopback address taken",
        "Of a listener on all addresses we showed 127.0.0.1 alone, which another host had: nobody would have probed the rest.",
        CHANGED,
        host(b"SSLProtocol TLSv1.2\n", b"127.0.0.1:@P1@") + host(b"SSLProtocol TLSv1\n", name=b"b.example"),
        head=b"Listen @P1@\nInclude conf/ssl.conf\n",
    ),
    case(
        "IPv6 host on an IPv4 listener",
        "0.0.0.0 listens on IPv4 alone. We listed the IPv6 address of a host there.",
        CHANGED,
        host(b"SSLProtocol TLSv1\n", b"[::1]:@P1@") + host(b"SSLProtocol all\n", name=b"b.example"),
        head=b"Listen 0.0.0.0:@P1@\nInclude conf/ssl.conf\n",
    ),
    case(
        "nothing left for the base host",
        "Where the base host can negotiate nothing, OpenSSL fails before it reads the name: no name gets anything. We said TLSv1.3.",
        REFUSED,
        b"SSLOpenSSLConfCmd Protocol -TLSv1.2\n"
        + host(b"SSLProtocol TLSv1.2\n")
        + host(b"SSLProtocol all -TLSv1 -TLSv1.1\n", name=b"b.example"),
    ),
    case(
        "end of an unread section",
        "Of the end of a section that is not read, the first word counts alone. We refused the file.",
        CHANGED,
        b"<IfModule x>\nbogus\n</IfModule> # x\n" + host(b"SSLProtocol all\n"),
    ),
    case(
        "end of an unread section, misspelled",
        "And its last character counts for nothing, whatever it is. We refused the file.",
        CHANGED,
        b"<IfModule x>\n<Foo a\nSSLProtocol all\n</Fooz\n</IfModulez y\n" + host(b"SSLProtocol all\n"),
    ),
    case(
        "end of a section that is read",
        "The same in a section that is read is fatal.",
        TEST_FAILS,
        b"<IfModule mod_ssl.c>\n</IfModule> # x\n" + host(b"SSLProtocol all\n"),
    ),
    case(
        "section without end",
        "A condition that is met may lack its end. We refused the file.",
        CHANGED,
        host(b"SSLProtocol all\n") + b"<IfModule mod_ssl.c>\n" + host(b"SSLProtocol TLSv1\n", name=b"b.example"),
    ),
    case(
        "section without end, not met",
        "A condition that is not met may not.",
        TEST_FAILS,
        host(b"SSLProtocol all\n") + b"<IfModule x>\n" + host(b"SSLProtocol TLSv1\n", name=b"b.example"),
    ),
    case(
        "main server that speaks https",
        "Virtual hosts inherit Protocol https, and with it TLS. We saw no TLS there, and left TLSv1 switched on.",
        CHANGED,
        b"Protocol https\n<VirtualHost @HOST@:@P1@>\nServerName a.example\nSSLProtocol all\n</VirtualHost>\n",
    ),
    case(
        "main server that speaks https, overridden",
        "The same with a command that the rewrite must refuse.",
        REFUSED,
        b"Protocol https\n<VirtualHost @HOST@:@P1@>\nSSLOpenSSLConfCmd MinProtocol TLSv1\nSSLProtocol TLSv1.2\n</VirtualHost>\n",
    ),
    case(
        "empty range on the way",
        "MinProtocol above the highest version, then MinProtocol None: the highest stays. We forgot it and said that nothing is accepted.",
        REFUSED,
        b"SSLProtocol TLSv1.1 +TLSv1.2\nSSLOpenSSLConfCmd MinProtocol TLSv1.3\n"
        + host(b"SSLOpenSSLConfCmd MinProtocol None\n"),
        policy=("TLSv1.3",),
    ),
    case(
        "no protocol, and started with it",
        "The trap: the config test passes, httpd does not start. The rewrite mends it.",
        NO_START_CHANGED,
        host(b"SSLProtocol -SSLv3 -TLSv1 -TLSv1.1\n"),
    ),
    case(
        "already the policy in other words",
        "No change where a value means the policy already.",
        LEFT_ALONE,
        host(b"SSLProtocol all -TLSv1 TLSv1.3 -all +tlsv1.2\n"),
    ),
    case(
        "compiled-in module by its structure",
        "httpd finds a module that is compiled in by its structure, too: it reads this. We said that nothing serves TLS.",
        CHANGED,
        b"<IfModule core_module>\nInclude conf/hosts.conf\n</IfModule>\n",
        more={"conf/hosts.conf": host(b"SSLProtocol all\n")},
    ),
    case(
        "value of Define in another case",
        "httpd finds the value of a Define in any case, and a Define without value leaves it. We said that the host speaks plaintext.",
        CHANGED,
        b"Define tls off\nDefine TLS on\nDefine tls\n"
        + host(b"SSLProtocol all\n").replace(b"Engine on", b"Engine ${tls}"),
    ),
    case(
        "Define in another case for an Include",
        "The same for a path. We refused the configuration.",
        CHANGED,
        host(b"SSLProtocol all\n"),
        head=b"Listen @HOST@:@P1@\nDefine Conf conf\nInclude ${CONF}/ssl.conf\n",
    ),
    case(
        "optional link that leads nowhere",
        "IncludeOptional passes over a link to nothing, and reads what is beside it. We refused the configuration.",
        CHANGED,
        b"IncludeOptional extra/*\nIncludeOptional extra/y.conf\n",
        more={"extra/z.conf": host(b"SSLProtocol all\n")},
        links={"extra/y.conf": "nothing"},
    ),
    case(
        "link that leads nowhere",
        "Include does not.",
        TEST_FAILS,
        b"Include extra/*\n",
        more={"extra/z.conf": host(b"SSLProtocol all\n")},
        links={"extra/y.conf": "nothing"},
    ),
    case(
        "Include of /dev/null",
        "By this name httpd takes a device for an empty file. We refused it.",
        CHANGED,
        b"Include /dev/null\n" + host(b"SSLProtocol all\n"),
    ),
    case(
        "variable in a macro that nothing uses",
        "httpd reads nothing of such a macro, not even that its virtual host stays open: the rewriter leaves it. A check wanted the policy there.",
        CHANGED,
        b"<Macro M>\n<VirtualHost *:443>\nSSLProtocol SSLv2 ${V}\n</Macro>\n" + host(b"SSLProtocol all\n"),
    ),
    case(
        "line continued over the end of a virtual host in a macro that nothing uses",
        "The same: the end of the virtual host is a word of SSLProtocol, none that mod_ssl has. A check wanted the policy there.",
        CHANGED,
        b"<Macro M>\n<VirtualHost *:443>\nSSLProtocol \\\n</VirtualHost>\n</Macro>\n" + host(b"SSLProtocol all\n"),
    ),
    case(
        "variable in a macro that is used",
        "As soon as httpd reads it, it is refused.",
        REFUSED,
        b"Define V TLSv1.1\n<Macro M>\n<VirtualHost *:@P1@>\nSSLEngine on\nSSLProtocol ${V}\n</Macro>\nUse M\n</VirtualHost>\n",
    ),
    case(
        "line continued over the end of a virtual host in a macro that is used",
        "As soon as httpd reads it, it is refused.",
        TEST_FAILS,
        b"<Macro M>\n<VirtualHost *:@P1@>\nSSLEngine on\nSSLProtocol \\\n</VirtualHost>\n</Macro>\nUse M\n</VirtualHost>\n",
    ),
)
