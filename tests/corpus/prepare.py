# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Make a configuration file of somebody else's server one that the httpd of this machine can load.

Only what ties a file to its own machine is put in other words: paths, accounts, markers of a build. Each SSLProtocol, each comment and
each line ending stays as it is.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from tests.support.apache import Certificate, Installation, preamble

# Loaded before the file, where this machine has them; what the file loads itself is left out.
MODULES = tuple(
    """
    mpm_event unixd authz_core authz_host authz_user authn_core authn_file auth_basic access_compat alias autoindex cgid dir env
    expires filter deflate headers http2 include info log_config macro mime mime_magic negotiation proxy proxy_http proxy_wstunnel
    proxy_ajp proxy_balancer proxy_fcgi slotmem_shm lbmethod_byrequests request reqtimeout rewrite session setenvif socache_dbm
    socache_shmcb ssl status unique_id userdir version vhost_alias watchdog dav dav_fs dbd brotli remoteip substitute xml2enc
    proxy_html auth_form session_cookie logio ratelimit speling cache cache_disk cache_socache
    """.split()  # noqa: SIM905 - a list of words reads better so
)

# Directives of Apache 2.0 and 2.2 that 2.4 no longer has, and those of modules that are not part of Apache.
GONE = r"""
    User Group SuexecUserGroup SSLMutex LockFile NameVirtualHost DefaultType AcceptMutex LoadModule LoadFile ScriptSock PidFile
    SSLSRP\w+ SSLFIPS SSLSessionTicketKeyFile Auth\w*LDAP\w* FCGIWrapper Fcgid\w+ IPC\w+ OIDC\w+ Passenger\w+ Jk\w+ php_\w+
    WSGI\w+ Shib\w+ Sec\w+ MDomain Perl\w+ Mellon\w+ GeoIP\w+
    """.split()  # noqa: SIM905 - a list of words reads better so

_FILES = {
    "SSLCertificateFile": "{certificate}",
    "SSLCertificateKeyFile": "{key}",
    "SSLCertificateChainFile": "{certificate}",
    "SSLCACertificateFile": "{certificate}",
    "SSLCADNRequestFile": "{certificate}",
    "SSLProxyCACertificateFile": "{certificate}",
    "SSLProxyMachineCertificateFile": "{both}",
    "SSLCACertificatePath": "{folder}",
    "SSLCARevocationPath": "{folder}",
    "SSLProxyCACertificatePath": "{folder}",
    "DocumentRoot": "{folder}",
    "ServerRoot": "{folder}",
    "ErrorLog": "{folder}/error.log",
}
_WITH_MORE = {
    "SSLOpenSSLConfCmd[ \\t]+DHParameters": "{certificate}",
    "Include": "{folder}/included/*.conf",
    "IncludeOptional": "{folder}/included/*.conf",
    "CustomLog": "{folder}/access.log",
    "TransferLog": "{folder}/access.log",
    "SSLPassPhraseDialog": "builtin",
    "SSLSessionCache": "none",
    "SSLStaplingCache": "shmcb:{folder}/stapling",
    "Mutex": "default",
}
# What a build or an installer fills in.
_MARKERS = (
    (rb"@@(?:SSLPort|Port)@@", "8443"),
    (rb"@@ServerRoot@@|@exp_\w+@|@rel_\w+@|@@\w+@@", "{folder}"),
    # An escape that the regular expressions of an older Apache ignored.
    (rb'"\\index', '"index'),
)
# Files that use macros of another one.
COMPANIONS = {
    "robot-dot-win+Deployment-Case-of-Apache-httpd__etc_httpd_domain-foo.com_api.conf.tpl": (
        "robot-dot-win+Deployment-Case-of-Apache-httpd__etc_httpd_conf.d_zz0-common.conf"
    )
}


def loadable(data: bytes, folder: Path, certificate: Certificate) -> bytes:
    """The bytes of a file with the paths of this machine.

    :param folder: the ServerRoot that it will have
    """
    both = folder / "both.pem"
    both.write_bytes(certificate.certificate.read_bytes() + certificate.key.read_bytes())
    (folder / "included").mkdir(exist_ok=True)
    (folder / "included" / "empty.conf").touch()
    places = {
        "folder": str(folder),
        "certificate": str(certificate.certificate),
        "key": str(certificate.key),
        "both": str(both),
    }
    for pattern, word in _MARKERS:
        data = re.sub(pattern, word.format(**places).encode(), data)
    for name in GONE:
        data = re.sub(rb"(?im)^([ \t]*)(" + name.encode() + rb"\s)", rb"\1# \2", data)
    for name, value in _FILES.items():
        data = _replace(data, name, rb"[^\r\n]+", value.format(**places))
    for name, value in _WITH_MORE.items():
        data = _replace(data, name, rb"(?:\"[^\"\r\n]*\"|[^\s]+)", value.format(**places))
    return data


def _replace(data: bytes, name: str, argument: bytes, value: str) -> bytes:
    pattern = rb"(?im)^([ \t]*" + name.encode() + rb"[ \t]+)" + argument
    return re.sub(pattern, lambda match: match.group(1) + value.encode(), data)


def main_configuration(installation: Installation, folder: Path, names: Sequence[str]) -> str:
    """A main configuration that includes files of ``folder``, with the names that distributions define."""
    lines = [f"Define {defined} {folder}" for defined in ("SRVROOT", "APACHE_LOG_DIR", "SERVER_ROOT", "HTTPD_ROOT")]
    lines += ["Define SSL", "Define SSL_DEFAULT_VHOST", "Define SSL_LISTEN"]
    lines += [f'Include "{folder}/{name}"' for name in names]
    return preamble(installation, folder, MODULES) + "\n".join(lines) + "\n"
