# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""For every test, on Python 2.7 too: the collection under its own name, ``tests`` and ``tools`` as packages, and why a test is slow."""

# pathlib is not in Python 2.7.
# ruff: noqa: PTH100, PTH118, PTH120, PTH123

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))

if HERE not in sys.path:
    sys.path.insert(0, HERE)
# Run by its path: Python 2.7 has no packages without __init__.py, and its runpy empties what it has run.
COLLECTION = {'__file__': os.path.join(HERE, 'tests', 'support', 'collection.py')}
with open(COLLECTION['__file__']) as source:
    exec(compile(source.read(), COLLECTION['__file__'], 'exec'), COLLECTION)
COLLECTION['make_importable']()


def pytest_collection_modifyitems(items):
    """Put the reason of ``@pytest.mark.slow(reason)`` into the results, where the report of the slowest tests finds it."""
    for item in items:
        for mark in item.iter_markers('slow'):
            item.user_properties.append(('slow', mark.args[0]))
