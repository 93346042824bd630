"""Two snapshots, resource by resource: found by normalised id, compared by their bodies; absent only where that was read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import Any, Final

import msgspec

from scanner.diff.bodies import BodyComparison, Terms
from scanner.diff.change import Change, ChangeKind, SnapshotDiff, Uncompared
from scanner.diff.deployed import as_returned
from scanner.diff.members import Defaults, Members
from scanner.diff.scalars import shown
from scanner.model.coverage import OK
from scanner.model.resource import INLINE_CHILDREN, Resource
from scanner.model.resource_id import ResourceId, is_within, normalise, parent_key, parent_type, type_name
from scanner.model.snapshot import Snapshot
from scanner.model.uncollected import uncollected
from scanner.model.unknown import Unknown

__all__ = ["Terms", "compare_snapshots"]

Json = Any
#: What a body's bytes hold where something in it is not known: a removed secret, or an unresolved value.
_HIDDEN: Final = (b'"(removed: ', b'{"reasons":[')
_OLD, _NEW = "OLD", "NEW"


def compare_snapshots(old: Iterable[Snapshot], new: Iterable[Snapshot], defaults: Defaults, terms: Terms) -> SnapshotDiff:
    """Compare what two sources yield. Units of the same scopes are compared as they come and let go; the rest at the end."""
    comparison = _Comparison(Members(defaults), terms)
    with uncollected():
        for left, right in _pairs(iter(old), iter(new)):
            comparison.compare(left, right)
        return comparison.diff()


def _pairs(old: Iterator[Snapshot], new: Iterator[Snapshot]) -> Iterator[tuple[list[Snapshot], list[Snapshot]]]:
    waiting: tuple[dict[frozenset[str], Snapshot], dict[frozenset[str], Snapshot]] = ({}, {})
    sources = (old, new)
    open_sides = [0, 1]
    while open_sides:
        for side in list(open_sides):
            snapshot = next(sources[side], None)
            if snapshot is None:
                open_sides.remove(side)
                continue
            scopes = frozenset(map(normalise, snapshot.scopes))
            other = waiting[1 - side].pop(scopes, None)
            if other is None:
                waiting[side][scopes] = snapshot
            else:
                yield ([snapshot], [other]) if side == 0 else ([other], [snapshot])
    if any(waiting):
        yield list(waiting[0].values()), list(waiting[1].values())


class _Side:
    """The units of one side that are compared together. Resources outside of the audited scopes are looked up, never listed."""

    def __init__(self, word: str, snapshots: list[Snapshot], *, deployed: bool = False) -> None:
        self.word = word
        self.snapshots = snapshots
        self.audited: dict[str, Resource] = {}
        for snapshot in snapshots:
            for resource in as_returned(snapshot.resources) if deployed else snapshot.resources:
                if not resource.context:
                    self.audited.setdefault(resource.key, resource)

    def get(self, key: str) -> Resource | None:
        """The resource of a compared id, also one that was only read for reference."""
        found = self.audited.get(key)
        return found or next((item for snapshot in self.snapshots if (item := snapshot.get(key)) is not None), None)

    def missing(self, resource: Resource) -> str:
        """Why it is not known whether this side has a resource that it does not hold; empty where it is known not to."""
        listed = self._listed(resource)
        if listed is not None:
            return listed
        # What stands on another resource may have been read there alone.
        is_extension = not parent_type(resource.type) and "/providers/" in ResourceId.parse(resource.id).scope.lower()
        scope = resource.parent_key if is_extension else resource.key
        reasons = []
        # Children that are read one by one say nothing of another name.
        name = resource.name if parent_type(resource.type) else ""
        for snapshot in self.snapshots:
            holes = snapshot.coverage.holes(resource.type, scope, name)
            if not holes:
                return ""
            reasons.append("; ".join(dict.fromkeys(reason for _, reason in holes)))
        return min(reasons, key=_not_asked, default=f"{self.word} holds no scope at all")

    def _listed(self, resource: Resource) -> str | None:
        """Of a child that its parent's body lists: empty where the list was read, else why it is not known; None for others."""
        parent = self.get(resource.parent_key)
        segment = type_name(resource.type_key)
        children = INLINE_CHILDREN.get(parent.type_key, ()) if parent is not None else ()
        inline = next((item for item in children if item.segment.lower() == segment), None)
        if parent is None or inline is None:
            return None
        value: Json = parent.body
        for name in inline.path:
            value = value.get(name) if isinstance(value, dict) else value
        if isinstance(value, Unknown):
            return str(value)
        asked = any(snapshot.coverage.asked(resource.type) for snapshot in self.snapshots)
        return "" if inline.complete and "properties" not in parent.unread and not asked else None


def _not_asked(reason: str) -> bool:
    """A failed read says more than that another unit did not ask."""
    return "not asked for" in reason


class _Comparison:
    def __init__(self, members: Members, terms: Terms) -> None:
        self._members, self._terms = members, terms
        self._encode = msgspec.json.Encoder().encode
        self._changes: list[Change] = []
        self._uncompared: dict[Uncompared, None] = {}
        self._compared = self._left_out = 0

    def diff(self) -> SnapshotDiff:
        """Everything that was found, in order."""
        changes = tuple(sorted(self._changes, key=lambda item: item.order))
        return SnapshotDiff(changes, tuple(sorted(self._uncompared)), self._compared, self._left_out)

    def compare(self, old: list[Snapshot], new: list[Snapshot]) -> None:
        """Compare the units of both sides that belong together."""
        left, right = _Side(_OLD, old, deployed=self._terms.deployed), _Side(_NEW, new)
        for side in (left, right):
            self._note_gaps(side)
        only_old = {key: item for key, item in left.audited.items() if not self._both(item, right.get(key))}
        only_new = {key: item for key, item in right.audited.items() if key not in left.audited and left.get(key) is None}
        if self._terms.deployed:  # what a template is deployed into was there before it
            targets = [normalise(scope) for snapshot in old for scope in snapshot.scopes]
            only_new = {key: item for key, item in only_new.items() if not any(is_within(target, key) for target in targets)}
        self._absent(only_old, right, ChangeKind.REMOVED)
        self._absent(only_new, left, ChangeKind.ADDED)

    def _both(self, old: Resource, new: Resource | None) -> bool:
        if new is None:
            return False
        self._compared += 1
        if self._members.is_own_child(old.type_key) and not self._terms.everything:
            return True
        if not self._same_bytes(old, new):
            bodies = BodyComparison(old, self._terms)
            members = self._members.of(old.type_key, old.name)
            # A template without properties sets none.
            sides = ((_NEW, new),) if self._terms.deployed else ((_OLD, old), (_NEW, new))
            unread = [word for word, item in sides if "properties" in item.unread]
            if unread and members.holds_properties:
                bodies.unknown("properties", f"listed without its properties in {' and '.join(unread)}")
            bodies.compare(old.body, new.body, members, skip="properties" if unread else "")
            self._changes += bodies.changes
            self._uncompared.update(dict.fromkeys(bodies.uncompared))
            self._left_out += bodies.left_out
        return True

    def _same_bytes(self, old: Resource, new: Resource) -> bool:
        """Whether nothing needs comparing: the bodies are the same to the letter and hold nothing that is not known."""
        if old.unread or new.unread:
            return False
        try:
            before = self._encode(old.body)
            return before == self._encode(new.body) and not any(sign in before for sign in _HIDDEN)
        except (OverflowError, TypeError, ValueError):
            return False

    def _absent(self, found: dict[str, Resource], other: _Side, kind: ChangeKind) -> None:
        """Resources that one side alone holds. Those below another that came or went are counted with it."""
        tops: dict[str, str] = {}
        below: Counter[str] = Counter()
        told: list[Resource] = []
        for resource in sorted(found.values(), key=lambda item: item.key.count("/")):
            top = _above(resource, tops)
            if top:
                tops[resource.key] = top
                below[top] += 1
                continue
            reason = other.missing(resource)
            if reason:
                self._uncompared[Uncompared(resource.id, "", f"{other.word}: {reason}")] = None
                continue
            tops[resource.key] = resource.key
            if self._is_azures(resource, kind):
                self._left_out += 1
            else:
                told.append(resource)
        for resource in told:
            what = shown(_outline(resource))
            sides = {"old": what} if kind is ChangeKind.REMOVED else {"new": what}
            self._changes.append(Change(kind, resource.id, resource.type, below=below[resource.key], **sides))

    def _is_azures(self, resource: Resource, kind: ChangeKind) -> bool:
        """Whether Azure itself made a resource, so that its coming or going is nobody's doing."""
        if self._terms.everything:
            return False
        if self._members.is_own_child(resource.type_key):
            return True
        if not self._terms.deployed or kind is ChangeKind.REMOVED:
            return False
        return (
            bool(resource.body.get("managedBy"))
            or resource.type_key.endswith("/privateendpointconnections")
            or (resource.type_key == "microsoft.network/networkinterfaces" and _of_private_endpoint(resource))
            # Singletons are there with their parent, deployed or not.
            or (
                bool(parent_type(resource.type))
                and (resource.name.lower() == "default" or type_name(resource.type_key) == "config")
            )
        )

    def _note_gaps(self, side: _Side) -> None:
        for snapshot in side.snapshots:
            failed = {(item.scope, item.what): item.outcome for item in snapshot.reads if item.outcome != OK}
            failed.update({(item.scope, item.what): item.reason for item in snapshot.gaps})
            for (scope, what), reason in failed.items():
                self._uncompared[Uncompared(scope, "", f"{side.word}: {what} could not be read: {reason}")] = None


def _above(resource: Resource, tops: dict[str, str]) -> str:
    """The key of the highest resource above this one that came or went, or empty."""
    at = resource.parent_key
    while at and at != "/":
        if at in tops:
            return tops[at]
        at = parent_key(at)
    return ""


def _of_private_endpoint(resource: Resource) -> bool:
    properties = resource.body.get("properties")
    return isinstance(properties, dict) and bool(properties.get("privateEndpoint"))


def _outline(resource: Resource) -> dict[str, Json] | None:
    """What tells a reader which resource came or went, beyond its id."""
    return {name: resource.body[name] for name in ("location", "kind", "sku") if resource.body.get(name) is not None} or None
