# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""Check that the inventory's groups exist, hold servers, and leave none out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._run.names import PREFIX, closest

# The variable that names each group.
VARIABLES = {"fleet": "group", "policy": "policy_group", "management": "management_group"}
_NAMED = 10


@dataclass(frozen=True)
class Group:
    """A group as a playbook names it (a pattern of Ansible), and the servers that this is."""

    pattern: str
    servers: tuple[str, ...]


def group_problems(groups: Mapping[str, Group], known: Sequence[str], allow_empty: bool) -> list[str]:
    """Return which of the three groups is empty or missing, and which servers are in neither of the two child groups.

    :param groups: ``fleet``, ``policy`` and ``management``
    :param known: names of all groups of the inventory, to find the one that was meant
    :param allow_empty: whether a group may be empty or missing
    """
    empty = [role for role in VARIABLES if not groups[role].servers]
    problems = [] if allow_empty or not empty else [_empty({role: groups[role].pattern for role in empty}, known)]
    return problems + _ungrouped(groups)


def group_notes(groups: Mapping[str, Group]) -> list[str]:
    """Return what is worth saying of groups that can be used."""
    both = sorted(set(groups["policy"].servers) & set(groups["management"].servers))
    if not both:
        return []
    return [
        f"{listed(both)} in both {groups['policy'].pattern} and {groups['management'].pattern}: "
        "treated as management, so rolled out last"
    ]


def listed(names: Sequence[str]) -> str:
    """Return names for a message with the verb after them, shortened where there are many."""
    more = f" and {len(names) - _NAMED} more" if len(names) > _NAMED else ""
    return f"{', '.join(names[:_NAMED])}{more} {'is' if len(names) == 1 else 'are'}"


def _empty(patterns: Mapping[str, str], known: Sequence[str]) -> str:
    """Return the sentence about groups without servers; the patterns are given by role."""
    states = " and ".join(_state(pattern, known) for pattern in patterns.values())
    variables = ", ".join(PREFIX + VARIABLES[role] for role in patterns)
    return (
        f"{states}; put servers there, name another group in {variables}, "
        f"or set {PREFIX}allow_empty to true if there are none on purpose"
    )


def _state(pattern: str, known: Sequence[str]) -> str:
    if pattern in known:
        return f"the group {pattern} is empty"
    near = closest(pattern, [name for name in known if name not in ("all", "ungrouped")])
    return f"the group {pattern} does not exist" + (f" (did you mean {near}?)" if near else "")


def _ungrouped(groups: Mapping[str, Group]) -> list[str]:
    grouped = set(groups["policy"].servers) | set(groups["management"].servers)
    lost = sorted(set(groups["fleet"].servers) - grouped)
    if not lost:
        return []
    return [
        f"{listed(lost)} in {groups['fleet'].pattern}, but in neither {groups['policy'].pattern} nor "
        f"{groups['management'].pattern}; a rollout would leave out such a server"
    ]
