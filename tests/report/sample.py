"""A result with one of everything that a format has to show, and the same with hostile text wherever text can stand."""

from __future__ import annotations

from dataclasses import replace

from scanner.model.finding import Evidence, Fix, Location
from scanner.model.result import Result, Since, SinceChange, TrendPoint
from scanner.model.verdict import Severity
from tests.report.test_terminal import RESULT

__all__ = ["HOSTILE", "SAMPLE", "hostile"]

WAIVER = {
    "owner": "platform team", "reason": "The key moves in March", "ticket": "OPS-123", "expires": "2027-03-31", "accepts": "fail",
    "file": "waivers.yaml", "line": 3, "state": "in force",
}  # fmt: skip

#: What a format must show as text and nothing else.
HOSTILE = [
    "<script>alert(1)</script>", "=cmd|'/C calc'!A0", "](javascript:alert(1))", "[x](javascript:alert(1))", "\x1b[31mred\x1b[0m", "\u202etxt.exe",
    "two\nlines", "line\r\n::error::fake", "::error::fake", "##vso[task.setvariable variable=a]b", "##[add-path]x", "x\n##vso[task.complete]",
    "@everyone", "]]>", "<!--", "{0}", "&amp;", "`a` ``b``", "| a | b |", "<details>", "\x00nul\ufffe", "%0A::error::x", "%AZP25;]x",
    "-1+1", "\t=1", "https://evil.example", "![i](https://evil.example/p.png)",
]  # fmt: skip

SAMPLE = replace(
    RESULT,
    findings=(
        replace(RESULT.findings[0], location=Location("infra/main.json", 12)),
        replace(RESULT.findings[1], waiver=WAIVER),
        *RESULT.findings[2:],
    ),
    rules=(replace(RESULT.rules[0], frameworks={"NIST-800-53": ["AC-4", "SC-7"]}), *RESULT.rules[1:]),
    since=Since(
        "1" * 32, "2026-10-31T00:00:00Z",
        (
            SinceChange("regressed", "NET-003", "Account refuses public access", Severity.CRITICAL, RESULT.findings[0].resource, ""),
            SinceChange("gone", "AI-001", "Deployment has a filter", Severity.HIGH, RESULT.findings[0].resource, "", "it is gone"),
        ),
    ),
    trend=(TrendPoint("1" * 32, "2026-10-31T00:00:00Z", {"critical": 1}), TrendPoint("0" * 32, "2026-11-01T00:00:00Z", {"critical": 2})),
)  # fmt: skip


def hostile(text: str) -> Result:
    """The sample with this text wherever Azure, a template, a rule or a waiver may put text."""
    item = replace(
        SAMPLE.findings[0], message=text, component=text, subject=text, title=text, resource=f"{SAMPLE.findings[0].resource}/{text}",
        evidence=(Evidence(text, "equals", text, text, text), Evidence("a", "in", [text], {text: text})), consequence_of=(text,),
        fix=Fix("set", text, "possible", text, (text,), text, (text,), "failed", text), location=Location(text, 1), type=text,
    )  # fmt: skip
    waived = replace(
        item, subject=f"{text} waived", waiver={**WAIVER, "owner": text, "reason": text, "ticket": text, "file": text}
    )
    unknown = replace(SAMPLE.findings[2], message=text, resource=text, subject=text)
    broken = replace(SAMPLE.findings[3], message=text, resource=text, subject=text)
    rule = replace(SAMPLE.rules[0], title=text, name=text, rationale=text, help=text, section=text, frameworks={text: [text]})
    gap = replace(SAMPLE.gaps[0], scope=text, what=text, reason=text, permission=text)
    since = Since(text, text, (SinceChange(text, text, text, Severity.HIGH, text, text, text),))
    return replace(
        SAMPLE, findings=(item, waived, unknown, broken), rules=(rule, *SAMPLE.rules[1:]), notes=(text,), gaps=(gap,), since=since,
        scan=replace(SAMPLE.scan, baseline=text, environment=text, scopes=(text,)),
    )  # fmt: skip
