"""`driftline/workload`: one document per workload, with how each component of the baseline is bound."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from scanner.facts.components import BoundWorkload
from scanner.facts.fact import Fact, FactContext, Needs, document
from scanner.model.coverage import EVERYTHING
from scanner.model.read_plan import ReferenceRead
from scanner.model.resource import Resource
from scanner.model.resource_id import ResourceId, is_within, normalise, parent_type
from scanner.model.unknown import Unknown
from scanner.rules.baseline import Baseline

__all__ = ["WORKLOAD"]

Json = Any

_NAMES: Final = ("missing", "ambiguous", "unknown", "surplus")
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
            "surplus": _surplus(workload, context),
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


def _of_status(components: list[dict[str, Json]], status: str) -> list[Json]:
    return [item["name"] for item in components if item["status"] == status]


def _surplus(workload: BoundWorkload, context: FactContext) -> Json:
    """Ids of top-level resources of the workload that no component is bound to; unknown where not every type was read."""
    scopes = [normalise(scope) for scope in workload.scopes]
    unread = [
        reason for scope in scopes if (hole := context.snapshot.missing(EVERYTHING, scope)) is not None for reason in hole.reasons
    ]
    if unread:
        return Unknown(tuple(dict.fromkeys(unread)))
    bound = {item.key for binding in workload.components.values() for item in binding.resources}
    return sorted(
        item.id
        for item in context.snapshot.resources
        if not item.context and item.key not in bound and _is_top_level(item) and any(is_within(item.key, at) for at in scopes)
    )


def _is_top_level(resource: Resource) -> bool:
    """Whether it stands in a resource group or subscription itself: neither a container, nor a child, nor an extension."""
    parsed = ResourceId.parse(resource.id)
    outer = parsed.scope.lower().count("/providers/") == 0
    return (
        bool(parsed.type) and outer and not parent_type(parsed.type) and not resource.type_key.startswith("microsoft.resources/")
    )


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
