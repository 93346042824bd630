"""Comparisons of results as text, comment and document: agreed, valid, and deaf to hostile names."""

from __future__ import annotations

import json
import os
import re
from dataclasses import replace
from pathlib import Path

import jsonschema
import pytest

from scanner.diff.verdict_change import ResultDiff, VerdictChange, VerdictChangeKind
from scanner.model.verdict import Severity, Verdict
from scanner.report.diff_json import Sides, render_result_diff_json
from scanner.report.diff_markdown import render_result_diff_markdown
from scanner.report.diff_terminal import render_result_diff
from scanner.report.schemas import schemas
from tests.report.test_snapshot_diff import ACCOUNT, GROUP, HOSTILE, STORAGE

GOLDEN = Path(__file__).parent / "golden"
Kind = VerdictChangeKind
P, F, U = Verdict.PASS, Verdict.FAIL, Verdict.UNKNOWN


def change(
    kind: Kind, rule: str, resource: str, old: Verdict | None, new: Verdict | None, reason: str = "", subject: str = ""
) -> VerdictChange:
    title = f"What {rule} asks for holds"
    return VerdictChange(kind, rule, rule, title, Severity.HIGH, resource, subject, old, new, reason)


DIFF = ResultDiff(
    changes=(
        replace(change(Kind.REGRESSED, "NET-003", ACCOUNT, P, F), severity=Severity.CRITICAL),
        change(Kind.NEW, "KEY-009a", STORAGE, None, F, "the resource is new", "key1"),
        replace(change(Kind.NEW, "KEY-009b", STORAGE, None, U, "the resource is new"), waived=True),
        change(Kind.WAIVER_EXPIRED, "NET-014", STORAGE, F, F, "expired 2026-11-01"),
        *(
            change(Kind.BECAME_UNREADABLE, f"AI-00{at}", ACCOUNT, F if at > 7 else P, U, "Cannot be judged: 403")
            for at in range(1, 9)
        ),
        change(Kind.NO_LONGER_JUDGED, "MON-001", GROUP, F, None, "the rule is not part of NEW"),
        *(
            change(Kind.GONE, f"NET-00{at}", STORAGE, F if at == 2 else P, None, "the resource is no longer there")
            for at in (1, 2)
        ),
        change(Kind.READABLE_AGAIN, "IAM-001", ACCOUNT, U, P),
        change(Kind.FIXED, "NET-009", ACCOUNT, F, P),
    ),
    unchanged={P: 1200, F: 3, Verdict.NOT_APPLICABLE: 7},
    added=4,
    notes=("The rules were changed in between: a verdict may differ because its rule does.",),
)


@pytest.mark.parametrize(
    ("name", "text"),
    [("result-diff-80.txt", render_result_diff(DIFF)), ("result-diff.md", render_result_diff_markdown(DIFF))],
)
def test_the_text_is_the_agreed_one(name: str, text: str) -> None:
    if os.environ.get("DRIFTLINE_GOLDEN") == "write":
        (GOLDEN / name).write_text(text, encoding="utf-8")
    assert text == (GOLDEN / name).read_text(encoding="utf-8")
    assert name.endswith(".md") or max(map(len, text.splitlines())) <= 80


def test_the_document_is_as_its_schema_has_it() -> None:
    for diff in (DIFF, ResultDiff()):
        document = json.loads(render_result_diff_json(diff, Sides("a.json", "b.json")))
        jsonschema.validate(document, schemas()["diff"])
    assert set(document["counts"].values()) == {0}


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_names_cannot_bite(name: str, kind: Kind) -> None:
    def diff(word: str) -> ResultDiff:
        hostile = replace(change(kind, word, f"{ACCOUNT}{word}", P, F, word, word), title=word)
        return ResultDiff((hostile,), notes=(word,))

    text, comment = render_result_diff(diff(name), width=500), render_result_diff_markdown(diff(name))
    assert not any(sign in text + comment for sign in "\x1b\u202e\x07")
    assert len(text.splitlines()) == len(render_result_diff(diff("x"), width=500).splitlines())
    spans = re.compile(r"(?<!`)(`+)(?!`)(.*?)(?<!`)\1(?!`)")
    plain = render_result_diff_markdown(diff("x"))
    assert [spans.sub("", line) for line in comment.splitlines()] == [spans.sub("", line) for line in plain.splitlines()]


def test_a_long_list_is_cut_and_says_so() -> None:
    text = render_result_diff(ResultDiff(tuple(replace(DIFF.changes[0], resource=f"{ACCOUNT}{at}") for at in range(100))))
    assert "and 60 more in diff.json" in text
