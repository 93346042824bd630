"""Puts a plan together from a result and the snapshot it was made of: holds the two together, plans, proves."""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Final

from scanner.cli.compose import Judging, settle
from scanner.engine.failures import failing_outcomes
from scanner.engine.unit import judge_unit
from scanner.model.errors import DriftlineError
from scanner.model.finding import Finding, Fix
from scanner.model.read_plan import ReadPlan
from scanner.model.resource_id import normalise
from scanner.model.result import Result
from scanner.model.snapshot import Snapshot
from scanner.model.verdict import Verdict
from scanner.proof.foresight import foresee
from scanner.remediation.asking import Failure
from scanner.remediation.plan import Manual, Plan, ProofState, Step
from scanner.remediation.summary import step_words
from scanner.rules.rule_set import RuleSet
from scanner.rules.settings import load_settings
from scanner.sources.snapshot_file import SnapshotFileSource

__all__ = ["Material", "hold_together", "plan_of", "proven", "settled_for", "with_proof"]

_MOST_SHOWN: Final = 5
_HINT: Final = "Scan the snapshot anew: driftline scan --snapshot FILE --output DIR, then remediate that result."


@dataclass(frozen=True, slots=True)
class Material:
    """A result, the rules it was judged by, and the snapshots it was judged on."""

    result: Result
    rule_set: RuleSet
    judging: Judging
    snapshots: tuple[Snapshot, ...]
    failures: tuple[Failure, ...]

    @property
    def now(self) -> datetime:
        """The clock of the scan."""
        return datetime.fromisoformat(self.result.scan.started)


def settled_for(result: Result, config: Path | None, given: Mapping[str, Any]) -> Judging:
    """What the result was judged by: as the settings say, and what they leave open as the result does."""
    stated = load_settings(config, given, os.environ)
    open_ones = {"baseline": result.scan.baseline, "environment": result.scan.environment}
    as_then = {name: value for name, value in open_ones.items() if getattr(stated, name).origin == "default"}
    return settle(config, {**given, **as_then}, None, None)


def hold_together(result: Result, path: Path, judging: Judging, *, assume_complete: bool) -> Material:
    """The material of a plan. Raises `DriftlineError` with the difference where result, snapshot and rules do not belong
    together.
    """
    rule_set = _same_rules(result, judging)
    source = SnapshotFileSource(path, assume_complete=assume_complete)
    _hold_scopes(result, path, source.scopes)
    now = datetime.fromisoformat(result.scan.started)
    snapshots = tuple(source.snapshots(ReadPlan()))
    failures = [
        Failure(finding, outcome, snapshot, rule_set.glossary.defaults)
        for snapshot in snapshots
        for finding, outcome in failing_outcomes(snapshot, rule_set, judging.baseline, judging.settings.workloads, now)
    ]
    _hold_verdicts(result, path, failures)
    return Material(result, rule_set, judging, snapshots, tuple(_as_reported(result, failures)))


def _same_rules(result: Result, judging: Judging) -> RuleSet:
    """The rules of the result. Raises where they, or the baseline, are others now."""
    scan, baseline, rule_set = result.scan, judging.baseline, judging.rule_set
    pairs = (
        ("another baseline", scan.baseline, baseline.name),
        ("another environment", scan.environment, baseline.environment),
        ("other content of the baseline", scan.baseline_hash, baseline.hash),
        ("other rules", scan.rules_hash, rule_set.hash),
    )
    for what, before, now in pairs:
        if before != now:
            raise DriftlineError(f"the result was made by {what}: {before}, now {now}", hint=_HINT)
    wanted = {rule.id for rule in result.rules}
    return replace(rule_set, rules=tuple(rule for rule in rule_set.rules if rule.id in wanted))


def _hold_scopes(result: Result, path: Path, scopes: Sequence[str]) -> None:
    before, now = {normalise(item) for item in result.scan.scopes}, {normalise(item) for item in scopes}
    if before != now:
        told = "; ".join(
            f"{word} {', '.join(sorted(names)[:_MOST_SHOWN])}"
            for word, names in (("only the result holds", before - now), (f"only {path} holds", now - before))
            if names
        )
        raise DriftlineError(f"the result is not of this snapshot: {told}", hint=_HINT)


def _hold_verdicts(result: Result, path: Path, failures: Iterable[Failure]) -> None:
    before = {item.fingerprint: item for item in result.findings if item.verdict is Verdict.FAIL}
    now = {item.finding.fingerprint: item.finding for item in failures}
    told = [
        f"{word}: {_words(found[key] for key in sorted(keys))}"
        for word, found, keys in (
            ("fails in the result alone", before, before.keys() - now.keys()),
            (f"fails in {path} alone", now, now.keys() - before.keys()),
        )
        if keys
    ]
    if told:
        hint = f"Give the settings of the scan (--config, --evidence), or: {_HINT[0].lower()}{_HINT[1:]}"
        raise DriftlineError(f"result and snapshot do not belong together\n  {chr(10).join(told)}", hint=hint)


def _words(findings: Iterable[Finding]) -> str:
    told = [f"{item.rule} of {item.resource.rpartition('/')[2]}" for item in findings]
    more = f" and {len(told) - _MOST_SHOWN} more" if len(told) > _MOST_SHOWN else ""
    return ", ".join(told[:_MOST_SHOWN]) + more


def _as_reported(result: Result, failures: Iterable[Failure]) -> Iterable[Failure]:
    """Each failure once, with the finding as the result tells it: with waivers, and causes that really fail."""
    reported = {item.fingerprint: item for item in result.findings if item.verdict is Verdict.FAIL}
    for failure in failures:
        finding = reported.pop(failure.finding.fingerprint, None)
        if finding is not None:
            yield replace(failure, finding=finding)


def plan_of(material: Material, only: Sequence[str]) -> Plan:
    """The plan for what fails: of rules, controls or families, where some are named; what a waiver in force accepts is left."""
    chosen = {rule.id for rule in (material.rule_set.select(only) if only else material.rule_set).rules}
    wanted = [item for item in material.failures if item.finding.rule in chosen and not item.finding.waived]
    taken = {item.finding.fingerprint for item in wanted}
    left = [key for item in material.failures if (key := item.finding.fingerprint) not in taken]
    judging = material.judging
    judge = partial(
        failing_outcomes, rule_set=material.rule_set, baseline=judging.baseline, workloads=judging.settings.workloads,
        now=material.now,
    )  # fmt: skip
    return foresee(
        material.result.scan, wanted, left, material.snapshots, judge, material.now, material.rule_set.glossary.defaults
    )


def proven(plan: Plan, material: Material, by: str) -> Plan:
    """The plan, tried on a simulator of the snapshot."""
    from scanner.proof.proving import prove

    judging = material.judging
    judge = partial(
        judge_unit, rule_set=material.rule_set, baseline=judging.baseline, workloads=judging.settings.workloads, now=material.now
    )
    if by == "az":
        from scanner.proof.with_az import run_with_az

        return prove(
            plan, material.snapshots, judge, material.rule_set.glossary.defaults, material.now, by=by, runner=run_with_az
        )
    return prove(plan, material.snapshots, judge, material.rule_set.glossary.defaults, material.now)


def with_proof(result: Result, plan: Plan) -> Result:
    """The result whose findings say what was planned for them, and what of it was proven."""
    steps: dict[str, list[Step]] = {}
    for step in plan.steps:
        for finding in step.findings:
            steps.setdefault(finding, []).append(step)
    manual = {item.finding: item for item in plan.manual}
    findings = [
        replace(item, fix=_planned(item.fix, steps.get(item.fingerprint, ()), manual.get(item.fingerprint)))
        if item.fix is not None
        else item
        for item in result.findings
    ]
    return replace(result, findings=tuple(findings))


#: What of several steps speaks for a finding, least first: one that failed speaks for all.
_SPEAKS: Final = (ProofState.PROVEN, ProofState.UNTRIED, ProofState.FAILED)


def _planned(fix: Fix, steps: Sequence[Step], manual: Manual | None) -> Fix:
    if manual is not None:
        fix = replace(fix, text=manual.text, choices=manual.choices)
    if not steps:
        return fix
    state = max((step.proof for step in steps), key=_SPEAKS.index)
    notes = dict.fromkeys(step.proof_note for step in steps if step.proof_note)
    return replace(fix, steps=tuple(map(step_words, steps)), proof=state.value, proof_note="; ".join(notes))
