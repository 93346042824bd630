"""`driftline/inventory`: one document per resource in the workload's resource groups, of whatever type, with the row it is on.

Types that no rule judges are known by the list of everything that ARM gives, which holds names and tags but no properties.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

from scanner.facts.documents import Document, OddShapeError, known
from scanner.facts.fact import Fact, FactContext, Needs, document
from scanner.model.arm_types import arm_type
from scanner.model.coverage import OK
from scanner.model.read_plan import INVENTORY
from scanner.model.resource import Resource, canonical_type, is_extension
from scanner.model.resource_id import parent_type
from scanner.model.snapshot import Snapshot
from scanner.model.unknown import Unknown
from scanner.rules.baseline import Baseline

__all__ = ["INVENTORY_FACT"]

Json = Any

_PATHS: Final = {
    "resourceId": "string",
    "resourceName": "string",
    "resourceType": "string",
    "row": "string",
    "tags": "object",
    "tags.*": "string",
    "groupTags": "object",
    "groupTags.*": "string",
}


def _needs(baseline: Baseline) -> Needs:
    types = {name for component in baseline.components.values() for name in component.types}
    return Needs(types=frozenset({INVENTORY, *types}))


def _derive(context: FactContext) -> Iterator[Resource]:
    """A group that could not be read in full has a document of its own, of which everything is unknown."""
    rows, done = _rows(context.baseline), set[str]()
    for workload in context.workloads:
        for group in workload.resource_groups():
            if unread := _unread(context.snapshot, group):
                hole = Unknown(unread)
                yield document(
                    "driftline/inventory", group, "", {"resourceType": hole, "row": hole, "tags": hole, "groupTags": hole}
                )
            for resource in context.snapshot.directly_in(group):
                if not resource.context and resource.key not in done and not is_extension(resource.type):
                    done.add(resource.key)
                    yield _described(resource, group, rows, context.snapshot)


def _described(resource: Resource, group: str, rows: dict[str, str], snapshot: Snapshot) -> Resource:
    body = {
        "resourceType": resource.type,
        "row": rows.get(resource.type_key, ""),
        "tags": known(_tags, resource, snapshot),
        "groupTags": _group_tags(group, snapshot),
    }
    return document("driftline/inventory", resource.id, "", body)


def _group_tags(group: str, snapshot: Snapshot) -> Json:
    """The tags of the resource group, of which a resource may lack one; none where the group was not read."""
    found = snapshot.look_up(group)
    return known(_tags, found, snapshot) if isinstance(found, Resource) else {}


def _tags(resource: Resource, snapshot: Snapshot) -> Json:
    tags = Document(resource.body, snapshot.spellings, resource.id).value("tags", default={})
    if not isinstance(tags, dict):
        raise OddShapeError(Unknown.because(f"{resource.id}: tags is no object"))
    return tags


def _rows(baseline: Baseline) -> dict[str, str]:
    """By compared type, the component or the reason for which the baseline knows it."""
    companions = baseline.tables.get("companion-types", {})
    rows = {canonical_type(name): f"companion: {why}" for name, why in companions.items()}
    for component in baseline.components.values():
        rows.update((canonical_type(name), f"component {component.name}") for name in component.types)
    return rows


def _unread(snapshot: Snapshot, group: str) -> tuple[str, ...]:
    """Why not everything in a group is known: it was not listed in full, or the list of one type of it was refused."""
    refused = {gap.what for gap in snapshot.gaps} | {read.what for read in snapshot.reads if read.outcome != OK}
    holes = (
        snapshot.missing(what, group)
        for what in (INVENTORY, *sorted(refused))
        if what == INVENTORY or (arm_type(what) is not None and not parent_type(what) and not is_extension(what))
    )
    return tuple(dict.fromkeys(reason for hole in holes if hole is not None for reason in hole.reasons))


INVENTORY_FACT: Final = Fact(
    "driftline/inventory",
    _PATHS,
    _needs,
    _derive,
    one_per="resource in the workload's groups, of any type",
    tables=("companion-types",),
)
