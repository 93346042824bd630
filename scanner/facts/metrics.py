"""`driftline/metric`: one document per row of the table of metrics and resource: what Azure Monitor measured over the row's days.

An empty series is unknown, never zero. A row with a `child` is for each child of that type, whose series has the child's name in
the row's dimension; a row with a `share` is the percentage of what has that value there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from scanner.facts.components import BoundWorkload
from scanner.facts.documents import Document, OddShapeError, known
from scanner.facts.fact import Fact, FactContext, Needs, document
from scanner.facts.parameters import TableValues
from scanner.facts.roles.rows import standing
from scanner.model.read_plan import METRICS, MetricRead
from scanner.model.resource import Resource
from scanner.model.resource_id import is_within
from scanner.model.unknown import Unknown
from scanner.rules.baseline import Baseline

__all__ = ["METRIC"]

Json = Any
_PATHS: Final = {
    **dict.fromkeys(("resourceId", "resourceName", "resourceType", "row", "metric"), "string"),
    "value": "number",
    "days": "int",
    "samples": "int",
}


@dataclass(frozen=True, slots=True)
class _Row:
    """A row of metrics.yaml; `days` that a parameter says are the baseline's, as reads are planned before workloads are known."""

    name: str
    component: str
    child: str
    metric: str
    aggregation: str
    days: int
    dimension: str
    share: str
    when: Json

    def read(self, resource_type: str) -> MetricRead:
        """What is read for the row on a resource."""
        return MetricRead(resource_type, self.metric, self.aggregation, self.days, self.dimension)


def _rows(baseline: Baseline) -> list[_Row]:
    return [_row(item, baseline) for item in baseline.tables.get("metrics") or () if isinstance(item, Mapping)]


def _row(item: Mapping[str, Json], baseline: Baseline) -> _Row:
    days = item["days"]
    days = days if isinstance(days, int) else baseline.parameters[str(days)]
    texts = {name: str(item.get(name, "")) for name in ("component", "child", "metric", "aggregation", "dimension", "share")}
    return _Row(name=str(item["row"]), days=int(days), when=item.get("when", True), **texts)


def _needs(baseline: Baseline) -> Needs:
    rows = [row for row in _rows(baseline) if row.component in baseline.components]
    on = [(row, kind) for row in rows for kind in baseline.components[row.component].types]
    return Needs(
        types=frozenset({*(kind for _, kind in on), *(row.child for row in rows if row.child)}),
        metrics=frozenset(row.read(kind) for row, kind in on),
    )


def _derive(context: FactContext) -> Iterator[Resource]:
    for workload in context.workloads:
        for row in _rows(context.baseline):
            resources, not_known = standing(row.component, workload, context)
            for resource in resources:
                yield from _of_resource(row, resource, workload, context)
            for where, reason in not_known.items():
                yield document("driftline/metric", where, row.name, _named(row, {"value": reason, "samples": reason}))


def _of_resource(row: _Row, resource: Resource, workload: BoundWorkload, context: FactContext) -> Iterator[Resource]:
    series = known(_series, row, resource, context)
    if not row.child:
        yield document("driftline/metric", resource.id, row.name, _named(row, _judged(_whole, row, series), resource.type))
        return
    gap = context.snapshot.missing(row.child, resource.id)
    if gap is not None:
        yield document("driftline/metric", resource.id, row.name, _named(row, {"value": gap, "samples": gap}))
    for child in context.snapshot.of_type(row.child):
        if not is_within(child.key, resource.key):
            continue
        holds = TableValues(context, workload.parameters).value(row.when, child)
        if isinstance(holds, Unknown):
            yield document("driftline/metric", child.id, row.name, _named(row, {"value": holds, "samples": holds}, child.type))
        elif holds:
            own = series if isinstance(series, Unknown) else series.get(child.name.lower(), [])
            yield document("driftline/metric", child.id, row.name, _named(row, _judged(_summed, row, own), child.type))


def _named(row: _Row, body: dict[str, Json], resource_type: str = "") -> dict[str, Json]:
    return {"row": row.name, "metric": row.metric, "days": row.days, "resourceType": resource_type, **body}


def _judged(make: Callable[[_Row, Json], float], row: _Row, series: Json) -> dict[str, Json]:
    """The value that is made of what was measured, and of how many samples."""
    if isinstance(series, Unknown):
        return {"value": series, "samples": series}
    every = series if isinstance(series, list) else [value for values in series.values() for value in values]
    return {"value": known(make, row, series), "samples": len(every)}


def _series(row: _Row, resource: Resource, context: FactContext) -> dict[str, list[float]]:
    """The values of each day by the value of the row's dimension, in lower case. A day without a value counts for nothing."""
    found = context.snapshot.look_up(f"{resource.id}/providers/{METRICS}/{row.read(resource.type).name}")
    if found is None:
        raise OddShapeError(Unknown.because(f"Azure Monitor tells nothing of {row.metric}"))
    if isinstance(found, Unknown):
        raise OddShapeError(found)
    values: dict[str, list[float]] = {}
    for one in Document(found.body, context.snapshot.spellings, found.id).documents("timeseries"):
        measured = [point.number(row.aggregation.lower()) for point in one.documents("data")]
        values.setdefault(_dimension(one, row.dimension), []).extend(value for value in measured if value is not None)
    return values


def _dimension(series: Document, name: str) -> str:
    named = [item for item in series.documents("metadatavalues") if item.text("name.value").lower() == name.lower()]
    return named[0].text("value").lower() if named else ""


def _whole(row: _Row, series: dict[str, list[float]]) -> float:
    every = _summed(row, [value for values in series.values() for value in values])
    if not row.share:
        return every
    if not every:
        raise OddShapeError(Unknown.because(f"{row.metric} counted nothing in {row.days} days"))
    return 100 * sum(series.get(row.share.lower(), ())) / every


def _summed(row: _Row, measured: list[float]) -> float:
    """The sum or mean of what was measured."""
    if not measured:
        raise OddShapeError(Unknown.because(f"{row.metric} has no samples in {row.days} days"))
    return sum(measured) if row.aggregation.lower() == "total" else sum(measured) / len(measured)


METRIC: Final = Fact(
    "driftline/metric", _PATHS, _needs, _derive, one_per="row of the table of metrics and resource", tables=("metrics",),
    parameters=("idleDays",),
)  # fmt: skip
