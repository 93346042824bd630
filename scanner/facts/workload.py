"""`driftline/workload`: one document per workload, with how each component of the baseline is bound."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from scanner.facts.components import BoundWorkload
from scanner.facts.fact import Fact, FactContext, Needs, document
from scanner.model.read_plan import ReferenceRead
from scanner.model.resource import Resource
from scanner.model.resource_id import ResourceId
from scanner.rules.baseline import Baseline

__all__ = ["WORKLOAD"]

Json = Any

_PATHS: Final = {
    "resourceId": "string",
    "resourceName": "string",
    "name": "string",
    "missing": "array",
    "missing[*]": "string",
    "components": "array",
    "components[*].name": "string",
    "components[*].status": "string",
    "components[*].reason": "string",
    "components[*].purpose": "string",
    "components[*].foundational": "bool",
    "components[*].count": "int",
    "components[*].least": "int",
    "components[*].types": "array",
    "components[*].types[*]": "string",
    "foundation": "array",
    "foundation[*].name": "string",
    "foundation[*].status": "string",
    "foundation[*].reason": "string",
}


def _needs(baseline: Baseline) -> Needs:
    types = {name for component in baseline.components.values() for name in component.types}
    references = {
        ReferenceRead(name, component.via[1])
        for component in baseline.components.values()
        if component.via is not None
        for name in baseline.components[component.via[0]].types
    }
    return Needs(types=frozenset(types), references=frozenset(references))


def _derive(context: FactContext) -> Iterator[Resource]:
    for workload in context.workloads:
        components = [_component(name, workload, context.baseline) for name in context.baseline.components]
        body = {
            "name": workload.name,
            "components": components,
            "foundation": [item for item in components if item["foundational"]],
            "missing": [item["name"] for item in components if item["status"] == "missing"],
        }
        yield document("driftline/workload", _home(workload, context), "", body)


def _component(name: str, workload: BoundWorkload, baseline: Baseline) -> dict[str, Json]:
    component, binding = baseline.components[name], workload.components[name]
    return {
        "name": name,
        "status": binding.status,
        "reason": binding.reason,
        "purpose": component.purpose,
        "foundational": component.foundational,
        "count": len(binding.resources),
        "least": component.least,
        "types": list(component.types),
    }


def _home(workload: BoundWorkload, context: FactContext) -> str:
    """The resource that a workload's own verdicts belong to: its one resource group, else its first scope."""
    groups = {}
    for binding in workload.components.values():
        for resource in binding.resources:
            parsed = ResourceId.parse(resource.id)
            if parsed.resource_group and not resource.context:
                groups[parsed.resource_group.lower()] = (
                    f"/subscriptions/{parsed.text.split('/')[2]}/resourceGroups/{parsed.resource_group}"
                )
    if len(groups) == 1:
        return next(iter(groups.values()))
    return workload.scopes[0] if workload.scopes else "/"


WORKLOAD: Final = Fact("driftline/workload", _PATHS, _needs, _derive)
