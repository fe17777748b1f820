# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.
"""Read what a login shell answered when bootstrap.yml asked it for itself and for the Pythons of the server.

A server may answer anything. What comes out of here is a path of plain characters and a version, or nothing.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._run.values import quote

# The command of bootstrap.yml prints these words before what it found, so that a banner cannot be taken for an answer.
_USER = re.compile(r"checkpoint_endpoint_user=[0-9]+")
_PYTHON = re.compile(
    r"checkpoint_endpoint_python=(/[A-Za-z0-9._/-]{1,200}) ([23]\.[0-9]{1,2})(?:\.[0-9]{1,3})?[a-z0-9+]{0,8}"
)
_CLISH = re.compile(r"CLINFR[0-9]+|Invalid command")
# The oldest Python 3 that each ansible-core works with on a server. Up to 2.16 it works with Python 2.7 as well.
_OLDEST = {(2, 16): (3, 6), (2, 17): (3, 7), (2, 18): (3, 8), (2, 19): (3, 8), (2, 20): (3, 9)}
_PYTHON_2_UNTIL = (2, 16)

Version = tuple[int, int]


@dataclass(frozen=True)
class Bootstrap:
    """What was found out about one server.

    :param shell: ``bash`` (or any other POSIX shell), ``clish``, ``unknown`` or ``unreachable``
    :param python: path of the Python for Ansible, empty where there is none
    :param version: its version, two numbers
    :param ready: whether this controller can work on the server
    :param text: what to put into the inventory, or what to do
    """

    name: str
    shell: str
    python: str
    version: str
    ready: bool
    text: str


def read_bootstrap(name: str, answer: Mapping[str, Any], core: str, user: str = "admin") -> dict[str, Any]:
    """Return what one server answered, as a dictionary of :class:`Bootstrap`.

    :param answer: the result of the raw command: ``stdout``, ``stderr``, ``unreachable``, ``msg``
    :param core: version of the ansible-core of this run
    :param user: the user that Ansible logs in as
    """
    shell = _shell(answer)
    pythons = _pythons(str(answer.get("stdout") or "")) if shell == "bash" else []
    running = _version(core)
    path, version = next((item for item in pythons if works(running, item[1])), pythons[0] if pythons else ("", (0, 0)))
    ready = bool(path) and works(running, version)
    text = f"ansible_python_interpreter: {path} (Python {_text(version)})" if path else ""
    advice = _advice(shell, answer, user) if not path else "" if ready else _other_core(running, version)
    found = Bootstrap(name, shell, path, _text(version) if path else "", ready, ". ".join(filter(None, (text, advice))))
    return asdict(found)


def works(core: Version, python: Version) -> bool:
    """Return whether an ansible-core can run modules with a Python of a server."""
    if python[0] == 2:
        return python == (2, 7) and core <= _PYTHON_2_UNTIL
    known = [oldest for release, oldest in sorted(_OLDEST.items()) if release <= core]
    return python >= (known[-1] if known else _OLDEST[_PYTHON_2_UNTIL])


def newest_core(python: Version) -> str:
    """Return the newest ansible-core that works with a Python, or an empty string where the newest of all does."""
    fitting = [release for release in _OLDEST if works(release, python)]
    return "" if fitting and fitting[-1] == max(_OLDEST) else _text(fitting[-1]) if fitting else "none"


def bootstrap_lines(found: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return one line for each server, and one for the ansible-core that works on all of them."""
    lines = [f"{item['name']}: login shell {item['shell']}. {item['text']}" for item in found]
    versions = {_version(str(item["version"])) for item in found if item["version"]}
    limits = {newest_core(version) for version in versions} - {""}
    if "none" not in limits and limits:
        newest = min(limits, key=_version)
        lines.append(f"ansible-core {newest} is the newest that works with every Python found here.")
    return lines


def _shell(answer: Mapping[str, Any]) -> str:
    if answer.get("unreachable") is True:
        return "unreachable"
    stdout, stderr = str(answer.get("stdout") or ""), str(answer.get("stderr") or "")
    if any(_USER.fullmatch(line.strip()) for line in stdout.splitlines()):
        return "bash"
    return "clish" if _CLISH.search(stdout + stderr) else "unknown"


def _pythons(stdout: str) -> list[tuple[str, Version]]:
    matches = (_PYTHON.fullmatch(line.strip()) for line in stdout.splitlines())
    return [(match[1], _version(match[2])) for match in matches if match]


def _version(text: str) -> Version:
    numbers = re.findall(r"[0-9]+", text)[:2]
    return (int(numbers[0]), int(numbers[1])) if len(numbers) == 2 else (0, 0)


def _text(version: Version) -> str:
    return f"{version[0]}.{version[1]}"


def _advice(shell: str, answer: Mapping[str, Any], user: str) -> str:
    said = f"{answer.get('stdout') or ''}{answer.get('stderr') or ''}".strip()
    return {
        "bash": "No Python was found. Set ansible_python_interpreter in the inventory to the Python that this server carries",
        "clish": (
            f'It runs no module. On the server, run clish -s -c "set user {user} shell /bin/bash", or let Ansible log in '
            "with a user of its own whose shell is /bin/bash. Nothing was changed"
        ),
        "unknown": f"It answered {quote(said)}. Log in by hand and find out which shell that is",
        "unreachable": f"No connection: {' '.join(str(answer.get('msg') or 'no reason given').split())[:200]}",
    }[shell]


def _other_core(running: Version, version: Version) -> str:
    newest = newest_core(version)
    if newest == "none":
        return f"No supported ansible-core works with Python {_text(version)}"
    return f"This ansible-core {_text(running)} does not work with Python {_text(version)}; use ansible-core {newest} or earlier"
