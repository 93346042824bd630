"""The result of a scan: what outlets read and nothing else. Its JSON form is the contract `driftline.result/1`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from scanner.model.coverage import Gap
from scanner.model.finding import Finding
from scanner.model.graph import Graph
from scanner.model.source import RequestCounts
from scanner.model.verdict import Severity, Verdict

__all__ = [
    "RESULT_SCHEMA",
    "Judged",
    "Result",
    "RuleInfo",
    "ScanInfo",
    "Since",
    "SinceChange",
    "TrendPoint",
    "WaiverUse",
    "Workload",
    "order_findings",
]

RESULT_SCHEMA: Final = "driftline.result/1"


@dataclass(frozen=True, slots=True)
class ScanInfo:
    """Which scan this was. `id` is a hash of input and options; times are ISO 8601 UTC."""

    id: str
    started: str
    finished: str
    version: str
    baseline: str
    environment: str
    source_kind: str
    scopes: tuple[str, ...]
    complete: bool
    rules_hash: str
    baseline_hash: str


@dataclass(frozen=True, slots=True)
class RuleInfo:
    """What an outlet needs to know of a rule."""

    id: str
    control: str
    name: str
    title: str
    severity: Severity
    family: str
    section: str
    rationale: str
    help: str
    frameworks: dict[str, list[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, order=True)
class Judged:
    """The resources of one rule and subject that passed, or to which the rule does not apply."""

    rule: str
    subject: str
    resources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Workload:
    """A workload with the resource ids bound to each component of the baseline, and its architecture as it was found."""

    name: str
    components: dict[str, tuple[str, ...]]
    graph: Graph = field(default_factory=Graph)


@dataclass(frozen=True, slots=True)
class WaiverUse:
    """A waiver and what became of it: `in force`, `expired` or `unused`; `matched` counts the findings that it covers."""

    rule: str
    resource: str
    subject: str
    owner: str
    reason: str
    ticket: str
    expires: str
    accepts: str
    file: str
    line: int
    state: str
    matched: int
    note: str = ""


@dataclass(frozen=True, slots=True)
class SinceChange:
    """A verdict that changed since an earlier scan; `kind` says what became of it, in the words of `driftline diff`."""

    kind: str
    rule: str
    title: str
    severity: Severity
    resource: str
    subject: str
    reason: str = ""
    waived: bool = False


@dataclass(frozen=True, slots=True)
class Since:
    """What changed since an earlier scan, told by its id and time (ISO 8601 UTC), in the order in which people want to see it."""

    scan: str
    started: str
    changes: tuple[SinceChange, ...] = ()


@dataclass(frozen=True, slots=True)
class TrendPoint:
    """One scan of a history: how much failed, by severity, and how much was unknown, error or passed."""

    scan: str
    started: str
    failing: dict[str, int] = field(default_factory=dict)
    unknown: int = 0
    error: int = 0
    passed: int = 0


@dataclass(frozen=True, slots=True)
class Result:
    """Everything a scan found, in its final order. `resources` counts the audited ones. `since` and `trend`, oldest scan first,
    are known where an earlier result or a store is.
    """

    scan: ScanInfo
    rules: tuple[RuleInfo, ...]
    resources: int
    findings: tuple[Finding, ...]
    passes: tuple[Judged, ...]
    not_applicable: tuple[Judged, ...]
    gaps: tuple[Gap, ...]
    requests: RequestCounts
    workloads: tuple[Workload, ...] = ()
    notes: tuple[str, ...] = ()
    waivers: tuple[WaiverUse, ...] = ()
    since: Since | None = None
    trend: tuple[TrendPoint, ...] = ()

    def count(self, verdict: Verdict) -> int:
        """How many (rule, resource, subject) have this verdict."""
        if verdict is Verdict.PASS:
            return sum(len(judged.resources) for judged in self.passes)
        if verdict is Verdict.NOT_APPLICABLE:
            return sum(len(judged.resources) for judged in self.not_applicable)
        return sum(finding.verdict is verdict for finding in self.findings)


def order_findings(findings: list[Finding]) -> tuple[Finding, ...]:
    """By severity, rule, resource id, subject: the order of every outlet."""
    return tuple(sorted(findings, key=lambda f: (f.severity.rank, f.rule, f.resource.lower(), f.subject)))
