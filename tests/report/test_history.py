"""Histories for a terminal and as JSON: golden texts, ASCII, hostile names, the schema."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from scanner.model.history import FindingState, History, HistoryFinding, HistoryScan
from scanner.model.result import SinceChange, TrendPoint
from scanner.model.verdict import Severity
from scanner.report.history_json import render_histories_json
from scanner.report.history_terminal import render_histories
from scanner.report.schemas import schemas
from tests.report.test_html import HOSTILE
from tests.report.test_terminal import ACCOUNT, SUB

GOLDEN = Path(__file__).parent / "golden"


def scan(day: int, critical: int, **changes: int) -> HistoryScan:
    point = TrendPoint(
        f"{day:032x}", f"2026-11-{day:02}T06:00:00Z", {"critical": critical, "high": max(0, 12 - day)}, unknown=1, passed=400
    )
    return HistoryScan(point, "1.0.0", "live", complete=day != 3, resources=42, waived=1, compared_with="", changes=changes)


def finding(state: FindingState, severity: Severity = Severity.HIGH, **more: object) -> HistoryFinding:
    base = HistoryFinding(
        "f" * 32, "NET-003", "NET-003", "Azure OpenAI account refuses public access", severity, ACCOUNT, "key1", state,
        "2026-11-01T06:00:00Z", "2026-11-04T06:00:00Z", "2026-11-04T06:00:00Z",
    )  # fmt: skip
    return replace(base, **more)  # type: ignore[arg-type]  # fields by name


HISTORY = History(
    "openai-chat", "prod", planned=False, scopes=(SUB,), workloads=("chat-prod",),
    scans=(scan(1, 0), scan(2, 7, new=3, regressed=4), scan(3, 7), scan(4, 1, fixed=6, gone=2)),
    findings=(
        finding(FindingState.FAILING, Severity.CRITICAL, regressions=1), finding(FindingState.WAIVED, subject=""),
        finding(FindingState.FIXED, fixed="2026-11-03T06:00:00Z"), finding(FindingState.FIXED, fixed="2026-11-04T06:00:00Z", rule="KEY-001"),
        finding(FindingState.GONE),
    ),
    latest=(SinceChange("fixed", "KEY-001", "Keys are off", Severity.HIGH, ACCOUNT, ""),),
)  # fmt: skip


@pytest.mark.parametrize(("name", "ascii_only"), [("history-80.txt", False), ("history-ascii.txt", True)])
def test_a_history_reads_as_agreed(name: str, ascii_only: bool) -> None:  # noqa: FBT001  # a table of cases
    text = render_histories([HISTORY], ascii_only=ascii_only)
    if os.environ.get("DRIFTLINE_GOLDEN") == "write":
        (GOLDEN / name).write_text(text, encoding="utf-8")
    assert text == (GOLDEN / name).read_text(encoding="utf-8")
    assert max(map(len, text.splitlines())) <= 80
    assert not ascii_only or text.isascii()


def test_much_is_cut_short_and_said_so() -> None:
    many = replace(HISTORY, scans=tuple(scan(day, day) for day in range(1, 29)), findings=HISTORY.findings[:1] * 30)
    text = render_histories([many, HISTORY])
    assert "28 scans, the last 15" in text
    assert "and 20 more: --format json" in text
    assert text.count("openai-chat, prod") == 2


def test_an_empty_store_says_so() -> None:
    assert render_histories([]) == "No scan is stored yet.\n"


@pytest.mark.parametrize("text", [*HOSTILE, "\x1b]0;title\x07", "a\u202eb"])
def test_hostile_names_cannot_bite_a_terminal(text: str) -> None:
    odd = replace(
        HISTORY,
        baseline=text,
        environment=text,
        workloads=(text,),
        findings=(finding(FindingState.FAILING, title=text, subject=text),),
    )
    shown = render_histories([odd])
    assert not {"\x1b", "\x07", "\u202e"} & set(shown)


def test_the_document_is_as_its_schema_says() -> None:
    document = json.loads(render_histories_json([HISTORY]))
    jsonschema.Draft202012Validator(schemas()["history"]).validate(document)
    assert document["histories"][0]["findings"][0]["state"] == "failing"
