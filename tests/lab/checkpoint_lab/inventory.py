# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The files by which Ansible finds the lab: inventory, configuration, known hosts."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from .processes import MARK
from .server import Server
from .ssh import client_line, user_name

# Beyond the time that the lab's cpstop and cpstart take; enough for a busy machine, little enough for a test of a hung tool.
STOP_MARGIN = 15
START_MARGIN = 20


def interpreter(server: Server) -> Path:
    """The Python of a server under the name that its release has."""
    folder = server.fw_dir / "Python/bin"
    return folder / ("python" if (folder / "python").is_symlink() else "python3")


def host_variables(server: Server, folder: Path) -> dict[str, Any]:
    """The variables of one server in the inventory."""
    settings = server.settings
    return {
        "ansible_host": server.address,
        "ansible_port": settings["ssh_port"],
        "ansible_python_interpreter": str(interpreter(server)),
        "ansible_remote_tmp": str(server.root / "tmp/ansible"),
        "ansible_async_dir": str(server.root / "tmp/ansible_async"),
        "checkpoint_endpoint_profile": str(server.profile),
        "checkpoint_endpoint_state_dir": settings["state_dir"],
        # All lab servers share one kernel: this tells the listeners of one from those of the others, and of the machine.
        "checkpoint_endpoint_listener_mark": f"{MARK}={server.root}",
        "lab_root": str(server.root),
        "lab_kind": settings["kind"],
        "lab_release": server.release,
        "lab_original_conf": str(folder / "originals" / server.name),
    }


def inventory(servers: list[Server], folder: Path, control: Path) -> dict[str, Any]:
    """The inventory.

    :param folder: the lab's folder
    :param control: the folder for ssh's control sockets, whose paths must be short
    """
    groups = {
        "endpoint_management": {server.name: host_variables(server, folder) for server in servers if server.management},
        "endpoint_policy": {server.name: host_variables(server, folder) for server in servers if not server.management},
    }
    settings = servers[0].settings
    common = {
        "ansible_connection": "ssh",
        "ansible_user": user_name(),
        "ansible_ssh_private_key_file": str(folder / "keys/administrator"),
        "ansible_ssh_common_args": client_line(folder),
        "ansible_host_key_checking": True,
        "ansible_ssh_pipelining": True,
        "ansible_control_path_dir": str(control),
        "checkpoint_endpoint_stop_timeout": math.ceil(settings["stop_seconds"]) + STOP_MARGIN,
        "checkpoint_endpoint_start_timeout": math.ceil(settings["start_seconds"]) + START_MARGIN,
    }
    children = {name: {"hosts": hosts} for name, hosts in groups.items()}
    return {"endpoint_servers": {"vars": common, "children": children}}


def ansible_cfg(folder: Path, control: Path) -> str:
    """Settings for a controller that uses this lab: nothing is read from or written to the user's home."""
    return f"""\
[defaults]
inventory = {folder}/inventory.yml
home = {folder}/ansible
remote_tmp = {folder}/ansible/tasks
collections_path = {folder}/collections
host_key_checking = true
retry_files_enabled = false
forks = 16

[ssh_connection]
pipelining = true
control_path_dir = {control}
"""


def write_controller_files(servers: list[Server], folder: Path, control: Path, checkout: Path) -> None:
    """Write ``inventory.yml`` (JSON, which is YAML), ``ansible.cfg`` and the folder where Ansible finds the collection."""
    text = json.dumps(inventory(servers, folder, control), indent=2)
    head = "# Made by tests/lab/lab, overwritten by each `up`. JSON is YAML: no module beyond Python's own is needed to write it.\n---\n"
    (folder / "inventory.yml").write_text(head + text + "\n", "utf-8")
    (folder / "ansible.cfg").write_text(ansible_cfg(folder, control), "utf-8")
    namespace = folder / "collections/ansible_collections/checkpoint_endpoint"
    namespace.mkdir(parents=True)
    (namespace / "hardening").symlink_to(checkout)
