# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The folder of one server: directories, tools, configuration, keys, certificates."""

from __future__ import annotations

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from .authority import DAY, Authority, make_p12
from .configurations import SSL_CONF, httpd_conf
from .fleet import HTTP_PORT, SSH_PORT, Member
from .server import Record, Server
from .tool import PLACES

# Tools outside CPDIR/bin.
IN_FWDIR = ("cpca_client", "fw")
ROOT_KEY_SECONDS = 60.0


def lay_out(server: Server, member: Member, settings: Record) -> None:
    """Write everything of a server that needs no certificate.

    :param settings: what all servers of the lab share; this server's own is added
    """
    root = server.root
    server.state.mkdir(parents=True)
    own = {
        "role": member.role,
        "kind": member.kind.name,
        "release": member.kind.release,
        "label": member.kind.label,
        "build": member.kind.build,
        "address": member.address,
        "ssh_port": SSH_PORT,
        "http_port": HTTP_PORT,
        "tls_ports": list(member.tls_ports),
        "full_name": member.full_name,
        "sic_name": member.sic_name,
    }
    server.settings = {**settings, **own}
    server.write("server", server.settings)
    for folder in ("tmp", "etc/profile.d", "etc/ssh", "var/lib", "var/log"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    for folder in ("bin", "conf", "tmp", "log", "registry"):
        (server.cp_dir / folder).mkdir(parents=True)
    for folder in ("bin", "conf", "Python/bin"):
        (server.fw_dir / folder).mkdir(parents=True)
    (root / "etc/cp-release").write_text(f"Check Point Gaia {member.kind.release}\n", "ascii")
    _write_profile(server)
    _write_registry(server)
    _write_tools(server)
    _write_apache(server, member, settings["httpd"], Path(settings["modules"]))
    interpreter = "python" if settings["python"][member.name].startswith("2") else "python3"
    (server.fw_dir / "Python/bin" / interpreter).symlink_to(settings["python_path"][member.name])


def _write_profile(server: Server) -> None:
    paths = {"CPDIR": server.cp_dir, "FWDIR": server.fw_dir, "UEPMDIR": server.uepm_dir}
    lines = ["# Environment of Check Point's tools; read by login shells and by scripts."]
    lines += [f"{name}={shlex.quote(str(path))} ; export {name}" for name, path in paths.items()]
    lines += [
        f"SUROOT={shlex.quote(str(server.root / 'var/suroot'))} ; export SUROOT",
        'PATH="$CPDIR/bin:$FWDIR/bin:$UEPMDIR/bin:$PATH" ; export PATH',
        'LD_LIBRARY_PATH="$CPDIR/lib:$FWDIR/lib:$UEPMDIR/lib:$UEPMDIR/apache22/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}" ; export LD_LIBRARY_PATH',
    ]
    server.profile.write_text("\n".join(lines) + "\n", "utf-8")
    (server.root / "etc/profile.d/CP.sh").symlink_to(server.profile)


def _write_registry(server: Server) -> None:
    settings = server.settings
    text = f"""\
(
\t: (SOFTWARE
\t\t: (CheckPoint
\t\t\t: (SIC
\t\t\t\t:ICAdn ("O={settings["organization"]}")
\t\t\t\t:MySICname ("CN={settings["sic_name"]},O={settings["organization"]}")
\t\t\t\t:CertPath ("{server.cp_dir}/conf/sic_cert.p12")
\t\t\t)
\t\t\t: (CPshared
\t\t\t\t:CurrentVersion ("{server.release}")
\t\t\t)
\t\t)
\t)
)
"""
    (server.cp_dir / "registry/HKLM_registry.data").write_text(text, "ascii")


def _write_program(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, "utf-8")
    path.chmod(0o755)


def _write_tools(server: Server) -> None:
    python = shlex.quote(os.path.realpath(sys.executable))
    program = shlex.quote(str(Path(__file__).resolve().with_name("tool.py")))
    for name in PLACES:
        folder = (server.fw_dir if name in IN_FWDIR else server.cp_dir) / "bin"
        call = f"{python} -S -E {program} {shlex.quote(str(server.root))} {name}"
        _write_program(folder / name, f'#!/bin/sh\nexec {call} "$@"\n')
    # The tools' own libraries are not this machine's: its openssl must not look for any there.
    _write_program(server.cp_dir / "bin/cpopenssl", '#!/bin/sh\nunset LD_LIBRARY_PATH\nexec openssl "$@"\n')


def _write_apache(server: Server, member: Member, httpd: str, modules: Path) -> None:
    apache = server.apache
    for folder in ("bin", "logs", "htdocs", "conf/ssl.crt", "conf/ssl.key"):
        (apache / folder).mkdir(parents=True)
    (apache / "modules").symlink_to(modules)
    quoted = shlex.quote(str(apache))
    _write_program(
        apache / "bin/httpd",
        f"""\
#!/bin/sh
# An httpd that was built for this folder. -V tells so, as a real build would.
unset LD_LIBRARY_PATH
if [ "$1" = "-V" ] && [ "$#" = 1 ]; then
    {httpd} -d {quoted} -f conf/httpd.conf -V | sed \\
        -e 's|-D HTTPD_ROOT=.*|-D HTTPD_ROOT="'{quoted}'"|' \\
        -e 's|-D SERVER_CONFIG_FILE=.*|-D SERVER_CONFIG_FILE="conf/httpd.conf"|'
    exit 0
fi
exec {httpd} -d {quoted} -f conf/httpd.conf "$@"
""",
    )
    (apache / "conf/httpd.conf").write_bytes(httpd_conf(member, apache, modules))
    for name, data in SSL_CONF[member.kind.configuration](member).items():
        (apache / "conf" / name).parent.mkdir(exist_ok=True)
        (apache / "conf" / name).write_bytes(data)
    if member.kind.name == "upgraded":
        left = server.root / "opt/CPuepm-R77/apache22/conf/ssl.conf"
        left.parent.mkdir(parents=True)
        left.write_bytes(b"# left behind by the upgrade\nSSLProtocol all -SSLv2\n")


def give_certificates(server: Server, authority: Authority, now: float) -> None:
    """Issue the server's first certificates, five years ago less a few weeks: they will be renewed soon.

    :param now: seconds since 1970
    """
    settings = server.settings
    end = now + (20 + 10 * int(settings["number"])) * DAY
    period = (end - 1825 * DAY, end)
    work = server.state / "new"
    authority.issue(settings["sic_name"], work, "SIC", period=period)
    sic = server.cp_dir / "conf/sic_cert.p12"
    make_p12(sic, work.with_suffix(".crt"), work.with_suffix(".key"), settings["sic_name"], authority.certificate)
    if server.management:
        # A standby management server has a synchronized copy of the CA's files.
        make_p12(server.fw_dir / "conf/InternalCA.p12", authority.certificate, authority.key, "internal_ca")
    authority.issue(settings["full_name"], work, "IKE", [settings["full_name"], f"*.{settings['full_name']}"], period)
    put_web_certificate(server, work.with_suffix(".crt"), work.with_suffix(".key"), authority.certificate)
    for suffix in (".crt", ".key"):
        work.with_suffix(suffix).unlink()


def put_web_certificate(server: Server, certificate: Path, key: Path, issuer: Path) -> None:
    """Give Apache a certificate (with its issuer's behind it) and its key; they count from its next start on."""
    conf = server.apache / "conf"
    target = conf / "ssl.key/server.key"
    target.touch(0o600)
    target.write_bytes(key.read_bytes())
    (conf / "ssl.crt/server.crt").write_bytes(certificate.read_bytes() + issuer.read_bytes())


def write_topology(server: Server, members: list[Member]) -> None:
    """The list of policy servers that a management server keeps."""
    rows = [
        f'  <server name="{member.name}" address="{member.address}" port="{member.tls_ports[0]}" type="policy"/>\n'
        for member in members
        if member.role == "policy"
    ]
    path = server.uepm_dir / "engine/conf/epsNetwork.xml"
    path.parent.mkdir(parents=True)
    path.write_text(f'<?xml version="1.0" encoding="UTF-8"?>\n<network>\n{"".join(rows)}</network>\n', "ascii")


def make_ssh_key(path: Path, comment: str) -> str:
    """Make an Ed25519 key pair; returns the public key's line."""
    command = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", comment, "-f", str(path)]
    subprocess.run(command, check=True, capture_output=True, timeout=ROOT_KEY_SECONDS)
    return path.with_suffix(".pub").read_text("ascii").strip()


def keep_originals(server: Server, folder: Path) -> None:
    """Copy the Apache configuration as it is now, to compare with later."""
    shutil.copytree(server.apache / "conf", folder / server.name, ignore=shutil.ignore_patterns("*.key"))
