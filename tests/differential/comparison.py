# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""One configuration, both answers, and where they differ."""

from __future__ import annotations

import re
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.differential import edits, subject
from tests.differential.configuration import Configuration
from tests.differential.server import Answer, Server, Truth
from tests.support import apache

# How mod_ssl refuses a protocol: protocol_version; a hello for SSLv3 it may also meet with handshake_failure.
REFUSALS = {"SSLv3": (70, 40)}
# What of the reasons not to start is for the evaluator to foresee: no protocol, and a refused SSLOpenSSLConfCmd.
FORESEEN = ("AH02231", "AH02407")
TRIED = "configuration test fails with the new configuration"


@dataclass
class Outcome:
    """What came of one configuration.

    :ivar differences: sentences; none is the good end
    :ivar kind: what httpd did with it and what the module did, for counting
    """

    configuration: Configuration
    differences: list[str] = field(default_factory=list)
    kind: str = ""
    reason: str = ""

    def report(self) -> str:
        """Everything that is needed to look into it."""
        return "\n".join([*self.differences, self.configuration.text()])


def run(configuration: Configuration, folder: Path, host: str, certificate: apache.Certificate) -> Outcome:
    """Evaluate, start, ask, rewrite, start, ask and rewrite again; removes the folder."""
    outcome = Outcome(configuration)
    try:
        server = Server(configuration, folder / "server", host, certificate)
        running: list[subject.Said] = []
        before = server.truth(lambda: running.append(subject.evaluate(server)))
        outcome.differences += [f"before: {text}" for text in meaning(subject.evaluate(server), before)]
        for said in running:
            outcome.differences += [f"while it runs: {text}" for text in [*disagreements(said), *meaning(said, before)]]
        outcome.differences += rewriting(server, before, folder / "state", outcome)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return outcome


def disagreements(said: subject.Said) -> Iterator[str]:
    """Yield what httpd reports of its configuration and the evaluator did not find, or the other way round; nothing else is to say so."""
    if re.search(r"was not found here|does not read it", said.reason):
        yield f"the dumps of httpd and the reading differ: {said.reason}"


def meaning(said: subject.Said, truth: Truth) -> Iterator[str]:
    """Where the evaluator and httpd do not say the same."""
    if said.crashed:
        yield f"the evaluator crashed: {said.crashed}"
    elif said.undecided:
        return
    elif said.starts != truth.started:
        if truth.config_test and not truth.started and not any(text in truth.said for text in FORESEEN):
            return
        yield f"httpd {'starts' if truth.started else 'does not start'}, we say the opposite: {said.reason or '-'}; httpd: {truth.errors}"
    elif truth.started:
        by_place: dict[tuple[str, int], dict[str, Answer]] = {}
        for (host, port, name), answer in truth.answers.items():
            by_place.setdefault((host, port), {})[name] = answer
        for place in sorted(said.expected.keys() - by_place.keys()):
            yield f"{place}: we list it, nothing listens there"
        for place, answers in by_place.items():
            if place in said.expected:
                yield from _names_differ(place, answers, said)
            elif any(answer.speaks_tls for answer in answers.values()) and not _shown_elsewhere(place, by_place, said):
                yield f"{place}: no endpoint of ours shows what it accepts: {_short(answers)}"


def _names_differ(place: tuple[str, int], answers: dict[str, Answer], said: subject.Said) -> Iterator[str]:
    """Where names of one endpoint get something else than we say; those with one difference in one sentence."""
    found: dict[str, list[str]] = {}
    for name, answer in answers.items():
        ours = said.of(*place, name)
        if not answer.speaks_tls:
            found.setdefault("there is no TLS", []).append(name)
        elif answer.doubtful:
            found.setdefault(f"the probe is in doubt: {answer.doubtful}", []).append(name)
        elif ours is not None and ours != answer.accepted:
            found.setdefault(f"we say {list(ours)}, httpd accepts {list(answer.accepted)}", []).append(name)
    for text, names in found.items():
        yield f"{place} {names}: {text}"


def _shown_elsewhere(
    place: tuple[str, int], by_place: dict[tuple[str, int], dict[str, Answer]], said: subject.Said
) -> bool:
    """Whether an endpoint that we list gives the same answers: of a listener on all addresses we list some."""
    return any(
        by_place.get(other) == by_place[place]
        for other in said.expected
        if other[1] == place[1] and other[0] != place[0]
    )


def _short(answers: dict[str, Answer]) -> dict[str, list[str]]:
    return {name: list(answer.accepted) for name, answer in answers.items()}


def rewriting(server: Server, before: Truth, state_dir: Path, outcome: Outcome) -> Iterator[str]:
    """Let the module write the policy, and see what it did."""
    policy = server.configuration.policy
    # It is stopped: what is known is how it was started before, as in a change of a server.
    started: dict[str, Any] = {"httpd_options": ["-D", "FOREGROUND"]}
    old = subject.snapshot(server.place.root)
    foreseen = subject.rewrite(server, policy, state_dir, check=True, **started)
    if subject.snapshot(server.place.root) != old or state_dir.exists():
        yield "check mode touched something"
    done = subject.rewrite(server, policy, state_dir, **started)
    new = subject.snapshot(server.place.root)
    outcome_of_start = (
        "starts" if before.started else "config test fails" if not before.config_test else "does not start"
    )
    outcome.kind = f"{outcome_of_start}, {'refused' if done.failed else 'changed' if done.changed else 'left alone'}"
    if done.failed and re.search(TRIED, done.message) and not before.config_test:
        # Only writing can show whether a configuration that httpd refuses is mended by it; the old bytes must be back.
        if {path: facts[0] for path, facts in new.items()} != {path: facts[0] for path, facts in old.items()}:
            yield f"the module failed, and left {_touched(old, new)} changed: {done.message}"
        return
    if (foreseen.failed, foreseen.changed) != (done.failed, done.changed):
        yield f"check mode foresaw {foreseen.result}, the run gave {done.result}"
    if done.failed:
        outcome.reason = done.message
        if new != old:
            yield f"the module refused, and touched {_touched(old, new)}: {done.message}"
        yield from refusal(done, before, server)
        return
    yield from written(old, new, done, server.place.root)
    if foreseen.result["diff"] != done.result["diff"]:
        yield f"check mode showed another diff: {foreseen.result['diff']}"
    yield from enforced(server, before, done)
    again = subject.rewrite(server, policy, state_dir, **started)
    if again.failed or again.changed or subject.snapshot(server.place.root) != new:
        yield f"a second run is not without change: {again.result}"


def _touched(old: subject.Snapshot, new: subject.Snapshot) -> list[str]:
    return sorted(path for path in old.keys() | new.keys() if old.get(path) != new.get(path))


def written(old: subject.Snapshot, new: subject.Snapshot, done: subject.Run, root: Path) -> Iterator[str]:
    """Where a rewrite touched what it must not."""
    touched = _touched(old, new)
    if bool(touched) != done.changed:
        yield f"changed is {done.changed}, touched were {touched}"
    for path in touched:
        if path not in old or path not in new:
            yield f"{path} was made or removed"
            continue
        for text in edits.other_changes(old[path][0], new[path][0]):
            yield f"{path}: more than SSLProtocol changed: {text}"
        if old[path][0] == new[path][0]:
            yield f"{path} was written without need"
    yield from told(old, new, touched, done, root)


def told(
    old: subject.Snapshot, new: subject.Snapshot, touched: list[str], done: subject.Run, root: Path
) -> Iterator[str]:
    """Where the result says something else than what was done: its diff, and the copies that it kept."""
    shown = {item["before_header"]: (item["before"], item["after"]) for item in done.result["diff"]}
    really = {
        str(root / path): tuple(facts[path][0].decode("utf-8", "replace") for facts in (old, new)) for path in touched
    }
    if shown != really:
        yield f"the diff shows {shown}, done was {really}"
    kept = {item["path"]: Path(item["backup_file"]).read_bytes() for item in done.result["files"]}
    if kept != {str(root / path): old[path][0] for path in touched}:
        yield f"copies were kept of {sorted(kept)}, touched were {touched}, or their bytes are others"


def enforced(server: Server, before: Truth, done: subject.Run) -> Iterator[str]:
    """Where the same httpd, started again, does not show the policy."""
    policy = server.configuration.policy
    after = server.truth()
    if not after.config_test and not done.changed and not done.result["validated"]:
        # Nothing was to be done, and the module does not claim that httpd accepts the rest.
        return
    if not after.started:
        if before.started or not after.config_test or any(text in after.said for text in FORESEEN):
            yield f"httpd does not start after the rewrite: {after.errors}"
        return
    yield from (f"after: {text}" for text in meaning(subject.evaluate(server), after))
    found: dict[str, list[str]] = {}
    for (host, port, name), answer in after.serving.items():
        if answer.accepted != policy:
            found.setdefault(f"accepts {list(answer.accepted)}, the policy is {list(policy)}", []).append(
                f"{host}:{port}/{name}"
            )
        for protocol, alert in answer.alerts.items():
            if alert not in REFUSALS.get(protocol, (70,)):
                found.setdefault(f"refuses {protocol} with alert {alert}", []).append(f"{host}:{port}/{name}")
    yield from (f"after the rewrite {text}: {', '.join(places)}" for text, places in found.items())
    if before.started and set(before.serving) != set(after.serving):
        yield f"TLS is spoken elsewhere after the rewrite: {sorted(set(before.serving) ^ set(after.serving))}"


def refusal(done: subject.Run, before: Truth, server: Server) -> Iterator[str]:
    """Where the module refused without a reason that the configuration bears out."""
    if "crashed" in done.result:
        yield f"the module crashed: {done.result['crashed']}"
        return
    if not before.config_test and re.match(r"\S+:\d+: |.*configuration test fails already", done.message):
        # httpd refuses the file itself, and the module names a place in it, or says what httpd said.
        return
    text = re.sub(rb"\\\r?\n", b"", b"\n".join(server.configuration.files.values()))
    for pattern, holds in REASONS:
        match = re.search(pattern, done.message)
        if match and holds(text, match):
            return
    yield f"the module refused, and the reason does not hold: {done.message}"


def _is_illegal(word: str) -> bool:
    return word.lstrip("+-").lower() not in LEGAL or len(word) - len(word.lstrip("+-")) > 1


LEGAL = ("all", "tlsv1", "tlsv1.1", "tlsv1.2", "tlsv1.3", "sslv2", "sslv3")
# What the message says, and whether the text of the configuration has that. Sections that httpd does not read count, too.
REASONS: tuple[tuple[str, Callable[[bytes, re.Match[str]], bool]], ...] = (
    (
        r"does not start|would not start",
        lambda text, _match: re.search(rb"(?i)confcmd|sslproxyprotocol", text) is not None,
    ),
    (r"SSLOpenSSLConfCmd", lambda text, _match: b"opensslconfcmd" in text.lower()),
    (r"macro", lambda text, _match: re.search(rb"(?i)<macro[^>]*\$", text) is not None),
    (r"variable", lambda text, _match: b"${" in text),
    (r"word that mod_ssl does not know.*Found: (.*)\. State now", lambda _text, match: _is_illegal(match.group(1))),
    (r"where httpd does not accept it.*Found: in <(\w+)", lambda text, match: match.group(1).encode() in text),
)
