# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import os

import pytest

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files import temporary


@pytest.fixture(params=['nameless', 'named'])
def way(request, monkeypatch):
    """Both ways of making the temporary file: as kernels since 3.11 can, and as all can."""
    if request.param == 'named':
        monkeypatch.setattr(temporary.Temporary, '_open_nameless', lambda self: None)
    return request.param


@pytest.fixture
def target(tmpdir):
    path = str(tmpdir.join('ssl.conf'))
    write_bytes(path, b'old\r\n\xff')
    os.chmod(path, 0o640)
    return path


@pytest.fixture
def folder(tmpdir):
    path = tmpdir.mkdir('state')
    path.chmod(0o755)
    return str(path.join('backups'))


# The tests cannot import this file: its functions come to them as fixtures.


def write_bytes(path, data):
    with open(path, 'wb') as stream:
        stream.write(data)


@pytest.fixture
def write():
    return write_bytes


@pytest.fixture
def edit():
    def append(path):
        with open(path, 'ab') as stream:
            stream.write(b'edited')

    return append


@pytest.fixture
def contents():
    def read(path):
        with open(path, 'rb') as stream:
            return stream.read()

    return read


@pytest.fixture
def beside():
    return lambda path: sorted(os.listdir(os.path.dirname(path)))
