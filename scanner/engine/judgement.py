"""Collects verdicts: findings whole, passes and what does not apply compactly, each (rule, resource, subject) once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from scanner.model.finding import Finding
from scanner.model.result import Judged
from scanner.model.verdict import Verdict

__all__ = ["Judgement"]

_Key = tuple[str, str]


class Judgement:
    """What has been judged so far, over all snapshots of a scan."""

    def __init__(self) -> None:
        self.findings: list[Finding] = []
        self.passed: defaultdict[_Key, list[str]] = defaultdict(list)
        self.not_applicable: defaultdict[_Key, list[str]] = defaultdict(list)

    def add(self, finding: Finding) -> None:
        """Take in a fail, unknown or error."""
        self.findings.append(finding)

    def passes(self) -> tuple[Judged, ...]:
        """What passed, in order of rule and subject."""
        return _compact(self.passed)

    def inapplicable(self) -> tuple[Judged, ...]:
        """What no rule's target took in, in order of rule and subject."""
        return _compact(self.not_applicable)

    def verdict_of(self, rule: str, resource: str, subject: str) -> Verdict | None:
        """The verdict of one rule on one resource and subject; None when it was not judged."""
        for finding in self.findings:
            if (finding.rule, finding.resource.lower(), finding.subject) == (rule, resource.lower(), subject):
                return finding.verdict
        for verdict, table in ((Verdict.PASS, self.passed), (Verdict.NOT_APPLICABLE, self.not_applicable)):
            if resource.lower() in (item.lower() for item in table.get((rule, subject), ())):
                return verdict
        return None


def _compact(table: dict[_Key, list[str]]) -> tuple[Judged, ...]:
    rows: Iterable[tuple[_Key, list[str]]] = sorted(table.items())
    return tuple(Judged(rule, subject, tuple(sorted(ids, key=str.lower))) for (rule, subject), ids in rows)
