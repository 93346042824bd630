"""Runs a scan from a source to a result: plans the reads, judges each snapshot as it arrives, keeps findings only."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import msgspec

from scanner.engine.evaluate import evaluate
from scanner.engine.explain import explain
from scanner.engine.judgement import Judgement
from scanner.engine.plan import plan_reads
from scanner.engine.settle import settle
from scanner.facts.components import BoundWorkload, bind_workloads
from scanner.model.coverage import Gap
from scanner.model.finding import Finding
from scanner.model.result import Result, RuleInfo, ScanInfo, Workload, order_findings
from scanner.model.snapshot import Snapshot
from scanner.model.source import Source
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
    findings: list[Finding] = []
    judgement, digest = Judgement(), hashlib.sha256()
    gaps: set[Gap] = set()
    bound: list[BoundWorkload] = []
    audited = 0
    for snapshot in source.snapshots(plan_reads(rule_set, baseline, fresh=fresh)):
        found = bind_workloads(snapshot, baseline, workloads)
        judged = Judgement()
        evaluate(snapshot, rule_set, baseline, found, now, judged)
        findings.extend(map(explain, judged.outcomes))
        judgement.take_over(judged)
        _digest(snapshot, digest)
        gaps.update(snapshot.gaps)
        bound.extend(found)
        audited += sum(not resource.context for resource in snapshot.resources)
        if keep is not None:
            keep(snapshot)
    digest.update(f"{rule_set.hash}\n{baseline.hash}\n{baseline.environment}\n{iso(now) if pinned else ''}".encode())
    finished = now if pinned else datetime.now(UTC)
    info = ScanInfo(
        id=digest.hexdigest()[:32], started=iso(now), finished=iso(finished), version=package_version(), baseline=baseline.name,
        environment=baseline.environment, source_kind=source.kind, scopes=tuple(source.scopes), complete=source.complete,
        rules_hash=rule_set.hash, baseline_hash=baseline.hash,
    )  # fmt: skip
    return Result(
        scan=info, rules=tuple(map(_rule_info, rule_set.rules)), resources=audited,
        findings=order_findings(_with_real_causes(settle(findings, judgement))), passes=judgement.passes(),
        not_applicable=judgement.inapplicable(), gaps=tuple(sorted(gaps)), requests=source.requests,
        workloads=tuple(map(_workload, bound)), notes=tuple(_notes(bound)),
    )  # fmt: skip


def iso(moment: datetime) -> str:
    """ISO 8601 in UTC, to the second."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def package_version() -> str:
    """The installed distribution's version."""
    try:
        return version("driftline")
    except PackageNotFoundError:
        return "0"


def _digest(snapshot: Snapshot, digest: Any) -> None:
    encode = msgspec.json.Encoder(order="sorted").encode
    digest.update(encode([snapshot.scopes, snapshot.reads, snapshot.gaps]))
    for resource in snapshot.resources:
        digest.update(encode([resource.id, resource.context, resource.body]))


def _with_real_causes(findings: list[Finding]) -> list[Finding]:
    """Keep in `consequence_of` only what really fails in this scan."""
    failing = {name for item in findings if item.verdict is Verdict.FAIL for name in (item.rule, item.control)}
    return [
        replace(item, consequence_of=tuple(name for name in item.consequence_of if name in failing))
        if item.consequence_of
        else item
        for item in findings
    ]


def _rule_info(rule: Rule) -> RuleInfo:
    return RuleInfo(
        id=rule.id, control=rule.control, name=rule.name, title=rule.title, severity=rule.severity, family=rule.family,
        section=rule.section, rationale=rule.rationale, help=rule.help, frameworks=rule.frameworks,
    )  # fmt: skip


def _workload(bound: BoundWorkload) -> Workload:
    components = {
        name: tuple(item.id for item in binding.resources) for name, binding in bound.components.items() if binding.resources
    }
    return Workload(name=bound.name, components=components)


def _notes(bound: list[BoundWorkload]) -> Iterator[str]:
    for workload in bound:
        for name, binding in workload.components.items():
            if binding.status in ("ambiguous", "unknown") and binding.reason:
                yield f"{workload.name}: component {name} is {binding.status}: {binding.reason}"
