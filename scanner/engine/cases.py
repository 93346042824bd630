"""Runs the cases of rules: small snapshots with the verdicts they must get, and whether every condition leaf matters."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, Final

from scanner.engine.evaluate import evaluate
from scanner.engine.explain import explain
from scanner.engine.judgement import Judgement
from scanner.facts.components import bind_workloads
from scanner.language.conditions import Condition, leaves
from scanner.language.scope import Scope
from scanner.model.coverage import EVERYTHING, Gap, Read
from scanner.model.finding import Finding
from scanner.model.resource import make_resource
from scanner.model.resource_id import ResourceId
from scanner.model.snapshot import Snapshot
from scanner.model.unknown import Truth
from scanner.model.verdict import Verdict
from scanner.rules.baseline import Baseline
from scanner.rules.cases import Case, CaseFile
from scanner.rules.evidence import with_evidence
from scanner.rules.rule import Rule
from scanner.rules.rule_set import RuleSet
from scanner.rules.shapes import WorkloadShape

__all__ = ["CaseFailure", "RuleReport", "judge_case", "run_cases"]

Json = Any
_NO_RULE: Final = "no rule has the id {}: a rule of your own is found by --rules DIR"


@dataclass(frozen=True, slots=True)
class CaseFailure:
    """A case whose verdicts are not those expected, or a leaf that never matters: `file:line` and words for the difference."""

    file: str
    line: int
    description: str
    difference: str


@dataclass(frozen=True, slots=True)
class RuleReport:
    """How the cases of one rule went."""

    rule: str
    cases: int
    failures: tuple[CaseFailure, ...]


def run_cases(files: Iterable[CaseFile], rule_set: RuleSet, baseline: Baseline, now: datetime) -> Iterator[RuleReport]:
    """Run every case file; a case without `reads` claims complete reads, but for its gaps."""
    for file in files:
        for rule_id in sorted({expected.rule for case in file.cases for expected in case.expect}):
            rule = rule_set.get(rule_id)
            cases = [case for case in file.cases if any(expected.rule == rule_id for expected in case.expect)]
            if rule is None:
                yield RuleReport(
                    rule_id,
                    len(cases),
                    (
                        CaseFailure(
                            file.path,
                            cases[0].line,
                            "",
                            _NO_RULE.format(rule_id),
                        ),
                    ),
                )
                continue
            yield _run_rule(rule, cases, file, rule_set, baseline, now)


def _run_rule(rule: Rule, cases: list[Case], file: CaseFile, rule_set: RuleSet, baseline: Baseline, now: datetime) -> RuleReport:
    only = rule_set.just(rule)
    failures = [
        CaseFailure(file.path, case.line, case.description, difference)
        for case in cases
        for difference in _differences(rule, case, judge_case(case, only, baseline, now))
    ]
    if not failures:
        failures = [
            CaseFailure(
                file.path, cases[0].line, "", f"{rule.id}: the condition at {_words(leaf)} never changes a verdict in these cases"
            )
            for leaf in _idle_leaves(rule, cases, only, baseline, now)
        ]
    return RuleReport(rule.id, len(cases), tuple(failures))


def judge_case(case: Case, rule_set: RuleSet, baseline: Baseline, now: datetime) -> Judgement:
    """Judge the snapshot of a case."""
    snapshot = _snapshot_of(case)
    judgement = Judgement()
    adjusted = with_evidence(replace(baseline, parameters={**baseline.parameters, **case.baseline}), case.evidence)
    hinted = [WorkloadShape(name="case", scopes=list(snapshot.scopes), components=case.components)] if case.components else []
    evaluate(snapshot, rule_set, adjusted, bind_workloads(snapshot, adjusted, hinted), case.now or now, judgement)
    return judgement


def _snapshot_of(case: Case) -> Snapshot:
    resources = [
        make_resource(body, via="get", api_version=_stated_version(body), fallback_id=f"/unidentified/{at}")
        for at, body in enumerate(case.resources)
    ]
    scopes = {f"/subscriptions/{ResourceId.parse(resource.id).subscription}": None for resource in resources}
    reads = [Read(**read) for read in case.reads] if case.reads is not None else [Read(EVERYTHING, "/")]
    gaps = [Gap(**gap) for gap in case.gaps]
    stated = [*(read.scope for read in reads), *(gap.scope for gap in gaps)]
    scopes.update({f"/subscriptions/{ResourceId.parse(scope).subscription}": None for scope in stated})
    return Snapshot(scopes=[scope for scope in scopes if scope != "/subscriptions/"], resources=resources, reads=reads, gaps=gaps)


def _stated_version(body: dict[str, Json]) -> str:
    stated = body.get("apiVersion")
    return stated if isinstance(stated, str) else ""


def _differences(rule: Rule, case: Case, judgement: Judgement) -> Iterator[str]:
    wanted = {(item.resource.lower(), item.subject): item for item in case.expect if item.rule == rule.id}
    found = {
        (resource.lower(), subject): (verdict, finding) for resource, subject, verdict, finding in _verdicts(rule, judgement)
    }
    for key in sorted(wanted.keys() | found.keys()):
        label = " ".join(part for part in key if part)
        if key not in found:
            yield f"{label}: expected {wanted[key].verdict}, was not judged"
        elif key not in wanted:
            verdict, finding = found[key]
            if verdict is not Verdict.NOT_APPLICABLE:  # what a rule leaves alone need not be listed
                yield f"{label}: {verdict} was not expected" + (f" ({finding.message})" if finding else "")
        else:
            verdict, finding = found[key]
            expected = wanted[key]
            if verdict != expected.verdict:
                yield f"{label}: expected {expected.verdict}, got {verdict}" + (f" ({finding.message})" if finding else "")
                continue
            actual = [item.actual for item in finding.evidence] if finding else []
            if expected.states_actual and expected.actual not in actual:
                yield f"{label}: expected actual {expected.actual!r}, evidence has {actual!r}"
            said = " ".join([finding.message, *(item.note for item in finding.evidence)]) if finding else ""
            if expected.reason not in said:
                yield f"{label}: expected the reason {expected.reason!r}, the finding says: {said or 'nothing'}"


def _verdicts(rule: Rule, judgement: Judgement) -> Iterator[tuple[str, str, Verdict, Finding | None]]:
    for finding in map(explain, judgement.outcomes):
        yield finding.resource, finding.subject, finding.verdict, finding
    for verdict, table in ((Verdict.PASS, judgement.passed), (Verdict.NOT_APPLICABLE, judgement.not_applicable)):
        for (rule_id, subject), resources in table.items():
            if rule_id == rule.id:
                yield from ((resource, subject, verdict, None) for resource in resources)


def _idle_leaves(rule: Rule, cases: list[Case], only: RuleSet, baseline: Baseline, now: datetime) -> list[Condition]:
    """Leaves that could be held at true, or at false, without any verdict changing: no case tests that side."""

    def outcome() -> list[Json]:
        return [
            sorted(
                (resource.lower(), subject, verdict)
                for resource, subject, verdict, _ in _verdicts(rule, judge_case(case, only, baseline, now))
            )
            for case in cases
        ]

    usual = outcome()
    return [leaf for leaf in _leaves_of(rule) if any(_held(leaf, outcome, truth=truth) == usual for truth in (True, False))]


def _held(leaf: Condition, outcome: Callable[[], list[Json]], *, truth: bool) -> list[Json]:
    original = leaf.test

    def hold(scope: Scope) -> Truth:
        return truth

    leaf.test = hold
    try:
        return outcome()
    finally:
        leaf.test = original


def _leaves_of(rule: Rule) -> list[Condition]:
    conditions = [rule.assertion, *(item.condition for item in rule.unknown_when)]
    if rule.target.where is not None:
        conditions.append(rule.target.where)
    return [leaf for condition in conditions for leaf in leaves(condition)]


def _words(leaf: Condition) -> str:
    return ".".join(map(str, leaf.pointer)) or "the whole assertion"
