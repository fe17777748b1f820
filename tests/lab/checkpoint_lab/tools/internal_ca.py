# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""cpca_client: the internal CA's own tool. It works on the primary, while the CA process runs."""

from __future__ import annotations

import itertools
import sys
import time
from pathlib import Path

from ..authority import HASHES, Authority, AuthorityError, make_p12
from ..faults import active
from ..journal import recorded
from ..server import Record, Server
from . import watchdog
from .services import HANG_SECONDS, say

FAILED = "Operation failed. rc=-1"
USAGE = "Usage: cpca_client [-d] <command> <arguments>"
QUESTION = """\

You have selected the signature hash function {hash}
WARNING: This hash algorithm is not supported in Check Point gateways prior to R71.
WARNING: It is also not supported on older clients and SG80 R71.

Are you sure? (y/n)"""
CHANGED = """\
Internal CA signature hash changed successfully.
Note that the signature on the Internal CA certificate has not changed, but this has no security implications."""


def cpca_client(server: Server, arguments: list[str]) -> int:
    """cpca_client set_sign_hash | lscert | search | create_cert | revoke_cert | get_crldp."""
    with recorded(server, "cpca_client", arguments) as outcome:
        words = arguments[1:] if arguments[:1] == ["-d"] else arguments
        status = _run(server, words)
        outcome["result"] = f"rc={status}"
    return status


def _run(server: Server, words: list[str]) -> int:
    known = {
        "set_sign_hash": _set_sign_hash,
        "lscert": _lscert,
        "search": _search,
        "create_cert": _create_cert,
        "revoke_cert": _revoke_cert,
    }
    if not words or words[0] not in known:
        say(USAGE)
        return 1
    if not server.primary or active(server, "ca-wrong-server") or not watchdog.running(server, "cpca"):
        say(FAILED)
        return 1
    return known[words[0]](server, words[1:])


def _options(words: list[str]) -> dict[str, str]:
    return {name: value for name, value in itertools.pairwise(words) if name.startswith("-")}


def _set_sign_hash(server: Server, words: list[str]) -> int:
    if len(words) != 1 or words[0] not in HASHES:
        say("Usage: cpca_client [-d] set_sign_hash {sha1 | sha256 | sha384 | sha512}")
        return 1
    if active(server, "ca-hangs"):
        time.sleep(HANG_SECONDS)
    if active(server, "ca-no-prompt"):
        return 0
    if active(server, "ca-unknown-prompt"):
        say("The CA database will be converted. Type the name of the CA to go on:")
        sys.stdin.readline()
        say("Aborted.")
        return 1
    if not active(server, "ca-unasked"):
        say(QUESTION.format(hash=words[0].upper().replace("SHA", "SHA-")))
        if sys.stdin.readline().strip().lower() not in ("y", "yes"):
            return 1
    Authority(server.ca_folder).change(configured=words[0])
    say(CHANGED)
    return 1 if active(server, "ca-fails-after-success") else 0


def _subject(entry: Record, authority: Authority) -> str:
    return f"CN={entry['cn']},O={authority.record['organization']}"


def _status(entry: Record) -> str:
    return "Expired" if entry["end"] < time.time() and entry["status"] == "Valid" else str(entry["status"])


def _print_found(authority: Authority, found: list[Record]) -> int:
    say(f"Operation succeeded. rc=0.\n{len(found)} certs found.\n")
    for entry in found:
        dates = [time.strftime("%a %b %e %H:%M:%S %Y", time.localtime(entry[key])) for key in ("begin", "end")]
        say(f"Subject = {_subject(entry, authority)}")
        say(f"Status = {_status(entry)}   Kind = {entry['kind']}   Serial = {entry['serial']}   DP = 0")
        say(f"Not_Before: {dates[0]}   Not_After: {dates[1]}\n")
    return 0


def _lscert(server: Server, words: list[str]) -> int:
    options = _options(words)
    authority = Authority(server.ca_folder)
    found = [
        entry
        for entry in authority.record["issued"]
        if options.get("-dn", "") in _subject(entry, authority)
        and options.get("-stat", _status(entry)) == _status(entry)
        and options.get("-kind", entry["kind"]) == entry["kind"]
        and options.get("-ser", str(entry["serial"])) == str(entry["serial"])
    ]
    return _print_found(authority, found)


def _search(server: Server, words: list[str]) -> int:
    authority = Authority(server.ca_folder)
    text = words[0] if words else ""
    where = "serial" if _options(words).get("-where") == "serial" else "dn"
    shown = {"dn": lambda entry: _subject(entry, authority), "serial": lambda entry: str(entry["serial"])}
    return _print_found(authority, [entry for entry in authority.record["issued"] if text in shown[where](entry)])


def _create_cert(server: Server, words: list[str]) -> int:
    options = _options(words)
    name, file = options.get("-n", ""), options.get("-f", "")
    if not name.startswith("CN=") or not file:
        say(USAGE)
        return 1
    authority = Authority(server.ca_folder)
    common_name = name[len("CN=") :].split(",")[0]
    target = Path(file)
    work = target.with_name(f".{target.name}.new")
    try:
        # A certificate for a web server names its host; the real tool takes no names, so the lab takes them from the comment.
        names = [word for word in options.get("-c", "").split(",") if word]
        authority.issue(common_name, work, options.get("-k", "SIC"), names)
        make_p12(target, work.with_suffix(".crt"), work.with_suffix(".key"), common_name, authority.certificate)
    except (AuthorityError, OSError) as error:
        print(error, file=sys.stderr)
        say(FAILED)
        return 1
    finally:
        for suffix in (".crt", ".key", ".csr"):
            work.with_suffix(suffix).unlink(missing_ok=True)
    say("Certificate was created successfully")
    return 0


def _revoke_cert(server: Server, words: list[str]) -> int:
    options = _options(words)
    serial = int(options["-s"]) if options.get("-s", "").isdigit() else None
    name = options.get("-n", "")
    if not name.startswith("CN=") or not Authority(server.ca_folder).revoke(name[len("CN=") :], serial):
        say(FAILED)
        return 1
    say("Certificate was revoked successfully")
    return 0
