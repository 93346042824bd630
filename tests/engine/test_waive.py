"""Waivers held against findings: an error is never waived, and one in force goes before an expired one."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace

from scanner.cli.outcome import exit_code
from scanner.engine.waive import apply_waivers
from scanner.model.verdict import Verdict
from scanner.rules.waivers import Waiver
from tests.report.test_terminal import RESULT

TODAY = dt.date(2026, 11, 20)
EVERY = Waiver("NET-003", ("AI-001", "NET-003"), "**", "*", "web", "moving", "", TODAY, "fail", "waivers.yaml", 1)


def test_an_error_is_never_waived() -> None:
    unknowns = replace(EVERY, accepts="unknown", line=2)
    result = apply_waivers(RESULT, [EVERY, unknowns], TODAY)
    assert [(item.verdict, item.waived) for item in result.findings] == [
        (Verdict.FAIL, True), (Verdict.FAIL, True), (Verdict.UNKNOWN, True), (Verdict.ERROR, False),
    ]  # fmt: skip
    assert exit_code(result, "info", allow_unknown=False) == 3


def test_a_waiver_in_force_goes_before_an_expired_one() -> None:
    expired = replace(EVERY, expires=TODAY - dt.timedelta(days=1), line=2)
    result = apply_waivers(RESULT, [expired, EVERY], TODAY)
    assert result.findings[0].waiver is not None
    assert result.findings[0].waiver["line"] == 1
    assert [(item.state, item.matched) for item in result.waivers] == [("expired", 2), ("in force", 2)]


def test_a_subject_narrows_a_waiver() -> None:
    result = apply_waivers(RESULT, [replace(EVERY, subject="KEY*")], TODAY)
    assert [item.waived for item in result.findings] == [False, True, False, False]


def test_without_waivers_a_result_stays_as_it_is() -> None:
    assert apply_waivers(RESULT, [], TODAY) is RESULT
