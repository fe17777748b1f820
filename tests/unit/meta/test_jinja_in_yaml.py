# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Templates in playbooks and roles: two ways of writing them that mean something else than they seem to."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jinja2
import pytest
import yaml
from jinja2 import nodes

from tools import checkout
from tools.environment import ROOT

FILES = [ROOT / name for name in checkout.files() if re.match(r"(playbooks|roles|molecule)/.*\.ya?ml$", name)]
# The value of these keywords is an expression without braces.
EXPRESSIONS = ("when", "that", "until", "failed_when", "changed_when")
TEMPLATE = re.compile(r"\{\{.*?\}\}|\{%.*?%\}", re.DOTALL)


def problems(text: str) -> list[str]:
    """Return the problems of one YAML document, each with its line."""
    return list(_problems_of(yaml.compose(text, yaml.SafeLoader), ""))


def _problems_of(node: Any, key: str) -> Iterator[str]:
    if isinstance(node, yaml.MappingNode):
        for name, value in node.value:
            yield from _problems_of(value, str(name.value))
    elif isinstance(node, yaml.SequenceNode):
        for item in node.value:
            yield from _problems_of(item, key)
    elif isinstance(node, yaml.ScalarNode):
        line = node.start_mark.line + 1
        template = "{{ " + node.value + " }}" if key in EXPRESSIONS else node.value
        if node.style in ("|", ">") and any("\\" in part for part in TEMPLATE.findall(template)):
            yield f"line {line}: a backslash in a template of a block scalar, which Jinja reads as it stands and Ansible may double"
        if _joined_test(template):
            yield f"line {line}: a ~ b is test means a ~ (b is test); write (a ~ b) is test"


def _joined_test(template: str) -> bool:
    try:
        tree = jinja2.Environment(autoescape=True).parse(template)
    except jinja2.TemplateSyntaxError:
        return False
    return any(isinstance(child, nodes.Test) for concat in tree.find_all(nodes.Concat) for child in concat.nodes)


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_templates_mean_what_they_seem_to(path: Path) -> None:
    assert problems(path.read_text("utf-8")) == []


@pytest.mark.parametrize(
    "text",
    [
        "a: >-\n  {{ lines.split('\\t') }}\n",
        "a: |\n  {{ hosts | map('regex_replace', '^(.*)$', '[\\\\1]') }}\n",
        "a: \"{{ out ~ err is search('CLINFR') }}\"\n",
        "when: out ~ err is search('CLINFR')\n",
        "that: [x, \"a ~ 'b' is match('c')\"]\n",
    ],
)
def test_what_is_found(text: str) -> None:
    """The first three stood in this collection and broke bootstrap.yml and rollouts to IPv6 endpoints."""
    assert len(problems(text)) == 1


@pytest.mark.parametrize(
    "text", ["a: |\n  printf '%s\\t' x\n", "a: \"{{ (a ~ b) is search('x') }}\"\n", "a: \"{{ '\\\\1' }}\"\n"]
)
def test_what_is_right(text: str) -> None:
    assert problems(text) == []


def test_playbooks_keep_servers_in_the_order_of_the_inventory() -> None:
    """On ansible-core 2.16 these filters return their result in any order: the canary of a rollout would be another one each time."""
    unordered = re.compile(r"\|\s*(?:difference|intersect|union|symmetric_difference)\b")
    playbooks = [path for path in FILES if path.is_relative_to(ROOT / "playbooks")]
    assert playbooks
    assert [str(path) for path in playbooks if unordered.search(path.read_text("utf-8"))] == []
