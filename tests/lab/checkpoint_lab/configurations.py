# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The Apache configurations of the lab's servers, in our own words: what the vendor's files hold is not known (PLATFORM.md).

Sure is only the line that the administration guide quotes: ``SSLProtocol +TLSv1 +TLSv1.2``. All bytes are written as they are here,
with the traps that real files have: comments that are continued, Latin-1, CRLF, no final newline, includes of folders.
"""

from __future__ import annotations

import os
import pwd
from pathlib import Path

from .fleet import HTTP_PORT, HTTPS_PORT, Member

MODULES = ("mpm_event", "unixd", "authz_core", "log_config", "alias", "setenvif", "socache_shmcb", "ssl")
ACCOUNTS = ("www-data", "apache", "wwwrun", "http", "nobody")


def account_lines() -> str:
    """The account that httpd runs under when root starts it; nothing for an ordinary user, who cannot choose."""
    if os.geteuid() != 0:
        return ""
    known = {entry.pw_name: entry.pw_gid for entry in pwd.getpwall()}
    name = next((name for name in ACCOUNTS if name in known), None)
    if name is None:
        raise ValueError(f"no account to run httpd under, looked for {', '.join(ACCOUNTS)}")
    return f"User {name}\nGroup #{known[name]}\n"


def httpd_conf(member: Member, apache: Path, modules: Path) -> bytes:
    """The main file: everything but TLS.

    :param modules: the folder of this machine's Apache modules; what is not there is compiled in
    """
    present = [name for name in MODULES if (modules / f"mod_{name}.so").is_file()]
    loads = "".join(f"LoadModule {name}_module modules/mod_{name}.so\n" for name in present)
    text = f"""\
# Apache of the Endpoint Security server. TLS is in ssl.conf.
ServerRoot "{apache}"
DefaultRuntimeDir "{apache}/logs"
PidFile logs/httpd.pid
{loads}{account_lines()}
ServerName {member.full_name}
ServerTokens Prod
Listen {member.address}:{HTTP_PORT}
Timeout 60
KeepAlive Off
StartServers 1
ServerLimit 2
ThreadsPerChild 16
MaxRequestWorkers 32

LogLevel warn
ErrorLog logs/error_log
LogFormat "%h %l %u %t \\"%r\\" %>s %b" common
CustomLog logs/access_log common

DocumentRoot "{apache}/htdocs"
<Directory "/">
    Require all granted
</Directory>
# What a client asks for to learn whether its server is there.
Redirect 204 /heartbeat

Include conf/ssl.conf
"""
    return text.encode("ascii")


CIPHERS = """\
# Everything, and nothing held back by a security level: SSLProtocol alone decides which versions are spoken.
SSLCipherSuite ALL:@SECLEVEL=0
"""
HEAD = """\
##
##  TLS of the Endpoint Security server: clients and other servers arrive here.
##
##  SSLProtocol in a comment is no directive:
#   SSLProtocol all -SSLv2
#SSLRequire (    %{SSL_CIPHER} !~ m/^(EXP|NULL)/ \\
#            and %{SSL_CLIENT_S_DN_O} eq "nobody" )
"""
CERTIFICATE = """\
SSLCertificateFile conf/ssl.crt/server.crt
SSLCertificateKeyFile conf/ssl.key/server.key
"""
LOG = """\
CustomLog logs/ssl_request_log \\
          "%t %h %{SSL_PROTOCOL}x %{SSL_CIPHER}x \\"%r\\" %b"
"""


def _indent(text: str, by: str = "    ") -> str:
    return "".join(by + line if line.strip() else line for line in text.splitlines(keepends=True))


def _host(member: Member, protocol: str, name: str = "", port: int = HTTPS_PORT, by: str = "    ") -> str:
    """One virtual host; ``protocol`` is its line (or lines) with SSLProtocol, or nothing."""
    inner = f"ServerName {name or member.full_name}\nSSLEngine on\n{protocol}{CERTIFICATE}{LOG}"
    return f"<VirtualHost {member.address}:{port}>\n{_indent(inner, by)}</VirtualHost>\n"


def _general(member: Member) -> str:
    cache = "SSLSessionCache shmcb:logs/ssl_scache(512000)\nSSLSessionCacheTimeout 300\nSSLRandomSeed startup builtin\n"
    return f"Listen {member.address}:{HTTPS_PORT}\n{cache}{CIPHERS}"


def stock(member: Member) -> dict[str, bytes]:
    """The line of the guide, in a virtual host."""
    proxy = "# Towards other servers; not the attribute of the guide.\nSSLProxyProtocol all -SSLv3\n"
    text = f"{HEAD}{_general(member)}{proxy}\n{_host(member, 'SSLProtocol +TLSv1 +TLSv1.2' + chr(10))}"
    return {"ssl.conf": text.encode("ascii")}


def whole_server(member: Member) -> dict[str, bytes]:
    """The line of the guide at server level, twice: the second one decides. The virtual host has none of its own."""
    lines = "SSLProtocol all -SSLv3\n# tightened by hand\nsslprotocol\t+TLSv1  +TLSv1.2\n\n"
    return {"ssl.conf": f"{HEAD}{_general(member)}{lines}{_host(member, '', by=chr(9))}".encode("ascii")}


def all_but_sslv3(member: Member) -> dict[str, bytes]:
    """Everything that this Apache speaks but SSLv3, with a continuation line."""
    return {
        "ssl.conf": f"{HEAD}{_general(member)}\n{_host(member, 'SSLProtocol all ' + chr(92) + chr(10) + '    -SSLv3' + chr(10))}".encode(
            "ascii"
        )
    }


def virtual_hosts(member: Member) -> dict[str, bytes]:
    """Several names on a port, several ports, conditional sections, and a folder whose every file is included."""
    inside = (
        f"{_general(member)}Listen {member.address}:8444\nSSLProtocol all -SSLv3\n\n"
        f"{_host(member, 'SSLProtocol +TLSv1 +TLSv1.2' + chr(10))}\n"
        f"{_host(member, 'SSLProtocol all -SSLv3 -TLSv1.3' + chr(10), 'updates.' + member.full_name)}\n"
        f"# inherits what is set above\n{_host(member, '', 'deploy.' + member.full_name, 8444)}\n"
        "<IfModule mod_nosuch.c>\n    SSLProtocol TLSv1\n</IfModule>\n"
    )
    extra = f"Listen {member.address}:8445\n" + _host(
        member, "SSLProtocol -all +TLSv1 +TLSv1.1 +TLSv1.2\n", "portal." + member.full_name, 8445, "\t"
    )
    text = f"{HEAD}<IfModule mod_ssl.c>\n{_indent(inside)}</IfModule>\nInclude conf/extra.d/\n"
    return {"ssl.conf": text.encode("ascii"), "extra.d/portal.conf": extra.encode("ascii")}


def crlf(member: Member) -> dict[str, bytes]:
    """Edited on another system: CRLF, a word in Latin-1, no newline at the end."""
    text = f"{HEAD}# ge\u00e4ndert f\u00fcr alte Clients\n{_general(member)}\n{_host(member, 'SSLProtocol all -SSLv2 -SSLv3' + chr(10))}"
    return {"ssl.conf": text.rstrip("\n").replace("\n", "\r\n").encode("latin-1")}


def upgraded(member: Member) -> dict[str, bytes]:
    """Carried along from R77: every version named, and the old file still beside the new one."""
    text = f"{HEAD}{_general(member)}\n{_host(member, 'SSLProtocol +TLSv1 +TLSv1.1 +TLSv1.2' + chr(10))}"
    return {"ssl.conf": text.encode("ascii"), "ssl.conf.R77": b"# not included any more\nSSLProtocol all -SSLv2\n"}


def compliant(member: Member) -> dict[str, bytes]:
    """TLSv1.2 alone already, in another spelling."""
    text = f"{HEAD}{_general(member)}\n{_host(member, 'SSLProtocol -all +TLSv1.2' + chr(10))}"
    return {"ssl.conf": text.encode("ascii")}


SSL_CONF = {
    made.__name__: made for made in (stock, whole_server, all_but_sslv3, virtual_hosts, crlf, upgraded, compliant)
}
