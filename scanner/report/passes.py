"""What passed, written out as findings for the formats that list it."""

from __future__ import annotations

from collections.abc import Iterator

from scanner.model.finding import Finding
from scanner.model.result import Result
from scanner.model.verdict import Verdict

__all__ = ["passing"]


def passing(result: Result) -> Iterator[Finding]:
    """One finding for each rule, resource and subject that passed."""
    rules = {rule.id: rule for rule in result.rules}
    yield from (
        Finding(
            rule=judged.rule,
            control=rules[judged.rule].control,
            subject=judged.subject,
            title=rules[judged.rule].title,
            severity=rules[judged.rule].severity,
            verdict=Verdict.PASS,
            resource=resource,
            type="",
            component="",
            message="",
        )
        for judged in result.passes
        for resource in judged.resources
    )
