# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.
"""The questions of doctor.yml: one shell script that reads, changes nothing, and needs no Python on the server."""

from __future__ import annotations

import re
import shlex
from dataclasses import dataclass

# Answers are cut here, on the server.
LONGEST = 20_000
SECONDS = 20
ROLES = ("UepmIsInstalled", "UepmIsPolicyServer", "UepmIsEps", "FwIsFirewallMgmt", "FwIsPrimary", "FwIsActiveManagement", "FwIsLogServer")  # fmt: skip

_CONF = '"$UEPMDIR"/apache*/conf/*.conf "$UEPMDIR"/apache*/conf/*/*.conf'
QUESTIONS = {
    "user": "id -u; umask; command -v bash; getenforce",
    "profile": 'for name in CPDIR FWDIR UEPMDIR; do eval "value=\\$$name"; [ -d "$value" ] && echo "$name directory" || echo "$name missing"; done',
    "layout": (
        'for apache in "$UEPMDIR"/apache*; do [ -d "$apache" ] && echo "apache ${apache##*/}"; '
        'for file in bin/httpd bin/httpd2 conf/httpd.conf conf/ssl.conf conf/extra/httpd-ssl.conf; '
        'do [ -e "$apache/$file" ] && echo "file $file"; done; done; true'
    ),
    "processes": (
        'for process in /proc/[0-9]*; do command=$(tr "\\0" " " < "$process/cmdline") || continue; '
        'case "$command" in *"$UEPMDIR"/apache*) program=$(readlink "$process/exe"); echo "program ${program##*/} $command";; esac; done; true'
    ),
    "httpd": 'for program in "$UEPMDIR"/apache*/bin/httpd; do "$program" -v; done',
    "directives": f"grep -hiE '^[[:space:]]*(SSLProtocol|SSLEngine|Listen|<VirtualHost|<IfDefine|CustomLog|SSLOpenSSLConfCmd|.*SSL_PROTOCOL)' {_CONF}",
    "watchdog": "cpwd_admin list",
    "roles": "; ".join(f'echo "{role} $(cpprod_util {role} 2>&1) $?"' for role in ROLES),
    "version": "fw ver; cat /etc/cp-release",
    "openssl": "cpopenssl version",
    "files": (
        'for file in "$CPDIR/conf/sic_cert.p12" "$FWDIR/conf/InternalCA.p12" "$CPDIR/registry/HKLM_registry.data"; '
        'do [ -s "$file" ] && echo "there ${file##*/}"; done; true'
    ),
    "authority": "cpca_client lscert 2>&1 | head -n 40",
    "portal": 'clish -c "show web ssl-port"',
    "space": "df -Pk /var | tail -n 1 | awk '{print $4}'",
    "pythons": 'for python in "$FWDIR"/Python/bin/python3 "$FWDIR"/Python/bin/python /usr/bin/python3; do [ -x "$python" ] && "$python" --version; done; true',
}  # fmt: skip
_SECTION = re.compile(r"^@@doctor ([a-z]+)\r?\n(.*?)^@@done ([0-9]{1,3})\r?$", re.MULTILINE | re.DOTALL)


@dataclass(frozen=True)
class Answer:
    """What one question printed (both streams), and its exit code."""

    text: str
    code: int

    @property
    def lines(self) -> list[str]:
        """Return the lines without white space around them."""
        return [line.strip() for line in self.text.splitlines() if line.strip()]


def doctor_script(profile: str = "") -> str:
    """Return the script.

    :param profile: path of the environment profile on the server; empty for the usual one
    """
    parts = [f". {shlex.quote(profile or '/etc/profile.d/CP.sh')} >/dev/null 2>&1"]
    for name, command in QUESTIONS.items():
        # In a shell of its own, so that one question cannot end the others. Without timeout(1) nothing is asked.
        asked = f"export CPDIR FWDIR UEPMDIR; timeout {SECONDS} bash -c {shlex.quote(command)} 2>&1 </dev/null"
        parts.append(
            f'echo; echo "@@doctor {name}"; {{ {asked}; echo "@@code $?"; }} | head -c {LONGEST}; echo; echo "@@done 0"'
        )
    return "\n".join(parts)


def read_answers(output: str) -> dict[str, Answer]:
    """Return the answers in what the script printed, by question. What is not there was not answered."""
    found = {}
    for name, text, _end in _SECTION.findall(output.replace("\r\n", "\n")):
        code = re.search(r"^@@code ([0-9]{1,3})$", text, re.MULTILINE)
        body = re.sub(r"^@@code [0-9]{1,3}$", "", text, flags=re.MULTILINE)
        if name in QUESTIONS:
            found[name] = Answer(body, int(code[1]) if code else 255)
    return found
