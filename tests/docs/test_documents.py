# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Check what the documents show: Ansible accepts the examples, and commands, playbooks, variables and files exist."""

from __future__ import annotations

import ast
import re
import subprocess
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from ansible.plugins import doc_fragments

from tools import checkout
from tools.environment import NAME, ROOT, variables

MODULES = sorted((ROOT / "plugins" / "modules").glob("*.py"))
DOCUMENTS = [
    ROOT / name for name in checkout.files() if name.endswith((".md", ".rst")) and not name.startswith("tests/corpus")
]
FENCED = re.compile(r"^( *)```(\w+)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
DIRECTIVE = re.compile(r"^( *)\.\. code-block:: (\w+)\n\n((?:\1   .*\n|\s*\n)+)", re.MULTILINE)
LINK = re.compile(r"\]\((?!https?://|#)([^)#\s]+)")
SECONDS = 120.0


@dataclass(frozen=True)
class Block:
    """A code block of a document."""

    document: Path
    language: str
    text: str

    def __str__(self) -> str:
        first = self.text.strip().splitlines()[0].strip()
        return f"{self.document.relative_to(ROOT)}: {first[:50]}"


def blocks() -> Iterator[Block]:
    """Yield the code blocks of all documents."""
    for document in DOCUMENTS:
        found = (FENCED if document.suffix == ".md" else DIRECTIVE).findall(document.read_text("utf-8"))
        for _indent, language, text in found:
            yield Block(document, language, textwrap.dedent(text))


BLOCKS = list(blocks())
YAML = [block for block in BLOCKS if block.language in ("yaml", "yml")]
COMMANDS = [
    (block, line.removeprefix("$ "))
    for block in BLOCKS
    if block.language in ("console", "sh", "shell", "bash")
    for line in block.text.splitlines()
    if line.startswith("$ ")
]


def constants_of(module: Path) -> dict[str, Any]:
    """Return DOCUMENTATION, EXAMPLES and RETURN of a module, or the parts of a documentation fragment."""
    tree = ast.parse(module.read_text("utf-8"))
    found = {}
    for node in [*tree.body, *(inner for item in tree.body if isinstance(item, ast.ClassDef) for inner in item.body)]:
        if (
            isinstance(node, ast.Assign)
            and isinstance(node.targets[0], ast.Name)
            and isinstance(node.value, ast.Constant)
        ):
            found[node.targets[0].id] = node.value.value
    return found


def syntax_check(play: object, folder: Path) -> None:
    """Let Ansible check the syntax of a playbook, and fail with its output."""
    playbook = folder / "playbook.yml"
    playbook.write_text(yaml.safe_dump(play), "utf-8")
    command = ["ansible-playbook", "--syntax-check", "-i", "localhost,", str(playbook)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=SECONDS, env=variables(), check=False)
    assert done.returncode == 0, done.stderr


def task_modules(tasks: list[dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield the collection's modules that the tasks call, also in blocks, with their arguments."""
    for task in tasks:
        for section in ("block", "rescue", "always"):
            yield from task_modules(task.get(section, []))
        for name, arguments in task.items():
            if name.startswith(f"{NAME}."):
                yield name.rpartition(".")[2], arguments or {}


def unknown_options(tasks: list[dict[str, Any]]) -> list[str]:
    """Return options that the tasks set and that their modules do not have."""
    wrong = []
    for name, arguments in task_modules(tasks):
        documented = yaml.safe_load(constants_of(ROOT / "plugins" / "modules" / f"{name}.py")["DOCUMENTATION"])
        options = set(documented["options"]).union(*map(fragment_options, documented["extends_documentation_fragment"]))
        wrong += [f"{name}: {option}" for option in arguments if option not in options]
    return wrong


def fragment_options(name: str) -> set[str]:
    """Return the options of a documentation fragment: of Ansible, or of the collection (``NAMESPACE.NAME.FRAGMENT``, with or without a part)."""
    folder = ROOT / "plugins" / "doc_fragments" if name.startswith(f"{NAME}.") else Path(doc_fragments.__path__[0])
    fragment, *part = name.removeprefix(f"{NAME}.").removeprefix("ansible.builtin.").split(".")
    text = constants_of(folder / f"{fragment}.py")[part[0].upper() if part else "DOCUMENTATION"]
    return set(yaml.safe_load(text)["options"])


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.stem)
def test_examples_of_a_module(module: Path, tmp_path: Path) -> None:
    examples = yaml.safe_load(constants_of(module)["EXAMPLES"])
    plays = examples if all("hosts" in item for item in examples) else [{"hosts": "all", "tasks": examples}]
    tasks = [task for play in plays for part in ("pre_tasks", "tasks", "post_tasks") for task in play.get(part, [])]
    assert any(name == module.stem for name, _arguments in task_modules(tasks))
    assert unknown_options(tasks) == []
    syntax_check(plays, tmp_path)


@pytest.mark.parametrize("block", YAML, ids=str)
def test_yaml_in_documents(block: Block, tmp_path: Path) -> None:
    content = yaml.safe_load(block.text)
    assert content
    if not isinstance(content, list):
        return
    if all("hosts" in item or "ansible.builtin.import_playbook" in item for item in content):
        syntax_check(content, tmp_path)
    else:
        assert unknown_options(content) == []
        syntax_check([{"hosts": "all", "tasks": content}], tmp_path)


def known_variables() -> set[str]:
    """Return the variables that roles and playbooks read."""
    found: set[str] = set()
    for folder in ("roles", "playbooks"):
        for path in (ROOT / folder).rglob("*.yml"):
            found |= set(
                re.findall(r"\b(?:checkpoint_endpoint|assess|enforce|report)_[a-z_]+", path.read_text("utf-8"))
            )
    return found


@pytest.mark.parametrize("block", YAML, ids=str)
def test_variables_in_documents(block: Block) -> None:
    named = set(re.findall(r"^\s*((?:checkpoint_endpoint|assess|enforce|report)_[a-z_]+):", block.text, re.MULTILINE))
    assert named <= known_variables()


@pytest.mark.parametrize(("block", "command"), COMMANDS, ids=str)
def test_commands_in_documents(block: Block, command: str) -> None:
    makefile = (ROOT / "Makefile").read_text("utf-8")
    for target in re.findall(r"\bmake ((?:[a-z-]+ ?)+)", command.partition("#")[0]):
        for name in target.split():
            assert re.search(rf"^{name}:", makefile, re.MULTILINE), f"no target {name}"
    for playbook in re.findall(rf"{re.escape(NAME)}\.(\w+)", command):
        parts = [ROOT / "playbooks" / f"{playbook}.yml", ROOT / "plugins" / "modules" / f"{playbook}.py"]
        parts += [ROOT / "roles" / playbook, ROOT / "plugins" / "filter" / f"{playbook}.yml"]
        assert any(part.exists() for part in parts), f"no {NAME}.{playbook}"
    for variable in re.findall(r"-e (checkpoint_endpoint_\w+)=", command):
        assert variable in known_variables()
    for path in re.findall(r"(?:^|\s)((?:tests|tools|benchmarks|playbooks)/[\w./-]+)", command):
        assert (ROOT / path).exists(), f"no {path}"


@pytest.mark.parametrize(
    "document", [path for path in DOCUMENTS if path.suffix == ".md"], ids=lambda path: str(path.relative_to(ROOT))
)
def test_links_in_documents(document: Path) -> None:
    text = FENCED.sub("", document.read_text("utf-8"))
    missing = [link for link in LINK.findall(text) if not (document.parent / link).exists()]
    assert missing == []


def test_every_guide_is_in_the_table_of_contents() -> None:
    extra = yaml.safe_load((ROOT / "docs/docsite/extra-docs.yml").read_text("utf-8"))
    listed = {name for section in extra["sections"] for name in section["toctree"]}
    assert listed == {path.stem for path in (ROOT / "docs/docsite/rst").glob("guide_*.rst")}
