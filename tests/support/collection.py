# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The collection under its own name, from this checkout, wherever it lies and whatever else is installed.

Runs on Python 2.7 too, like the code for servers that is tested with it.
"""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import os
import sys
import types

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
NAME = 'ansible_collections.checkpoint_endpoint.hardening'


def _packages():
    """Names and folders of the packages from the top down. Folders have no __init__.py, which Python 2.7 would ask for."""
    yield 'ansible_collections', []
    yield 'ansible_collections.checkpoint_endpoint', []
    yield NAME, [ROOT]
    for folder, children, _files in os.walk(os.path.join(ROOT, 'plugins')):
        children[:] = sorted(name for name in children if name != '__pycache__')
        yield NAME + '.' + os.path.relpath(folder, ROOT).replace(os.sep, '.'), [folder]


def make_importable():
    # type: () -> None
    """Let ``import ansible_collections.checkpoint_endpoint.hardening...`` find this checkout; harmless when called again."""
    for name, path in _packages():
        module = sys.modules.get(name)
        if module is None:
            module = types.ModuleType(str(name))
            module.__path__ = path
            sys.modules[name] = module
        parent, _dot, own_name = name.rpartition('.')
        if parent:
            setattr(sys.modules[parent], own_name, module)
