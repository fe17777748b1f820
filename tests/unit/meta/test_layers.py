# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Imports in plugins point down, and neither packages nor files import each other in a circle."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from tests.support.collection import NAME, ROOT

Edge = tuple[str, str]
Layers = tuple[tuple[str, ...], ...]

PLUGINS = Path(ROOT) / "plugins"
PREFIX = f"{NAME}.plugins."
# From the top down. A room imports what stands below it, and nothing beside it.
LAYERS: Layers = (
    ("action",),
    ("modules", "filter"),
    ("plugin_utils._fleet", "plugin_utils._doctor"),
    ("plugin_utils._run",),
    ("plugin_utils._policy",),
    ("plugin_utils._results",),
    ("plugin_utils._plain_text",),
    ("module_utils._server_facts", "module_utils._server_options"),
    ("module_utils._guard", "module_utils._logs", "module_utils._listeners"),
    ("module_utils._checkpoint", "module_utils._apache"),
    ("module_utils._tls", "module_utils._parallel"),
    ("module_utils._files",),
    ("module_utils._commands",),
    ("module_utils._text", "module_utils._time", "module_utils._protocols"),
    ("module_utils._errors",),
)
# The rooms of the Apache package, likewise.
APACHE_LAYERS: Layers = (("facts",), ("edit",), ("httpd",), ("tls",), ("config",))


def module_name(path: Path) -> str:
    """Return the dotted name of a file below ``plugins``, without ``plugins``."""
    return ".".join(path.relative_to(PLUGINS).with_suffix("").parts)


def imports(path: Path, known: Iterable[str]) -> Iterator[str]:
    """Yield the files of the collection that a file imports, as dotted names."""
    known = set(known)
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(PREFIX):
            module = (node.module or "").removeprefix(PREFIX)
            for alias in node.names:
                yield f"{module}.{alias.name}" if f"{module}.{alias.name}" in known else module


def all_edges() -> list[Edge]:
    """Return every import between two files of the collection."""
    files = {module_name(path): path for path in sorted(PLUGINS.rglob("*.py"))}
    return [(name, target) for name, path in files.items() for target in imports(path, files)]


def place(name: str, layers: Layers, prefix: str = "") -> tuple[int, str]:
    """Return the layer that a file is in, 0 at the top, and its room there."""
    for number, layer in enumerate(layers):
        for room in layer:
            if name == prefix + room or name.startswith(f"{prefix}{room}."):
                return number, room
    raise AssertionError(f"{name} is in no layer: add it where it belongs")


def circle(edges: Iterable[Edge]) -> list[str]:
    """Return the names along a circle of imports; empty where there is none."""
    graph: dict[str, set[str]] = {}
    for source, target in edges:
        if source != target:
            graph.setdefault(source, set()).add(target)
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        return list(error.args[1])
    return []


def upward(edges: Iterable[Edge], layers: Layers, prefix: str = "") -> list[str]:
    """Return the imports that leave their room and do not point down, as text."""
    found = []
    for source, target in edges:
        (above, own), (below, other) = place(source, layers, prefix), place(target, layers, prefix)
        if own != other and above >= below:
            found.append(f"{source} imports {target}")
    return found


def layered(edges: Iterable[Edge]) -> list[Edge]:
    """Return the imports between files that are in a layer: documentation fragments are no code."""
    return [edge for edge in edges if not any(name.startswith("doc_fragments") for name in edge)]


def test_imports_point_down() -> None:
    assert upward(layered(all_edges()), LAYERS) == []


def test_imports_inside_the_apache_package_point_down() -> None:
    prefix = "module_utils._apache."
    inside = [edge for edge in all_edges() if edge[0].startswith(prefix) and edge[1].startswith(prefix)]
    assert len(inside) > 20 and upward(inside, APACHE_LAYERS, prefix) == []


def test_neither_files_nor_packages_import_each_other_in_a_circle() -> None:
    edges = layered(all_edges())
    assert len(edges) > 100
    assert circle(edges) == []
    assert circle((place(source, LAYERS)[1], place(target, LAYERS)[1]) for source, target in edges) == []


@pytest.mark.parametrize(
    "edge",
    [
        ("module_utils._checkpoint.services", "module_utils._guard.state"),
        ("module_utils._files.locks", "module_utils._checkpoint.product"),
        ("module_utils._apache.facts", "module_utils._checkpoint.product"),
        ("plugin_utils._policy.verdict", "plugin_utils._fleet.table"),
    ],
)
def test_an_import_that_points_up_is_found(edge: Edge) -> None:
    assert upward([edge], LAYERS) == [f"{edge[0]} imports {edge[1]}"]


def test_a_circle_is_found() -> None:
    assert circle([("a", "b"), ("b", "c"), ("c", "a")]) != []
