# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What bootstrap.yml makes of answers of login shells: real ones, banners, and lies."""

from __future__ import annotations

from typing import Any

import pytest
from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._run.bootstrap import (
    bootstrap_lines,
    newest_core,
    read_bootstrap,
    works,
)

PYTHON = "/opt/CPsuite-R81.20/fw1/Python/bin/python3"
USER = "checkpoint_endpoint_user=0"


def found(stdout: str = "", core: str = "2.16.19", **more: Any) -> dict[str, Any]:
    return read_bootstrap("eps1", {"stdout": stdout, **more}, core)


def said(path: str, version: str = "3.7.16") -> str:
    return f"{USER}\r\ncheckpoint_endpoint_python={path} {version}\r\n"


def test_the_first_python_that_works_is_taken() -> None:
    result = found(f"{said(PYTHON)}checkpoint_endpoint_python=/usr/bin/python2 2.7.18\n")
    assert (result["shell"], result["python"], result["version"], result["ready"]) == ("bash", PYTHON, "3.7", True)
    assert result["text"] == f"ansible_python_interpreter: {PYTHON} (Python 3.7)"


def test_a_bash_with_a_banner_is_no_clish() -> None:
    banner = "*** Invalid command use is a CLINFR0329 offence ***\n"
    result = found(banner + said(PYTHON), stderr="CLINFR0329")
    assert (result["shell"], result["python"]) == ("bash", PYTHON)


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_clish_is_told_how_to_change_and_is_not_changed(stream: str) -> None:
    result = read_bootstrap("eps1", {stream: "CLINFR0329  Invalid command:'echo'.", "rc": 0}, "2.16.0", "netadmin")
    assert (result["shell"], result["ready"]) == ("clish", False)
    assert 'clish -s -c "set user netadmin shell /bin/bash"' in result["text"]
    assert "Nothing was changed" in result["text"]


def test_another_shell_shows_what_it_said() -> None:
    result = found("% Unrecognized \x1b[2J host\n" + "x" * 500)
    assert result["shell"] == "unknown"
    assert "\x1b" not in result["text"] and len(result["text"]) < 250


def test_no_connection() -> None:
    result = found(unreachable=True, msg="Failed to connect:\n no route")
    assert result["text"] == "No connection: Failed to connect: no route"


@pytest.mark.parametrize(
    "path",
    [
        "/usr/bin/{{lookup('pipe','id')}}",
        '/usr/bin/{{lookup("pipe","id>/tmp/x")}}',
        "/usr/bin/python3\t",
        "/usr/bin/python3;id",
        "/usr/bin/$(id)",
        "/usr/bin/python 3",
        "python3",
        "/" + "a" * 300,
        "/usr/bin/é",
    ],
)
def test_a_path_of_other_characters_is_no_python(path: str) -> None:
    result = found(said(path))
    assert (result["python"], result["ready"]) == ("", False)
    assert "No Python was found" in result["text"]


@pytest.mark.parametrize("version", ["{{1}}", "3", "4.1", "3.7.1 {{x}}", "", "3.7\x1b[2J"])
def test_a_version_that_is_none(version: str) -> None:
    assert found(said(PYTHON, version))["python"] == ""


def test_a_core_that_is_too_new_is_named_with_the_one_that_fits() -> None:
    result = found(said(PYTHON), core="2.19.3")
    assert (result["python"], result["ready"]) == (PYTHON, False)
    assert "This ansible-core 2.19 does not work with Python 3.7; use ansible-core 2.17 or earlier" in result["text"]


def test_a_python_that_the_core_works_with_beats_the_first() -> None:
    both = f"{USER}\ncheckpoint_endpoint_python={PYTHON} 2.7.5\ncheckpoint_endpoint_python=/usr/bin/python3 3.9.2\n"
    assert found(both, core="2.21.0")["python"] == "/usr/bin/python3"


@pytest.mark.parametrize(
    ("python", "core"),
    [((2, 7), "2.16"), ((3, 6), "2.16"), ((3, 7), "2.17"), ((3, 8), "2.19"), ((3, 9), ""), ((2, 6), "none")],
)
def test_the_newest_core_for_a_python(python: tuple[int, int], core: str) -> None:
    assert newest_core(python) == core


def test_a_core_of_the_future_works_with_what_the_newest_known_works_with() -> None:
    assert works((2, 99), (3, 9))
    assert not works((2, 99), (3, 8))


def test_the_fleet_is_told_the_core_for_all_of_it() -> None:
    lines = bootstrap_lines([found(said(PYTHON)), found(said(PYTHON, "2.7.5")), found(said(PYTHON, "3.11.1"))])
    assert lines[-1] == "ansible-core 2.16 is the newest that works with every Python found here."
    assert bootstrap_lines([found(said(PYTHON, "3.11.1"))])[-1].startswith("eps1: login shell bash.")
