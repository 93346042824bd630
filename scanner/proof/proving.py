"""The proof of a plan: run, judged again, held against what was promised; then undone and compared with what was."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final

from scanner.diff.change import Change
from scanner.diff.members import Defaults
from scanner.diff.snapshots import Terms, compare_snapshots
from scanner.engine.judgement import Judgement
from scanner.engine.settle import settle
from scanner.engine.unit import JudgedUnit
from scanner.model.finding import Finding
from scanner.model.resource_id import are_related, is_within, normalise
from scanner.model.snapshot import Snapshot
from scanner.model.verdict import Verdict
from scanner.proof.rehearsal import Rehearsal
from scanner.remediation.operations import Kind
from scanner.remediation.plan import Plan, Proof, ProofState, Seen, Step

__all__ = ["Judge", "Runner", "prove"]

Judge = Callable[[Snapshot], JudgedUnit]
#: Runs the steps of a plan forth and back on what a rehearsal holds: by step id what went wrong, empty where nothing did.
Runner = Callable[[Rehearsal, Plan], "Runs"]
_FAIL: Final = Verdict.FAIL


@dataclass(slots=True)
class Runs:
    """How steps went forth and back, by id, empty where nothing went wrong; `between` is what was read after going forth."""

    forth: dict[str, str]
    between: list[Snapshot]
    back: dict[str, str]


def run_in_process(rehearsal: Rehearsal, plan: Plan) -> Runs:
    """Every step as an ARM request, without a network; what failed is not undone."""
    forth = {step.id: rehearsal.run(step.operation) for step in plan.steps}
    between = rehearsal.read_again()
    done = [step for step in reversed(plan.steps) if not forth[step.id]]
    back = {step.id: rehearsal.run(step.undo) for step in done if step.undo is not None}
    return Runs(forth, between, back)


def prove(
    plan: Plan, snapshots: Sequence[Snapshot], judge: Judge, defaults: Defaults, now: datetime,
    *, by: str = "simulator", runner: Runner = run_in_process,
) -> Plan:  # fmt: skip
    """The plan with what a rehearsal showed of it, whole and step by step."""
    rehearsal = Rehearsal(snapshots, now, [step.operation for step in plan.steps])
    before = _judged(rehearsal.read_again(), judge)
    runs = runner(rehearsal, plan)
    after = _judged(runs.between, judge)
    changes = compare_snapshots(snapshots, rehearsal.read_again(), defaults, Terms()).changes
    compared = _Comparison(plan, before, after)
    proof = Proof(
        by=by,
        fixed=compared.fixed(),
        still_failing=compared.of(compared.promised & after.failing),
        newly_failing=compared.of(after.failing - before.failing),
        turned_unknown=compared.turned_unknown(pending=False),
        pending=compared.turned_unknown(pending=True),
        also_fixed=compared.also_fixed(),
        refused=tuple(Seen(step, words) for step, words in runs.forth.items() if words),
        not_undone=tuple(_not_undone(plan, runs.back, changes)),
    )
    return replace(plan, steps=tuple(_tried(plan.steps, proof)), proof=proof)


@dataclass(slots=True)
class _Verdicts:
    """What fails and what is unknown, by fingerprint."""

    findings: Mapping[str, Finding]
    failing: set[str] = field(default_factory=set)
    unknown: set[str] = field(default_factory=set)


def _judged(snapshots: Iterable[Snapshot], judge: Judge) -> _Verdicts:
    findings: list[Finding] = []
    judgement = Judgement()
    for snapshot in snapshots:
        unit = judge(snapshot)
        findings += unit.findings
        judgement.take_over(unit.judgement)
    found = {item.fingerprint: item for item in settle(findings, judgement)}
    failing = {key for key, item in found.items() if item.verdict is _FAIL}
    return _Verdicts(found, failing, found.keys() - failing)


class _Comparison:
    """What was promised, held against what came."""

    def __init__(self, plan: Plan, before: _Verdicts, after: _Verdicts) -> None:
        self._before, self._after = before, after
        self.promised = {finding for step in plan.steps for finding in step.findings} & before.failing
        self._pending = {name for step in plan.steps for name in step.pending}
        self._created = [normalise(step.operation.resource) for step in plan.steps if step.operation.kind is Kind.CREATE]

    def fixed(self) -> tuple[Seen, ...]:
        """Promised failures that are gone."""
        return self.of(self.promised - self._after.failing - self._after.unknown)

    def turned_unknown(self, *, pending: bool) -> tuple[Seen, ...]:
        """What could be judged before, apart from what steps say is pending. What is created was not there to be judged."""
        found = [(key, self._after.findings[key]) for key in self._after.unknown - self._before.unknown]
        return self.of(
            key for key, finding in found if not self._is_created(finding.resource) and (finding.rule in self._pending) is pending
        )

    def _is_created(self, resource: str) -> bool:
        return any(is_within(normalise(resource), created) for created in self._created)

    def also_fixed(self) -> tuple[Seen, ...]:
        """Failures that are gone though no step names them."""
        return self.of(self._before.failing - self.promised - self._after.failing - self._after.unknown)

    def of(self, fingerprints: Iterable[str]) -> tuple[Seen, ...]:
        """What is seen of findings, as they are now, or were."""
        found = [self._after.findings.get(item) or self._before.findings[item] for item in fingerprints]
        ordered = sorted(found, key=lambda item: (item.severity.rank, item.rule, item.resource.lower(), item.subject))
        return tuple(Seen(item.resource, item.message, item.rule, item.subject, item.fingerprint) for item in ordered)


def _not_undone(plan: Plan, back: Mapping[str, str], changes: Iterable[Change]) -> Iterable[Seen]:
    """What the undo did not lead back, but for what a step says that nothing leads back."""
    for step, words in back.items():
        if words:
            yield Seen(step, f"its undo was refused: {words}")
    without = [normalise(step.operation.resource) for step in plan.steps if step.undo is None]
    for change in changes:
        if not any(is_within(normalise(change.resource), key) for key in without):
            yield Seen(change.resource, f"{change.path or 'the resource'} differs after the undo ({change.kind.value})")


def _tried(steps: Sequence[Step], proof: Proof) -> Iterable[Step]:
    """Each step proven, or failed with the reason. What got worse near no step speaks against all of them."""
    refused = {item.where: item.words for item in proof.refused}
    broken = {item.finding: item for item in (*proof.still_failing, *proof.turned_unknown)}
    worse = [*proof.newly_failing, *proof.turned_unknown]
    near = {
        item.finding: [step.id for step in steps if _near(step.operation.resource, item.where)] or [step.id for step in steps]
        for item in worse
    }
    for step in steps:
        reasons = [refused[step.id]] if step.id in refused else []
        reasons += [f"{broken[key].rule} still fails: {broken[key].words}" for key in step.findings if key in broken]
        reasons += [f"{item.rule} fails now: {item.words}" for item in worse if step.id in near[item.finding]]
        reasons += [
            item.words for item in proof.not_undone if item.where == step.id or _near(step.operation.resource, item.where)
        ]
        state = ProofState.FAILED if reasons else ProofState.PROVEN
        yield replace(step, proof=state, proof_note="; ".join(dict.fromkeys(reasons)))


def _near(left: str, right: str) -> bool:
    return are_related(normalise(left), normalise(right))
