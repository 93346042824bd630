"""Sees to it that every rule, resource and subject has one verdict: exports hold some ids twice, and then the worst stands."""

from __future__ import annotations

from typing import Final

from scanner.engine.judgement import Judgement
from scanner.model.finding import Finding
from scanner.model.resource_id import normalise
from scanner.model.verdict import Verdict

__all__ = ["settle"]

_WORST_FIRST: Final = (Verdict.ERROR, Verdict.FAIL, Verdict.UNKNOWN)


def settle(findings: list[Finding], judgement: Judgement) -> list[Finding]:
    """The findings, one for each rule, resource and subject; passes and what does not apply give way to them in `judgement`."""
    settled: dict[tuple[str, str, str], Finding] = {}
    for finding in sorted(findings, key=lambda item: _WORST_FIRST.index(item.verdict)):
        settled.setdefault((finding.rule, normalise(finding.resource), finding.subject), finding)
    taken = set(settled)
    for table in (judgement.passed, judgement.not_applicable):
        for (rule, subject), ids in table.items():
            unique = {normalise(item): item for item in reversed(ids)}
            ids[:] = [item for key, item in unique.items() if (rule, key, subject) not in taken]
            taken.update((rule, key, subject) for key in unique)
        for name in [name for name, ids in table.items() if not ids]:
            del table[name]
    return list(settled.values())
