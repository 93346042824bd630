"""Words that the formats for pipelines and people share: where a finding is, what is told of it, a waiver in one sentence."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from scanner.model.finding import Finding
from scanner.model.result import Result
from scanner.model.verdict import Severity, Verdict
from scanner.report.inert import shown
from scanner.report.words import evidence_line, short_id

__all__ = ["details", "full_place", "headline", "place", "waiver_words"]

_EVIDENCE: Final = 10


def place(resource: str, subject: str, rule: str) -> str:
    """Where a verdict belongs, in short: the resource, and the subject where that says more."""
    return shown(short_id(resource) + _subject(subject, rule))


def full_place(finding: Finding) -> str:
    """Where a finding belongs by its whole id, which no other resource has."""
    return shown(finding.resource + _subject(finding.subject, finding.rule))


def details(finding: Finding) -> Iterator[str]:
    """What is told of a finding beside its message, a line each: evidence, what it follows from, what mends it."""
    yield from (shown(evidence_line(item)) for item in finding.evidence[:_EVIDENCE])
    if len(finding.evidence) > _EVIDENCE:
        yield f"and {len(finding.evidence) - _EVIDENCE} more in result.json"
    if finding.consequence_of:
        yield f"follows from {shown(', '.join(finding.consequence_of))}"
    if finding.fix is not None:
        yield f"fix: {shown(finding.fix.title)} (disrupts: {shown(finding.fix.disrupts)})"


def waiver_words(waiver: Mapping[str, Any]) -> str:
    """Until when, by whom and why a finding is accepted, or that this is over."""
    ticket = f" ({shown(waiver['ticket'])})" if waiver["ticket"] else ""
    state = "waived until" if waiver["state"] == "in force" else "waiver expired"
    return f"{state} {shown(waiver['expires'])} by {shown(waiver['owner'])}: {shown(waiver['reason'], longest=200)}{ticket}"


def headline(result: Result) -> str:
    """How much fails, by severity, and what else a reader has to know, in one line."""
    failing = [item for item in result.findings if item.verdict is Verdict.FAIL]
    levels = [(level.value, sum(item.severity is level for item in failing)) for level in Severity]
    by_level = ", ".join(f"{count} {name}" for name, count in levels if count)
    parts = [f"{len(failing)} failing ({by_level})" if failing else "nothing failing"]
    parts += [f"{result.count(item)} {item.value}" for item in (Verdict.UNKNOWN, Verdict.ERROR) if result.count(item)]
    waived = sum(item.waived for item in result.findings)
    return ", ".join([*parts, f"{result.count(Verdict.PASS)} passing", *([f"{waived} waived"] if waived else [])])


def _subject(subject: str, rule: str) -> str:
    return f" ({subject})" if subject and subject != rule else ""
