# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""The rules about the internal CA and the certificates that it issued."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._policy.policy import (
    HASHES,
    Policy,
    read_time,
)
from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._policy.rule import (
    Facts,
    Outcome,
    Unreadable,
    need,
)

NO_CA = "The internal CA is on another server."


def signs(facts: Facts, policy: Policy) -> Outcome:
    """ICA-1: the hash that the CA signs with from now on. Unknown counts as another: setting it again is harmless."""
    ica = facts.part("ica")
    if not need(ica, "present", bool, "ica"):
        return Outcome("not_applicable", NO_CA)
    setting = need(ica, "sign_hash", dict, "ica")
    value = need(setting, "value", str, "the sign hash")
    waiting = setting.get("restart_required") is True and value == policy.sign_hash
    evidence = {"sign_hash": value, "evidence": setting.get("evidence"), "restart_required": waiting}
    if waiting:
        return Outcome(
            "fail",
            f"The internal CA is set to sign with {value}, but its services have not been restarted since.",
            evidence,
            "Run the playbook harden.yml on this server.",
        )
    if value == policy.sign_hash:
        return Outcome("pass", f"The internal CA signs with {value}.", evidence)
    told = f"The internal CA signs with {value}"
    if value == "unknown":
        told = "It is not known which hash the internal CA signs with"
    return Outcome(
        "fail", f"{told}, declared is {policy.sign_hash}.", evidence, "Run the playbook harden.yml on this server."
    )


def root(facts: Facts, policy: Policy) -> Outcome:
    """ICA-2: the root certificate's own hash, which nothing but a new CA can change."""
    ica = facts.part("ica")
    if not need(ica, "present", bool, "ica"):
        return Outcome("not_applicable", NO_CA)
    certificate = need(ica, "ca_certificate", dict, "ica")
    found = _hash(certificate, "the root certificate")
    evidence = {"subject": certificate.get("subject"), "hash": found, "not_after": certificate.get("not_after")}
    if not _weaker(found, policy.sign_hash):
        return Outcome("pass", f"The root certificate is signed with {found}.", evidence)
    return Outcome(
        "not_applicable",
        f"The root certificate is signed with {found}: this CA was made by R77.x or lower, where a stronger root "
        "is not supported, and an upgrade keeps it. Only certificates that it issues from now on can be stronger.",
        evidence,
        "Nothing to do here. A new CA would need every server and client to be enrolled again.",
    )


def runs(facts: Facts) -> Outcome:
    """ICA-3: whether the CA's process runs. The watchdog does not look after it, so started services do not mean that it came back with them."""
    ica = facts.part("ica")
    if not need(ica, "present", bool, "ica"):
        return Outcome("not_applicable", NO_CA)
    if need(ica, "running", bool, "ica (what cpstat ca tells)"):
        return Outcome("pass", "The internal CA runs.", {"running": True})
    return Outcome(
        "fail",
        "The internal CA does not run: no certificate can be issued or renewed.",
        {"running": False},
        "Look at cpstat ca on this server; if it stays so, run cpstop and cpstart.",
    )


def certificates(facts: Facts, policy: Policy) -> Outcome:
    """CERT-1: certificates issued before the change keep their hash until they are renewed."""
    issued = [entry for entry in facts.parts("certificates") if need(entry, "role", str, "a certificate") != "ica"]
    if not issued:
        raise Unreadable("no certificate of the server was found")
    weak: list[dict[str, Any]] = []
    overdue: list[str] = []
    for entry in issued:
        place = f"the certificate {entry.get('path')}"
        found = _hash(entry, place)
        if not _weaker(found, policy.sign_hash):
            continue
        not_after = need(entry, "not_after", str, place)
        weak.append({"path": entry.get("path"), "role": entry["role"], "hash": found, "not_after": not_after})
        if _passed(not_after, policy, place):
            overdue.append(f"{entry['role']} certificate {entry.get('path')}")
    if overdue:
        return Outcome(
            "fail",
            f"Expired and weaker than {policy.sign_hash}: {', '.join(overdue)}.",
            {"weak": weak},
            "Renew these certificates; the internal CA signs the new ones with the hash that is set then.",
        )
    if weak:
        first = min(weak, key=lambda item: str(item["not_after"]))
        return Outcome(
            "pending",
            f"{len(weak)} of {len(issued)} certificates are weaker than {policy.sign_hash} until they are renewed, "
            f"the next by {first['not_after']}.",
            {"weak": weak},
            "Wait for the renewal, or renew them now.",
        )
    return Outcome("pass", f"{len(issued)} certificates are signed with {policy.sign_hash} or stronger.", {"weak": []})


def _hash(certificate: Mapping[str, Any], place: str) -> str:
    found = need(certificate, "hash", str, place).lower()
    if found not in HASHES:
        raise Unreadable(f"{place} is signed with {found!r}, which is no known hash")
    return found


def _weaker(found: str, declared: str) -> bool:
    return HASHES.index(found) < HASHES.index(declared)


def _passed(moment: str, policy: Policy, place: str) -> bool:
    try:
        return read_time(moment) <= policy.now
    except ValueError as error:
        raise Unreadable(f"{place} ends at {moment!r}, which is no time") from error
