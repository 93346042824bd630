"""Operations on one resource made one: sets of different values, creates and removes that many findings ask for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from scanner.model.errors import DriftlineError
from scanner.model.resource_id import normalise, parent_key
from scanner.remediation.asking import Asked, Failure
from scanner.remediation.operations import Change, Kind, Operation, changed, value_at
from scanner.remediation.plan import RISKS

__all__ = ["Merged", "merge"]

Json = Any


@dataclass(slots=True)
class Merged:
    """One operation with every failure that asks for it."""

    operation: Operation
    failures: list[Failure] = field(default_factory=list)
    irreversible: str = ""

    @property
    def rules(self) -> tuple[str, ...]:
        """The ids of the rules, sorted."""
        return tuple(sorted({item.finding.rule for item in self.failures}))

    @property
    def findings(self) -> tuple[str, ...]:
        """The fingerprints of the findings, sorted."""
        return tuple(sorted({item.finding.fingerprint for item in self.failures}))

    @property
    def title(self) -> str:
        """What the fixes are called."""
        titles = (item.rule.fix.title for item in self.failures if item.rule.fix is not None)
        return "; ".join(dict.fromkeys(titles))

    @property
    def disrupts(self) -> str:
        """The most that any of the fixes disrupts."""
        return max((item.rule.fix.disrupts for item in self.failures if item.rule.fix is not None), key=RISKS.index)

    @property
    def disrupts_text(self) -> str:
        """Whom or what they disrupt."""
        texts = (item.rule.fix.disrupts_text for item in self.failures if item.rule.fix is not None)
        return "; ".join(dict.fromkeys(text for text in texts if text))

    @property
    def pending(self) -> tuple[str, ...]:
        """The rules that cannot be judged for a while afterwards."""
        return tuple(sorted({name for item in self.failures if item.rule.fix is not None for name in item.rule.fix.pending}))

    def take(self, other: Asked) -> None:
        """Add a failure that asks for the same."""
        if all(item is not other.failure for item in self.failures):
            self.failures.append(other.failure)
        self.irreversible = self.irreversible or other.irreversible


def merge(asked: Iterable[Asked]) -> list[Merged]:
    """One operation per resource, but for actions, of which each is its own. What lies below a resource that is removed is left
    to its removal. Raises `DriftlineError` where two fixes want different things.
    """
    items = list(asked)
    removed = _Removals(item for item in items if item.operation.kind is Kind.REMOVE)
    resources: dict[str, Merged] = {}
    actions: dict[tuple[str, str, str], Merged] = {}
    for item in items:
        above = removed.above(item.operation)
        if above is not None:
            above.take(item)
            continue
        operation = item.operation
        key = normalise(operation.resource)
        if operation.kind is Kind.ACTION:
            actions.setdefault((key, operation.action.lower(), repr(operation.body)), Merged(operation)).take(item)
            continue
        if operation.kind is Kind.REMOVE:
            continue
        known = resources.setdefault(key, Merged(operation))
        if known.operation is not operation:
            known.operation = _joined(known, item)
        known.take(item)
    return [*resources.values(), *removed.merged, *actions.values()]


class _Removals:
    """The resources that go, each once; what stands below one that goes is removed with it, unless it stands upon it."""

    def __init__(self, asked: Iterable[Asked]) -> None:
        self._by_key: dict[str, Merged] = {}
        for item in asked:
            self._by_key.setdefault(normalise(item.operation.resource), Merged(item.operation)).take(item)

    @property
    def merged(self) -> list[Merged]:
        """One removal per resource."""
        return list(self._by_key.values())

    def above(self, operation: Operation) -> Merged | None:
        """The removal of the resource itself, or of what it lies in, where the operation is no removal."""
        if operation.kind is Kind.REMOVE:
            return None
        key = normalise(operation.resource)
        while key and key != "/":
            if key in self._by_key:
                return self._by_key[key]
            key = parent_key(key)
        return None


def _joined(known: Merged, item: Asked) -> Operation:
    """Two writes of one resource as one."""
    first, second = known.operation, item.operation
    version = max(first.api_version, second.api_version)
    if first.kind is Kind.CREATE and second.kind is Kind.CREATE:
        if first.body != second.body:
            raise _conflict(known, item, first.resource, "would create it")
        return first
    if first.kind is not second.kind:  # a resource that is created is not there to be set
        raise _conflict(known, item, first.resource, "would write it")
    changes = list(first.changes)
    for change in second.changes:
        same = next((other for other in changes if _lowered(other) == _lowered(change)), None)
        if same is None:
            changes.append(change)
        elif same.after != change.after:
            raise _conflict(known, item, f"{change.text} of {first.resource}", "would set it")
    whole = changed(second.whole, first.changes)
    for change in changes:
        if value_at(whole, change.path) != value_at(changed(whole, [change]), change.path):
            raise _conflict(known, item, f"{change.text} of {first.resource}", "would set it")
    return replace(first, api_version=version, changes=tuple(changes), whole=whole)


def _lowered(change: Change) -> tuple[str | int, ...]:
    return tuple(step.lower() if isinstance(step, str) else step for step in change.path)


def _conflict(known: Merged, item: Asked, what: str, verb: str) -> DriftlineError:
    rules: Sequence[str] = known.rules
    return DriftlineError(
        f"the fixes of {', '.join(rules)} and {item.failure.finding.rule} exclude each other: each {verb} differently: {what}",
        hint="Mend one of them first: --only RULE.",
    )
