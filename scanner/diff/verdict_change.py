"""What a comparison of two results found: verdicts that changed, one entry for each rule, resource and subject."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Final

from scanner.model.result import SinceChange
from scanner.model.verdict import Severity, Verdict

__all__ = ["ResultDiff", "VerdictChange", "VerdictChangeKind"]


class VerdictChangeKind(StrEnum):
    """What became of a verdict, in the order in which people want to see it."""

    REGRESSED = "regressed"
    NEW = "new"
    WAIVER_EXPIRED = "waiver_expired"
    BECAME_UNREADABLE = "became_unreadable"
    NO_LONGER_JUDGED = "no_longer_judged"
    GONE = "gone"
    READABLE_AGAIN = "readable_again"
    FIXED = "fixed"


_PLACES: Final = {kind: at for at, kind in enumerate(VerdictChangeKind)}


@dataclass(frozen=True, slots=True)
class VerdictChange:
    """One verdict that changed. `old` and `new` are None where there is none; `waived` says that a waiver in force covers the
    new one.
    """

    kind: VerdictChangeKind
    rule: str
    control: str
    title: str
    severity: Severity
    resource: str
    subject: str
    old: Verdict | None
    new: Verdict | None
    reason: str = ""
    waived: bool = False

    @property
    def order(self) -> tuple[int, int, str, str, str]:
        """By kind, severity, rule, resource and subject."""
        return _PLACES[self.kind], self.severity.rank, self.rule, self.resource.lower(), self.subject

    @property
    def told(self) -> SinceChange:
        """The change as a result tells it."""
        return SinceChange(
            self.kind.value, self.rule, self.title, self.severity, self.resource, self.subject, self.reason, waived=self.waived
        )


@dataclass(frozen=True, slots=True)
class ResultDiff:
    """All changes in their final order. `unchanged` counts verdicts that stayed, `added` those that newly pass or do not apply;
    `notes` say why verdicts may differ though Azure does not.
    """

    changes: tuple[VerdictChange, ...] = ()
    unchanged: dict[Verdict, int] = field(default_factory=dict)
    added: int = 0
    notes: tuple[str, ...] = ()
