"""Small snapshots for the tests of facts: ids by short names, bodies as Azure returns them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from functools import cache
from typing import Any

from scanner.facts import FACTS, BoundWorkload, FactContext, bind_workloads
from scanner.model.coverage import EVERYTHING, Gap, Read
from scanner.model.resource import Resource, make_resource
from scanner.model.snapshot import Snapshot
from scanner.rules import Baseline, load_baseline
from scanner.rules.shapes import WorkloadShape

Json = Any
NOW = datetime(2026, 11, 1, tzinfo=UTC)
SUBSCRIPTION = "/subscriptions/00000000-0000-0000-0000-000000000001"
GROUP = f"{SUBSCRIPTION}/resourceGroups/rg-chat"
DENIED = "403 AuthorizationFailed"


@cache
def baseline() -> Baseline:
    return load_baseline("openai-chat")


def rid(resource_type: str, name: str, group: str = GROUP) -> str:
    """The id of a resource, or of a child by `parent/child` names."""
    provider, *types = resource_type.split("/")
    return f"{group}/providers/{provider}/" + "/".join(
        f"{kind}/{part}" for kind, part in zip(types, name.split("/"), strict=True)
    )


def resource(resource_id: str, properties: Json = None, **members: Json) -> dict[str, Json]:
    """A body; without properties (None) they were not read."""
    return {"id": resource_id, **({} if properties is None else {"properties": properties}), **members}


def snapshot(
    *bodies: Mapping[str, Json],
    reads: Iterable[Read] = (Read(EVERYTHING, "/"),),
    gaps: Iterable[Gap] = (),
    scopes: Iterable[str] = (SUBSCRIPTION,),
) -> Snapshot:
    return Snapshot(scopes=scopes, resources=[make_resource(dict(body)) for body in bodies], reads=reads, gaps=gaps)


def bound(of: Snapshot, *workloads: WorkloadShape) -> tuple[BoundWorkload, ...]:
    return bind_workloads(of, baseline(), workloads)


def derive(fact: str, of: Snapshot, *workloads: WorkloadShape) -> list[Resource]:
    context = FactContext(of, baseline(), bound(of, *workloads), NOW)
    return list(FACTS[f"driftline/{fact}".lower()].derive(context))
