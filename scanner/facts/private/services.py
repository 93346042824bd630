"""The services of the table `private-links` as a workload binds them, with the holes where more of them may stand."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from scanner.facts.components import BoundWorkload
from scanner.facts.fact import FactContext, holes
from scanner.model.resource import Resource
from scanner.model.resource_id import is_within, normalise
from scanner.model.unknown import Unknown
from scanner.rules.baseline import Baseline

__all__ = ["Service", "link_types", "services"]

Json = Any


@dataclass(frozen=True, slots=True)
class Service:
    """A service that private endpoints lead to, and its group; `resource` unknown: why nobody knows which there are."""

    component: str
    group: str
    resource: Resource | Unknown
    place: str
    workload: BoundWorkload


def link_types(baseline: Baseline) -> frozenset[str]:
    """The types of the services of the table."""
    return frozenset(kind for component, _ in _rows(baseline) for kind in baseline.components[component].types)


def services(context: FactContext) -> Iterator[Service]:
    """Every service and group of every workload."""
    for workload in context.workloads:
        for component, groups in _rows(context.baseline):
            for group in groups:
                yield from _of_row(component, group, workload, context)


def _rows(baseline: Baseline) -> list[tuple[str, list[str]]]:
    table = baseline.tables.get("private-links") or []
    rows = [row for row in table if isinstance(row, Mapping) and row.get("component") in baseline.components]
    return [(str(row["component"]), [str(group) for group in row.get("groups") or []]) for row in rows]


def _of_row(component: str, group: str, workload: BoundWorkload, context: FactContext) -> Iterator[Service]:
    binding = workload.components.get(component)
    if binding is None or binding.status == "missing":
        return
    if binding.status != "bound":
        reason = Unknown.because(f"component {component} is {binding.status}: {binding.reason}")
        yield Service(component, group, reason, workload.scopes[0], workload)
        return
    for resource in binding.resources:
        if not resource.context:
            yield Service(component, group, resource, resource.id, workload)
    if binding.more is not None:
        scopes = [normalise(scope) for scope in workload.scopes]
        found = {
            where: why for kind in context.baseline.components[component].types for where, why in holes(context.snapshot, kind)
        }
        for where, why in found.items():
            if any(is_within(normalise(where), scope) or is_within(scope, normalise(where)) for scope in scopes):
                yield Service(component, group, why, where, workload)
