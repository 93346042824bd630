"""Azure Monitor's metrics of a resource: what a state says of each day, answered for the time and dimension that are asked for.

A state holds a metric as a resource `{id}/providers/Microsoft.Insights/metrics/{name}` with `series`, each with its `dimensions`
and what every day brought (`daily`). The answer has the form of the API example; errors are flat (recorded).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from scanner.model.resource_id import ResourceId
from scanner.simulator.errors import ArmError, not_found
from scanner.simulator.providers.common import properties_of
from scanner.simulator.store import Store

__all__ = ["measured"]

Json = Any
_DIMENSION: Final = re.compile(r"\s*(\w+) eq '\*'\s*")
_AGGREGATIONS: Final = ("average", "count", "maximum", "minimum", "total")


def measured(store: Store, resource_id: str, query: Mapping[str, str]) -> dict[str, Json]:
    """The answer to a question for metrics. Raises `ArmError` as Azure Monitor refuses."""
    asked = {name.lower(): value for name, value in query.items()}
    if store.raw(resource_id) is None:
        raise not_found(ResourceId.parse(resource_id))
    aggregation = asked.get("aggregation", "Average").lower()
    if aggregation not in _AGGREGATIONS:
        raise ArmError(400, "BadRequest", f"Invalid aggregation: {aggregation}.", wrapped=False)
    days = _days(asked.get("timespan", ""))
    split = _DIMENSION.fullmatch(asked.get("$filter", ""))
    value = []
    for name in asked.get("metricnames", "").split(","):
        metric = store.raw(f"{resource_id}/providers/Microsoft.Insights/metrics/{name}")
        series = properties_of(metric).get("series") or [] if metric is not None else []
        value.append(
            {
                "id": f"{resource_id}/providers/Microsoft.Insights/metrics/{name}", "type": "Microsoft.Insights/metrics",
                "name": {"value": name, "localizedValue": name}, "unit": "Count",
                "timeseries": [_shown(one, days, aggregation) for one in _split(series, split[1] if split else "")],
            }
        )  # fmt: skip
    return {"cost": 0, "timespan": asked.get("timespan", ""), "interval": asked.get("interval", "PT1M"), "value": value}


def _days(timespan: str) -> list[datetime]:
    try:
        first, last = (datetime.fromisoformat(item) for item in timespan.split("/"))
    except ValueError as error:
        raise ArmError(400, "BadRequest", f"Invalid timespan: {timespan}.", wrapped=False) from error
    return [first + timedelta(days=at) for at in range((last - first).days)]


def _split(series: list[Json], dimension: str) -> list[tuple[list[Json], float]]:
    """The series, united over the dimensions that are not asked for."""
    found: dict[str, float] = {}
    for one in series:
        key = str(one.get("dimensions", {}).get(dimension, "")) if dimension else ""
        found[key] = found.get(key, 0) + one["daily"]
    named = [{"name": {"value": dimension.lower(), "localizedValue": dimension.lower()}}] if dimension else []
    return [([{**item, "value": key} for item in named], daily) for key, daily in found.items()]


def _shown(one: tuple[list[Json], float], days: list[datetime], aggregation: str) -> dict[str, Json]:
    values, daily = one
    return {
        "metadatavalues": values,
        "data": [{"timeStamp": day.strftime("%Y-%m-%dT%H:%M:%SZ"), aggregation: daily} for day in days],
    }
