"""What a plan would break: its steps are rehearsed, and what would newly fail is mended by the plan itself.

Turning keys off, say, makes a role necessary that nobody missed before; the role is granted first.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime
from typing import Final

from scanner.diff.members import Defaults
from scanner.engine.evaluate import Outcome
from scanner.model.errors import DriftlineError
from scanner.model.finding import Finding
from scanner.model.resource_id import are_related, normalise
from scanner.model.result import ScanInfo
from scanner.model.snapshot import Snapshot
from scanner.proof.rehearsal import Rehearsal
from scanner.remediation.asking import Failure, ask
from scanner.remediation.operations import leaves
from scanner.remediation.plan import Covered, Manual, Plan, Seen, Step
from scanner.remediation.planning import make_plan

__all__ = ["foresee"]

JudgeFailures = Callable[[Snapshot], list[tuple[Finding, Outcome]]]
#: What mends something new may break something in turn.
_ROUNDS: Final = 3


def foresee(
    scan: ScanInfo, failures: Sequence[Failure], left: Sequence[str], snapshots: Sequence[Snapshot], judge: JudgeFailures,
    now: datetime, defaults: Defaults,
) -> Plan:  # fmt: skip
    """The plan for failures and for what it would make fail. Raises `DriftlineError` as `make_plan` does."""
    plan = make_plan(scan, failures, left)
    known = {item.finding.fingerprint for item in failures} | set(left)
    new: list[Failure] = []
    late: list[Failure] = []
    for _ in range(_ROUNDS):
        rehearsal = _rehearsed(plan, snapshots, now)
        after = [
            Failure(finding, outcome, again, defaults) for again in rehearsal.read_again() for finding, outcome in judge(again)
        ]
        found = [item for item in after if item.finding.fingerprint not in known]
        if not found:
            plan = _as_rehearsed(plan, failures, {item.finding.fingerprint for item in after})
            break
        known.update(item.finding.fingerprint for item in found)
        made = rehearsal.principals_made()
        late += [item for item in found if _names(item, made)]
        found = [item for item in found if item not in late]
        try:
            plan = make_plan(scan, [*failures, *new, *found], left)
        except DriftlineError:  # what would mend it would take back what a step does: the proof tells of it
            break
        new += found
    manual = (*plan.manual, *map(_next_time, late))
    return replace(plan, manual=manual, foreseen=tuple(map(_seen, [*new, *late])))


def _rehearsed(plan: Plan, snapshots: Sequence[Snapshot], now: datetime) -> Rehearsal:
    rehearsal = Rehearsal(snapshots, now, [step.operation for step in plan.steps])
    for step in plan.steps:
        rehearsal.run(step.operation)
    return rehearsal


def _names(failure: Failure, principals: frozenset[str]) -> bool:
    """Whether what would mend a failure names a principal that the simulator made up: Azure will give it another id."""
    asked, _ = ask(failure)
    values = (value for item in asked for _, value in leaves([item.operation.body, item.operation.whole]))
    return bool(principals) and any(isinstance(value, str) and value.lower() in principals for value in values)


def _next_time(failure: Failure) -> Manual:
    finding, fix = failure.finding, failure.rule.fix
    title = fix.title if fix is not None else finding.title
    reason = "the identity that it is for is made by this plan: run it, then scan and plan again"
    return Manual(finding.rule, finding.fingerprint, finding.resource, title, title, (), reason)


def _as_rehearsed(plan: Plan, failures: Sequence[Failure], failing: set[str]) -> Plan:
    """The plan without decisions on what its steps see to anyhow, and with those on what was thought to follow and does not."""
    if not plan.steps:
        return plan
    mended = [item for item in plan.manual if item.finding not in failing]
    open_ones = {item.finding for item in plan.covered} & failing
    again = [told for item in failures if item.finding.fingerprint in open_ones for told in ask(item)[1]]
    covered = [Covered(item.rule, item.finding, item.resource, _by(item.resource, plan.steps)) for item in mended]
    return replace(
        plan,
        manual=(*(item for item in plan.manual if item.finding in failing), *again),
        covered=(*(item for item in plan.covered if item.finding not in failing), *covered),
    )


def _by(resource: str, steps: Sequence[Step]) -> tuple[str, ...]:
    """The steps at a resource, in it or around it; all where none is near."""
    key = normalise(resource)
    near = tuple(step.id for step in steps if are_related(normalise(step.operation.resource), key))
    return near or tuple(step.id for step in steps)


def _seen(failure: Failure) -> Seen:
    finding = failure.finding
    return Seen(finding.resource, finding.message, finding.rule, finding.subject, finding.fingerprint)
