"""What was read and what was not: absence counts only under a successful read that covers it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final

from scanner.model.resource import INLINE_CHILDREN, Resource, canonical_type
from scanner.model.resource_id import are_related, is_within, normalise, parent_type, type_name
from scanner.model.unknown import Unknown

__all__ = ["EVERYTHING", "OK", "Coverage", "Gap", "Read"]

OK: Final = "ok"
#: The `what` of a read that claims every type and extension below its scope (`--assume-complete`).
EVERYTHING: Final = "*"
#: Extensions whose list answers for its own scope alone; other lists answer for everything below their scope.
_OWN_SCOPE_ONLY: Final = frozenset({"microsoft.insights/diagnosticsettings", "microsoft.consumption/budgets"})


@dataclass(frozen=True, slots=True)
class Read:
    """One list or get that was tried: type or extension, scope, how, and `ok` or why not."""

    what: str
    scope: str
    via: str = ""
    api_version: str = ""
    outcome: str = OK


@dataclass(frozen=True, slots=True, order=True)
class Gap:
    """Something that could not be read, where, why, and the permission that would mend it (empty when none would)."""

    scope: str
    what: str
    reason: str
    permission: str = ""


class Coverage:
    """Answers whether a type was read completely at a scope, from the reads and gaps of one snapshot."""

    def __init__(self, reads: Iterable[Read], gaps: Iterable[Gap], instances: Callable[[str], Iterable[Resource]]) -> None:
        """`instances` yields the resources of a compared type, to go from a parent's list to each parent's children."""
        self._instances = instances
        self._good: dict[str, set[str]] = {}
        self._bad: dict[str, dict[str, str]] = {}
        for read in reads:
            what, scope = canonical_type(read.what), normalise(read.scope)
            if read.outcome == OK:
                self._good.setdefault(what, set()).add(scope)
            else:
                self._bad.setdefault(what, {}).setdefault(scope, read.outcome)
        for gap in gaps:
            self._bad.setdefault(canonical_type(gap.what), {})[normalise(gap.scope)] = gap.reason

    def missing(self, what: str, scope: str) -> Unknown | None:
        """Why a type or extension is not completely known at a scope and below; None when it is."""
        reasons = tuple(reason for _, reason in self.holes(what, scope))
        return Unknown(tuple(dict.fromkeys(reasons))) if reasons else None

    def holes(self, what: str, scope: str, name: str = "") -> list[tuple[str, str]]:
        """Where below a scope a type or extension is not known, each with the reason; empty when all is known. With `name`, only
        the child of that name is wanted of each parent.
        """
        type_key, scope_key = canonical_type(what), normalise(scope)
        nearest = self._nearest(type_key, scope_key)
        if nearest:
            return [(scope_key, f"{what} could not be read: {nearest}")]
        inside = [
            (where, f"{what} could not be read at {where}: {reason}")
            for where, reason in sorted(self._bad.get(type_key, {}).items())
            if where != scope_key and is_within(where, scope_key) and _may_hold(where, type_key, name)
            if not self._is_good(type_key, where)
        ]
        if nearest == "" and type_key in _OWN_SCOPE_ONLY:  # what stands on something below says nothing of this scope
            return [hole for hole in inside if hole[0].startswith(f"{scope_key}/providers/{type_key}/")]
        if nearest == "":
            return inside + self._holes_of_parents(what, type_key, scope_key)
        return self._holes_below(what, type_key, scope_key, inside, name)

    def _holes_of_parents(self, what: str, type_key: str, scope_key: str) -> list[tuple[str, str]]:
        """Under a read that claims everything, children are not known where their parents are not."""
        parent = parent_type(what)
        if not parent or type_key.startswith("microsoft.resources/") or self._good.get(type_key) or EVERYTHING not in self._good:
            return []
        return [(where, f"{what}: {reason}") for where, reason in self.holes(parent, scope_key)]

    def asked(self, what: str) -> bool:
        """Whether any read of this type was tried, successful or not."""
        type_key = canonical_type(what)
        return bool(self._good.get(type_key) or self._bad.get(type_key) or self._good.get(EVERYTHING))

    def _is_good(self, type_key: str, scope_key: str) -> bool:
        return scope_key in self._good.get(type_key, ()) or scope_key in self._good.get(EVERYTHING, ())

    def _nearest(self, type_key: str, scope_key: str) -> str | None:
        """Empty when the nearest read at or above the scope succeeded, its reason when it failed, None without any."""
        own_only = type_key in _OWN_SCOPE_ONLY
        good, bad = self._good.get(type_key, set()), self._bad.get(type_key, {})
        everything = self._good.get(EVERYTHING, set())
        at = scope_key
        while True:
            if at in everything or (at in good and (at == scope_key or not own_only)):
                return ""
            if at in bad and (at == scope_key or not own_only):
                return bad[at]
            if at == "/":
                return None
            at = at.rpartition("/")[0] or "/"

    def _holes_below(
        self, what: str, type_key: str, scope_key: str, inside: list[tuple[str, str]], name: str
    ) -> list[tuple[str, str]]:
        """No read stands at or above the scope: the type is known only through each of its parents."""
        parent = parent_type(type_key)
        spelled_parent = parent_type(what)
        if not parent or type_key.startswith("microsoft.resources/"):
            return inside or [(scope_key, f"{what} was not asked for")]
        instances = [item for item in self._instances(parent) if are_related(item.key, scope_key)]
        holes: dict[str, str] = {}
        if not any(item.key == scope_key for item in instances):
            holes.update((where, f"{what}: {reason}") for where, reason in self.holes(spelled_parent, scope_key))
        inline = any(child.complete and child.segment.lower() == type_name(type_key) for child in INLINE_CHILDREN.get(parent, ()))
        for resource in instances:
            if inline and "properties" not in resource.unread:
                continue
            at = f"{resource.key}/{type_name(type_key)}/{name.lower()}" if name else resource.key
            nearest = self._nearest(type_key, at)
            if nearest is None and (name or not self._asked_by_name(type_key, resource.key)):
                holes.setdefault(at, f"{what} was not asked for at {resource.id}")
            elif nearest:
                holes[at] = f"{what} could not be read at {resource.id}: {nearest}"
        holes.update(inside)
        return list(holes.items())

    def _asked_by_name(self, type_key: str, parent_key: str) -> bool:
        """Singletons such as sites/config `web` are read one by one below their parent."""
        return any(is_within(where, parent_key) for where in self._good.get(type_key, ()))


def _may_hold(where: str, type_key: str, name: str) -> bool:
    """Whether a gap may hide the child of a name: not where it is at another child of the same type."""
    before, _, last = where.rpartition("/")
    return not name or last == name.lower() or before.rpartition("/")[2] != type_name(type_key)
