# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Directed configurations in which conditions, includes and the start decide what a real httpd reads.

Each false pass is seen on the wire first: httpd serves TLSv1 there. Then neither the facts nor the rewrite may call it compliant,
with the httpd running and stopped.
"""

from __future__ import annotations

import importlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._tls.probe import probe

from tests.differential import subject
from tests.differential.server import Httpd
from tests.support import apache
from tests.support.ports import free_port

probe = importlib.import_module(f"{subject.PLUGINS}.module_utils._tls.probe").probe

POLICY = ("TLSv1.2",)
# A virtual host that accepts whatever its OpenSSL can.
WEAK = "<VirtualHost *:@P@>\nServerName b.example\nSSLEngine on\nSSLProtocol all\n</VirtualHost>\n"
GOOD = "<VirtualHost *:@P@>\nServerName a.example\nSSLEngine on\nSSLProtocol TLSv1.2\n</VirtualHost>\n"
BARE = "<VirtualHost *:@P@>\nServerName a.example\nSSLEngine on\n</VirtualHost>\n"
MACRO = f"<Macro weak>\n{WEAK}</Macro>\n"


@dataclass
class Case:
    """A configuration.

    :ivar ssl_conf: conf/ssl.conf, which httpd.conf includes; ``@P@`` is the port, ``@M@`` the directory of modules
    :ivar files: further files by their path below the ServerRoot; text, or bytes for a path that is not UTF-8
    :ivar variables: environment of the running httpd, which nothing else knows
    """

    name: str
    ssl_conf: str
    files: dict[str, str] = field(default_factory=dict)
    listen: str = "Listen 127.0.0.1:@P@\n"
    modules: tuple[str, ...] = ("macro",)
    variables: dict[str, str] = field(default_factory=dict)
    names: tuple[str, ...] = ("a.example", "b.example")

    def __str__(self) -> str:
        return self.name


class RunningHttpd(Httpd):
    """An httpd with an environment of its own."""

    variables: dict[str, str]

    def command(self, *arguments: str) -> list[str]:
        given = super().command(*arguments)
        return ["env", *(f"{name}={value}" for name, value in self.variables.items()), *given]


class Site:
    """A Case laid out in a directory, with its httpd. Has what ``subject`` asks of a server."""

    def __init__(self, case: Case, root: Path, certificate: apache.Certificate) -> None:
        self.case = case
        self.root = root.resolve()
        self.port = free_port()
        head = f"SSLCertificateFile {certificate.certificate}\nSSLCertificateKeyFile {certificate.key}\n"
        head += "SSLCipherSuite ALL:@SECLEVEL=0\n"
        body = head + self.fill(case.listen) + "Include conf/ssl.conf\n"
        self.httpd = RunningHttpd(self.root, body, [("127.0.0.1", self.port)], (*apache.BASE_MODULES, *case.modules))
        self.httpd.variables = case.variables
        self.entry = self.root / "conf" / "ssl.conf"
        for path, text in {"conf/ssl.conf": case.ssl_conf, **case.files}.items():
            target = Path(os.fsdecode(os.fsencode(self.root) + b"/" + path.encode("utf-8")))
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(self.fill(text).encode("utf-8", "surrogateescape"))
        (self.root / "logs").mkdir(exist_ok=True)

    def fill(self, text: str) -> str:
        """Put the port and the directory of modules into a text."""
        return text.replace("@P@", str(self.port)).replace("@M@", str(apache.find_installation().modules))

    def accepted(self) -> set[str]:
        """Return the protocols that the running httpd accepts for any name."""
        found = probe(
            [{"host": "127.0.0.1", "port": self.port, "server_names": ["", *self.case.names]}],
            timeout=5.0,
        )
        return {name for item in found for name, answer in item["protocols"].items() if answer["result"] == "accepted"}

    def audit(self) -> subject.Said:
        """Return what the facts say."""
        return subject.evaluate(self)

    def rewrite(self, check: bool = False, **more: object) -> subject.Run:
        """Run ``ssl_protocol``."""
        return subject.rewrite(self, POLICY, self.root / "state", check, **more)


def passes(said: subject.Said) -> bool:
    """Return whether the facts make an audit say pass: all is read, and every name has the policy."""
    assert not said.crashed, said.crashed
    served = [protocols for names in said.expected.values() for protocols in names.values()]
    return said.starts and bool(served) and all(protocols == POLICY for protocols in served)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> apache.Certificate:
    return apache.make_certificate(tmp_path_factory.mktemp("certificate"), "localhost")


@pytest.fixture
def site(request: pytest.FixtureRequest, tmp_path: Path, certificate: apache.Certificate) -> Iterator[Site]:
    made = Site(request.param, tmp_path / "apache", certificate)
    yield made
    made.httpd.stop()


def include(section: str, path: str = "conf/weak.conf") -> str:
    """Return a section with an Include in it."""
    return f"<{section}>\nInclude {path}\n</{section.split()[0]}>\n"


def around(section: str, text: str) -> str:
    """Return a section with a text in it."""
    return f"<{section}>\n{text}</{section.split()[0]}>\n"


ONLY = "SSLProtocol TLSv1.2\n"
LOAD_REWRITE = "LoadModule rewrite_module @M@/mod_rewrite.so\n"
FALSE_PASSES = [
    Case("not SSLPolicy", GOOD + include("IfDirective !SSLPolicy"), {"conf/weak.conf": WEAK}),
    Case("SSLPolicy around the protocol", around("IfDirective SSLPolicy", ONLY) + BARE),
    Case(
        "variable of the start",
        GOOD + "IncludeOptional ${SITES_DIR}/*.conf\n",
        {"sites/b.conf": WEAK},
        variables={"SITES_DIR": "sites"},
    ),
    Case("Use under a start define", MACRO + GOOD + around("IfDefine FOREGROUND", "Use weak\n")),
    Case("include under a start define", GOOD + include("IfDefine FOREGROUND"), {"conf/weak.conf": WEAK}),
    Case("host under a start define", GOOD + around("IfDefine FOREGROUND", WEAK)),
    Case(
        "Define under a start define",
        GOOD + around("IfDefine FOREGROUND", "Define SITES conf\n") + "IncludeOptional ${SITES}/x.conf\n",
        {"conf/x.conf": WEAK},
    ),
    Case(
        "LoadModule under a start define",
        GOOD + around("IfDefine FOREGROUND", LOAD_REWRITE) + include("IfModule mod_rewrite.c"),
        {"conf/weak.conf": WEAK},
    ),
    Case("protocol without a start define", around("IfDefine !FOREGROUND", ONLY) + BARE),
    Case(
        "empty value", 'Define SUFFIX ""\n' + BARE + "IncludeOptional conf/tls${SUFFIX}.conf\n", {"conf/tls.conf": ONLY}
    ),
    Case(
        "empty value leaves the earlier one",
        'Define A conf\nDefine A ""\n' + GOOD + "IncludeOptional ${A}/weak.conf\n",
        {"conf/weak.conf": WEAK},
    ),
    Case("no mod_mpm_event.c", GOOD + include("IfModule !mod_mpm_event.c"), {"conf/weak.conf": WEAK}),
    Case("no mod_ldap.c", "LoadModule ldap_module @M@/mod_ldap.so\n" + around("IfModule mod_ldap.c", ONLY) + BARE),
    Case(
        "renamed module",
        "LoadModule rewrite_module renamed/other.so\n" + around("IfModule other.c", ONLY) + BARE,
        {},
    ),
    Case("directive before its module", BARE + around("IfDirective RewriteEngine", ONLY) + LOAD_REWRITE),
    Case(
        "section before its module",
        BARE + around("IfSection Proxy", ONLY) + "LoadModule proxy_module @M@/mod_proxy.so\n",
    ),
    Case("POSIX class", GOOD + include('IfVersion ~ "^2\\.4\\.[[:digit:]]"'), {"conf/weak.conf": WEAK}),
    Case("backslash", BARE + "IncludeOptional conf/\\tls.conf\n", {"conf/tls.conf": ONLY}),
    Case("slash after a file", BARE + "IncludeOptional conf/tls.conf/\n", {"conf/tls.conf": ONLY}),
    Case("slash after a file in IfFile", around("IfFile conf/x.conf/", ONLY) + BARE, {"conf/x.conf": ""}),
    Case("one byte", BARE + "IncludeOptional conf/?.conf\n", {"conf/ü.conf": ONLY}),
    Case(
        "mapped address",
        "<VirtualHost 127.0.0.1:@P@>\nServerName a.example\n</VirtualHost>\n",
        listen="Listen [::ffff:127.0.0.1]:@P@ https\n",
    ),
]


@pytest.mark.parametrize("site", FALSE_PASSES, ids=str, indirect=True)
def test_what_httpd_serves_is_never_called_compliant(site: Site) -> None:
    if site.case.name == "renamed module":
        (site.root / "renamed").mkdir()
        (site.root / "renamed/other.so").symlink_to(site.fill("@M@/mod_rewrite.so"))
    site.httpd.start()
    assert "TLSv1" in site.accepted(), "httpd does not serve TLSv1: the case tests nothing"
    running = site.audit()
    predicted = site.rewrite(check=True)
    site.httpd.stop()
    stopped = site.audit()
    assert not passes(running), running
    assert not passes(stopped), stopped
    assert predicted.failed or predicted.changed or not predicted.result["validated"], predicted.result


@pytest.mark.parametrize("site", FALSE_PASSES, ids=str, indirect=True)
def test_what_is_rewritten_is_what_httpd_serves(site: Site) -> None:
    if site.case.name == "renamed module":
        (site.root / "renamed").mkdir()
        (site.root / "renamed/other.so").symlink_to(site.fill("@M@/mod_rewrite.so"))
    site.httpd.start()
    done = site.rewrite()
    site.httpd.stop()
    if done.failed:
        assert "nothing was changed" in done.message, done.message
        return
    site.httpd.start()
    assert site.accepted() == set(POLICY) or not done.result["validated"], (done.result["warnings"], site.accepted())


STARTS = [case for case in FALSE_PASSES if " start" in case.name or case.variables]


@pytest.mark.parametrize("site", STARTS, ids=str, indirect=True)
def test_the_running_httpd_decides_what_its_start_decides(site: Site) -> None:
    site.httpd.start()
    said = site.audit()
    assert said.starts, said.reason
    assert "TLSv1" in {name for names in said.expected.values() for served in names.values() for name in served}


@pytest.mark.parametrize("site", [case for case in STARTS if not case.variables], ids=str, indirect=True)
def test_the_options_of_the_start_outlast_a_stop(site: Site) -> None:
    site.httpd.start()
    predicted = site.rewrite(check=True)
    site.httpd.stop()
    assert predicted.result["httpd_options"][-2:] == ["-D", "FOREGROUND"]
    done = site.rewrite(httpd_options=predicted.result["httpd_options"])
    assert done.changed and done.result["diff"] == predicted.result["diff"] and done.result["validated"]
    site.httpd.start()
    assert site.accepted() == set(POLICY)
    assert passes(site.audit())


@pytest.mark.parametrize("site", [case for case in STARTS if case.variables], ids=str, indirect=True)
def test_a_variable_of_the_process_alone_is_refused_while_it_runs(site: Site) -> None:
    site.httpd.start()
    refused = site.rewrite(check=True)
    assert refused.failed and "SITES_DIR" in refused.message and "bin/envvars" in refused.message
    assert "Found: sites" not in refused.message and "=sites" not in refused.message


MISSING = "Include conf/missing.conf\n"
REACHABLE = [
    Case("include under an unknown directive", around("IfDirective MDomain", MISSING) + BARE),
    Case("include under an unknown section", around("IfSection MDomainSet", MISSING) + BARE),
    Case("include under an unreadable version", around('IfVersion ~ "^[[:alpha:]]{,2}$"', MISSING) + BARE),
    Case("use of a macro that is missing", around("IfDirective MDomain", "Use missing\n") + BARE),
    Case("override for another version", around("IfVersion < 2.4", "SSLOpenSSLConfCmd MinProtocol TLSv1\n") + BARE),
    Case("override without mod_ssl", around("IfModule !mod_ssl.c", "SSLOpenSSLConfCmd MinProtocol TLSv1\n") + BARE),
    Case("unused variable", "Define P all\nSSLProtocol ${P}\n" + GOOD),
    Case("block of Lua", "<LuaHookFixups>\nuse = 2\nInclude = 3\n</LuaHookFixups>\n" + BARE, modules=("macro", "lua")),
]


@pytest.mark.parametrize("site", REACHABLE, ids=str, indirect=True)
def test_a_policy_that_can_be_reached_is_reached(site: Site) -> None:
    done = site.rewrite()
    assert not done.failed, done.message
    site.httpd.start()
    assert site.accepted() == set(POLICY)
    assert passes(site.audit()), site.audit()
    assert not site.rewrite().changed


PLAIN = Case("plain", BARE)


@pytest.mark.parametrize("site", [PLAIN], ids=str, indirect=True)
def test_a_plain_site_passes_running_and_stopped(site: Site) -> None:
    assert site.rewrite().changed
    assert passes(site.audit())
    site.httpd.start()
    assert site.accepted() == set(POLICY) and passes(site.audit())


def alone(site: Site, data: bytes) -> subject.Run:
    """Run ``ssl_protocol`` on a file without its httpd."""
    file = site.root / "alone" / "ssl.conf"
    file.parent.mkdir()
    file.write_bytes(data)
    return subject.rewrite_alone(file, POLICY, site.root / "state")


@pytest.mark.parametrize("site", [PLAIN], ids=str, indirect=True)
@pytest.mark.parametrize("coding", ["utf-16", "utf-16-le", "utf-16-be"])
def test_a_file_that_httpd_cannot_read_is_refused(site: Site, coding: str) -> None:
    done = alone(site, BARE.encode(coding))
    assert done.failed and "UTF-16" in done.message


@pytest.mark.parametrize("site", [PLAIN], ids=str, indirect=True)
@pytest.mark.parametrize("line", ["GnuTLSEnable on", "NSSEngine on", "TLSEngine 443"])
def test_another_tls_module_is_mentioned(site: Site, line: str) -> None:
    done = alone(site, f"<VirtualHost *:443>\n{line}\n</VirtualHost>\n".encode())
    assert any(line.split()[0].lower() in warning.lower() for warning in done.result["warnings"]), done.result


@pytest.mark.parametrize("site", [PLAIN], ids=str, indirect=True)
@pytest.mark.parametrize("text", ["Protocol https\n", "SSLCertificateFile x.crt\n"])
def test_a_host_whose_engine_is_decided_elsewhere_is_mentioned(site: Site, text: str) -> None:
    done = alone(site, f"<VirtualHost *:443>\nServerName x.example\n{text}</VirtualHost>\n".encode())
    assert any("x.example" in warning and "httpd" in warning for warning in done.result["warnings"]), done.result


@pytest.mark.parametrize(
    "site", [Case("value", "Define P all\n" + BARE.replace("on\n", "on\nSSLProtocol ${P}\n"))], ids=str, indirect=True
)
def test_a_refused_variable_names_where_its_value_comes_from(site: Site) -> None:
    done = site.rewrite()
    assert done.failed and f"{site.entry}:1" in done.message and "Next:" in done.message, done.message


@pytest.mark.parametrize(
    "site",
    [Case("value", f"<Macro m $p>\n{BARE.replace('on', 'on' + chr(10) + 'SSLProtocol $p')}</Macro>\nUse m all\n")],
    ids=str,
    indirect=True,
)
def test_a_refused_macro_value_names_its_use(site: Site) -> None:
    done = site.rewrite()
    assert done.failed and f"{site.entry}:8" in done.message and "Next:" in done.message, done.message


@pytest.mark.parametrize("site", [PLAIN], ids=str, indirect=True)
def test_a_comment_after_a_directive_is_called_by_its_name(site: Site) -> None:
    done = alone(site, b"SSLEngine on\nSSLProtocol all -SSLv3 # poodle\n")
    assert done.failed and re.search("comment", done.message), done.message


@pytest.mark.parametrize("site", [Case("variable", GOOD + "ServerAlias ${NOWHERE}\n")], ids=str, indirect=True)
def test_an_undefined_variable_is_mentioned_with_httpds_number(site: Site) -> None:
    done = site.rewrite()
    assert any("AH00111" in warning and "NOWHERE" in warning for warning in done.result["warnings"]), done.result
