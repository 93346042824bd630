"""`driftline/budgets`: one document per resource group of a workload, with the budgets that watch it: those set on
it and those set on its subscription.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from scanner.facts.components import BoundWorkload
from scanner.facts.documents import Document, OddShapeError, known
from scanner.facts.fact import Fact, FactContext, Needs, document
from scanner.language.functions.dates import parse_date
from scanner.language.functions.table import EvaluationError
from scanner.model.read_plan import ExtensionRead
from scanner.model.resource import Resource, canonical_type
from scanner.model.resource_id import normalise
from scanner.model.unknown import Unknown
from scanner.rules.baseline import Baseline

__all__ = ["BUDGETS"]

Json = Any

_TYPE: Final = "driftline/budgets"
_BUDGETS: Final = "Microsoft.Consumption/budgets"
_SUBSCRIPTION: Final = "Microsoft.Resources/subscriptions"
_GROUP: Final = "Microsoft.Resources/subscriptions/resourceGroups"
_PATHS: Final = {
    "resourceId": "string",
    "resourceName": "string",
    "budgets": "array",
    "budgets[*].name": "string",
    "budgets[*].scope": "string",
    "budgets[*].active": "bool",
    "budgets[*].notifications": "int",
}


def _needs(_: Baseline) -> Needs:
    return Needs(
        types=frozenset({_SUBSCRIPTION, _GROUP}),
        extensions=frozenset(ExtensionRead(_BUDGETS, name) for name in (_SUBSCRIPTION, _GROUP)),
    )


def _derive(context: FactContext) -> Iterator[Resource]:
    groups = {normalise(group): group for workload in context.workloads for group in _groups(workload)}
    for group in groups.values():
        subscription = "/".join(group.split("/")[:3])
        places = dict.fromkeys((group, subscription))
        yield document(_TYPE, group, "", {"budgets": [item for place in places for item in _budgets_at(place, context)]})


def _groups(workload: BoundWorkload) -> list[str]:
    """The groups of a workload; its scopes where no component is known."""
    return workload.resource_groups() or list(workload.scopes)


def _budgets_at(place: str, context: FactContext) -> Iterator[Json]:
    """An element that is unknown stands for a budget that may be there."""
    for resource in context.snapshot.directly_in(place):
        if resource.type_key == canonical_type(_BUDGETS):
            yield known(_budget, resource, place, context)
    unread = context.snapshot.missing(_BUDGETS, place)
    if unread is not None:
        yield unread


def _budget(resource: Resource, place: str, context: FactContext) -> dict[str, Json]:
    if "properties" in resource.unread:
        raise OddShapeError(Unknown.because(f"{resource.id} was read without its properties"))
    read = Document(resource.body, context.snapshot.spellings, resource.id)
    return {
        "name": resource.name,
        "scope": place,
        "active": known(_is_active, read, context.now),
        "notifications": known(_notifications, read, context),
    }


def _is_active(read: Document, now: datetime) -> bool:
    """Without an end a budget goes on."""
    starts, ends = (_date(read, f"properties.timePeriod.{name}") for name in ("startDate", "endDate"))
    if starts is None:
        raise OddShapeError(Unknown.because("the budget does not say when it starts"))
    return starts <= now and (ends is None or now < ends)


def _date(read: Document, path: str) -> datetime | None:
    text = read.text(path)
    try:
        return parse_date(text) if text else None
    except EvaluationError as error:
        raise OddShapeError(Unknown.because(f"{path} cannot be read: {error}")) from error


def _notifications(read: Document, context: FactContext) -> int:
    """How many are enabled. Azure's examples hold a stray text among them, which is none."""
    found = read.value("properties.notifications", default={})
    if not isinstance(found, dict):
        raise OddShapeError(Unknown.because("notifications is no object"))
    entries = [Document(item, context.snapshot.spellings, name) for name, item in found.items() if not isinstance(item, str)]
    return sum(entry.truth("enabled", default=False) for entry in entries)


BUDGETS: Final = Fact(_TYPE, _PATHS, _needs, _derive, one_per="resource group of a workload")
