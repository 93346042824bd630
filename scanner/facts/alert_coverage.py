"""`driftline/alertCoverage`: one document per row of the alert table and resource it applies to, with the metric alerts found.

An alert applies to a resource that it names, or that lies in a group or subscription that it names while `targetResourceType` is
the type of the resource. A metric of another namespace than the resource's type is another metric.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from scanner.facts.components import BoundWorkload
from scanner.facts.documents import Document, OddShapeError, known
from scanner.facts.fact import Fact, FactContext, Needs, document, holes
from scanner.model.arm_types import arm_type
from scanner.model.resource import Resource
from scanner.model.resource_id import ResourceId, is_within, normalise
from scanner.model.unknown import Truth, Unknown
from scanner.rules.baseline import Baseline

__all__ = ["ALERT_COVERAGE"]

Json = Any

_TYPE: Final = "driftline/alertCoverage"
_ALERTS: Final = "Microsoft.Insights/metricAlerts"
_PATHS: Final = {
    "resourceId": "string",
    "resourceName": "string",
    "resourceType": "string",
    "component": "string",
    "metric": "string",
    "purpose": "string",
    **dict.fromkeys(("watched", "operator", "aggregation"), "string"),
    "threshold": "int",
    "alerts": "array",
    **dict.fromkeys(("alerts[*].name", "alerts[*].id"), "string"),
    "alerts[*].enabled": "bool",
    "alerts[*].actionGroups": "int",
}


@dataclass(frozen=True, slots=True)
class _Row:
    """A row of alerts.yaml: a component or a type, the metrics of which one is enough, and what an alert would say; `limits` when
    one on the first metric would tell: operator, threshold, aggregation.
    """

    component: str
    type: str
    metrics: tuple[str, ...]
    purpose: str
    limits: Mapping[str, Json]

    def named(self) -> dict[str, Json]:
        """What every document of the row says."""
        watched = {"watched": self.metrics[0], **self.limits} if self.metrics else {}
        return {"component": self.component, "metric": " or ".join(self.metrics), "purpose": self.purpose, **watched}


def _rows(baseline: Baseline) -> list[_Row]:
    table = baseline.tables.get("alerts") or []
    return [_row(item) for item in table if isinstance(item, Mapping)] if isinstance(table, list) else []


def _row(item: Mapping[str, Json]) -> _Row:
    given = item.get("metric") or ()
    metrics = tuple(map(str, given)) if isinstance(given, list) else (str(given),) if given else ()
    known_type = arm_type(str(item.get("type", "")))
    spelled = known_type.name if known_type is not None else str(item.get("type", ""))
    stated = {
        "operator": item.get("operator") or "GreaterThan",
        "threshold": item.get("threshold"),
        "aggregation": item.get("aggregation"),
    }
    limits = stated if stated["threshold"] is not None and stated["aggregation"] else {}
    return _Row(str(item.get("component", "")), spelled, metrics, str(item.get("purpose", "")), limits)


def _needs(baseline: Baseline) -> Needs:
    rows = _rows(baseline)
    named = (baseline.components[row.component].types for row in rows if row.component in baseline.components)
    types = {*(name for names in named for name in names), *(row.type for row in rows if row.type), _ALERTS}
    return Needs(types=frozenset(types), around=frozenset({_ALERTS}))


def _derive(context: FactContext) -> Iterator[Resource]:
    alerts = context.snapshot.of_type(_ALERTS)
    for row in _rows(context.baseline):
        if row.type and not row.component:
            for resource in context.snapshot.audited(row.type):
                yield _covered(row, resource, alerts, context)
            for where, reason in holes(context.snapshot, row.type):
                yield _not_known(row, where, reason)
        else:
            for workload in context.workloads:
                yield from _of_component(row, workload, alerts, context)


def _of_component(row: _Row, workload: BoundWorkload, alerts: list[Resource], context: FactContext) -> Iterator[Resource]:
    binding = workload.components.get(row.component)
    if binding is None or not row.metrics:
        reason = Unknown.because(f"a row of table alerts names no component and metric: {row.component or row.named()}")
        yield _not_known(row, workload.scopes[0], reason)
    elif binding.status == "bound":
        for resource in binding.resources:
            if not resource.context:
                yield _covered(row, resource, alerts, context)
        if binding.more is not None:
            yield _not_known(row, workload.scopes[0], binding.more)
    elif binding.status != "missing":
        reason = Unknown.because(f"component {row.component} is {binding.status}: {binding.reason}")
        yield _not_known(row, workload.scopes[0], reason)


def _not_known(row: _Row, judged: str, reason: Unknown) -> Resource:
    body = {**row.named(), "resourceType": row.type or reason, "alerts": reason}
    return document(_TYPE, judged, row.named()["metric"], body, apart=row.component or row.type)


def _covered(row: _Row, resource: Resource, alerts: list[Resource], context: FactContext) -> Resource:
    """An element that is unknown stands for an alert that may apply."""
    found: list[Json] = []
    for alert in alerts:
        applies = known(_applies, alert, resource, row, context)
        if applies is not False:
            found.append(applies if isinstance(applies, Unknown) else _described(alert, context))
    subscription = "/".join(resource.key.split("/")[:3])
    unread = context.snapshot.missing(_ALERTS, subscription)
    body = {**row.named(), "resourceType": resource.type, "alerts": found if unread is None else [*found, unread]}
    return document(_TYPE, resource.id, row.named()["metric"], body)


def _described(alert: Resource, context: FactContext) -> dict[str, Json]:
    read = _document(alert, context)
    return {"name": alert.name, "id": alert.id, "enabled": known(_enabled, read), "actionGroups": known(_action_groups, read)}


def _document(alert: Resource, context: FactContext) -> Document:
    if "properties" in alert.unread:
        raise OddShapeError(Unknown.because(f"{alert.id} was read without its properties"))
    return Document(alert.body, context.snapshot.spellings, alert.id)


def _enabled(read: Document) -> bool:
    if read.value("properties.enabled") is None:
        raise OddShapeError(Unknown.because("the alert does not say whether it is enabled"))
    return read.truth("properties.enabled", default=False)


def _action_groups(read: Document) -> int:
    return sum(bool(action.text("actionGroupId")) for action in read.documents("properties.actions"))


def _applies(alert: Resource, resource: Resource, row: _Row, context: FactContext) -> Truth:
    read = _document(alert, context)
    reached = _reaches(read, resource, context)
    if reached is False:
        return False
    watched = any(_is_watched(item, resource, row) for item in read.documents("properties.criteria.allOf"))
    return reached if watched else False


def _reaches(read: Document, resource: Resource, context: FactContext) -> Truth:
    if read.value("properties.scopes") is None:
        raise OddShapeError(Unknown.because("an alert does not say what it watches"))
    scopes = [normalise(text) for text in read.texts("properties.scopes")]
    if resource.key in scopes:
        return True
    above = any(
        is_within(resource.key, scope) for scope in scopes if ResourceId.parse(scope).type.startswith("Microsoft.Resources/")
    )
    if not above or read.text("properties.targetResourceType").lower() != resource.type_key:
        return False
    region = read.text("properties.targetResourceRegion")
    own = Document(resource.body, context.snapshot.spellings, resource.id).value("location")
    if region and not isinstance(own, str):
        return Unknown.because(f"{resource.id} was read without its location, and an alert reaches those of {region}")
    return not region or _place(region) == _place(str(own))


def _place(location: str) -> str:
    return location.replace(" ", "").lower()


def _is_watched(criterion: Document, resource: Resource, row: _Row) -> bool:
    """Criteria of queries name no metric."""
    namespace = criterion.text("metricNamespace").lower()
    named = criterion.text("metricName").lower()
    return named in [metric.lower() for metric in row.metrics] and namespace in ("", resource.type_key)


ALERT_COVERAGE: Final = Fact(
    _TYPE, _PATHS, _needs, _derive, one_per="row of the alerts table and resource it applies to", tables=("alerts",)
)
