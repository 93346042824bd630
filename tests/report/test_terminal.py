"""The terminal summary: golden texts at 80 and 120 columns, without colour and in ASCII; hostile names cannot bite."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

from scanner.model.coverage import Gap
from scanner.model.finding import Evidence, Finding, Fix
from scanner.model.result import Judged, Result, RuleInfo, ScanInfo
from scanner.model.source import RequestCounts
from scanner.model.verdict import Severity, Verdict
from scanner.report.terminal import render_terminal

GOLDEN = Path(__file__).parent / "golden"
SUB = "/subscriptions/5d0c1a52-7f3e-4c0b-9a55-2f1f3c9d1e01"
ACCOUNT = f"{SUB}/resourceGroups/rg-chat-prod/providers/Microsoft.CognitiveServices/accounts/oai-chat-prod"


def rule(rule_id: str, severity: Severity, title: str) -> RuleInfo:
    family = rule_id.partition("-")[0].lower()
    return RuleInfo(rule_id, rule_id, rule_id.lower(), title, severity, family, "Networking", "Why.", "How.")


def finding(rule_id: str, severity: Severity, verdict: Verdict, **more: object) -> Finding:
    base = Finding(
        rule=rule_id, control=rule_id, subject="", title="Account refuses public access", severity=severity, verdict=verdict, resource=ACCOUNT,
        type="Microsoft.CognitiveServices/accounts", component="openai", message="oai-chat-prod can be reached from public networks",
    )  # fmt: skip
    return replace(base, **more)  # type: ignore[arg-type]  # fields by name


RESULT = Result(
    scan=ScanInfo("0" * 32, "2026-11-01T00:00:00Z", "2026-11-01T00:00:05Z", "1.0.0", "openai-chat", "prod", "live", (SUB,), True, "r", "b"),
    rules=(rule("NET-003", Severity.CRITICAL, "Account refuses public access"), rule("AI-001", Severity.HIGH, "Deployment has a filter")),
    resources=42,
    findings=(
        finding(
            "NET-003", Severity.CRITICAL, Verdict.FAIL,
            evidence=(Evidence("properties.publicNetworkAccess", "equals", "Disabled", None, "absent (Azure default: Enabled)"),),
            fix=Fix("set", "Close the account to public networks", "possible"),
        ),
        finding("NET-003", Severity.CRITICAL, Verdict.FAIL, subject="key1", consequence_of=("AI-001",), resource=SUB,
                evidence=(Evidence("sku.name", "in", ["S0", "S1"], "F0"),)),
        finding("AI-001", Severity.HIGH, Verdict.UNKNOWN, message="Cannot be judged: raiPolicies could not be read: 403 AuthorizationFailed"),
        finding("AI-001", Severity.HIGH, Verdict.ERROR, message="A defect in the rule or in driftline: KeyError: 'x'"),
    ),
    passes=(Judged("AI-001", "", (ACCOUNT, SUB)),),
    not_applicable=(),
    gaps=(Gap(ACCOUNT, "raiPolicies", "403 AuthorizationFailed", "Microsoft.CognitiveServices/accounts/raiPolicies/read"),),
    requests=RequestCounts(12, 1, 0),
    notes=("rg-chat-prod: component vault is ambiguous: 2 resources match (a, b), at most 1 wanted: name it under components in driftline.yaml",),
)  # fmt: skip


@pytest.mark.parametrize(
    ("name", "width", "ascii_only"),
    [("terminal-80.txt", 80, False), ("terminal-120.txt", 120, False), ("terminal-ascii.txt", 80, True)],
)
def test_the_summary_is_the_agreed_one(name: str, width: int, ascii_only: bool) -> None:  # noqa: FBT001  # a table of cases
    text = render_terminal(RESULT, width=width, ascii_only=ascii_only)
    if os.environ.get("DRIFTLINE_GOLDEN") == "write":
        (GOLDEN / name).write_text(text, encoding="utf-8")
    assert text == (GOLDEN / name).read_text(encoding="utf-8")
    assert max(map(len, text.splitlines())) <= width
    assert not ascii_only or text.isascii()


def test_colour_adds_nothing_but_colour() -> None:
    import re

    coloured = render_terminal(RESULT, colour=True)
    assert "\x1b[" in coloured
    assert [line.rstrip() for line in re.sub(r"\x1b\[[0-9;]*m", "", coloured).splitlines()] == render_terminal(
        RESULT
    ).splitlines()


@pytest.mark.parametrize(
    "name", ["\x1b[31mred", "two\nlines", "right\u202eto left", "[bold]markup[/bold]", "\x07bell", "zero\u200bwidth"]
)
def test_hostile_names_cannot_bite(name: str) -> None:
    hostile = finding("NET-003", Severity.CRITICAL, Verdict.FAIL, resource=f"{ACCOUNT}{name}", subject=name, message=name, title=name,
                      evidence=(Evidence(name, "equals", name, name, name),))  # fmt: skip
    text = render_terminal(replace(RESULT, findings=(hostile,), notes=(name,)), width=120)
    harmless = render_terminal(replace(RESULT, findings=(replace(hostile, message="x"),), notes=("x",)), width=120)
    assert not any(sign in text for sign in "\x1b\u202e\x07\u200b")
    assert len(text.splitlines()) == len(harmless.splitlines())
    if name.startswith("["):
        assert name in text


def test_a_clean_result_says_so() -> None:
    clean = replace(RESULT, findings=(), gaps=(), notes=())
    assert "the reference architecture holds" in render_terminal(clean)
