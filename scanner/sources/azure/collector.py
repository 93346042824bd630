"""Carries out a read plan on one scan unit: the index in bulk, the rest one by one, every refusal a gap with its reason."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, Final

from scanner.language.paths import compile_path
from scanner.model.arm_types import arm_type
from scanner.model.read_plan import (
    INVENTORY,
    POLICY_STATES,
    ChildRead,
    ExtensionRead,
    ReadPlan,
    ReferenceRead,
)
from scanner.model.resource import Resource, canonical_type, is_extension
from scanner.model.resource_id import ResourceId, is_within, normalise, parent_type, type_name
from scanner.model.snapshot import Snapshot
from scanner.model.source import Progress
from scanner.model.spellings import Spellings
from scanner.sources.azure.client import ArmClient, Listed, ReadError
from scanner.sources.azure.ledger import Ledger, api_version
from scanner.sources.azure.permissions import may_read
from scanner.sources.azure.told import Told
from scanner.sources.azure.unit_requests import Requests

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
_TENANT_ROLES: Final = "/providers/microsoft.authorization/roledefinitions/"
#: Resources of one type that are read again one by one; of more, the list is.
_MOST_BY_ID: Final = 10


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
        self._requests = Requests(client, concurrency=concurrency, progress=progress)
        self._plan, self._ledger = plan, Ledger(scopes)
        self._told = Told(self._requests, plan, self._ledger, now if now is not None else datetime.now(UTC))
        self._followed: set[str] = set()

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
                *(self._told.inventory(scope) for scope in scopes if INVENTORY in self._plan.types),
                *(self._told.events(scope) for scope in scopes if self._plan.events),
                *(self._told.policy_states(scope) for scope in scopes if POLICY_STATES in self._plan.types),
            ]
        )
        await self._below(self._ledger.resources.values(), _by_parent(self._children_to_read()), extensions=self._plan.extensions)
        await self._references()
        await self._told.memberships()
        await _all(
            self._told.metric(resource, wanted)
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
        found: Listed = await self._requests.counted(lambda: self._requests.client.list_all(f"{scope}/providers/{name}", version))
        if found.failure is None:
            self._ledger.take(found, name, scope, f"{scope}/providers/{name}")
            for resource in self._ledger.of_type(name):
                if resource.via == "graph" and is_within(resource.key, normalise(scope)):
                    self._ledger.drop(resource)

    async def _one_again(self, resource: Resource) -> None:
        version = api_version(resource.type)
        try:
            body = await self._requests.counted(lambda: self._requests.client.get(resource.id, version))
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
        found: Listed = await self._requests.counted(lambda: self._requests.client.list_all(path, api_version(name)))
        beside = tuple(body for body in found.items if not self._ledger.in_scope(str(body.get("id") or path)))
        self._ledger.take(replace(found, items=beside), name, subscription, path, context=True)

    async def _from_index(self, scope: str, types: list[str]) -> list[str]:
        """Read types from Resource Graph; those that it did not answer for. It leaves out what one may not read without a word,
        so only types whose read action is granted at the scope count as read; rows of others are kept, being what they are.
        """
        permitted, rows = await asyncio.gather(self._requests.permissions(scope), self._rows(scope, types))
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

    async def _rows(self, scope: str, types: list[str]) -> tuple[dict[str, Json], ...] | ReadError:
        return await self._requests.asked(scope, _query(types, ResourceId.parse(scope).resource_group))

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
        found = await self._requests.counted(lambda: self._requests.client.list_all(path, api_version(what)))
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
        found: Listed = await self._requests.counted(lambda: self._requests.client.list_all(path, version))
        return self._ledger.take(found, name, scope, path, context=context)

    async def _get(self, name: str, path: str, *, parent: Resource | None = None, context: bool = False) -> list[Resource]:
        """One resource by id, or the knowledge that there is none; of a child only while its parent is still there."""
        if not (version := self._version(name, path)):
            return []
        try:
            body = await self._requests.counted(lambda: self._requests.client.get(path, version))
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
            await self._requests.counted(lambda: self._requests.client.get(parent.id, api_version(parent.type)))
        except ReadError:
            return False
        return True

    def _version(self, name: str, scope: str) -> str:
        version = api_version(name)
        if not version:
            self._ledger.gap(name, scope, "no API version of this type is known")
        return version


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


def _by_parent(children: Iterable[ChildRead]) -> dict[str, list[ChildRead]]:
    found: dict[str, list[ChildRead]] = {}
    for child in sorted(children):
        found.setdefault(canonical_type(parent_type(child.type)), []).append(child)
    return found
