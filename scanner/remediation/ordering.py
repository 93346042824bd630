"""The order of steps: what others need first, then what disrupts least."""

from __future__ import annotations

import heapq
from collections.abc import Iterator, Sequence
from typing import Any, Final

from scanner.model.errors import DriftlineError
from scanner.model.resource_id import ResourceId, normalise, parent_key
from scanner.remediation.asking import Failure
from scanner.remediation.merging import Merged
from scanner.remediation.operations import Kind, leaves
from scanner.remediation.plan import RISKS

__all__ = ["ordered"]

Json = Any
_KINDS: Final = (Kind.CREATE, Kind.SET, Kind.ACTION, Kind.REMOVE)


def ordered(merged: Sequence[Merged]) -> list[tuple[int, frozenset[int]]]:
    """Positions in the order in which they are to be run, each with those that must be done before it."""
    before = _before(merged)
    following: dict[int, list[int]] = {}
    for at, needed in enumerate(before):
        for other in needed:
            following.setdefault(other, []).append(at)
    open_ones = [len(needed) for needed in before]
    ready = [(_rank(item), at) for at, item in enumerate(merged) if not open_ones[at]]
    heapq.heapify(ready)
    found: list[tuple[int, frozenset[int]]] = []
    while ready:
        _, at = heapq.heappop(ready)
        found.append((at, frozenset(before[at])))
        for other in following.get(at, ()):
            open_ones[other] -= 1
            if not open_ones[other]:
                heapq.heappush(ready, (_rank(merged[other]), other))
    if len(found) != len(merged):
        waiting = sorted({rule for at, item in enumerate(merged) if open_ones[at] for rule in item.rules})
        raise DriftlineError(
            f"the fixes of {', '.join(waiting)} wait for each other", hint="Mend some of them first: --only RULE."
        )
    return found


def _rank(item: Merged) -> tuple[int, int, tuple[str, ...], str]:
    return RISKS.index(item.disrupts), _KINDS.index(item.operation.kind), item.rules, normalise(item.operation.resource)


def _before(merged: Sequence[Merged]) -> list[set[int]]:
    """By position, the positions that come before: by `after` of the fixes, by what names what is made, by what holds what
    goes, and parents before their children when they are made, after them when they go.
    """
    before: list[set[int]] = [set() for _ in merged]
    places = _Places(merged)
    for at, item in enumerate(merged):
        before[at] |= places.waited_for(item) | places.made_for(item)
        for gone in places.let_go_by(item):
            before[gone].add(at)
    for at, needed in enumerate(before):
        needed.discard(at)
    return before


class _Places:
    """Where in a list of operations stands what others wait for."""

    def __init__(self, merged: Sequence[Merged]) -> None:
        self._by_rule: dict[tuple[str, str], set[int]] = {}
        self._by_kind: dict[Kind, dict[str, int]] = {kind: {} for kind in Kind}
        for at, item in enumerate(merged):
            self._by_kind[item.operation.kind][normalise(item.operation.resource)] = at
            for failure in item.failures:
                for name in {failure.finding.rule, failure.finding.control}:
                    self._by_rule.setdefault((name, _subscription(failure)), set()).add(at)

    def waited_for(self, item: Merged) -> set[int]:
        """The steps of the rules that its fixes come after."""
        names = {
            (name, _subscription(failure))
            for failure in item.failures
            if failure.rule.fix is not None
            for name in failure.rule.fix.after
        }
        return set().union(*(self._by_rule.get(name, set()) for name in names))

    def made_for(self, item: Merged) -> set[int]:
        """The creates of what it names, and of what it lies in."""
        made = self._by_kind[Kind.CREATE]
        named = (*_mentioned(item), *_above(normalise(item.operation.resource)))
        return {made[key] for key in named if key in made}

    def let_go_by(self, item: Merged) -> set[int]:
        """The removes of what it named before, and of what it lay in when it goes itself."""
        gone = self._by_kind[Kind.REMOVE]
        removed = item.operation.kind is Kind.REMOVE
        named = (*_let_go(item), *(_above(normalise(item.operation.resource)) if removed else ()))
        return {gone[key] for key in named if key in gone}


def _subscription(failure: Failure) -> str:
    """Steps wait for those of their own subscription: what another does is of another workload."""
    return ResourceId.parse(failure.finding.resource).subscription.lower()


def _mentioned(item: Merged) -> Iterator[str]:
    """The compared ids that what is written names."""
    written: list[Json] = [change.after for change in item.operation.changes]
    written += [item.operation.body] if item.operation.kind in (Kind.CREATE, Kind.ACTION) else []
    yield from _ids(written)


def _let_go(item: Merged) -> Iterator[str]:
    """The compared ids that what is taken away names."""
    yield from _ids([change.before for change in item.operation.changes])
    if item.operation.kind is Kind.REMOVE:
        yield from _ids([item.operation.body])


def _ids(values: list[Json]) -> Iterator[str]:
    for _, value in leaves(values):
        if isinstance(value, str) and value.startswith("/") and "/providers/" in value.lower():
            key = normalise(value)
            yield key
            yield from _above(key)


def _above(key: str) -> Iterator[str]:
    key = parent_key(key)
    while key and key != "/":
        yield key
        key = parent_key(key)
