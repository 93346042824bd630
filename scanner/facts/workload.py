"""`driftline/workload`: one document per workload, with how each component of the baseline is bound."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from scanner.facts.components import BoundWorkload
from scanner.facts.fact import Fact, FactContext, Needs, document
from scanner.model.read_plan import ReferenceRead
from scanner.model.resource import Resource
from scanner.rules.baseline import Baseline

__all__ = ["WORKLOAD"]

Json = Any

_NAMES: Final = ("missing", "ambiguous", "unknown")
_COMPONENT: Final = {
    "name": "string",
    "status": "string",
    "reason": "string",
    "purpose": "string",
    "foundational": "bool",
    "count": "int",
    "least": "int",
    "types": "array",
    "types[*]": "string",
}
_PATHS: Final = {
    "resourceId": "string",
    "resourceName": "string",
    "name": "string",
    **{path: kind for name in _NAMES for path, kind in ((name, "array"), (f"{name}[*]", "string"))},
    "components": "array",
    "foundation": "array",
    **{f"{name}[*].{path}": kind for name in ("components", "foundation") for path, kind in _COMPONENT.items()},
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
            **{status: _of_status(components, status) for status in ("missing", "ambiguous", "unknown")},
        }
        yield document("driftline/workload", workload.home(), "", body)


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


def _of_status(components: list[dict[str, Json]], status: str) -> list[Json]:
    return [item["name"] for item in components if item["status"] == status]


WORKLOAD: Final = Fact("driftline/workload", _PATHS, _needs, _derive, one_per="workload")
