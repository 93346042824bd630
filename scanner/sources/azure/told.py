"""What Azure tells beside the bodies of resources: what exists, what happened, what policies find, what was measured, and what
groups bring to principals.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final

from scanner.language.paths import compile_path
from scanner.model.read_plan import (
    EVENTS,
    INVENTORY,
    MEMBERSHIPS,
    METRICS,
    POLICY_STATES,
    MetricRead,
    ReadPlan,
    ReferenceRead,
    read_permission,
)
from scanner.model.resource import Resource, canonical_type
from scanner.model.resource_id import ResourceId, parent_type
from scanner.model.spellings import Spellings
from scanner.sources.azure.client import Listed, ReadError
from scanner.sources.azure.ledger import Ledger, api_version
from scanner.sources.azure.permissions import may_read_all
from scanner.sources.azure.policy_states import state_body, states_query
from scanner.sources.azure.unit_requests import Requests

__all__ = ["Told"]

Json = Any
_ASSIGNMENTS: Final = "Microsoft.Authorization/roleAssignments"
#: What a principal's id looks like; anything else is not put into a filter.
_GUID: Final = re.compile(r"[0-9a-fA-F-]{36}")
#: How long Azure keeps its activity log.
_LOG_KEPT: Final = timedelta(days=90)


class Told:
    """Reads it into a ledger. `now` ends the time that is asked for."""

    def __init__(self, requests: Requests, plan: ReadPlan, ledger: Ledger, now: datetime) -> None:
        self._requests, self._plan, self._ledger, self._now = requests, plan, ledger, now

    async def inventory(self, scope: str) -> None:
        """Everything that exists at a scope. What is read with its properties anyway is not kept a second time."""
        path = f"{scope}/resources"
        permitted: Listed
        found: Listed
        everything = self._requests.counted(lambda: self._requests.client.list_all(path, api_version(INVENTORY)))
        permitted, found = await asyncio.gather(self._requests.permissions(scope), everything)
        planned = {canonical_type(name) for name in self._plan.types}
        others = tuple(body for body in found.items if _stands_alone(body, planned))
        if found.failure is None and not may_read_all(permitted.items):
            for position, body in enumerate(others):
                self._ledger.keep(body, via="list", version=api_version(INVENTORY), fallback_id=f"{path}/unidentified-{position}")
            why = f"what that is could not be read: {permitted.failure}" if permitted.failure else "*/read is not granted"
            self._ledger.gap(INVENTORY, scope, f"ARM lists only what one may read, and {why}", read_permission(INVENTORY))
        else:
            self._ledger.take(replace(found, items=others), INVENTORY, scope, path, permission=read_permission(INVENTORY))

    async def events(self, scope: str) -> None:
        """What succeeded in the activity log, one request for each provider, or for a group; with the time that was read whole.

        Who did it and what was sent stay out: nothing here asks for that.
        """
        parsed = ResourceId.parse(scope)
        operations = {item.operation.lower() for item in self._plan.events}
        providers = sorted({item.provider for item in self._plan.events})
        since = f"eventTimestamp ge '{_iso(self._now - _LOG_KEPT)}'"
        wanted = [f"resourceProvider eq '{provider}'" for provider in providers]
        if parsed.resource_group:
            wanted = [f"resourceGroupName eq '{parsed.resource_group.replace(chr(39), '')}'"]
        path = f"/subscriptions/{parsed.subscription}/providers/Microsoft.Insights/eventtypes/management"
        ask = partial(self._requests.client.list_all, f"{path}/values", api_version(EVENTS))
        found = await asyncio.gather(*(self._requests.counted(partial(ask, f"{since} and {item}")) for item in wanted))
        kept = [body for listed in found for event in listed.items if (body := _trimmed(event, operations, scope)) is not None]
        failure = next((listed.failure for listed in found if listed.failure is not None), None)
        for body in kept:
            self._ledger.keep(body, via="list", version=api_version(EVENTS), context=True)
        if failure is not None:
            self._ledger.failed(EVENTS, scope, "list", failure, read_permission(EVENTS))
            return
        self._ledger.read(EVENTS, scope, "list")
        window = {"from": _iso(self._now - _LOG_KEPT), "to": _iso(self._now), "providers": providers}
        named = {"id": f"{scope}/providers/Microsoft.Insights/eventtypes/management", "type": "Microsoft.Insights/eventtypes"}
        self._ledger.keep({**named, **window}, via="list", version=api_version(EVENTS), context=True)

    async def policy_states(self, scope: str) -> None:
        """What Azure Policy finds by the definitions of the plan. The table leaves out without a word what one may not read."""
        permitted: Listed
        permitted, rows = await asyncio.gather(
            self._requests.permissions(scope), self._requests.asked(scope, states_query(scope, self._plan.policies))
        )
        if isinstance(rows, ReadError):
            self._ledger.failed(POLICY_STATES, scope, "graph", rows, read_permission(POLICY_STATES))
            return
        for row in rows:
            self._ledger.keep(state_body(row, scope), via="graph", context=True)
        if permitted.failure is None and may_read_all(permitted.items):
            self._ledger.read(POLICY_STATES, scope, "graph")
        else:
            why = f"what that is could not be read: {permitted.failure}" if permitted.failure else "*/read is not granted"
            reason = f"Resource Graph tells only of what one may read, and {why}"
            self._ledger.gap(POLICY_STATES, scope, reason, read_permission(POLICY_STATES))

    async def metric(self, resource: Resource, wanted: MetricRead) -> None:
        """What Azure Monitor measured on a resource, day by day; of several dimensions the one that is asked for."""
        own = f"{resource.id}/providers/{METRICS}/{wanted.name}"
        since = {"from": _iso(self._now - timedelta(days=wanted.days)), "to": _iso(self._now)}
        asked = {
            "metricnames": wanted.metric,
            "aggregation": wanted.aggregation,
            "interval": "P1D",
            "timespan": "/".join(since.values()),
        }
        condition = f"{wanted.dimension} eq '*'" if wanted.dimension else ""
        path, version = f"{resource.id}/providers/{METRICS}", api_version(METRICS)
        found: Listed = await self._requests.counted(lambda: self._requests.client.list_all(path, version, condition, **asked))
        if found.failure is not None:
            self._ledger.failed(METRICS, own, "list", found.failure, read_permission(METRICS))
            return
        listed = [item.get("timeseries") for item in found.items]
        series = [one for series in listed if isinstance(series, list) for one in series]
        body = {"id": own, "type": METRICS, "metric": wanted.metric, **since, "timeseries": series}
        self._ledger.keep(body, via="list", version=version, context=True)
        self._ledger.read(METRICS, own, "list")

    async def memberships(self) -> None:
        """Which assignments reach the planned principals, groups followed; asked only where a group was granted anything.

        `assignedTo()` lists what a service principal is assigned itself and through groups that hold it, at any depth
        (Microsoft's description of the filter).
        """
        kinds = (
            compile_path("properties.principalType").read(item.body, Spellings()) for item in self._ledger.of_type(_ASSIGNMENTS)
        )
        if not any(isinstance(kind, str) and kind.lower() == "group" for kind in kinds):
            return
        await asyncio.gather(
            *(
                self._membership(principal, scope)
                for principal in sorted(self._values_at(self._plan.principals))
                for scope in self._ledger.scopes
            )
        )

    async def _membership(self, principal: str, scope: str) -> None:
        own = {"id": f"{scope}/providers/{MEMBERSHIPS}/{principal}", "type": MEMBERSHIPS}
        path, condition = f"{scope}/providers/{_ASSIGNMENTS}", f"assignedTo('{principal}')"
        found = await self._requests.counted(lambda: self._requests.client.list_all(path, api_version(_ASSIGNMENTS), condition))
        if found.failure is not None:
            self._ledger.failed(MEMBERSHIPS, own["id"], "list", found.failure, read_permission(MEMBERSHIPS))
            return
        ids = sorted(str(item.get("id")) for item in found.items)
        body = {**own, "principalId": principal, "scope": scope, "assignmentIds": ids}
        self._ledger.keep(body, via="list", version=api_version(_ASSIGNMENTS), context=True)

    def _values_at(self, references: Iterable[ReferenceRead]) -> set[str]:
        """The principals, in lower case, at the paths of types that were read."""
        spellings = Spellings()
        for resource in self._ledger.resources.values():
            spellings.learn(resource.body)
        return {
            value.lower()
            for reference in references
            for resource in self._ledger.of_type(reference.type)
            for _, value in compile_path(reference.path).expand(resource.body, spellings)
            if isinstance(value, str) and _GUID.fullmatch(value)
        }


def _iso(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _trimmed(event: Mapping[str, Json], operations: Collection[str], scope: str) -> dict[str, Json] | None:
    """What is needed of an event that succeeded; None for any other."""
    operation, status = (
        item.get("value") if isinstance(item := event.get(name), Mapping) else None for name in ("operationName", "status")
    )
    if str(operation).lower() not in operations or str(status).lower() != "succeeded":
        return None
    own = str(event.get("eventDataId") or event.get("id") or "").rstrip("/").rpartition("/")[2]
    return {
        "id": f"{scope}/providers/Microsoft.Insights/eventtypes/management/values/{own}", "type": EVENTS,
        "resourceId": event.get("resourceId"), "operationName": {"value": operation}, "status": {"value": status},
        "eventTimestamp": event.get("eventTimestamp"),
    }  # fmt: skip


def _stands_alone(body: Mapping[str, Json], planned: Collection[str]) -> bool:
    """Whether a row of the list of everything is a resource of a type that the plan does not read, and no child."""
    name = ResourceId.parse(str(body.get("id") or "")).type or str(body.get("type") or "")
    return not parent_type(name) and canonical_type(name) not in planned
