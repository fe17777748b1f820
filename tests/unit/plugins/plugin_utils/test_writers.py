# Copyright (c) 2026, the checkpoint_endpoint.hardening contributors
# GNU General Public License v3.0+ (see COPYING or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The same hostile texts in every field of every format, read back by programs that know the format: nothing but text comes out.

A document with a hostile text has the structure of the same document with a harmless one, and shows the text itself.
"""

from __future__ import annotations

import copy
import csv
import io
import json
from html.parser import HTMLParser
from typing import Any
from xml.etree import ElementTree

import pytest
from ansible_collections.checkpoint_endpoint.hardening.plugins.filter.findings import FilterModule
from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._fleet import clients as fleet_clients
from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._fleet.writers.csv_text import write_csv
from ansible_collections.checkpoint_endpoint.hardening.plugins.plugin_utils._plain_text import printable
from markdown_it import MarkdownIt

from tests.support import hostile

FILTERS = FilterModule().filters()
STATUSES = ("pass", "fail", "pending", "waived", "not_applicable", "error")
Values = dict[str, Any]


def report(text: str) -> Values:
    """Return a report with a text in every field that a server, a log or an inventory fills."""
    findings = [
        {"rule": "TLS-1", "title": text, "status": status, "message": text, "evidence": {text: text}, "next_step": text}
        for status in STATUSES
    ]
    read = {"name": text, "read": True, "compliant": False, "text": text, "at": text, "findings": findings}
    read |= {"product": {"release": text, "build": text, "roles": {text: True}}, "policy": {text: text}}
    lost = {"name": text, "read": False, "compliant": False, "text": text, "at": "", "findings": []}
    totals = {"servers": 2, "compliant": 0, "waived": 0, "open": 1, "not_read": 1}
    counts = dict.fromkeys(STATUSES, 1)
    return {"compliant": False, "totals": totals, "statuses": counts, "rules": {"TLS-1": text}, "servers": [read, lost]}


def reported(text: str) -> Values:
    """Return the same as the filter fleet_report hands it on, which has read every text."""
    finding = {"rule": "TLS-1", "title": text, "status": "fail", "message": text, "evidence": {}, "next_step": text}
    server = {"product": {"release": text[:200]}}
    assessment = {"name": "a", "findings": [finding], "server": server, "text": text, "at": text[:200]}
    document: Values = FILTERS["fleet_report"]({"a": assessment}, ["a", "b"], {"b": text})
    return document


class Outline(HTMLParser):
    """The elements of a page with the names of their attributes, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.elements: list[Any] = []
        self.texts: list[str] = []
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, [name for name, _value in attrs]))

    def handle_endtag(self, tag: str) -> None:
        self.elements.append(f"/{tag}")

    def handle_data(self, data: str) -> None:
        self.texts.append(data)

    def handle_comment(self, data: str) -> None:
        self.elements.append(f"comment {data}")


def outline_of_markdown(text: str, *, html: bool) -> list[Any]:
    """Return the tokens of a Markdown text, blocks and what stands inside of lines, without its words."""
    parser = MarkdownIt("commonmark", {"html": html}).enable(["table", "strikethrough"])
    found: list[Any] = []
    for token in parser.parse(text):
        found.append((token.type, token.tag))
        # Where special characters are escaped, the words come in pieces.
        found += [
            (child.type, child.tag) for child in token.children or [] if child.type not in ("text", "text_special")
        ]
    return found


def words_of_markdown(text: str) -> str:
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    return "\n".join("".join(child.content for child in token.children or []) for token in tokens)


def shown(text: str) -> str:
    return printable(" ".join(text.split()))


@pytest.mark.parametrize("text", hostile.TEXTS)
def test_html_holds_the_text_and_no_element_of_it(text: str) -> None:
    page = Outline(FILTERS["report_text"](report(text), "html"))
    assert page.elements == Outline(FILTERS["report_text"](report("harmless"), "html")).elements
    assert "".join(page.texts).count(text) >= 14
    assert "http-equiv" in FILTERS["report_text"](report(text), "html")


@pytest.mark.parametrize("html", [False, True])
@pytest.mark.parametrize("text", hostile.TEXTS)
def test_markdown_holds_the_text_and_no_markup_of_it(text: str, html: bool) -> None:
    written = FILTERS["report_text"](report(text), "markdown")
    if shown(text):
        harmless = FILTERS["report_text"](report("harmless"), "markdown")
        assert outline_of_markdown(written, html=html) == outline_of_markdown(harmless, html=html)
        assert words_of_markdown(written).count(shown(text)) >= 11
    kinds = {kind for kind, _tag in outline_of_markdown(written, html=html)}
    assert not kinds & {"html_inline", "html_block", "image", "link_open", "code_inline", "fence", "code_block"}


@pytest.mark.parametrize("text", hostile.TEXTS)
def test_json_and_junit_hold_the_text(text: str) -> None:
    document = reported(text)
    written = FILTERS["report_text"](document, "json")
    assert written.isascii() and json.loads(written, parse_constant=pytest.fail) == document
    root = ElementTree.fromstring(FILTERS["report_text"](document, "junit"))
    harmless = ElementTree.fromstring(FILTERS["report_text"](reported("harmless"), "junit"))
    assert [element.tag for element in root.iter()] == [element.tag for element in harmless.iter()]
    assert root.findall(".//failure")[0].get("message") == printable(text)


# The elements of the JUnit format that CI servers read, with their attributes and children.
JUNIT: dict[str, tuple[set[str], set[str]]] = {
    "testsuites": ({"name", "tests", "failures", "errors", "skipped"}, {"testsuite"}),
    "testsuite": ({"name", "tests", "failures", "errors", "skipped", "time", "timestamp"}, {"testcase"}),
    "testcase": ({"classname", "name", "time"}, {"failure", "error", "skipped"}),
    "failure": ({"message", "type"}, set()),
    "error": ({"message", "type"}, set()),
    "skipped": ({"message"}, set()),
}


def test_junit_has_the_shape_that_ci_servers_read() -> None:
    root = ElementTree.fromstring(FILTERS["report_text"](report("a"), "junit"))
    for element in root.iter():
        attributes, children = JUNIT[element.tag]
        assert set(element.attrib) <= attributes and {child.tag for child in element} <= children
    for suite in [root, *root]:
        for name, tag in (("tests", "testcase"), ("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert int(suite.attrib[name]) == len(suite.findall(f".//{tag}")), name


@pytest.mark.parametrize("separator", [",", ";", "\t", "|"])
@pytest.mark.parametrize("text", hostile.TEXTS)
def test_no_cell_is_a_formula_whatever_separates(text: str, separator: str) -> None:
    written = write_csv([("address", "servers"), (text, "eps1"), ("10.0.0.1", text)])
    for row in csv.reader(io.StringIO(written, newline=""), delimiter=separator):
        for cell in row:
            assert not cell.strip(" \"'\t").startswith(("=", "+", "-", "@", "\uff1d")) or cell.startswith("'"), row
    assert len(list(csv.reader(io.StringIO(written, newline="")))) == 3
    assert csv.Sniffer().sniff(write_csv([("address", "servers"), ("10.0.0.1", "eps1")])).delimiter == ","


@pytest.mark.parametrize("text", hostile.TEXTS)
def test_the_console_shows_the_text_in_its_row_and_nowhere_else(text: str) -> None:
    answer = hostile.texts_everywhere(text)
    joined = fleet_clients.fleet_clients([(text, answer["clients"], ""), ("eps2", "", text)])
    lines = fleet_clients.clients_table(joined)
    assert all(line.isprintable() and len(line) < 1200 for line in lines)
    table = FILTERS["fleet_table"]([], [text, "eps2"], {text: text, "eps2": text})
    assert all(line.isprintable() for line in table)
    assert all("NOT READ" in line for line in table[2:4]) and not any("NOT READ" in line for line in table[:2])


def test_the_documents_are_not_changed_by_writing() -> None:
    document = report("a|b")
    before = copy.deepcopy(document)
    for form in ("html", "json", "junit", "markdown"):
        FILTERS["report_text"](document, form)
    assert document == before
