"""Runs a scan from a source to a result: plans the reads, judges each snapshot as it arrives, keeps findings only."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from scanner.engine.colour import coloured
from scanner.engine.judgement import Judgement
from scanner.engine.plan import plan_reads
from scanner.engine.settle import settle
from scanner.engine.unit import JudgedUnit, judge_in_processes, judge_unit, worthwhile_processes
from scanner.model.coverage import Gap
from scanner.model.finding import Finding
from scanner.model.read_plan import ReadPlan
from scanner.model.result import Result, RuleInfo, ScanInfo, Workload, order_findings
from scanner.model.snapshot import Snapshot
from scanner.model.source import DividedSource, LaggingSource, LocatedSource, Source
from scanner.model.uncollected import uncollected
from scanner.model.verdict import Verdict
from scanner.rules.baseline import Baseline
from scanner.rules.rule import Rule
from scanner.rules.rule_set import RuleSet

__all__ = ["iso", "package_version", "run_scan"]

Json = Any


def run_scan(
    source: Source,
    rule_set: RuleSet,
    baseline: Baseline,
    *,
    workloads: Sequence[Any] = (),
    now: datetime,
    pinned: bool = False,
    fresh: bool = False,
    keep: Callable[[Snapshot], None] | None = None,
) -> Result:
    """Scan what a source yields. `now` (UTC) is the clock of every rule; `pinned` also stamps the result with it.

    `workloads` are those of driftline.yaml. `keep` is handed each snapshot before it is dropped (to write it to a file).
    """
    judge = partial(judge_unit, rule_set=rule_set, baseline=baseline, workloads=workloads, now=now)
    plan = plan_reads(rule_set, baseline, workloads, fresh=fresh)
    findings: list[Finding] = []
    judgement, digest = Judgement(), hashlib.sha256()
    gaps: set[Gap] = set()
    bound: list[Workload] = []
    notes: list[str] = []
    audited = 0
    for unit in _judged(source, plan, judge, keep):
        findings.extend(unit.findings)
        judgement.take_over(unit.judgement)
        digest.update(unit.digest)
        gaps.update(unit.gaps)
        bound.extend(unit.workloads)
        notes.extend(unit.notes)
        audited += unit.audited
    decided = f"{rule_set.hash}\n{baseline.hash}{baseline.evidence_hash}\n{baseline.environment}"
    digest.update(f"{decided}\n{iso(now) if pinned else ''}".encode())
    finished = now if pinned else datetime.now(UTC)
    info = ScanInfo(
        id=digest.hexdigest()[:32], started=iso(now), finished=iso(finished), version=package_version(), baseline=baseline.name,
        environment=baseline.environment, source_kind=source.kind, scopes=tuple(source.scopes), complete=source.complete,
        rules_hash=rule_set.hash, baseline_hash=baseline.hash,
    )  # fmt: skip
    settled = settle(findings, judgement)
    passes = judgement.passes()
    return Result(
        scan=info, rules=tuple(map(_rule_info, rule_set.rules)), resources=audited,
        findings=order_findings(_located(_with_real_causes(settled), source)), passes=passes,
        not_applicable=judgement.inapplicable(), gaps=tuple(sorted(gaps)), requests=source.requests,
        workloads=coloured(bound, settled, passes), notes=tuple(dict.fromkeys(notes)),
    )  # fmt: skip


def _judged(
    source: Source,
    plan: ReadPlan,
    judge: Callable[[Snapshot], JudgedUnit],
    keep: Callable[[Snapshot], None] | None,
) -> Iterator[JudgedUnit]:
    """Every unit of a source, each snapshot dropped before the next is read; in several processes where that is quicker."""
    if isinstance(source, DividedSource) and keep is None:
        with source.divided() as units, uncollected():
            processes = worthwhile_processes(len(units))
            if processes > 1:
                yield from judge_in_processes(units, judge, processes)
            else:
                yield from (judge(unit()) for unit in units)
        return
    for snapshot in source.snapshots(plan):
        current, unit = _confirmed(source, snapshot, judge)
        yield unit
        if keep is not None:
            keep(current)


def _confirmed(source: Source, snapshot: Snapshot, judge: Callable[[Snapshot], JudgedUnit]) -> tuple[Snapshot, JudgedUnit]:
    """A unit judged. What fails by the word of an index that may lag is read directly once, and all is judged again."""
    with uncollected():
        unit = judge(snapshot)
    failing = {item.resource for item in unit.findings if item.verdict is Verdict.FAIL}
    again = source.read_again(failing) if failing and source.complete and isinstance(source, LaggingSource) else None
    return (snapshot, unit) if again is None else (again, judge(again))


def iso(moment: datetime) -> str:
    """ISO 8601 in UTC, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def package_version() -> str:
    """The installed distribution's version."""
    try:
        return version("driftline")
    except PackageNotFoundError:
        return "0"


def _with_real_causes(findings: list[Finding]) -> list[Finding]:
    """Keep in `consequence_of` only what really fails in this scan."""
    failing = {name for item in findings if item.verdict is Verdict.FAIL for name in (item.rule, item.control)}
    return [
        replace(item, consequence_of=tuple(name for name in item.consequence_of if name in failing))
        if item.consequence_of
        else item
        for item in findings
    ]


def _located(findings: list[Finding], source: Source) -> list[Finding]:
    """Findings with the place in a file where what they are about is written."""
    if not isinstance(source, LocatedSource):
        return findings
    paths = (next((one.path for one in item.evidence if one.path), "") for item in findings)
    return [replace(item, location=source.locate(item.resource, path)) for item, path in zip(findings, paths, strict=True)]


def _rule_info(rule: Rule) -> RuleInfo:
    return RuleInfo(
        id=rule.id, control=rule.control, name=rule.name, title=rule.title, severity=rule.severity, family=rule.family,
        section=rule.section, rationale=rule.rationale, help=rule.help, frameworks=rule.frameworks,
    )  # fmt: skip
