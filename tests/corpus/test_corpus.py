# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""``ssl_protocol`` against real files: those that httpd accepts get the policy, and nothing but SSLProtocol lines changes."""

from __future__ import annotations

import difflib
import importlib
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from tests.corpus.prepare import COMPANIONS, loadable, main_configuration
from tests.support import apache, collection

collection.make_importable()

PLUGINS = "ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils"
document = importlib.import_module(f"{PLUGINS}._apache.config.lexer")
enforce = importlib.import_module(f"{PLUGINS}._apache.edit.apply")
facts = importlib.import_module(f"{PLUGINS}._apache.facts")
places = importlib.import_module(f"{PLUGINS}._apache.httpd.installation")

POLICIES = (["TLSv1.2"], ["TLSv1.2", "TLSv1.3"])


@dataclass
class Site:
    """A copy of one file with a real httpd that loads it."""

    folder: Path
    config: Path
    httpd: Path

    @property
    def file(self) -> Path:
        return self.folder / "ssl.conf"

    def program(self, with_httpd: bool = True) -> Any:
        """Return the Httpd of the copy; without a program the copy is a file of its own."""
        programs = (str(self.httpd), str(self.config)) if with_httpd else (None, None)
        installation = places.Installation(str(self.folder), str(self.file), *programs)
        return places.Httpd(installation, apache.environment(), 30)

    def test(self) -> dict[str, Any]:
        found: dict[str, Any] = self.program().test()
        return found

    def enforce(self, policy: list[str], with_httpd: bool = True) -> dict[str, Any]:
        """What the module does."""
        state_dir = self.folder / "state"
        state_dir.mkdir(mode=0o700, exist_ok=True)
        done: dict[str, Any] = enforce.enforce_protocols(self.program(with_httpd), policy, str(state_dir))
        return done


@pytest.fixture
def site(corpus_file: Path, tmp_path: Path, installation: apache.Installation, certificate: apache.Certificate) -> Site:
    (tmp_path / "logs").mkdir()
    names = ["ssl.conf"]
    (tmp_path / "ssl.conf").write_bytes(loadable(corpus_file.read_bytes(), tmp_path, certificate))
    if corpus_file.name in COMPANIONS:
        other = corpus_file.with_name(COMPANIONS[corpus_file.name])
        (tmp_path / "companion.conf").write_bytes(loadable(other.read_bytes(), tmp_path, certificate))
        names.insert(0, "companion.conf")
    config = tmp_path / "httpd.conf"
    config.write_text(main_configuration(installation, tmp_path, names))
    return Site(tmp_path, config, installation.httpd)


def is_template(data: bytes) -> bool:
    """Whether a program has yet to fill it in: no httpd reads it like that."""
    return re.search(rb"\{\{|\{%|<%", data) is not None


def test_writing_what_was_read(corpus_file: Path) -> None:
    data = corpus_file.read_bytes()
    lines = document.parse(data)
    assert b"".join(data[line.start : line.end] for line in lines) == data


def test_with_its_httpd(corpus_file: Path, site: Site, outcomes: dict[str, str]) -> None:
    policy = ["TLSv1.2"]
    before = site.test()
    if not before["ok"]:
        assert is_template(corpus_file.read_bytes()), f"httpd does not load the copy: {before['output']}"
        outcomes[corpus_file.name] = "template, httpd does not read it"
        pytest.skip("a template: httpd does not read it either")
    old = site.file.read_bytes()
    done = site.enforce(policy)
    outcomes[corpus_file.name] = "rewritten" if done["changed"] else "left alone"
    assert done["validated"]
    assert_only_ssl_protocol_changed(old, site.file.read_bytes())
    assert_policy(facts.read_tls_facts(site.program()), policy)
    assert not site.enforce(policy)["changed"]


@pytest.mark.parametrize("policy", POLICIES, ids=" ".join)
def test_on_its_own(corpus_file: Path, site: Site, policy: list[str]) -> None:
    if is_template(corpus_file.read_bytes()) or corpus_file.name in COMPANIONS:
        pytest.skip("it cannot be read on its own: a template, or a part of another configuration")
    old = site.file.read_bytes()
    done = site.enforce(policy, with_httpd=False)
    new = site.file.read_bytes()
    assert not done["validated"]
    assert_only_ssl_protocol_changed(old, new)
    assert all(protocols == policy for protocols in done["after"].values())
    again = site.enforce(policy, with_httpd=False)
    assert (again["changed"], site.file.read_bytes()) == (False, new)


def assert_only_ssl_protocol_changed(old: bytes, new: bytes) -> None:
    """Lines that differ are SSLProtocol lines, and each keeps its indentation and its ending."""
    difference = list(
        difflib.diff_bytes(difflib.unified_diff, old.splitlines(keepends=True), new.splitlines(keepends=True), n=0)
    )[2:]
    gone = [line[1:] for line in difference if line.startswith(b"-")]
    come = [line[1:] for line in difference if line.startswith(b"+")]
    pattern = re.compile(rb"([ \t]*)SSLProtocol\b[^\r\n]*?(\r?\n)?\Z", re.IGNORECASE)
    looks = [pattern.findall(line) for line in gone + come]
    assert all(looks), difference
    assert len(come) >= len(gone)
    if len(come) == len(gone):
        assert looks[: len(gone)] == looks[len(gone) :]


def assert_policy(read: dict[str, Any], policy: list[str]) -> None:
    """Each directive that is no comment means the policy, and so does each scope that serves TLS."""
    assert [item for item in read["directives"] if item["protocols"] != policy] == []
    serving = [scope for scope in read["scopes"] if scope["tls"]]
    assert [scope for scope in serving if scope["configured"] != policy or not scope["governed_by"]] == []
    assert read["http_test"]["ok"], read["http_test"]["output"]
