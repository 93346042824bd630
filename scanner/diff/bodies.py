"""Two bodies of one resource, member by member: what differs, what is Azure's own, what cannot be compared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, Final

from scanner.diff.change import Change, ChangeKind, Uncompared
from scanner.diff.elements import keyed, plain_changes
from scanner.diff.members import Member, is_volatile
from scanner.diff.scalars import fold, is_hidden, is_ordered, plain_path, shown
from scanner.model.resource import Resource
from scanner.model.unknown import Unknown
from scanner.sources.redact import REMOVED

__all__ = ["BodyComparison", "Terms"]

Json = Any
#: Beyond this many elements without a key, those of a template are held against the live ones by position.
_MATCHED: Final = 200
_NOTHING: Final = ("", None)


@dataclass(frozen=True, slots=True)
class Terms:
    """How to compare. With `deployed` the old side is what was deployed: what it never set is Azure's to fill in.
    `everything` leaves nothing out as Azure's own.
    """

    deployed: bool = False
    everything: bool = False


@dataclass(slots=True)
class BodyComparison:
    """Compares the bodies of one resource and gathers what it finds."""

    resource: Resource
    terms: Terms
    changes: list[Change] = field(default_factory=list)
    uncompared: list[Uncompared] = field(default_factory=list)
    left_out: int = 0

    def compare(self, old: dict[str, Json], new: dict[str, Json], member: Member, skip: str = "") -> None:
        """Compare two whole bodies but for one member."""
        if skip:
            old, new = ({name: item for name, item in body.items() if name.lower() != skip} for body in (old, new))
        self._objects("", old, new, member)

    def unknown(self, path: str, reason: str) -> None:
        """Take in something that cannot be compared."""
        self.uncompared.append(Uncompared(self.resource.id, path, reason))

    def _objects(self, path: str, old: dict[str, Json], new: dict[str, Json], member: Member | None) -> None:
        before, after = _by_name(old), _by_name(new)
        is_map = member is not None and member.is_map()
        for name in (*before, *(name for name in after if name not in before)):
            below = member.member(name) if member is not None else None
            spelled = (before.get(name) or after[name])[0]
            left, right = before.get(name, _NOTHING)[1], after.get(name, _NOTHING)[1]
            if below is not None and below.identity:
                self._identity(plain_path(path, spelled), left, right)
            elif not self.terms.everything and ((below is not None and below.own) or (not is_map and is_volatile(name))):
                self.left_out += left != right
            else:
                # In a map that was deployed every entry is the user's, but for links that Azure keeps in tags.
                counts = not self.terms.deployed or (is_map and not name.startswith("hidden-"))
                self._values(plain_path(path, spelled), name, left, right, below, counts=counts, entry=is_map)

    def _identity(self, path: str, old: Json, new: Json) -> None:
        """Children are compared as resources of their own, where it is known which there are."""
        for value in (old, new):
            if value.__class__ is Unknown:
                self.unknown(path, str(value))

    def _values(
        self, path: str, name: str, old: Json, new: Json, member: Member | None, *, counts: bool, entry: bool = False
    ) -> None:
        if old is None and new is None:
            return
        if is_hidden(old) or is_hidden(new):
            self._hidden(path, old, new, counts=counts, entry=entry)
        elif old is None or new is None:
            self._one_sided(path, name, old, new, member, counts=counts, entry=entry)
        elif isinstance(old, dict) and isinstance(new, dict):
            self._objects(path, old, new, member)
        elif isinstance(old, list) and isinstance(new, list):
            self._lists(path, name, old, new, member)
        elif isinstance(old, dict | list) or isinstance(new, dict | list) or fold(old, name, member) != fold(new, name, member):
            self._change(ChangeKind.CHANGED, path, old, new)

    def _hidden(self, path: str, old: Json, new: Json, *, counts: bool, entry: bool) -> None:
        unknown = [item for item in (old, new) if item.__class__ is Unknown]
        if unknown:
            self.unknown(path, str(unknown[0]))
        elif old is None and not counts and not self.terms.everything:
            self.left_out += 1
        elif old is None:
            self._change(ChangeKind.ADDED, path, old, new)
        elif new is None and self.terms.deployed and not entry:
            self.unknown(path, "it was set to a secret, which Azure does not return")
        elif new is None:
            self._change(ChangeKind.REMOVED, path, old, new)
        elif old == new:
            self.unknown(path, "it is a secret and was removed when read" if old == REMOVED else "it is nested too deep")
        else:
            self._change(ChangeKind.CHANGED, path, old, new)

    def _one_sided(self, path: str, name: str, old: Json, new: Json, member: Member | None, *, counts: bool, entry: bool) -> None:
        """A member that one side lacks: it may say what Azure assumes anyway, or nothing but what Azure itself writes."""
        present = new if old is None else old
        if member is not None and member.partial and not self.terms.deployed:
            self.unknown(path, "some answers of Azure leave it out")
            return
        if self._is_default(present, name, member):
            return
        if present == "" and "." not in path:
            return  # Resource Graph gives empty text for what a body lacks at its top
        kept = self._pruned(present, member)
        if kept in ({}, []) and not entry and (kept == {} or self.terms.deployed):
            self.left_out += present != kept
        elif old is None and not counts and not self.terms.everything:
            self.left_out += 1
        elif old is None:
            self._change(ChangeKind.ADDED, path, None, kept)
        else:
            self._change(ChangeKind.REMOVED, path, kept, None)

    def _is_default(self, value: Json, name: str, member: Member | None) -> bool:
        """Whether a value is what Azure assumes where there is none, in the API version that was read."""
        default = member.default if member is not None else None
        if default is None or isinstance(value, dict | list) or self.resource.api_version < default.since:
            return False
        return fold(value, name, member) == fold(default.value, name, member)

    def _lists(self, path: str, name: str, old: list[Json], new: list[Json], member: Member | None) -> None:
        element = member.element if member is not None else None
        if not any(isinstance(item, dict | list) for item in (*old, *new)):
            verdict = plain_changes(old, new, lambda item: fold(item, name, element), ordered=is_ordered(name))
            if verdict is True:
                self._change(ChangeKind.CHANGED, path, old, new)
            elif verdict is None:
                self.unknown(path, next(_reason(item) for item in (*old, *new) if is_hidden(item)))
            return
        pairs = keyed(old, new)
        if pairs is not None:
            for label, left, right in pairs:
                self._values(f"{path}[{label}]", "", left, right, element, counts=True, entry=True)
        else:
            self._unkeyed(path, name, old, new, element)

    def _unkeyed(self, path: str, name: str, old: list[Json], new: list[Json], element: Member | None) -> None:
        """Elements without a key: those that are equal go in pairs, wherever they stand; the rest go in order."""
        common = Counter(self._form(item, name, element) for item in old) & Counter(
            self._form(item, name, element) for item in new
        )
        left, right = self._without(old, common, name, element), self._without(new, common, name, element)
        if self.terms.deployed and len(left) <= _MATCHED and len(right) <= _MATCHED:
            left, right = self._matched(left, right, name, element)
        for at in range(max(len(left), len(right))):
            place = left[at][0] if at < len(left) else right[at][0]
            before = left[at][1] if at < len(left) else None
            after = right[at][1] if at < len(right) else None
            self._values(f"{path}[{place}]", name, before, after, element, counts=True, entry=True)

    def _without(self, items: list[Json], common: Counter[Json], name: str, element: Member | None) -> list[tuple[int, Json]]:
        """Elements with their positions, less one for each in `common`."""
        remaining = Counter(common)
        kept = []
        for at, item in enumerate(items):
            form = self._form(item, name, element)
            if remaining[form] > 0:
                remaining[form] -= 1
            else:
                kept.append((at, item))
        return kept

    def _matched(
        self, left: list[tuple[int, Json]], right: list[tuple[int, Json]], name: str, element: Member | None
    ) -> tuple[list[tuple[int, Json]], list[tuple[int, Json]]]:
        """What no live element holds whole, and the live elements that hold none: Azure adds members to what was deployed."""
        rest, unmatched = list(right), []
        for at, item in left:
            fitting = next((other for other in rest if self._fits(item, other[1], name, element)), None)
            if fitting is None:
                unmatched.append((at, item))
            else:
                rest.remove(fitting)
        return unmatched, rest

    def _fits(self, old: Json, new: Json, name: str, element: Member | None) -> bool:
        trial = BodyComparison(self.resource, self.terms)
        trial._values("", name, old, new, element, counts=True, entry=True)
        return not trial.changes and not trial.uncompared

    def _form(self, value: Json, name: str, member: Member | None) -> Json:
        """A value in a hashable form that is equal to another's only where the comparison finds nothing."""
        if is_hidden(value):
            return "hidden", object()  # equal to nothing, itself included
        if isinstance(value, dict):
            return "object", frozenset(self._member_forms(value, member))
        if isinstance(value, list):
            element = member.element if member is not None else None
            forms = [self._form(item, name, element) for item in value]
            if is_ordered(name):
                return "row", tuple(forms)
            plain = not any(isinstance(item, dict | list) for item in value)
            return "list", frozenset(forms) if plain else frozenset(Counter(forms).items())
        return fold(value, name, member)

    def _member_forms(self, value: dict[str, Json], member: Member | None) -> Iterator[Json]:
        for name, (_, item) in _by_name(self._pruned(value, member)).items():
            if item is not None:
                yield name, self._form(item, name, member.member(name) if member is not None else None)

    def _pruned(self, value: Json, member: Member | None) -> Json:
        """A value without nulls and without what is Azure's own."""
        if isinstance(value, dict):
            is_map = member is not None and member.is_map()
            kept = {}
            for name, item in value.items():
                lowered = name.lower()
                below = member.member(lowered) if member is not None else None
                own = (below is not None and below.own) or (not is_map and is_volatile(lowered))
                pruned = None if item is None or (own and not self.terms.everything) else self._pruned(item, below)
                if pruned is not None and (pruned != {} or is_map or item == {}):
                    kept[name] = pruned
            return kept
        if isinstance(value, list):
            element = member.element if member is not None else None
            return [self._pruned(item, element) for item in value]
        return value

    def _change(self, kind: ChangeKind, path: str, old: Json, new: Json) -> None:
        self.changes.append(Change(kind, self.resource.id, self.resource.type, path, shown(old), shown(new)))


def _by_name(value: dict[str, Json]) -> dict[str, tuple[str, Json]]:
    """Members by lower-case name, each with its spelling; where two differ by case alone the first stands."""
    found: dict[str, tuple[str, Json]] = {}
    for name, item in value.items():
        found.setdefault(name.lower(), (name, item))
    return found


def _reason(value: Json) -> str:
    return str(value) if value.__class__ is Unknown else "it holds a secret that was removed when read"
