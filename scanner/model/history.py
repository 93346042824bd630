"""The history of scans: what became of each finding from scan to scan. A store keeps it, outlets show it."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum

from scanner.model.result import SinceChange, TrendPoint
from scanner.model.verdict import Severity

__all__ = ["FindingState", "History", "HistoryFinding", "HistoryScan"]


class FindingState(StrEnum):
    """What a finding is as of the last scan. `fixed` failed once and passes; `passing` passes and was never seen to fail."""

    FAILING = "failing"
    WAIVED = "waived"
    ERROR = "error"
    UNKNOWN = "unknown"
    NOT_JUDGED = "not_judged"
    GONE = "gone"
    PASSING = "passing"
    FIXED = "fixed"


@dataclass(frozen=True, slots=True)
class HistoryFinding:
    """A finding over time. Times are ISO 8601 UTC, empty where it never was so; `fixed` is empty again once it fails again,
    which `regressions` counts.
    """

    fingerprint: str
    rule: str
    control: str
    title: str
    severity: Severity
    resource: str
    subject: str
    state: FindingState
    first_seen: str
    last_seen: str
    last_failed: str = ""
    fixed: str = ""
    regressions: int = 0


@dataclass(frozen=True, slots=True)
class HistoryScan:
    """A stored scan: its figures, and what changed since the scan that it was compared with (empty: none)."""

    point: TrendPoint
    version: str
    source_kind: str
    complete: bool
    resources: int
    waived: int
    compared_with: str = ""
    changes: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class History:
    """All scans, oldest first, of the same scopes by the same baseline and environment; `planned`: of templates, before they
    are deployed. `latest` is what the last of them found changed.
    """

    baseline: str
    environment: str
    planned: bool
    scopes: tuple[str, ...]
    workloads: tuple[str, ...]
    scans: tuple[HistoryScan, ...]
    findings: tuple[HistoryFinding, ...]
    latest: tuple[SinceChange, ...] = ()
