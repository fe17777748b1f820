# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One lab server as its own tools and the lab see it: a folder that stands for the root of its file system.

What a real server keeps is where a real server keeps it. What only the lab needs is under ``var/lab``.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from .processes import MARK

Record = dict[str, Any]


def read_json(path: Path, otherwise: Any = None) -> Any:
    """What a JSON file holds; ``otherwise`` when there is no such file, or it was cut short by a crash."""
    try:
        return json.loads(path.read_text("utf-8"))
    except (FileNotFoundError, ValueError):
        return otherwise


def write_json(path: Path, value: Any) -> None:
    """Replace a JSON file in one step."""
    fresh = path.with_name(f"{path.name}.{os.getpid()}")
    fresh.write_text(json.dumps(value, indent=1), "utf-8")
    fresh.replace(path)


class Server:
    """Where everything of one server is.

    :param root: the folder that stands for ``/`` on this server
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        self.state = root / "var/lab"
        self.settings: Record = read_json(self.state / "server.json", {})

    @property
    def name(self) -> str:
        """Its name in the inventory."""
        return self.root.name

    @property
    def release(self) -> str:
        """The release that it says it runs, for example ``R81.20``."""
        return str(self.settings["release"])

    @property
    def label(self) -> str:
        """The release in the names of its directories; R80.10 has those of R80."""
        return str(self.settings["label"])

    @property
    def address(self) -> str:
        """Its loopback address."""
        return str(self.settings["address"])

    @property
    def management(self) -> bool:
        """Whether it is a management server, primary or secondary."""
        return bool(self.settings["role"] != "policy")

    @property
    def primary(self) -> bool:
        """Whether it is the management server whose internal CA works."""
        return bool(self.settings["role"] == "primary")

    @property
    def cp_dir(self) -> Path:
        """CPDIR."""
        return self.root / f"opt/CPshrd-{self.label}"

    @property
    def fw_dir(self) -> Path:
        """FWDIR."""
        return self.root / f"opt/CPsuite-{self.label}/fw1"

    @property
    def uepm_dir(self) -> Path:
        """UEPMDIR."""
        return self.root / f"opt/CPuepm-{self.label}"

    @property
    def apache(self) -> Path:
        """The root of the Endpoint Apache."""
        return self.uepm_dir / "apache22"

    @property
    def profile(self) -> Path:
        """The profile that sets the environment of Check Point's tools."""
        return self.cp_dir / "tmp/.CPprofile.sh"

    @property
    def ca_folder(self) -> Path:
        """What the lab keeps of the internal CA; there is one on the primary alone."""
        return self.state / "ca"

    def ports(self) -> list[int]:
        """The ports where it serves TLS."""
        return [int(port) for port in self.settings["tls_ports"]]

    def environment(self) -> dict[str, str]:
        """The variables for its long-lived processes: the system's path, the C locale and the server's mark."""
        path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
        return {"PATH": path, "LC_ALL": "C", MARK: str(self.root)}

    @contextlib.contextmanager
    def locked(self, name: str = "state") -> Iterator[None]:
        """Hold one of the server's locks; they are held for moments only, so a hung tool blocks no other."""
        with (self.state / f"{name}.lock").open("w") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def read(self, name: str, otherwise: Any = None) -> Any:
        """A record of the lab about this server."""
        return read_json(self.state / f"{name}.json", otherwise)

    def write(self, name: str, value: Any) -> None:
        """Replace a record of the lab about this server."""
        write_json(self.state / f"{name}.json", value)


def timestamp(moment: float | None = None) -> str:
    """A time (now, when none is given) in UTC with milliseconds, for journals."""
    now = time.time() if moment is None else moment
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)) + f".{int(now * 1000) % 1000:03d}Z"
