# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Names and profiles of a hostile server: folders that look like commands, and a profile that does what a shell script can do."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.edit.apply import enforce_protocols
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._apache.httpd.installation import (
    Httpd,
    Installation,
)
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._checkpoint.environment import (
    read_environment,
)
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.backups import (
    read_backup,
    restore_file,
)
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.records import read_record

from tests.security.conftest import Canary

TLS = b"SSLEngine on\nSSLProtocol all -SSLv3\n"
HARDENED = b"SSLEngine on\nSSLProtocol TLSv1.2\n"


@pytest.fixture
def names() -> list[bytes]:
    """Names that Linux allows; a slash is the only thing that a name cannot have."""
    command = b"$(touch canary)"
    return [
        b"a b",
        b"it's",
        b'say "x"',
        command,
        b"`touch canary`",
        b"a\nb",
        b"-rf",
        b";touch canary",
        b"{{ 7*7 }}",
        b"caf\xe9",
        b"a\\nb",
        b"*[a]?",
        b"%s%n",
    ]


def quoted(path: bytes) -> bytes:
    """A path as a word of a configuration, and as httpd's wildcards do not see it."""
    for special in (b"\\", b"*", b"[", b"?"):
        path = path.replace(special, b"\\" + special)
    return b'"' + path.replace(b"\\", b"\\\\").replace(b'"', b'\\"') + b'"'


@pytest.mark.parametrize("number", range(13))
def test_configuration_in_a_folder_of_any_name(
    tmp_path: Path, names: list[bytes], number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    name = os.fsdecode(names[number])
    folder = tmp_path / name
    folder.mkdir()
    entry, included = folder / "ssl.conf", folder / name
    included.write_bytes(TLS)
    # A line of a configuration ends where a name with a line end in it goes on: a wildcard stands for it.
    word = b'"' + os.fsencode(tmp_path) + b'/a?b/a?b"' if "\n" in name else quoted(os.fsencode(included))
    entry.write_bytes(b"Include " + word + b"\n")
    included.chmod(0o640)
    state = tmp_path / "state"
    done = enforce_protocols(Httpd(Installation(str(folder), str(entry), None, None)), ["TLSv1.2"], str(state))
    assert done["changed"] and [item["path"] for item in done["files"]] == [str(included)]
    assert included.read_bytes() == HARDENED
    assert {path.name for path in folder.iterdir()} == {"ssl.conf", name}
    record = read_record(str(state / "records/last_change.json"))
    assert record["files"][0]["path"] == str(included)
    backup, data = read_backup(done["files"][0]["backup_file"])
    assert restore_file(backup, data) and included.read_bytes() == TLS
    assert stat.S_IMODE(included.stat().st_mode) == 0o640
    assert not list(tmp_path.rglob("canary"))


PROFILE = 'CPDIR="{root}/cp dir"; FWDIR={root}/fw; UEPMDIR={root}/uepm; PATH={root}/bin:$PATH; export CPDIR FWDIR UEPMDIR PATH\n'
READ_ALL_THE_SAME = {
    "output": "echo CPDIR=/wrong; printf 'CPDIR=/wrong\\0\\0'; echo on stderr >&2\n",
    "functions": "printf() { echo wrong; }; compgen() { echo wrong; }; trap() { :; }; unset() { :; }; export -f printf compgen\n",
    "no PATH": "unset PATH\n",
    "IFS": "IFS=/=:C; export IFS\n",
    "strict": "set -euo pipefail; set -f; shopt -s nullglob\n",
    "trap": "trap 'echo wrong' EXIT DEBUG ERR\n",
    "line ends in a value": "ODD=$'a\\nCPDIR=/wrong\\n'; export ODD\n",
    "preload": "export LD_PRELOAD=/nowhere/x.so LD_LIBRARY_PATH=/nowhere\n",
    "other files for shells": "export BASH_ENV=/nowhere/x ENV=/nowhere/y\n",
    "positional parameters": "set -- a b c; shift\n",
    "input": "read line; cat >/dev/null\n",
}
REFUSED = {
    "exit": "exit 0\n",
    "trap": "trap 'exit 0' DEBUG\n:\n",
    "exec": "exec /bin/true\n",
    "no end": "while :; do :; done\n",
    "kill": "kill -9 $$\n",
    "not shell": "if then (\n",
}


@pytest.mark.parametrize("name", list(READ_ALL_THE_SAME))
def test_a_profile_is_read_whatever_else_it_does(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    profile = tmp_path / "profile $(touch canary)'\".sh"
    monkeypatch.chdir(tmp_path)
    profile.write_text(PROFILE.format(root=tmp_path) + READ_ALL_THE_SAME[name])
    environment = read_environment(str(profile), 20)
    assert (environment.cp_dir, environment.uepm_dir) == (f"{tmp_path}/cp dir", f"{tmp_path}/uepm")
    assert not (tmp_path / "canary").exists()
    if name == "line ends in a value":
        assert environment.variables["ODD"] == "a\nCPDIR=/wrong\n"


@pytest.mark.parametrize("name", list(REFUSED))
def test_a_profile_that_gives_no_answer_is_refused(tmp_path: Path, name: str) -> None:
    profile = tmp_path / "profile.sh"
    profile.write_text(REFUSED[name])
    with pytest.raises(AdministratorError) as caught:
        read_environment(str(profile), 2)
    assert str(profile) in str(caught.value)


@pytest.mark.parametrize(
    "variable", ["BASH_ENV", "ENV", "BASH_FUNC_source%%", "BASH_FUNC_printf%%", "SHELLOPTS", "PROMPT_COMMAND", "PS4"]
)
def test_variables_of_the_session_run_nothing(
    tmp_path: Path, canary: Canary, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    script = tmp_path / "script"
    script.write_text(canary.command("script") + "\n")
    value = {"SHELLOPTS": "xtrace", "PS4": f"$({canary.command('ps4')})"}.get(variable, str(script))
    monkeypatch.setenv(
        variable, f"() {{ {canary.command('function')}; }}" if variable.startswith("BASH_FUNC") else value
    )
    profile = tmp_path / "profile.sh"
    profile.write_text(PROFILE.format(root=tmp_path))
    assert read_environment(str(profile), 20).fw_dir == f"{tmp_path}/fw"
