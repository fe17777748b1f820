# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One step of the write path in a process of its own, between two marks that a tracer sees. Runs on Python 2.7 too, as on a server.

Called as ``write_path.py STEP ARGUMENTS``, with the arguments as JSON.
"""

# Python 2.7 has neither annotations nor pathlib, and the collection must be found before it can be imported.
# ruff: noqa: E402, PTH110, PTH118, PTH120, PTH100, UP001, UP010, UP031

from __future__ import absolute_import, division, print_function

__metaclass__ = type

import importlib
import json
import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
sys.path.insert(0, os.path.join(ROOT, "tests", "support"))

from collection import make_importable  # type: ignore[import-not-found]  # tests/support is put on the path at run time

make_importable()

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._checkpoint import listening
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._checkpoint.environment import (
    read_environment,
)
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files import temporary
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.atomic_write import (
    create_file,
    write_file,
)
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.backups import backup_file
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.file_state import read_file
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.records import write_record
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard import earlier_release, recovery
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.arm import arm as arm_guard
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.disarm import disarm as disarm_guard
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.files import keep
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.record import GuardRequest
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.recovery import Recovery
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.state import Store, read_guard

# Looking at every process of the machine changes nothing, and takes other calls each time. Other checkouts may be at work here, too.
earlier_release._PROCESSES = os.path.join(ROOT, "tests")
listening.process_numbers = list
recovery.CONFIRM_SECONDS = 0.0

BEGIN = "/mark-of-the-write-path/begin"
END = "/mark-of-the-write-path/end"


def replace(path, data):
    # type: (str, str) -> None
    """The write of ssl_protocol, without the rest."""
    write_file(read_file(path), data.encode("utf-8"))


def create(path, data):
    # type: (str, str) -> None
    """A new file."""
    if not os.path.exists(path):
        create_file(path, data.encode("utf-8"), 0o640)


def back_up(path, folder):
    # type: (str, str) -> None
    """A copy of a file."""
    backup_file(read_file(path), folder)


def record(path, text):
    # type: (str, str) -> None
    """A record in a directory that is there."""
    write_record(path, {"text": text})


def arm(settings):
    # type: (dict[str, object]) -> None
    """A guard; one that an earlier run left armed or stale is its own doing and put away first."""
    if read_guard(settings["state_dir"])["state"] in ("armed", "stale"):
        disarm_guard(GuardRequest(**dict(settings, acknowledge=True)))
    arm_guard(GuardRequest(**settings))


def disarm(settings):
    # type: (dict[str, object]) -> None
    """The confirmation of a change."""
    disarm_guard(GuardRequest(**settings))


def roll_back(settings):
    # type: (dict[str, object]) -> None
    """What the guard does when its deadline has passed, in this process."""
    store = Store(settings["state_dir"])
    store.load_any()
    with store.locked():
        current = store.load_any()
    if current.state != "rolled_back":
        Recovery(store, current, read_environment(settings["profile"]), keep(current.restore)).run("a test")


def ssl_protocol(settings):
    # type: (dict[str, object]) -> None
    """The module ssl_protocol, from its arguments to its result."""
    module = importlib.import_module("ansible_collections.checkpoint_endpoint.hardening.plugins.modules.ssl_protocol")
    sys.stdout.write(json.dumps(module.run(settings, False)["changed"]) + "\n")


def main():
    # type: () -> None
    step, arguments = sys.argv[1], json.loads(sys.argv[2])
    if arguments.pop("named", False):
        setattr(temporary.Temporary, "_open_nameless", lambda self: None)  # noqa: B010 - mypy allows no assignment to a method
    try:
        os.access(BEGIN, os.F_OK)
        globals()[step](**arguments)
        os.access(END, os.F_OK)
    except AdministratorError as error:
        sys.stdout.write("%s\n" % error)
        sys.exit(3)


if __name__ == "__main__":
    main()
