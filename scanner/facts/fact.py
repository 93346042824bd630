"""What a fact is: its type, its paths, what it needs read, and the pure function that derives its documents."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from scanner.facts.components import BoundWorkload
from scanner.model.read_plan import ChildRead, EventRead, ExtensionRead, MetricRead, ReferenceRead
from scanner.model.resource import Resource, canonical_type
from scanner.model.resource_id import normalise
from scanner.model.snapshot import Snapshot
from scanner.model.unknown import Unknown
from scanner.rules.baseline import Baseline

__all__ = ["Fact", "FactContext", "Needs", "document", "holes"]

Json = Any


@dataclass(frozen=True, slots=True)
class Needs:
    """What must be read for a fact or rule. `around`, `policies` and `principals`: see `ReadPlan`."""

    types: frozenset[str] = field(default_factory=frozenset)
    children: frozenset[ChildRead] = field(default_factory=frozenset)
    extensions: frozenset[ExtensionRead] = field(default_factory=frozenset)
    references: frozenset[ReferenceRead] = field(default_factory=frozenset)
    around: frozenset[str] = field(default_factory=frozenset)
    events: frozenset[EventRead] = field(default_factory=frozenset)
    policies: frozenset[str] = field(default_factory=frozenset)
    principals: frozenset[ReferenceRead] = field(default_factory=frozenset)
    metrics: frozenset[MetricRead] = field(default_factory=frozenset)


@dataclass(frozen=True, slots=True)
class FactContext:
    """All that a fact may look at."""

    snapshot: Snapshot
    baseline: Baseline
    workloads: tuple[BoundWorkload, ...]
    now: datetime


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact. `paths` are kinds by path as in the path table; a value may be `Unknown` where a part was not read. `one_per` says
    in words what a document stands for; `tables` and `parameters` are those of the baseline that decide what documents hold.
    """

    type: str
    paths: Mapping[str, str]
    needs: Callable[[Baseline], Needs]
    derive: Callable[[FactContext], Iterable[Resource]]
    one_per: str = ""
    tables: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()


def document(fact_type: str, judged: str, subject: str, body: dict[str, Json], *, apart: str = "") -> Resource:
    """A fact document whose verdict belongs to the resource `judged`; `subject` tells apart what is judged within it, and
    `apart` documents that share both because different rules judge them.
    """
    key = f"{normalise(judged)}/{fact_type.lower()}/{subject}" + (f"/{apart}" if apart else "")
    named = {"resourceId": judged, "resourceName": judged.rpartition("/")[2], **body}
    return Resource(
        id=judged,
        key=key,
        type=fact_type,
        type_key=canonical_type(fact_type),
        body=named,
        via="fact",
        judged_id=judged,
        subject=subject,
    )


def holes(snapshot: Snapshot, resource_type: str) -> Iterator[tuple[str, Unknown]]:
    """Where in the audited scopes a type is not known: each place with its reason, for a document that says so."""
    for scope in snapshot.scopes:
        for where, reason in snapshot.coverage.holes(resource_type, scope):
            known = snapshot.get(where)
            spelled = known.id if known is not None else next((s for s in snapshot.scopes if normalise(s) == where), where)
            yield spelled, Unknown.because(reason)
