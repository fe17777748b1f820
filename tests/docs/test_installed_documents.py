# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The documents of the built tarball, as a user reads them: links lead to files in it, and its README works from an empty directory."""

from __future__ import annotations

import configparser
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.test_documents import DIRECTIVE, FENCED, LINK
from tests.support.fleet import raised
from tools import checkout
from tools.environment import NAME, variables

SECONDS = 500.0


def run(command: list[str], directory: Path, **settings: str) -> str:
    """Run a command, fail with its output, or return that."""
    done = subprocess.run(
        command,
        cwd=directory,
        env=variables() | settings,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    return done.stdout


@pytest.fixture(scope="module")
def collections(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a directory in which the tarball of this checkout is installed, and nothing else."""
    directory = tmp_path_factory.mktemp("installed")
    source = checkout.export("documents")
    run(["ansible-galaxy", "collection", "build", str(source), "--output-path", str(directory)], directory)
    [tarball] = directory.glob("*.tar.gz")
    own = {"ANSIBLE_COLLECTIONS_PATH": str(directory)}
    run(["ansible-galaxy", "collection", "install", "--offline", str(tarball), "-p", str(directory)], directory, **own)
    return directory


@pytest.fixture(scope="module")
def installed(collections: Path) -> Path:
    """Return the directory of the installed collection."""
    return collections / "ansible_collections" / NAME.replace(".", "/")


@pytest.fixture
def empty(installed: Path, tmp_path: Path) -> Path:
    """Return an empty directory, apart from the README's own ansible.cfg and inventory."""
    blocks = {
        language: text for _indent, language, text in FENCED.findall((installed / "README.md").read_text("utf-8"))
    }
    (tmp_path / "ansible.cfg").write_text(blocks["ini"], "utf-8")
    (tmp_path / "inventory.yml").write_text(blocks["yaml"], "utf-8")
    return tmp_path


def commands(document: Path) -> Iterator[str]:
    """Yield the commands that a document shows."""
    for _indent, language, text in (FENCED if document.suffix == ".md" else DIRECTIVE).findall(
        document.read_text("utf-8")
    ):
        if language == "console":
            yield from (line.strip().removeprefix("$ ") for line in text.splitlines() if line.strip().startswith("$ "))


def test_every_link_leads_to_a_file_of_the_tarball(installed: Path) -> None:
    documents = sorted(path for path in installed.rglob("*.md") if path.name != "CHANGELOG.md")
    assert installed / "README.md" in documents
    missing = [
        f"{document.relative_to(installed)}: {link}"
        for document in documents
        for link in LINK.findall(FENCED.sub("", document.read_text("utf-8")))
        if not (document.parent / link).exists()
    ]
    assert missing == []


def test_the_playbooks_of_the_documents_are_found_from_an_empty_directory(
    collections: Path, installed: Path, empty: Path
) -> None:
    documents = [installed / "README.md", *sorted((installed / "docs/docsite/rst").glob("*.rst"))]
    shown = [line.partition("#")[0].strip() for document in documents for line in commands(document)]
    playbooks = {line for line in shown if line.startswith("ansible-playbook")}
    assert any(".audit" in line for line in playbooks) and any(".rollback" in line for line in playbooks)
    own = {
        "ANSIBLE_COLLECTIONS_PATH": str(collections),
        "ANSIBLE_CONFIG": str(empty / "ansible.cfg"),
        "PWD": str(empty),
    }
    for line in sorted(playbooks):
        output = run(["sh", "-c", f"{line} --list-hosts"], empty, **own)
        assert re.search(r"hosts \([1-9]", output), (line, output)


def test_the_sample_configuration_has_only_settings_that_ansible_knows(collections: Path, empty: Path) -> None:
    own = {"ANSIBLE_COLLECTIONS_PATH": str(collections), "ANSIBLE_CONFIG": str(empty / "ansible.cfg")}
    text = run(["ansible-config", "list", "--format", "yaml", "-t", "all"], empty, **own)
    known = set(re.findall(r"^\s*-?\s*key: (\w+)$", text, re.MULTILINE))
    parsed = configparser.ConfigParser()
    parsed.read(empty / "ansible.cfg")
    given = {key for section in parsed.sections() for key in parsed[section]}
    assert {"pipelining", "forks", "host_key_checking"} <= given
    assert given <= known
    assert (empty / parsed["defaults"]["inventory"]).exists()


def test_the_documentation_of_everything_renders(collections: Path, installed: Path) -> None:
    own = {"ANSIBLE_COLLECTIONS_PATH": str(collections)}
    for kind, names in {
        "module": [path.stem for path in (installed / "plugins/modules").glob("*.py")],
        "role": [path.name for path in (installed / "roles").iterdir()],
        "filter": [path.stem for path in (installed / "plugins/filter").glob("*.yml")],
    }.items():
        output = run(["ansible-doc", "-t", kind, *(f"{NAME}.{name}" for name in sorted(names))], installed, **own)
        assert names and not re.search("WARNING|ERROR", output), output


@pytest.mark.slow("A lab, and six playbooks one after the other.")
def test_the_commands_of_the_readme_in_order(collections: Path, installed: Path, empty: Path) -> None:
    shown = [line.partition("#")[0].strip() for line in commands(installed / "README.md")]
    playbooks = [line for line in shown if line.startswith("ansible-playbook")]
    own = {
        "ANSIBLE_COLLECTIONS_PATH": str(collections),
        "ANSIBLE_CONFIG": str(empty / "ansible.cfg"),
        "PWD": str(empty),
    }
    written = "SSLProtocol TLSv1.2\n"
    with raised("--management", "1", "--policy", "1", "--stop-seconds", "0.1", "--start-seconds", "0.1") as fleet:
        files = [fleet.apache(name) / "conf/ssl.conf" for name in fleet.hosts]
        for line in playbooks:
            run(["sh", "-c", f"{line} -i {fleet.folder}/inventory.yml"], empty, **own)
            hardened = [written in path.read_text("latin-1") for path in files]
            # Only these two change anything: harden, and rollback after it.
            assert all(hardened) if line.endswith(".harden -e checkpoint_endpoint_restart=true") else not any(hardened)
    assert {path.name for path in empty.iterdir()} == {"ansible.cfg", "inventory.yml"}
