# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.
"""The check of a run: everything that can be refused before the first server is contacted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._run.groups import (
    Group,
    group_notes,
    group_problems,
    listed,
)
from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._run.names import (
    PREFIX,
    closest,
    is_known,
    kind_of,
    unknown_names,
)
from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._run.policy_check import (
    policy_problems,
    read_waivers,
)
from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._run.values import (
    check_value,
    quote,
    read_switch,
)

# What a server could decide if one of its facts carried such a name.
OUR_NAMES = (
    PREFIX,
    "assess_",
    "enforce_",
    *(
        f"__{part}"
        for part in ("assess", "audit", "bootstrap", "clients", "doctor", "enforce", "report", "rollout", "run")
    ),
)
# These decide about the controller, so one run has one value of each.
OF_THE_RUN = ("clients_csv", "clients_json", "doctor_dir", "host_vars_dir", "report_dir", "report_formats")

# Molecule skips these in each of its runs. No task of this collection has them.
MOLECULE_TAGS = ("molecule-notest", "notest")


@dataclass(frozen=True)
class Run:
    """What is known of a run before it contacts a server.

    :param groups: ``fleet``, ``policy`` and ``management``
    :param known_groups: names of all groups of the inventory
    :param declared: the collection's variables as they are for each server of the run
    :param controller: the same for the controller, where only the command line and the group ``all`` say something
    :param facts: names of the facts that each server has already, from a cache or from an earlier play
    :param tags: what the command line asks for or skips, apart from everything
    """

    groups: Mapping[str, Group]
    known_groups: Sequence[str] = ()
    declared: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    controller: Mapping[str, Any] = field(default_factory=dict)
    facts: Mapping[str, Sequence[str]] = field(default_factory=dict)
    tags: Sequence[str] = ()


def check_run(run: Run) -> dict[str, Any]:
    """Check a run.

    :returns: ``problems`` (sentences without an end; the run may begin when there is none), ``notes``, ``servers`` (those
        of the run) and ``controller`` (paths and formats by name, paths absolute)
    """
    values, disputes = _values_of_the_run(run)
    problems = [
        *group_problems(run.groups, run.known_groups, _allows_empty(run)),
        *_tag_problems(run.tags),
        *_fact_problems(run.facts),
        *_shared(run, _server_problems),
        *disputes,
    ]
    return {
        "problems": problems,
        "notes": group_notes(run.groups) + _idle_waivers(run),
        "servers": sorted(run.declared),
        "controller": values,
    }


def _allows_empty(run: Run) -> bool:
    sources = [run.controller, *run.declared.values()]
    given = [source[PREFIX + "allow_empty"] for source in sources if PREFIX + "allow_empty" in source]
    return any(not check_value("switch", value) and read_switch(value) for value in given)


def _tag_problems(given: Sequence[str]) -> list[str]:
    tags = [tag for tag in given if tag not in MOLECULE_TAGS]
    if not tags:
        return []
    return [
        f"--tags or --skip-tags is given ({', '.join(tags)}), but a part of a playbook without its rest would look like "
        "the whole; run it without tags"
    ]


def _fact_problems(facts: Mapping[str, Sequence[str]]) -> list[str]:
    problems = []
    for server, names in facts.items():
        ours = sorted(name for name in names if name.startswith(OUR_NAMES))
        if ours:
            problems.append(
                f"{server} has sent facts with names of this collection ({', '.join(ours)}), which could decide about the "
                "run; clear the fact cache (--flush-cache) and find out where they come from"
            )
    return problems


def _server_problems(declared: Mapping[str, Any]) -> list[str]:
    problems = []
    for name in unknown_names(declared):
        near = closest(name)
        problems.append(f"{name} is not a variable of this collection" + (f" (did you mean {near}?)" if near else ""))
    for name in sorted(name for name in declared if name.startswith(PREFIX) and is_known(name)):
        wrong = check_value(kind_of(name), declared[name])
        problems += [f"{name} {wrong}"] if wrong else []
    return problems + policy_problems(declared)


def _shared(run: Run, check: Any) -> list[str]:
    """Return the problems of all servers, each once, with the servers that have it unless that is every one."""
    found: dict[str, list[str]] = {}
    for server, declared in run.declared.items():
        for problem in check(declared):
            found.setdefault(problem, []).append(server)
    if not run.declared:
        return list(check(run.controller))
    return [
        problem if len(servers) == len(run.declared) else f"{', '.join(servers)}: {problem}"
        for problem, servers in found.items()
    ]


def _values_of_the_run(run: Run) -> tuple[dict[str, Any], list[str]]:
    values, problems = {}, []
    for name in OF_THE_RUN:
        given = {server: vars_[PREFIX + name] for server, vars_ in run.declared.items() if PREFIX + name in vars_}
        if not run.declared and PREFIX + name in run.controller:
            given = {"localhost": run.controller[PREFIX + name]}
        distinct = {quote(value): server for server, value in reversed(given.items())}
        if len(distinct) > 1 or (distinct and len(given) < len(run.declared)):
            problems.append(
                f"{PREFIX}{name} is not the same for all servers, but one run has one; set it in group_vars/all"
            )
        elif given:
            value = next(iter(given.values()))
            values[name] = absolute(value) if kind_of(PREFIX + name) == "controller_path" else value
    return values, problems


def absolute(path: Any) -> str:
    """Return a path of the controller, relative ones below the directory that the run was started in; empty stays empty."""
    return str(Path.cwd() / Path(str(path)).expanduser()) if path else ""


def _idle_waivers(run: Run) -> list[str]:
    names = sorted({name for group in run.groups.values() for name in group.servers})
    notes = []
    for declared in run.declared.values():
        for waiver in read_waivers(declared):
            if names and not any(waiver.covers(waiver.rule, name) for name in names):
                notes.append(
                    f"the waiver of {waiver.rule} for {listed(waiver.servers)} about no server of this inventory"
                )
    return list(dict.fromkeys(notes))
