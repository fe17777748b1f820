# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

# PRIVATE: this file is meant for this collection alone and may change at any time.

"""The report of a fleet as a page of HTML. Text becomes markup in one place, which escapes it; the page loads nothing and runs nothing."""

from __future__ import annotations

import html
from collections.abc import Mapping
from typing import Any

from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._fleet.report import (
    headline,
    open_findings,
    status_of,
    title,
)

_POLICY = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
_STYLE = """
  body { font: 15px/1.45 system-ui, sans-serif; margin: 2em auto; max-width: 90em; padding: 0 1em; color: #1d2733; }
  h1 { font-size: 1.5em; } h2 { font-size: 1.15em; margin-top: 2em; }
  table { border-collapse: collapse; width: 100%; }
  th, td { border: 1px solid #d5dbe3; padding: .35em .6em; text-align: left; vertical-align: top; overflow-wrap: anywhere; }
  th { background: #f1f4f8; } .pass { background: #e3f6e8; } .fail, .error, .not-read { background: #fde4e1; font-weight: 600; }
  .pending, .waived { background: #fff5d6; } .not_applicable { color: #75808c; }
"""


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def element(name: str, *children: str, **attributes: str) -> Markup:
    """Return an element. Children that are no markup, and all values of attributes, are escaped.

    :param attributes: a trailing underscore is dropped from their names
    """
    given = "".join(f' {key.rstrip("_")}="{html.escape(value)}"' for key, value in attributes.items())
    inner = "".join(child if isinstance(child, Markup) else html.escape(child) for child in children)
    return Markup(f"<{name}{given}>{inner}</{name}>")


def write_html(report: Mapping[str, Any]) -> str:
    """Return a report, as ``fleet_report`` makes it, as a page of HTML."""
    heading = f"Endpoint Security policy: {title(report)}"
    head = element(
        "head",
        Markup('<meta charset="utf-8">'),
        Markup(f'<meta http-equiv="Content-Security-Policy" content="{html.escape(_POLICY)}">'),
        element("title", heading),
        element("style", Markup(_STYLE)),
    )
    details = [part for server in report["servers"] for part in _details(server)]
    body = element("body", element("h1", heading), element("p", headline(report)), _overview(report), *details)
    return f"<!doctype html>\n{element('html', head, body, lang='en')}\n"


def _overview(report: Mapping[str, Any]) -> Markup:
    rules = [element("th", rule, title=said) for rule, said in report["rules"].items()]
    rows = [element("tr", element("th", "server"), element("th", "release"), *rules, element("th", "verdict"))]
    for server in report["servers"]:
        release = str((server.get("product") or {}).get("release") or "?")
        cells = [_status(status_of(server, rule)) for rule in report["rules"]]
        cells = [element("td", server["name"]), element("td", release), *cells, element("td", server["text"])]
        rows.append(element("tr", *cells))
    return _table(rows)


def _details(server: Mapping[str, Any]) -> list[Markup]:
    found = open_findings(server)
    if not found:
        return []
    rows = [element("tr", *[element("th", name) for name in ("rule", "status", "found", "next")])]
    for finding in found:
        rule = element("td", finding["rule"], title=finding["title"])
        said = [element("td", finding["message"]), element("td", finding["next_step"])]
        rows.append(element("tr", rule, _status(finding["status"]), *said))
    return [element("h2", server["name"]), _table(rows)]


def _status(status: str) -> Markup:
    return element("td", status.replace("_", " "), class_=status.replace(" ", "-"))


def _table(rows: list[Markup]) -> Markup:
    return element("table", Markup("\n" + "\n".join(rows) + "\n"))
