"""Collects verdicts: what is not a pass whole, passes and what does not apply compactly, each (rule, resource, subject) once."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from scanner.model.result import Judged

__all__ = ["Judgement"]

_Key = tuple[str, str]


@dataclass(slots=True)
class Judgement:
    """The verdicts of one snapshot. `outcomes` are to be explained before the snapshot is dropped; the tables hold resource
    ids by (rule id, subject).
    """

    outcomes: list[Any] = field(default_factory=list)
    passed: defaultdict[_Key, list[str]] = field(default_factory=lambda: defaultdict(list))
    not_applicable: defaultdict[_Key, list[str]] = field(default_factory=lambda: defaultdict(list))

    def add(self, outcome: Any) -> None:
        """Take in a verdict that is not a pass."""
        self.outcomes.append(outcome)

    def take_over(self, other: Judgement) -> None:
        """Add the passes and inapplicables of another snapshot; its outcomes were explained already."""
        for mine, theirs in ((self.passed, other.passed), (self.not_applicable, other.not_applicable)):
            for key, ids in theirs.items():
                mine[key].extend(ids)

    def passes(self) -> tuple[Judged, ...]:
        """What passed, in order of rule and subject."""
        return _compact(self.passed)

    def inapplicable(self) -> tuple[Judged, ...]:
        """What no rule's target took in, in order of rule and subject."""
        return _compact(self.not_applicable)


def _compact(table: dict[_Key, list[str]]) -> tuple[Judged, ...]:
    return tuple(Judged(rule, subject, tuple(sorted(ids, key=str.lower))) for (rule, subject), ids in sorted(table.items()))
