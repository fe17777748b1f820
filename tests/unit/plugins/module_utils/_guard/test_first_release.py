# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""What release 1.0.0 left on a server is read, obeyed and put back by this one. The files below were written by that release."""

from __future__ import (absolute_import, division, print_function)

__metaclass__ = type

import os
import stat
import subprocess

import pytest

from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._checkpoint import internal_ca
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._errors import AdministratorError
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.backups import list_backups, read_backup
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.change_journal import record_path, written_digests
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._files.records import read_record, write_record
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard import daemon
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.arm import arm
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.disarm import disarm
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.fencing import while_armed
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.state import Store, read_guard
from ansible_collections.checkpoint_endpoint.hardening.plugins.module_utils._guard.trigger import trigger

STATE = {
    'guard/state.json': '''\
{
  "acting": null,
  "armed_at": "2026-11-25T04:29:33Z",
  "deadline": 900,
  "deadline_at": "2026-11-25T04:44:33Z",
  "due": 5075.7,
  "format": 1,
  "holder": "admin from 192.0.2.17",
  "host": "epm-1",
  "id": "e9649ab1e7fb6987",
  "message": "A change is going on. Unless it is disarmed before the deadline, the files are put back and the services started.",
  "ports": [],
  "process": {
    "boot_id": "16681099-f3c2-458a-8942-7006ed6b5701",
    "pid": 8061,
    "started": 417571
  },
  "processes": [
    "CPD"
  ],
  "profile": "@ROOT@/profile.sh",
  "purpose": "harden: tls",
  "reason": "harden: tls",
  "restart_needed": false,
  "restore": [
    {
      "backup": "@ROOT@/state/backups/ssl.conf.20261125T042933Z.01d09d19c213",
      "path": "@ROOT@/ssl.conf",
      "sha256": "01d09d19c2139a46aebfb577780d123d7396e97201bc7ead210a2ebff8239dee"
    }
  ],
  "start_timeout": 5,
  "state": "armed",
  "stop_timeout": 5
}
''',
    'records/last_change.json': '''\
{
  "at": "2026-11-25T04:29:33Z",
  "by": "ssl_protocol",
  "complete": true,
  "files": [
    {
      "backup": "@ROOT@/state/backups/ssl.conf.20261125T042933Z.01d09d19c213",
      "path": "@ROOT@/ssl.conf",
      "sha256_after": "7aa7a5359173d05b63cfd682e3c38487f3cb4f7f1d60659fe59fab1505977d4c",
      "sha256_before": "01d09d19c2139a46aebfb577780d123d7396e97201bc7ead210a2ebff8239dee"
    }
  ]
}
''',
    'records/sign_hash.json': '''\
{
  "algorithm": "sha256",
  "at": "2026-11-23T10:00:00Z",
  "ca_fingerprint_sha256": "79a0b9fd14457038770338a31e291b65466f05bab2f429d08ad1c45f9acf8780"
}
''',
    'backups/ssl.conf.20261125T042933Z.01d09d19c213': '''\
old
''',
    'backups/ssl.conf.20261125T042933Z.01d09d19c213.json': '''\
{
  "at": "20261125T042933Z",
  "attributes": {
    "security.selinux": null,
    "system.posix_acl_access": null
  },
  "gid": @GID@,
  "mode": "0640",
  "number": 1,
  "path": "@ROOT@/ssl.conf",
  "sha256": "01d09d19c2139a46aebfb577780d123d7396e97201bc7ead210a2ebff8239dee",
  "uid": @UID@
}
''',
}
BACKUP = 'ssl.conf.20261125T042933Z.01d09d19c213'
ID = 'e9649ab1e7fb6987'


@pytest.fixture
def left(server):
    """A server with this state, whose ssl.conf was changed under the guard; the guard process died with the server."""
    lay(server, server.state_dir)
    server.write('ssl.conf', 'new\n')
    return server


def lay(server, state_dir):
    for name, text in STATE.items():
        path = os.path.join(state_dir, name)
        if not os.path.isdir(os.path.dirname(path)):
            os.makedirs(os.path.dirname(path), 0o700)
        os.chmod(os.path.dirname(path), 0o700)
        os.chmod(state_dir, 0o700)
        with open(path, 'w') as stream:
            stream.write(text.replace('@ROOT@', server.root).replace('@UID@', str(os.geteuid())).replace('@GID@', str(os.getegid())))
        os.chmod(path, 0o640 if name.endswith(BACKUP) else 0o600)


@pytest.fixture
def revive():
    """Give the guard a process that lives."""
    process = subprocess.Popen(['sleep', '60'])

    def write(state_dir):
        store = Store(state_dir)
        write_record(store.path, dict(read_record(store.path), process=daemon.identify(process.pid)))

    yield write
    process.kill()
    process.wait()


def test_everything_is_read(left):
    told = read_guard(left.state_dir)
    assert (told['state'], told['id'], told['holder'], told['purpose']) == ('stale', ID, 'admin from 192.0.2.17', 'harden: tls')
    backup = list_backups(left.conf, os.path.join(left.state_dir, 'backups'))[0]
    assert read_backup(backup.backup)[1] == b'old\n' and backup.number == 1
    assert read_record(record_path(left.state_dir))['complete'] is True
    assert len(written_digests(left.state_dir, left.conf)) == 1
    assert read_record(internal_ca.record_path(left.state_dir))['algorithm'] == 'sha256'


def test_stale_guard_is_refused_and_puts_its_change_back(left):
    with pytest.raises(AdministratorError, match='left unfinished'):
        arm(left.request())
    changed, told = trigger(left.request())
    assert changed and told.state == 'rolled_back' and told.restored == [left.conf]
    assert left.read('ssl.conf') == 'old\n' and left.read('running_with') == 'old\n'
    assert left.read('calls').split() == ['stop', 'start']
    assert stat.S_IMODE(os.stat(left.conf).st_mode) == 0o640
    assert arm(left.request()).state == 'armed'


def test_stale_guard_can_be_put_away(left):
    assert disarm(left.request(acknowledge=True))[1].state == 'disarmed'
    assert left.read('ssl.conf') == 'new\n'


@pytest.mark.parametrize('where', ['state', 'uepm/var/lib/checkpoint_endpoint_hardening'])
def test_guard_that_is_armed_keeps_others_out(server, where, revive):
    """In the state directory of this run, and in the one that runs have by default."""
    state_dir = os.path.join(server.root, where)
    lay(server, state_dir)
    revive(state_dir)
    with pytest.raises(AdministratorError, match='held by admin from 192.0.2.17'):
        arm(server.request())


def test_step_goes_on_under_a_guard_of_that_release(left, revive):
    revive(left.state_dir)
    with while_armed(left.state_dir, ID) as guarded:
        assert guarded == [left.conf]


def test_record_of_a_release_that_is_yet_to_come_is_refused(left):
    store = Store(left.state_dir)
    with open(store.path) as stream:
        text = stream.read()
    with open(store.path, 'w') as stream:
        stream.write(text.replace('"format": 1', '"format": 3'))
    with pytest.raises(AdministratorError, match='newer release'):
        read_guard(left.state_dir)
