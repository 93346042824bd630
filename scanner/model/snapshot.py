"""The resources of one scan unit (a subscription, or those that share a workload), indexed once, with what was read and not."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

from scanner.model.coverage import Coverage, Gap, Read
from scanner.model.resource import Resource, canonical_type, is_extension, promote_children
from scanner.model.resource_id import ResourceId, is_within, normalise
from scanner.model.spellings import Spellings
from scanner.model.unknown import Unknown

__all__ = ["Snapshot"]


class Snapshot:
    """Resources by id, type and parent. Inline children are promoted, once per id; a separate read of the child wins.

    `scopes` are the audited scopes as spelled; `collected` is when, ISO 8601 UTC; `spellings` has learned every body, where
    the source did so on its way. Nothing is merged: where an export holds one id twice, both stay in `resources` and the first
    answers look-ups.
    """

    def __init__(
        self, *, scopes: Iterable[str], resources: Iterable[Resource], reads: Iterable[Read] = (), gaps: Iterable[Gap] = (),
        collected: str = "", spellings: Spellings | None = None,
    ) -> None:  # fmt: skip
        self.scopes = tuple(scopes)
        self.collected = collected
        self.reads = tuple(reads)
        self.gaps = tuple(sorted(set(gaps)))
        own = list(resources)
        separate = {resource.key for resource in own}
        promoted = [child for parent in own for child in promote_children(parent) if child.key not in separate]
        self.resources: tuple[Resource, ...] = (*own, *promoted)
        self._by_key: dict[str, list[Resource]] = {}
        self._by_type: dict[str, list[Resource]] = {}
        self._by_parent: dict[str, list[Resource]] = {}
        self.spellings = spellings if spellings is not None else _learned(own)
        # What was promoted is a part of what was learned, in an object of this form at most.
        self.spellings.learn_names(("name", "properties"))
        for resource in self.resources:
            self._by_key.setdefault(resource.key, []).append(resource)
            self._by_type.setdefault(resource.type_key, []).append(resource)
            self._by_parent.setdefault(resource.parent_key, []).append(resource)
        by_type = self._by_type  # no reference to the snapshot itself, which would keep it alive
        self.coverage = Coverage(self.reads, self.gaps, lambda name: by_type.get(canonical_type(name), ()))
        self.missing = lru_cache(maxsize=None)(self.coverage.missing)

    def of_type(self, resource_type: str) -> list[Resource]:
        """Every resource of a type, context included."""
        return self._by_type.get(canonical_type(resource_type), [])

    def audited(self, resource_type: str) -> list[Resource]:
        """The resources of a type that lie within the audited scopes."""
        return [resource for resource in self.of_type(resource_type) if not resource.context]

    def get(self, resource_id: str) -> Resource | None:
        """The resource of an id in any spelling, or None whether it is absent or unread (see `look_up`)."""
        found = self._by_key.get(normalise(resource_id))
        return found[0] if found else None

    def holds_twice(self, resource_id: str) -> bool:
        """Whether an export holds an id more than once."""
        return len(self._by_key.get(normalise(resource_id), ())) > 1

    def look_up(self, resource_id: str) -> Resource | Unknown | None:
        """The resource of an id; None when it is known not to exist; unknown when no read covers it."""
        found = self.get(resource_id)
        if found is not None:
            return found
        parsed = ResourceId.parse(resource_id)
        if not parsed.type:
            return Unknown.because(f"{resource_id!r} is not a resource id")
        missing = self.missing(parsed.type, parsed.key)
        # What stands on another resource may have been listed there alone.
        upon = missing is not None and (is_extension(parsed.type) or "/providers/" in parsed.scope.lower())
        return self.missing(parsed.type, normalise(parsed.scope)) if upon else missing

    def children(self, parent: Resource, resource_type: str) -> list[Resource]:
        """Resources of a type at any depth below a parent."""
        return self._below(parent.key, canonical_type(resource_type))

    def extensions(self, resource: Resource, extension_type: str) -> list[Resource]:
        """Extension resources of a type that stand on a resource itself."""
        wanted = canonical_type(extension_type)
        return [item for item in self._by_parent.get(resource.key, ()) if item.type_key == wanted]

    def directly_in(self, scope: str) -> list[Resource]:
        """What stands in a group or subscription itself, and what stands on it, such as locks."""
        return list(self._by_parent.get(normalise(scope), ()))

    def in_scope(self, resource_id: str) -> bool:
        """Whether an id lies within the audited scopes."""
        key = normalise(resource_id)
        return any(is_within(key, normalise(scope)) for scope in self.scopes)

    def _below(self, key: str, type_key: str) -> list[Resource]:
        found: list[Resource] = []
        for child in self._by_parent.get(key, ()):
            if child.type_key == type_key:
                found.append(child)
            if type_key.startswith(child.type_key + "/"):
                found.extend(self._below(child.key, type_key))
        return found


def _learned(resources: Iterable[Resource]) -> Spellings:
    spellings = Spellings()
    for resource in resources:
        spellings.learn(resource.body)
    return spellings
