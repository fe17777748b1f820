# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Every changing module in four calls: check mode, for real, check mode again, for real again.

Check mode must predict what the real call then does, and must not touch anything: a snapshot of every file's bytes, times, mode, owner and
inode is compared. The second pair must change nothing at all.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.support.fleet import Fleet, changed_lines, only_protocol_lines

pytestmark = pytest.mark.slow("four runs of Ansible for each module and kind of server")

SERVERS = ("epm1", "epm2", "eps1", "eps2", "eps3", "eps4", "eps5", "eps6")
PREDICTED = ("changed", "before", "after", "directives", "algorithm", "restart_required")


def four_calls(fleet: Fleet, server: str, module: str, **arguments: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Make the four calls; returns the results of the first two."""
    untouched = fleet.snapshot(server)
    predicted = fleet.module(server, module, "--check", "--diff", **arguments)
    assert fleet.snapshot(server) == untouched, "check mode touched the server"
    done = fleet.module(server, module, "--diff", **arguments)
    assert {key: predicted.get(key) for key in PREDICTED} == {key: done.get(key) for key in PREDICTED}
    assert predicted.get("diff") == done.get("diff")
    settled = fleet.snapshot(server)
    for flags in (("--check",), ()):
        again = fleet.module(server, module, *flags, **arguments)
        assert again.get("changed") is False, again
        assert fleet.snapshot(server) == settled, "a call that reports no change touched the server"
    return predicted, done


@pytest.mark.parametrize("server", SERVERS)
def test_ssl_protocol(fleet: Fleet, server: str) -> None:
    before = fleet.configuration(server)
    _predicted, done = four_calls(fleet, server, "ssl_protocol", protocols=["TLSv1.2"])
    after = fleet.configuration(server)
    compliant = fleet.hosts[server]["lab_kind"] == "compliant"
    assert done["changed"] is not compliant
    assert done["validated"] is True
    lines = [line for name in before for line in changed_lines(before[name], after[name])]
    assert only_protocol_lines(lines)
    assert bool(lines) is not compliant
    for item in done["files"]:
        name = item["path"].rpartition("/conf/")[2]
        assert fleet.root(server).joinpath(item["backup_file"]).read_bytes() == before[name]
    for protocols in done["after"].values():
        assert protocols == ["TLSv1.2"]


@pytest.mark.parametrize("server", ["eps1", "eps3"])
def test_ssl_protocol_with_two_protocols(fleet: Fleet, server: str) -> None:
    _predicted, done = four_calls(fleet, server, "ssl_protocol", protocols=["TLSv1.3", "TLSv1.2"])
    assert done["changed"] is True
    assert {entry["new"] for entry in done["directives"]} == {"-all +TLSv1.2 +TLSv1.3"}


def test_ica_sign_hash(fleet: Fleet) -> None:
    _predicted, done = four_calls(fleet, "epm1", "ica_sign_hash", algorithm="sha256")
    assert done["changed"] is True
    assert done["restart_required"] is True
    _predicted, back = four_calls(fleet, "epm1", "ica_sign_hash", algorithm="sha1")
    assert back["changed"] is True
    asked = [
        call for call in fleet.journal("epm1") if call["tool"] == "cpca_client" and "set_sign_hash" in call["arguments"]
    ]
    assert len(asked) == 2, "the tool's question is asked only when the answer changes something"


def test_services(fleet: Fleet) -> None:
    ports = [f"{fleet.hosts['eps2']['ansible_host']}:8443"]
    _predicted, stopped = four_calls(fleet, "eps2", "services", state="stopped", ports=ports, timeout=30)
    assert stopped["changed"] is True
    assert fleet.status()["eps2"]["tls"] == {"8443": False}
    _predicted, started = four_calls(fleet, "eps2", "services", state="started", ports=ports, timeout=30)
    assert started["changed"] is True
    assert fleet.status()["eps2"]["tls"] == {"8443": True}
    assert (fleet.calls("eps2", "cpstop"), fleet.calls("eps2", "cpstart")) == (1, 2)


@pytest.mark.parametrize("server", SERVERS)
def test_what_only_reads_touches_nothing(fleet: Fleet, server: str) -> None:
    untouched = fleet.snapshot(server)
    facts = fleet.module(server, "server_info")["server"]
    assert facts["unreadable"] == []
    probe = fleet.module(server, "tls_probe_info", endpoints=facts["tls"]["endpoints"])
    clients = fleet.module(server, "tls_client_info", days=7)
    assert (probe["changed"], clients["changed"]) == (False, False)
    assert fleet.snapshot(server) == untouched
