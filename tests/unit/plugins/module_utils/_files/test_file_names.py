# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import os
import subprocess
import sys

import pytest

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils import _text
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.atomic_write import write_file
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.backups import backup_file, read_backup, restore_file
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.file_state import read_file

ROOT = os.path.abspath(os.path.join(os.path.dirname(__file__), '..', '..', '..', '..', '..'))


@pytest.mark.parametrize('name', [
    b'-rf', b'a b', b"it's", b'$(id)', b'two\nlines', b'{{ x }}', b'\xff\xfe', b'caf\xc3\xa9', b'\xc3', b'..a', b'*', b'%s'])
def test_every_name_survives_writing_backup_and_record(tmpdir, name, way, contents):
    path = os.path.join(_text.name_bytes(str(tmpdir)), name)
    with open(path, 'wb') as stream:
        stream.write(b'old')
    state = write_file(read_file(_text.native(path)), b'new')
    assert _text.name_bytes(state.path) == path and contents(path) == b'new'
    backup = backup_file(state, str(tmpdir.join('backups')))
    assert read_backup(backup)[0].path == state.path
    with open(path, 'wb') as stream:
        stream.write(b'broken')
    assert restore_file(*read_backup(backup)) and contents(path) == b'new'


def test_names_survive_json_and_back():
    for name in (b'/caf\xc3\xa9', b'/\xff', b'/\xc3\x28\xff\xfe', b'/plain'):
        assert _text.name_bytes(_text.name_text(name)) == name
        assert isinstance(_text.native(name), str)
        assert _text.name_bytes(_text.native(name)) == name


@pytest.mark.skipif(sys.version_info[0] < 3, reason='Python 2 has no encoding for names')
def test_locale_has_no_say(tmpdir, contents, edit):
    path = os.path.join(_text.name_bytes(str(tmpdir)), b'caf\xc3\xa9')
    edit(path)
    program = (
        'import sys; sys.path.insert(0, %r)\nfrom collection import make_importable\nmake_importable()\n'
        'from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.atomic_write import write_file\n'
        'from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.file_state import read_file\n'
        'write_file(read_file(%s), b"new")' % (os.path.join(ROOT, 'tests', 'support'), ascii(path.decode('utf-8')))
    )
    environ = dict(os.environ, LC_ALL='C', PYTHONCOERCECLOCALE='0', PYTHONUTF8='0')
    subprocess.check_call([sys.executable, '-c', program], env=environ)
    assert contents(path) == b'new'
