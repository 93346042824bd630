"""What a condition sees while it is evaluated: the resource, the audited target, the clock, and the world of the snapshot."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from scanner.model.resource import Resource
from scanner.model.spellings import Spellings
from scanner.model.unknown import Unknown

__all__ = ["Default", "EachElement", "Pointer", "Related", "Scope", "Uses", "World"]

Json = Any
Pointer = tuple[str | int, ...]


@dataclass(frozen=True, slots=True)
class Default:
    """What Azure assumes for an absent property; `since` the API version from which it does (earlier: unknown)."""

    value: Json
    since: str = ""
    source: str = ""


@dataclass(frozen=True, slots=True)
class Related:
    """The resources of a relation; `missing` says why there may be more."""

    items: tuple[Resource, ...]
    missing: Unknown | None = None


class World(Protocol):
    """What lies beyond one resource. Every answer may be unknown; none raises."""

    @property
    def spellings(self) -> Spellings: ...
    def related(self, relation: str, resource: Resource) -> Related: ...
    def parameter(self, name: str) -> Json: ...
    def component(self, name: str) -> Json:
        """The body of the resource bound to a component, with its `id`; unknown when unbound."""

    def components(self, name: str) -> Json:
        """The bodies of every resource bound to a component."""

    def table(self, name: str, keys: tuple[str, ...]) -> Json: ...
    def evidence(self, kind: str, now: datetime) -> Json:
        """The data that evidence of a kind states of the workload; absent where none is given, unknown where none is in force."""


@dataclass(frozen=True, slots=True)
class EachElement:
    """The element a rule's `each` stands on: its key (the subject) and value."""

    key: str
    value: Json


@dataclass(slots=True)
class Scope:
    """`resource` is what `field` reads, `document` its body; `target` the audited resource; `currents` the elements by
    the name or array path of the count that walks them (`""` is the element of `each`).
    """

    resource: Resource
    document: dict[str, Json]
    target: Resource
    now: datetime
    world: World
    currents: Mapping[str, Json] = field(default_factory=dict)

    def stand_on(self, resource: Resource) -> None:
        """Move to the next audited resource: one scope serves many."""
        self.resource = self.target = resource
        self.document = resource.body

    def follow(self, relations: Sequence[str]) -> Related:
        """The resources that relations lead to, one relation after the other."""
        found, more = [self.resource], list[str]()
        for relation in relations:
            reached: dict[int, Resource] = {}
            for resource in found:
                related = self.world.related(relation, resource)
                reached.update((id(item), item) for item in related.items)
                more.extend(related.missing.reasons if related.missing is not None else ())
            found = list(reached.values())
        return Related(tuple(found), Unknown(tuple(more)) if more else None)

    def inside(self, name: str, value: Json) -> Scope:
        """The scope within a count, where `current(name)` is one element."""
        return Scope(self.resource, self.document, self.target, self.now, self.world, {**self.currents, name: value})

    def on(self, resource: Resource, name: str) -> Scope:
        """The scope within a count of related resources: `field` reads the related one."""
        return Scope(resource, resource.body, self.target, self.now, self.world, {**self.currents, name: resource.body})


@dataclass(slots=True)
class Uses:
    """What a rule's conditions and expressions refer to: the planner reads it to know what must be collected."""

    relations: set[str] = field(default_factory=set)
    parameters: set[str] = field(default_factory=set)
    components: set[str] = field(default_factory=set)
    tables: set[str] = field(default_factory=set)
    evidence: set[str] = field(default_factory=set)
    paths: set[tuple[str, str]] = field(default_factory=set)
