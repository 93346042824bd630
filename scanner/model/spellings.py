"""Which spellings of member names occur in a snapshot, so that paths match ignoring case at the speed of an exact look-up."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

__all__ = ["Spellings"]


class Spellings:
    """Every member name seen in the documents under evaluation, by its lower-case form.

    Invariant: a document is evaluated only after `learn` has seen it; then a name whose lower-case form has no other
    spelling here is absent wherever an exact look-up misses it, and no member list needs scanning.
    """

    __slots__ = ("_by_lower", "_known")

    def __init__(self) -> None:
        self._known: set[str] = set()
        self._by_lower: dict[str, set[str]] = {}

    def learn(self, document: Any) -> None:
        """Take in every member name at any depth of a JSON value."""
        pending = [document]
        known = self._known
        while pending:
            value = pending.pop()
            items: Iterable[Any]
            if value.__class__ is dict:
                if not known.issuperset(value):
                    self.learn_names(value)
                items = value.values()
            elif value.__class__ is list:
                items = value
            else:
                continue
            for item in items:
                if item.__class__ is dict or item.__class__ is list:
                    pending.append(item)

    def learn_names(self, names: Iterable[str]) -> None:
        """Take in member names that were seen in a document."""
        for name in names:
            if name not in self._known:
                self._known.add(name)
                self._by_lower.setdefault(name.lower(), set()).add(name)

    def differs(self, name: str, lowered: str) -> bool:
        """Whether some document spells the name otherwise than `name` (`lowered` is its lower-case form)."""
        spellings = self._by_lower.get(lowered)
        return spellings is not None and (len(spellings) > 1 or name not in spellings)
