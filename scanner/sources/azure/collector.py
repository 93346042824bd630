"""Carries out a read plan on one scan unit: the index in bulk, the rest one by one, every refusal a gap with its reason."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final

from scanner.language.paths import compile_path
from scanner.model.arm_types import arm_type
from scanner.model.read_plan import (
    EVENTS,
    INVENTORY,
    MEMBERSHIPS,
    METRICS,
    POLICY_STATES,
    ChildRead,
    ExtensionRead,
    MetricRead,
    ReadPlan,
    ReferenceRead,
    read_permission,
)
from scanner.model.resource import Resource, canonical_type, is_extension
from scanner.model.resource_id import ResourceId, is_within, normalise, parent_type, type_name
from scanner.model.snapshot import Snapshot
from scanner.model.source import Progress
from scanner.model.spellings import Spellings
from scanner.sources.azure.client import ArmClient, Listed, ReadError
from scanner.sources.azure.ledger import Ledger, api_version
from scanner.sources.azure.permissions import PERMISSIONS_VERSION, may_read, may_read_all
from scanner.sources.azure.policy_states import state_body, states_query

__all__ = ["Collector"]

Json = Any
#: Child types that the table holds.
_INDEXED_CHILDREN: Final = frozenset(
    {
        "microsoft.machinelearningservices/workspaces/onlineendpoints/deployments",
        "microsoft.network/privatednszones/virtualnetworklinks",
    }
)
#: The table has an `apiVersion` column too, but nothing here confirms what it holds: it is not asked for.
_COLUMNS: Final = "id, name, type, kind, location, managedBy, sku, plan, tags, identity, zones, properties"
_GRAPH: Final = "Microsoft.ResourceGraph/resources"
_SUBSCRIPTION: Final = "Microsoft.Resources/subscriptions"
_GROUP: Final = "Microsoft.Resources/subscriptions/resourceGroups"
_ASSIGNMENTS: Final = "Microsoft.Authorization/roleAssignments"
_TENANT_ROLES: Final = "/providers/microsoft.authorization/roledefinitions/"
#: What a principal's id looks like; anything else is not put into a filter.
_GUID: Final = re.compile(r"[0-9a-fA-F-]{36}")
#: Resources of one type that are read again one by one; of more, the list is.
_MOST_BY_ID: Final = 10
#: How long Azure keeps its activity log.
_LOG_KEPT: Final = timedelta(days=90)


class Collector:
    """Gathers one unit. What it has so far can be taken at any time, for an interrupted scan is judged too."""

    def __init__(
        self,
        client: ArmClient,
        plan: ReadPlan,
        scopes: tuple[str, ...],
        *,
        concurrency: int,
        progress: Progress | None,
        now: datetime | None = None,
    ) -> None:
        self._client, self._plan, self._ledger = client, plan, Ledger(scopes)
        self._limit = asyncio.Semaphore(concurrency)
        self._progress = progress
        self._now = now if now is not None else datetime.now(UTC)
        self._followed: set[str] = set()
        self._permitted: dict[str, asyncio.Future[Listed]] = {}
        self._done = self._total = 0

    def snapshot(self) -> Snapshot:
        """What was read until now."""
        return self._ledger.snapshot()

    async def collect(self) -> None:
        """Read everything that the plan asks for: children once their parent has come, references once all else is known."""
        scopes = self._ledger.scopes
        subscriptions = dict.fromkeys("/".join(scope.split("/")[:3]) for scope in scopes)
        await _all(
            [
                *(self._top_level(scope) for scope in scopes),
                *(self._get(_SUBSCRIPTION, scope) for scope in subscriptions),
                *(self._groups(scope) for scope in scopes),
                *(self._around(name, scope) for scope in subscriptions if scope not in scopes for name in self._plan.around),
                *(self._inventory(scope) for scope in scopes if INVENTORY in self._plan.types),
                *(self._events(scope) for scope in scopes if self._plan.events),
                *(self._policy_states(scope) for scope in scopes if POLICY_STATES in self._plan.types),
            ]
        )
        await self._below(self._ledger.resources.values(), _by_parent(self._children_to_read()), extensions=self._plan.extensions)
        await self._references()
        await self._memberships()
        await _all(
            self._metric(resource, wanted)
            for wanted in sorted(self._plan.metrics)
            for resource in self._ledger.of_type(wanted.of)
            if self._ledger.in_scope(resource.id)
        )

    async def read_again(self, resource_ids: Iterable[str]) -> bool:
        """Read directly what Resource Graph told of these resources; whether there was any. The index lags behind changes by
        minutes. Of a type with many, its list is read, so that the requests are few however much fails. What cannot be read now
        stays as it was.
        """
        indexed = {found.key: found for item in resource_ids if (found := self._ledger.indexed(item)) is not None}
        by_type: dict[str, list[Resource]] = {}
        for resource in indexed.values():
            by_type.setdefault(resource.type, []).append(resource)
        await _all(self._type_again(name, resources) for name, resources in by_type.items())
        return bool(indexed)

    async def _type_again(self, name: str, resources: list[Resource]) -> None:
        if len(resources) > _MOST_BY_ID and not parent_type(name):
            await _all(self._listed_again(name, scope) for scope in self._ledger.scopes)
        else:
            await _all(self._one_again(resource) for resource in resources)

    async def _listed_again(self, name: str, scope: str) -> None:
        version = api_version(name)
        found: Listed = await self._counted(lambda: self._client.list_all(f"{scope}/providers/{name}", version))
        if found.failure is None:
            self._ledger.take(found, name, scope, f"{scope}/providers/{name}")
            for resource in self._ledger.of_type(name):
                if resource.via == "graph" and is_within(resource.key, normalise(scope)):
                    self._ledger.drop(resource)

    async def _one_again(self, resource: Resource) -> None:
        version = api_version(resource.type)
        try:
            body = await self._counted(lambda: self._client.get(resource.id, version))
        except ReadError as failure:
            if failure.says_absent:
                self._ledger.drop(resource)
            return
        self._ledger.keep(body if body.get("id") else {**body, "id": resource.id}, via="get", version=version)

    # -- groups and top-level types

    async def _groups(self, scope: str) -> None:
        if ResourceId.parse(scope).resource_group:
            await self._get(_GROUP, scope)
        else:
            await self._list(_GROUP, scope, f"{scope}/resourcegroups")

    async def _top_level(self, scope: str) -> None:
        """What the index holds from there; extensions of the scope from ARM. The list of role assignments at a subscription also
        holds those inherited from above it and those of its resources; that of definitions the built-in ones too.
        """
        apart = (canonical_type(POLICY_STATES), "microsoft.resources/")
        types = [name for name in sorted(self._plan.types) if not canonical_type(name).startswith(apart)]
        direct = [name for name in types if is_extension(name)]
        indexed = [name for name in types if name not in direct]
        if self._plan.fresh:
            direct += indexed
            indexed = []
        await _all([self._indexed(scope, indexed), *(self._top_level_list(name, scope) for name in direct)])

    async def _indexed(self, scope: str, types: list[str]) -> None:
        """Types from the index, and from ARM those that it did not answer for."""
        if types:
            children = [child.type for child in sorted(self._plan.children) if child.type.lower() in _INDEXED_CHILDREN]
            unread = await self._from_index(scope, types + children)
            await _all(self._top_level_list(name, scope) for name in unread if not parent_type(name))

    async def _top_level_list(self, name: str, scope: str) -> None:
        await self._list(name, scope, f"{scope}/providers/{name}")

    async def _around(self, name: str, subscription: str) -> None:
        """What stands beside the audited groups of a subscription and may act upon them."""
        path = f"{subscription}/providers/{name}"
        found: Listed = await self._counted(lambda: self._client.list_all(path, api_version(name)))
        beside = tuple(body for body in found.items if not self._ledger.in_scope(str(body.get("id") or path)))
        self._ledger.take(replace(found, items=beside), name, subscription, path, context=True)

    async def _from_index(self, scope: str, types: list[str]) -> list[str]:
        """Read types from Resource Graph; those that it did not answer for. It leaves out what one may not read without a word,
        so only types whose read action is granted at the scope count as read; rows of others are kept, being what they are.
        """
        permitted, rows = await asyncio.gather(self._permissions(scope), self._rows(scope, types))
        if permitted.failure is not None:
            return types
        if isinstance(rows, ReadError):
            self._ledger.failed(_GRAPH, scope, "graph", rows, "")
            return types
        for position, row in enumerate(rows):
            body = {key: value for key, value in row.items() if value not in (None, "")}
            self._ledger.keep(body, via="graph", fallback_id=f"/unidentified/graph-{position}")
        answered = [name for name in types if may_read(permitted.items, name)]
        for name in answered:
            self._ledger.read(name, scope, "graph")
        return [name for name in types if name not in answered]

    async def _permissions(self, scope: str) -> Listed:
        """What is permitted at a scope, asked once."""
        path = f"{scope}/providers/Microsoft.Authorization/permissions"
        if scope not in self._permitted:
            self._permitted[scope] = asyncio.ensure_future(
                self._counted(lambda: self._client.list_all(path, PERMISSIONS_VERSION))
            )
        return await self._permitted[scope]

    async def _inventory(self, scope: str) -> None:
        """Everything that exists at a scope. What is read with its properties anyway is not kept a second time."""
        path = f"{scope}/resources"
        permitted: Listed
        found: Listed
        permitted, found = await asyncio.gather(
            self._permissions(scope), self._counted(lambda: self._client.list_all(path, api_version(INVENTORY)))
        )
        planned = {canonical_type(name) for name in self._plan.types}
        others = tuple(body for body in found.items if _stands_alone(body, planned))
        if found.failure is None and not may_read_all(permitted.items):
            for position, body in enumerate(others):
                self._ledger.keep(body, via="list", version=api_version(INVENTORY), fallback_id=f"{path}/unidentified-{position}")
            why = f"what that is could not be read: {permitted.failure}" if permitted.failure else "*/read is not granted"
            self._ledger.gap(INVENTORY, scope, f"ARM lists only what one may read, and {why}", read_permission(INVENTORY))
        else:
            self._ledger.take(replace(found, items=others), INVENTORY, scope, path, permission=read_permission(INVENTORY))

    async def _events(self, scope: str) -> None:
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
        ask = partial(self._client.list_all, f"{path}/values", api_version(EVENTS))
        found = await asyncio.gather(*(self._counted(partial(ask, f"{since} and {item}")) for item in wanted))
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

    async def _policy_states(self, scope: str) -> None:
        """What Azure Policy finds by the definitions of the plan. The table leaves out without a word what one may not read."""
        permitted: Listed
        permitted, rows = await asyncio.gather(
            self._permissions(scope), self._asked(scope, states_query(scope, self._plan.policies))
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

    async def _metric(self, resource: Resource, wanted: MetricRead) -> None:
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
        found: Listed = await self._counted(lambda: self._client.list_all(path, version, condition, **asked))
        if found.failure is not None:
            self._ledger.failed(METRICS, own, "list", found.failure, read_permission(METRICS))
            return
        listed = [item.get("timeseries") for item in found.items]
        series = [one for series in listed if isinstance(series, list) for one in series]
        body = {"id": own, "type": METRICS, "metric": wanted.metric, **since, "timeseries": series}
        self._ledger.keep(body, via="list", version=version, context=True)
        self._ledger.read(METRICS, own, "list")

    async def _memberships(self) -> None:
        """Which assignments reach the planned principals, groups followed; asked only where a group was granted anything.

        `assignedTo()` lists what a service principal is assigned itself and through groups that hold it, at any depth
        (Microsoft's description of the filter).
        """
        kinds = (
            compile_path("properties.principalType").read(item.body, Spellings()) for item in self._ledger.of_type(_ASSIGNMENTS)
        )
        if not any(isinstance(kind, str) and kind.lower() == "group" for kind in kinds):
            return
        await _all(
            self._membership(principal, scope)
            for principal in sorted(self._values_at(self._plan.principals))
            for scope in self._ledger.scopes
        )

    async def _membership(self, principal: str, scope: str) -> None:
        own = {"id": f"{scope}/providers/{MEMBERSHIPS}/{principal}", "type": MEMBERSHIPS}
        path, condition = f"{scope}/providers/{_ASSIGNMENTS}", f"assignedTo('{principal}')"
        found = await self._counted(lambda: self._client.list_all(path, api_version(_ASSIGNMENTS), condition))
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

    async def _rows(self, scope: str, types: list[str]) -> tuple[dict[str, Json], ...] | ReadError:
        return await self._asked(scope, _query(types, ResourceId.parse(scope).resource_group))

    async def _asked(self, scope: str, query: str) -> tuple[dict[str, Json], ...] | ReadError:
        parsed = ResourceId.parse(scope)
        try:
            found: tuple[dict[str, Json], ...] = await self._counted(lambda: self._client.query(query, [parsed.subscription]))
        except ReadError as failure:
            return failure
        return found

    # -- children and extensions

    async def _below(
        self, parents: Iterable[Resource], children: Mapping[str, list[ChildRead]], extensions: Iterable[ExtensionRead] = ()
    ) -> None:
        """Children and extensions of resources, and theirs in turn as soon as a list has come; each resource is followed once."""
        wanted = list({item.key: item for item in parents if item.key not in self._followed}.values())
        self._followed.update(item.key for item in wanted)

        async def follow(parent: Resource, child: ChildRead) -> None:
            await self._below(await self._child(parent, child), children, extensions)

        await _all(
            [
                *(follow(parent, child) for parent in wanted for child in children.get(parent.type_key, ())),
                *(
                    self._extension(parent, extension.what)
                    for extension in sorted(extensions)
                    for parent in wanted
                    if parent.type_key == canonical_type(extension.of) and not parent.context
                ),
            ]
        )

    def _children_to_read(self) -> list[ChildRead]:
        return [child for child in self._plan.children if self._plan.fresh or not self._ledger.from_graph(child.type)]

    async def _child(self, parent: Resource, child: ChildRead) -> list[Resource]:
        path = f"{parent.id}/{type_name(child.type)}"
        if child.name:
            return await self._get(child.type, f"{path}/{child.name}", parent=parent, context=parent.context)
        return await self._list(child.type, parent.id, path, context=parent.context)

    async def _extension(self, resource: Resource, what: str) -> None:
        path = f"{resource.id}/providers/{what}"
        found = await self._counted(lambda: self._client.list_all(path, api_version(what)))
        if found.failure is not None and found.failure.code == "ResourceTypeNotSupported":
            # The type has no such extension: it is known that none exists.
            self._ledger.read(what, resource.id, "list")
        else:
            self._ledger.take(found, what, resource.id, path)

    # -- references

    async def _references(self) -> None:
        """Read what is referred to and was not read, with the children that the plan asks for: outside of the scopes as context,
        never audited. What that in turn refers to is not followed, or a peered network would lead through the whole company.
        """
        children = _by_parent(self._plan.children)

        async def follow(text: str) -> None:
            await self._below(await self._referred(text), children)

        await _all(follow(text) for text in self._wanted())

    def _wanted(self) -> list[str]:
        spellings = Spellings()
        for resource in self._ledger.resources.values():
            spellings.learn(resource.body)
        named = sorted(self._plan.named | self._plan.policies)
        wanted = {normalise(text): text.strip() for text in named if not self._ledger.knows(text)}
        for reference in sorted(self._plan.references):
            path = compile_path(reference.path)
            for resource in self._ledger.of_type(reference.type):
                for _, value in path.expand(resource.body, spellings):
                    if isinstance(value, str) and _is_meant(value, reference) and not self._ledger.knows(value):
                        wanted.setdefault(normalise(value), value.strip())
        return list(dict.fromkeys(self._readable(text) for text in wanted.values()))

    def _readable(self, text: str) -> str:
        """Where a role definition is read: one named at the tenant stands in every subscription, where fewer rights do."""
        if not normalise(text).startswith(_TENANT_ROLES):
            return text
        return f"/subscriptions/{ResourceId.parse(self._ledger.scopes[0]).subscription}{text}"

    async def _referred(self, text: str) -> list[Resource]:
        name = ResourceId.parse(text).type
        known = arm_type(name)
        return await self._get(known.name if known is not None else name, text, context=not self._ledger.in_scope(text))

    # -- one request

    async def _list(self, name: str, scope: str, path: str, *, context: bool = False) -> list[Resource]:
        if not (version := self._version(name, scope)):
            return []
        found: Listed = await self._counted(lambda: self._client.list_all(path, version))
        return self._ledger.take(found, name, scope, path, context=context)

    async def _get(self, name: str, path: str, *, parent: Resource | None = None, context: bool = False) -> list[Resource]:
        """One resource by id, or the knowledge that there is none; of a child only while its parent is still there."""
        if not (version := self._version(name, path)):
            return []
        try:
            body = await self._counted(lambda: self._client.get(path, version))
        except ReadError as failure:
            if failure.says_absent and name not in (_SUBSCRIPTION, _GROUP) and (parent is None or await self._stands(parent)):
                self._ledger.read(name, path, "get")
            else:
                self._ledger.failed(name, path, "get", failure, f"{name}/read")
            return []
        self._ledger.read(name, path, "get")
        named = body if body.get("id") else {**body, "id": path}
        return [self._ledger.keep(named, via="get", version=version, context=context)]

    async def _stands(self, parent: Resource) -> bool:
        try:
            await self._counted(lambda: self._client.get(parent.id, api_version(parent.type)))
        except ReadError:
            return False
        return True

    def _version(self, name: str, scope: str) -> str:
        version = api_version(name)
        if not version:
            self._ledger.gap(name, scope, "no API version of this type is known")
        return version

    async def _counted(self, ask: Callable[[], Awaitable[Any]]) -> Any:
        self._total += 1
        async with self._limit:
            try:
                return await ask()
            finally:
                self._done += 1
                if self._progress is not None:
                    self._progress("Reading Azure", self._done, self._total)


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


async def _all(work: Iterable[Awaitable[object]]) -> None:
    await asyncio.gather(*work)


def _query(types: list[str], resource_group: str) -> str:
    names = ", ".join(f"'{name.lower()}'" for name in types)
    # No name of a resource group holds a quote, so none can end the text early once it is gone.
    group = f" | where resourceGroup =~ '{resource_group.replace(chr(39), '')}'" if resource_group else ""
    return f"resources | where type in~ ({names}){group} | project {_COLUMNS} | order by id asc"


def _is_meant(text: str, reference: ReferenceRead) -> bool:
    kind = ResourceId.parse(text).type
    return bool(kind) and canonical_type(kind) == canonical_type(reference.to or kind)


def _stands_alone(body: Mapping[str, Json], planned: Collection[str]) -> bool:
    """Whether a row of the list of everything is a resource of a type that the plan does not read, and no child."""
    name = ResourceId.parse(str(body.get("id") or "")).type or str(body.get("type") or "")
    return not parent_type(name) and canonical_type(name) not in planned


def _by_parent(children: Iterable[ChildRead]) -> dict[str, list[ChildRead]]:
    found: dict[str, list[ChildRead]] = {}
    for child in sorted(children):
        found.setdefault(canonical_type(parent_type(child.type)), []).append(child)
    return found
