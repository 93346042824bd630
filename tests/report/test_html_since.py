"""The part of the page that tells of earlier scans: complete, linked, and inert whatever names say."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from scanner.model.result import Since, SinceChange, TrendPoint
from scanner.model.verdict import Severity
from scanner.report.html import render_html
from scanner.report.sparkline import spark_points, spark_text
from tests.report.test_html import HOSTILE, Page
from tests.report.test_terminal import ACCOUNT, RESULT

FINGERPRINT = RESULT.findings[0].fingerprint
POINTS = tuple(
    TrendPoint(f"{at}", f"2026-10-{29 + at}T00:00:00Z", {"critical": at, "high": 2}, unknown=1, passed=40) for at in range(3)
)


def change(kind: str, **more: Any) -> SinceChange:
    return replace(SinceChange(kind, "NET-003", "Account refuses public access", Severity.CRITICAL, ACCOUNT, ""), **more)


def page(*changes: SinceChange, trend: tuple[TrendPoint, ...] = POINTS) -> Page:
    since = Since("0" * 32, "2026-10-31T00:00:00Z", changes)
    return Page(render_html(replace(RESULT, since=since, trend=trend)).decode())


def test_a_change_links_to_its_finding_where_there_is_one() -> None:
    found = page(change("regressed", reason="it is open"), change("gone", resource=f"{ACCOUNT}-old"))
    assert "Since the last scan 2026-10-31 00:00:00 UTC" in found.text
    assert "regressed 1" in found.text
    assert "it is open" in found.text
    links = [str(a["href"]) for tag, a in found.tags if tag == "a" and str(a.get("href")).startswith("#finding-")]
    assert links.count(f"#finding-{FINGERPRINT}") == 2  # from the change, and from the finding itself
    ids = {str(a["id"]) for _, a in found.tags if "id" in a}
    assert {link[1:] for link in links} <= ids


def test_what_got_worse_is_open_unless_it_is_much() -> None:
    few, many = page(change("new"), change("fixed")), page(*(change("new", subject=f"{at}") for at in range(300)))
    opened = [
        [a["class"] for tag, a in one.tags if tag == "details" and "open" in a and "change" in str(a["class"])]
        for one in (few, many)
    ]
    assert opened == [["plain change new"], []]
    assert "and 100 more in result.json" in many.text


def test_the_trend_can_be_read_without_seeing_it() -> None:
    labels = [a["aria-label"] for tag, a in page().tags if tag == "svg" and "spark" in str(a.get("class"))]
    assert labels == [
        f"{name}, oldest scan first: {values}"
        for name, values in (("critical", "0, 1, 2"), ("high", "2, 2, 2"), ("unknown", "1, 1, 1"))
    ]
    assert "2 1 more" in page().text
    assert "No verdict changed." in page().text


def test_without_an_earlier_scan_there_is_no_such_part() -> None:
    assert "Since the last scan" not in Page(render_html(RESULT).decode()).text
    assert "since-title" not in render_html(replace(RESULT, trend=POINTS[:1])).decode()


@pytest.mark.parametrize("text", HOSTILE)
def test_what_comes_from_azure_is_text_here_too(text: str) -> None:
    plain, odd = (
        page(change(one, title=one, resource=f"{ACCOUNT}/{one}", subject=one, reason=one, waived=True)) for one in ("plain", text)
    )
    assert [tag for tag, _ in odd.tags] == [tag for tag, _ in plain.tags]
    assert [sorted(attributes) for _, attributes in odd.tags] == [sorted(attributes) for _, attributes in plain.tags]


def test_small_pictures_show_zero_and_the_most() -> None:
    assert spark_text([0, 1, 7, 100, 0]) == "▁▂▂█▁"
    assert spark_text([0, 1, 7, 100, 0], ascii_only=True) == "_..#_"
    assert (spark_text([]), spark_text([0, 0])) == ("", "▁▁")
    assert spark_points([0, 5, 10], 100, 20) == [(0, 20), (50, 10), (100, 0)]
    assert spark_points([0], 100, 20) == [(0, 20)]
