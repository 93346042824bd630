"""One plan of all fixes: operations on one resource are merged, consequences mended once, dependencies first, risky last."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

from scanner.model.arm_types import arm_type
from scanner.model.resource_id import are_related, is_within, normalise, parent_type
from scanner.model.result import ScanInfo
from scanner.remediation.asking import Asked, Failure, as_remove, ask
from scanner.remediation.merging import Merged, merge
from scanner.remediation.operations import Kind
from scanner.remediation.ordering import ordered
from scanner.remediation.plan import Covered, Manual, Plan, Step
from scanner.remediation.undo import undone

__all__ = ["make_plan"]

#: What stands on a resource and goes with it; a way back has to make it again.
_UPON: Final = (
    "microsoft.insights/diagnosticsettings",
    "microsoft.authorization/roleassignments",
    "microsoft.authorization/locks",
)


def make_plan(scan: ScanInfo, failures: Sequence[Failure], left: Sequence[str] = ()) -> Plan:
    """The plan that mends failures. Raises `DriftlineError` where two fixes want different things of one property, or wait for
    each other.
    """
    asked: list[Asked] = []
    manual: list[Manual] = []
    for failure in failures:
        wanted, told = ask(failure)
        asked += wanted
        manual += told
    merged = merge([*asked, *_upon(asked)])
    mended = {item.failure.finding.fingerprint for item in asked}
    covered = list(_covered(failures, manual, asked))
    following = {item.finding for item in covered} - mended
    left_to_people = tuple(item for item in manual if item.finding not in following)
    steps = _steps(merged, {item.finding for item in left_to_people}, failures)
    return Plan(scan, tuple(steps), left_to_people, tuple(covered), tuple(left))


def _upon(asked: Iterable[Asked]) -> Iterable[Asked]:
    """Removals of what stands on a resource that is removed: Azure takes it away too, and the undo makes it again."""
    for item in asked:
        if item.operation.kind is not Kind.REMOVE:
            continue
        for upon in item.failure.snapshot.directly_in(item.operation.resource):
            known = arm_type(upon.type)
            if upon.type_key in _UPON and not parent_type(upon.type) and known is not None:
                yield Asked(item.failure, as_remove(upon, known.api_version), item.irreversible)


def _covered(failures: Sequence[Failure], manual: Sequence[Manual], asked: Sequence[Asked]) -> Iterable[Covered]:
    """Findings left to people that need nothing of their own: they follow from one that has steps, at the same resource or one
    that it lies in or holds; or what they are about is removed.
    """
    has_steps: dict[str, list[str]] = {}
    removed: dict[str, str] = {}
    for item in asked:
        for name in {item.failure.finding.rule, item.failure.finding.control}:
            has_steps.setdefault(name, []).append(normalise(item.failure.finding.resource))
        if item.operation.kind is Kind.REMOVE:
            removed[normalise(item.operation.resource)] = item.failure.finding.rule
    open_ones = {item.finding for item in manual}
    for failure in failures:
        finding = failure.finding
        if finding.fingerprint not in open_ones:
            continue
        own = normalise(finding.resource)
        by = [name for name in finding.consequence_of if any(are_related(own, other) for other in has_steps.get(name, ()))]
        by += [rule for key, rule in removed.items() if is_within(own, key)]
        if by:
            yield Covered(finding.rule, finding.fingerprint, finding.resource, tuple(dict.fromkeys(by)))


def _steps(merged: Sequence[Merged], left_to_people: set[str], failures: Sequence[Failure]) -> list[Step]:
    order = ordered(merged)
    ids = {position: f"step-{place:03d}" for place, position in enumerate((position for position, _ in order), 1)}
    waiting = _Waiting(failures, left_to_people)
    steps = []
    for position, before in order:
        item = merged[position]
        undo, note = undone(item.operation, item.irreversible)
        steps.append(
            Step(
                id=ids[position], title=item.title, operation=item.operation, rules=item.rules, findings=item.findings,
                disrupts=item.disrupts, disrupts_text=item.disrupts_text, after=tuple(sorted(ids[at] for at in before)),
                waits_for=waiting.of(item), undo=undo, undo_note=note, pending=item.pending,
            )
        )  # fmt: skip
    return steps


class _Waiting:
    """What people have to do before a step: findings without steps, of rules that the step's fixes come after."""

    def __init__(self, failures: Sequence[Failure], left_to_people: set[str]) -> None:
        self._open: dict[str, list[Failure]] = {}
        for failure in failures:
            if failure.finding.fingerprint in left_to_people:
                for name in {failure.finding.rule, failure.finding.control}:
                    self._open.setdefault(name, []).append(failure)

    def of(self, item: Merged) -> tuple[str, ...]:
        """In words."""
        key = normalise(item.operation.resource)
        told = {
            f"{other.finding.rule}: {other.finding.title} ({other.finding.resource.rpartition('/')[2]})": None
            for failure in item.failures
            if failure.rule.fix is not None
            for name in failure.rule.fix.after
            for other in self._open.get(name, ())
            if are_related(normalise(other.finding.resource), key)
        }
        return tuple(told)
