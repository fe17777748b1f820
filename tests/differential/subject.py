# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What the collection says to a configuration, and what its module ssl_protocol does to it."""

from __future__ import annotations

import contextlib
import fnmatch
import importlib
import io
import json
import os
import traceback
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from tests.support import apache, collection

collection.make_importable()

PLUGINS = "ansible_collections.checkpoint_endpoint.hardening.plugins"
UNKNOWN_NAME = "unknown.invalid"


class Subject(Protocol):
    """A configuration on disk with its httpd."""

    httpd: Any

    @property
    def entry(self) -> Path:
        """The file that ``ssl_protocol`` is told to edit."""


@dataclass
class Said:
    """What the evaluator says.

    :ivar starts: whether httpd would come up
    :ivar reason: why it would not
    :ivar crashed: the traceback of anything else than an AdministratorError
    :ivar expected: by host and port, then by server name, the protocols that are negotiated
    :ivar undecided: whether it warns that it cannot tell what httpd reads
    :ivar wildcards: ServerAlias with wildcards: of the names that they fit, only those in ``expected`` are told
    """

    starts: bool
    reason: str = ""
    crashed: str = ""
    expected: dict[tuple[str, int], dict[str, tuple[str, ...]]] = field(default_factory=dict)
    wildcards: frozenset[str] = frozenset()
    undecided: bool = False

    def of(self, host: str, port: int, name: str) -> tuple[str, ...] | None:
        """What it says of one name at an endpoint that it lists: None where it says nothing."""
        names = {known.lower(): protocols for known, protocols in self.expected[host, port].items()}
        if name not in names and any(fnmatch.fnmatchcase(name, pattern) for pattern in self.wildcards):
            return None
        return names.get(name, names[UNKNOWN_NAME])


def evaluate(server: Subject) -> Said:
    """Ask the evaluator about the configuration as it is on disk now."""
    installation = importlib.import_module(f"{PLUGINS}.module_utils._apache.httpd.installation")
    facts = importlib.import_module(f"{PLUGINS}.module_utils._apache.facts")
    errors = importlib.import_module(f"{PLUGINS}.module_utils._errors")
    try:
        found = installation.find_installation(
            ssl_conf=str(server.entry), httpd=str(server.httpd.installation.httpd), httpd_conf=str(server.httpd.config)
        )
        read = facts.read_tls_facts(installation.Httpd(found, apache.environment(), 30))
    except errors.AdministratorError as error:
        return Said(False, error.sentence(), undecided="cannot determine what httpd reads" in error.message)
    except Exception:
        # Whatever it is, it is a finding, with the configuration that caused it.
        return Said(False, "crashed", traceback.format_exc())
    return _said(read)


def _said(read: dict[str, Any]) -> Said:
    expected = {
        (item["host"], item["port"]): {name: tuple(protocols) for name, protocols in item["expected"].items()}
        for item in read["endpoints"]
    }
    directives, scopes = read["directives"], read["scopes"]
    illegal = [item for item in directives if item["protocols"] is None and item["state"] in ("effective", "unused")]
    empty = [item["name"] for item in scopes if item["tls"] and not item["configured"]]
    warnings = [*read["warnings"], *(text for item in scopes for text in item["warnings"])]
    aliases = [alias.lower() for item in scopes for alias in item["aliases"]]
    reasons = [f"illegal: {item}" for item in illegal] + [f"no protocol: {name}" for name in empty]
    reasons += [text for text in warnings if "does not start" in text]
    if not read["http_test"]["ok"]:
        reasons.append(read["http_test"]["output"])
    return Said(
        starts=not reasons,
        reason="; ".join(reasons),
        expected=expected,
        wildcards=frozenset(alias for alias in aliases if "*" in alias or "?" in alias),
        undecided=any("cannot determine" in text for text in warnings),
    )


@dataclass
class Run:
    """One run of the module."""

    result: dict[str, Any]

    @property
    def failed(self) -> bool:
        """Whether it refused or failed."""
        return bool(self.result.get("failed"))

    @property
    def message(self) -> str:
        """What it said then."""
        return str(self.result.get("msg", ""))

    @property
    def changed(self) -> bool:
        """Whether it says that it changed, or would change, something."""
        return bool(self.result.get("changed"))


def rewrite(server: Subject, protocols: Sequence[str], state_dir: Path, check: bool = False, **more: Any) -> Run:
    """Run the module ``ssl_protocol`` through its own main(), in this process."""
    installation = server.httpd.installation
    return _run(
        {"path": str(server.entry), "httpd": str(installation.httpd), "httpd_conf": str(server.httpd.config), **more},
        protocols,
        state_dir,
        check,
    )


def rewrite_alone(file: Path, protocols: Sequence[str], state_dir: Path) -> Run:
    """Run the module on a file without its httpd."""
    return _run({"path": str(file)}, protocols, state_dir)


def _run(options: dict[str, Any], protocols: Sequence[str], state_dir: Path, check: bool = False) -> Run:
    arguments = {
        **options,
        "protocols": list(protocols),
        "state_dir": str(state_dir),
        "_ansible_check_mode": check,
        "_ansible_diff": True,
        "_ansible_remote_tmp": str(state_dir.parent),
    }
    basic: Any = importlib.import_module("ansible.module_utils.basic")
    module = importlib.import_module(f"{PLUGINS}.modules.ssl_protocol")
    basic._ANSIBLE_ARGS = json.dumps({"ANSIBLE_MODULE_ARGS": arguments}).encode("utf-8")
    # ansible-core 2.19 and later ask for it.
    basic._ANSIBLE_PROFILE = "legacy"
    output = io.StringIO()
    try:
        with contextlib.redirect_stdout(output):
            module.main()
    except SystemExit:
        return Run(json.loads(output.getvalue().strip().splitlines()[-1]))
    except Exception:
        return Run({"failed": True, "msg": "crashed", "crashed": traceback.format_exc()})
    return Run({"failed": True, "msg": "crashed", "crashed": f"main() returned; it printed {output.getvalue()!r}"})


Snapshot = dict[str, tuple[bytes, int, int, int]]


def snapshot(root: Path) -> Snapshot:
    """Every file of the configuration below a folder: bytes, time of change of content and of the inode, inode."""
    found: Snapshot = {}
    for folder, _folders, files in os.walk(root):
        for name in files:
            path = Path(folder) / name
            if path.suffix in (".log", ".pid") or path.is_symlink():
                continue
            facts = path.stat()
            key = str(path.relative_to(root))
            found[key] = (path.read_bytes(), facts.st_mtime_ns, facts.st_ctime_ns, facts.st_ino)
    return found
