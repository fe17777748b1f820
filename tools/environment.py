# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Where this project keeps things, and the environment that all of its commands run in.

Everything lies inside the checkout: the virtual environment in ``.venv``, everything else in ``.cache``. Commands get none of the
user's Ansible settings, agents or collections, and a HOME in which nothing can be written: one that tries fails. Three programs of the
tests have a home folder in ``.cache``. Standard library only: it runs before anything is installed.

    python3 tools/environment.py pytest tests/unit      # any command, in that environment
"""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
VENV = ROOT / ".venv"
CACHE = ROOT / ".cache"
COLLECTIONS = CACHE / "collections"
NAME = "checkpoint_endpoint.hardening"
COLLECTION = COLLECTIONS / "ansible_collections" / NAME.replace(".", "/")
INTERPRETERS = CACHE / "interpreters"
# What servers (2.7 and 3.6 onwards) and controllers (3.10 onwards) may have.
PYTHON_VERSIONS = ("2.7", "3.6", "3.7", "3.8", "3.9", "3.10", "3.11", "3.12", "3.13")
# The user's own choices that would change what a run does.
LEFT_OUT = (
    "ANSIBLE_",
    "MOLECULE_",
    "XDG_",
    "PYTEST_",
    "GALAXY_IMPORTER_",
    "SSH_A",
    "HYPOTHESIS_",
    "PYTHONPATH",
    "PYTHONHOME",
    "VIRTUAL_ENV",
)
SYSTEM_FOLDERS = ("/usr/local/sbin", "/usr/sbin", "/sbin")
# ssh appends some 30 characters to this folder's name, and a socket's path has room for 107.
LONGEST_CONTROL_FOLDER = 70
PROBE_SECONDS = 20.0


def search_path() -> str:
    """The user's PATH without pyenv's shims, which claim versions that are not chosen, and with the system's folders."""
    folders = [folder for folder in os.environ.get("PATH", os.defpath).split(os.pathsep) if folder]
    kept = [folder for folder in folders if Path(folder).name != "shims"]
    return os.pathsep.join([*kept, *(folder for folder in SYSTEM_FOLDERS if folder not in kept)])


def interpreters() -> dict[str, Path]:
    """The Python interpreters of this machine that really start, by version: on PATH, else among pyenv's."""
    pyenv = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    # A virtual environment's interpreter brings its packages along.
    folders = [folder for folder in search_path().split(os.pathsep) if not _visible(Path(folder).parent / "pyvenv.cfg")]
    found = {}
    for version in PYTHON_VERSIONS:
        own = shutil.which(f"python{version}", path=os.pathsep.join(folders))
        others = sorted(pyenv.glob(f"*/bin/python{version}"), reverse=True) if _visible(pyenv) else []
        candidates = [Path(own), *others] if own else others
        working = next((program for program in candidates if _starts(program, version)), None)
        if working is not None:
            found[version] = working
    return found


def _visible(path: Path) -> bool:
    """Whether something is there, as far as this user may look: the environment can name another user's folders."""
    with contextlib.suppress(PermissionError):
        return path.exists()
    return False


def _starts(program: Path, version: str) -> bool:
    code = "import sys; sys.stdout.write('%d.%d' % sys.version_info[:2])"
    try:
        done = subprocess.run([program, "-c", code], capture_output=True, text=True, timeout=PROBE_SECONDS, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return False
    return done.returncode == 0 and done.stdout == version


def control_folder() -> Path:
    """The folder of ssh's control sockets: in the checkout where its path is short enough, else one of this user's own."""
    inside = CACHE / "cp"
    if len(str(inside)) <= LONGEST_CONTROL_FOLDER:
        return inside
    outside = Path(tempfile.gettempdir()) / f"checkpoint-endpoint-{os.getuid()}"
    outside.mkdir(mode=0o700, exist_ok=True)
    if outside.is_symlink() or outside.stat().st_uid != os.getuid():
        return Path(tempfile.mkdtemp(prefix="cp-"))
    return outside


def nowhere() -> Path:
    """A home in which nobody can write, root included: a file. Whatever would touch the user's ``~/.ansible`` fails instead."""
    CACHE.mkdir(exist_ok=True)
    path = CACHE / "no-home"
    path.touch(mode=0o444)
    return path


def home_folder() -> Path:
    """A home folder for programs that cannot do without: ansible-test keeps its files there and leaves pip no other place for the
    user's settings, galaxy-importer gives Ansible a folder below it, and antsibull-docs a log."""
    home = CACHE / "home"
    (home / ".config").mkdir(parents=True, exist_ok=True)
    settings, link = pip_settings().parent, home / ".config" / "pip"
    if _visible(settings) and settings != link and not link.is_symlink():
        link.symlink_to(settings)
    return home


def pip_settings() -> Path:
    """The user's settings for pip, which may say where packages come from."""
    given = os.environ.get("PIP_CONFIG_FILE")
    return Path(given) if given else Path.home() / ".config" / "pip" / "pip.conf"


def link_collection() -> None:
    """Let Ansible find this checkout under the collection's name, whatever the checkout's folder is called."""
    COLLECTION.parent.mkdir(parents=True, exist_ok=True)
    _link(COLLECTION, ROOT)


def link_interpreters() -> dict[str, Path]:
    """A folder that holds each interpreter found and no shim, for ansible-test. Returns what ``interpreters`` returns."""
    INTERPRETERS.mkdir(parents=True, exist_ok=True)
    found = interpreters()
    for version, program in found.items():
        if program.parent != INTERPRETERS:
            _link(INTERPRETERS / f"python{version}", program)
    return found


def _link(link: Path, target: Path) -> None:
    if link.is_symlink() and link.readlink() == target:
        return
    new = link.with_name(f".{link.name}.{os.getpid()}")
    new.symlink_to(target)
    new.replace(link)


def variables(venv: Path = VENV, home: Path | None = None) -> dict[str, str]:
    """The environment of the project's commands; makes the folders that it names.

    :param home: the home folder of a program that cannot do without one; by default there is none
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith(LEFT_OUT)}
    control, ansible_home = control_folder(), CACHE / "ansible_home"
    for folder in (ansible_home, control):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    link_collection()
    if _visible(pip_settings()):
        kept["PIP_CONFIG_FILE"] = str(pip_settings())
    return kept | {
        "PATH": os.pathsep.join([str(venv / "bin"), str(INTERPRETERS), search_path()]),
        "HOME": str(home or nowhere()),
        "LC_ALL": "C.UTF-8",
        "ANSIBLE_CONFIG": str(ROOT / "ansible.cfg"),
        "ANSIBLE_HOME": str(ansible_home),
        "ANSIBLE_LOCAL_TEMP": str(ansible_home / "tmp"),
        "ANSIBLE_COLLECTIONS_PATH": str(COLLECTIONS),
        "ANSIBLE_SSH_CONTROL_PATH_DIR": str(control),
        "PIP_CACHE_DIR": str(CACHE / "pip"),
        "PIP_DISABLE_PIP_VERSION_CHECK": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        # Whatever iterates over a set of texts does it in the same order in every run.
        "PYTHONHASHSEED": "0",
    }


if __name__ == "__main__":
    if len(sys.argv) < 2:
        sys.exit("usage: python3 tools/environment.py COMMAND [ARGUMENT...]")
    environment = variables()
    os.environ["PATH"] = environment["PATH"]
    try:
        os.execvpe(sys.argv[1], sys.argv[1:], environment)
    except OSError as error:
        sys.exit(f"{sys.argv[1]}: {error.strerror}; has `make setup` been run?")
