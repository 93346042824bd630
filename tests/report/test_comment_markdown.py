"""comment.md: short enough whatever the result holds, complete about what is left out, and nothing in it but text."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from markdown_it import MarkdownIt

from scanner.model.finding import Evidence
from scanner.model.result import Since, SinceChange
from scanner.model.verdict import Severity
from scanner.report.comment_markdown import render_markdown
from tests.report.sample import HOSTILE, SAMPLE, hostile

LIMIT = 60_000


def comment(result: object) -> str:
    return render_markdown(result).decode()  # type: ignore[arg-type]  # a result


def many(text: str, number: int) -> object:
    item = replace(SAMPLE.findings[0], message=text, evidence=tuple(Evidence(text, "equals", text, text) for _ in range(12)))
    failing = tuple(replace(item, resource=f"{item.resource}{at}", title=text) for at in range(number))
    unknown = tuple(replace(SAMPLE.findings[2], message=f"{at} {text}") for at in range(number))
    waived = tuple(replace(SAMPLE.findings[1], subject=f"{at}{text}") for at in range(number))
    rules = tuple(replace(SAMPLE.rules[0], id=f"X-{at}", family=f"{text}{at}") for at in range(number))
    changes = tuple(SinceChange(f"{text}{at}", "NET-003", text, Severity.LOW, text, text, text) for at in range(number))
    return replace(
        SAMPLE, findings=(*failing, *unknown, *waived), rules=(*SAMPLE.rules, *rules), since=Since(text * 99, text * 99, changes),
        scan=replace(SAMPLE.scan, baseline=text * 99, environment=text * 99),
    )  # fmt: skip


@pytest.mark.parametrize("text", ["plain", "|" * 4000, "`" * 4000, "<&>" * 999, "\u202e" * 4000])
@pytest.mark.parametrize("number", [1, 50, 2000])
def test_the_comment_fits_whatever_the_result_holds(text: str, number: int) -> None:
    told = comment(many(text, number))
    assert len(told) <= LIMIT
    assert told.count("<details>") == told.count("</details>")


def test_what_is_left_out_is_counted() -> None:
    told = comment(many("plain", 2000))
    shown = told.count("  - `plain`\n")
    left = sum(int(found) for found in re.findall(r"(\d+) more findings are left out", told))
    assert shown + left == 2000 + 2000 - told.count(": waived until")  # failures, and waived ones that did not fit


def test_what_changed_is_told() -> None:
    told = comment(SAMPLE)
    assert "#### Since 2026-10-31T00:00:00Z: 1 regressed, 1 gone" in told
    assert "Failing over the last 2 scans: 1, 2" in told
    assert "nothing changed" in comment(replace(SAMPLE, since=Since("1", "2026-10-31T00:00:00Z")))


@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_in_the_comment_is_markup_but_its_own(text: str) -> None:
    odd, plain = parts(comment(hostile(text))), parts(comment(hostile("plain")))
    assert [kind for kind, _ in odd] == [kind for kind, _ in plain]
    assert not {"link_open", "image"} & {kind for kind, _ in odd}
    assert [html for kind, html in odd if kind == "html_block"] == [html for kind, html in plain if kind == "html_block"]


def parts(told: str) -> list[tuple[str, str]]:
    """What a reader of CommonMark and tables finds, with the HTML that passes as it is; code in a table is not told apart."""
    found: list[tuple[str, str]] = []
    for token in MarkdownIt("commonmark").enable("table").parse(re.sub("</?code>", "`", told)):
        found.append((token.type, token.content.strip() if token.type == "html_block" else ""))
        found.extend((child.type, child.content if child.type == "html_inline" else "") for child in token.children or ())
    return found


def test_a_clean_result_says_so() -> None:
    told = comment(replace(SAMPLE, findings=(), since=None, trend=()))
    assert told.startswith("### driftline: nothing failing, 2 passing\n")
    assert "<details>" not in told
