"""Proposes the workloads of driftline.yaml from what a subscription holds: scopes, and the components that need naming."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from scanner.facts.components import bind_workloads
from scanner.model.resource_id import ResourceId
from scanner.model.snapshot import Snapshot
from scanner.rules.baseline import Baseline
from scanner.rules.shapes import WorkloadShape

__all__ = ["Proposal", "Question", "propose_workloads"]


@dataclass(frozen=True, slots=True)
class Question:
    """A component that more than one resource may be: the ids to choose from, and how many it takes at most."""

    component: str
    purpose: str
    candidates: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Proposal:
    """One workload: its name and scopes, what must be asked, and which foundational components were not found or not read."""

    name: str
    scopes: tuple[str, ...]
    questions: tuple[Question, ...]
    absent: tuple[tuple[str, str], ...]


def propose_workloads(snapshot: Snapshot, baseline: Baseline) -> list[Proposal]:
    """One workload for each resource group that holds the component which names the most others; else one for the scopes."""
    shapes = list(_shapes(snapshot, baseline))
    bound = bind_workloads(snapshot, baseline, shapes)
    return [
        Proposal(
            workload.name,
            workload.scopes,
            tuple(
                Question(name, baseline.components[name].purpose, tuple(item.id for item in binding.resources))
                for name, binding in workload.components.items()
                if binding.status == "ambiguous"
            ),
            tuple(
                (name, binding.reason)
                for name, binding in workload.components.items()
                if binding.status in ("missing", "unknown") and baseline.components[name].foundational
            ),
        )
        for workload in bound
    ]


def _shapes(snapshot: Snapshot, baseline: Baseline) -> Iterator[WorkloadShape]:
    origins = [component.via[0] for component in baseline.components.values() if component.via is not None]
    centre = max(dict.fromkeys(origins), key=origins.count, default="")
    groups: dict[str, tuple[str, str]] = {}
    for name in baseline.components[centre].types if centre else ():
        for resource in snapshot.audited(name):
            parsed = ResourceId.parse(resource.id)
            if parsed.resource_group:
                scope = f"/subscriptions/{parsed.subscription}/resourceGroups/{parsed.resource_group}"
                groups.setdefault(scope.lower(), (parsed.resource_group, scope))
    for group, scope in sorted(groups.values()):
        yield WorkloadShape(name=group, scopes=[scope])
    if not groups:
        yield WorkloadShape(name=ResourceId.parse(snapshot.scopes[0]).name, scopes=list(snapshot.scopes))
