"""Carries out a read plan on one scan unit: the index in bulk, the rest one by one, every refusal a gap with its reason."""

from __future__ import annotations

import asyncio
import fnmatch
from collections.abc import Awaitable, Callable, Iterable
from datetime import UTC, datetime
from typing import Any, Final

from scanner.language.paths import compile_path
from scanner.model.arm_types import arm_type
from scanner.model.coverage import OK, Gap, Read
from scanner.model.read_plan import ChildRead, ReadPlan
from scanner.model.resource import Resource, canonical_type, make_resource
from scanner.model.resource_id import ResourceId, is_within, normalise, parent_type, type_name
from scanner.model.snapshot import Snapshot
from scanner.model.source import Progress
from scanner.model.spellings import Spellings
from scanner.sources.azure.client import ArmClient, Listed, ReadError
from scanner.sources.redact import redact

__all__ = ["Collector"]

Json = Any
#: Top-level types that Resource Graph's `resources` table lacks: listed on ARM at the scope.
_NOT_INDEXED: Final = ("microsoft.authorization/", "microsoft.consumption/", "microsoft.insights/diagnosticsettings")
#: Child types that the table holds.
_INDEXED_CHILDREN: Final = frozenset(
    {
        "microsoft.machinelearningservices/workspaces/onlineendpoints",
        "microsoft.machinelearningservices/workspaces/onlineendpoints/deployments",
        "microsoft.network/privatednszones/virtualnetworklinks",
    }
)
_COLUMNS: Final = "id, name, type, kind, location, managedBy, sku, plan, tags, identity, zones, properties"
_SUBSCRIPTION: Final = "Microsoft.Resources/subscriptions"
_GROUP: Final = "Microsoft.Resources/subscriptions/resourceGroups"


class Collector:
    """Gathers one unit. What it has so far can be taken at any time, for an interrupted scan is judged too."""

    def __init__(
        self, client: ArmClient, plan: ReadPlan, scopes: tuple[str, ...], *, concurrency: int, progress: Progress | None
    ) -> None:
        self._client, self._plan, self._scopes = client, plan, scopes
        self._limit = asyncio.Semaphore(concurrency)
        self._progress = progress
        self._done = self._total = 0
        self._resources: dict[str, Resource] = {}
        self._reads: list[Read] = []
        self._gaps: list[Gap] = []

    async def collect(self) -> None:
        """Read everything that the plan asks for."""
        await asyncio.gather(*(self._containers(scope) for scope in self._scopes))
        await asyncio.gather(*(self._top_level(scope) for scope in self._scopes))
        for level in _by_depth(self._children_to_read()):
            await self._all(self._child(parent, child) for child in level for parent in self._of_type(parent_type(child.type)))
        await self._references()
        await self._all(
            self._extension(resource, extension.what)
            for extension in sorted(self._plan.extensions)
            for resource in self._of_type(extension.of)
            if not resource.context
        )

    def snapshot(self) -> Snapshot:
        """What was read, indexed."""
        resources = sorted(self._resources.values(), key=lambda item: (item.context, item.key))
        reads = sorted(self._reads, key=lambda item: (item.what.lower(), item.scope.lower(), item.via, item.outcome))
        collected = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
        return Snapshot(scopes=self._scopes, resources=resources, reads=reads, gaps=self._gaps, collected=collected)

    # -- containers and top-level types

    async def _containers(self, scope: str) -> None:
        subscription = "/".join(scope.split("/")[:3])
        await self._get(_SUBSCRIPTION, subscription)
        if "/resourcegroups/" in scope.lower():
            await self._get(_GROUP, scope)
            return
        found = await self._counted(lambda: self._client.list_all(f"{scope}/resourcegroups", _version(_GROUP)))
        self._take(found, _GROUP, scope, "list", f"{_GROUP}/read")

    async def _top_level(self, scope: str) -> None:
        types = [name for name in sorted(self._plan.types) if not canonical_type(name).startswith("microsoft.resources/")]
        indexed = [name for name in types if not name.lower().startswith(_NOT_INDEXED)]
        indexed += [child.type for child in sorted(self._plan.children) if child.type.lower() in _INDEXED_CHILDREN]
        direct = [name for name in types if name not in indexed]
        if self._plan.fresh:
            direct += [name for name in indexed if not parent_type(name)]
        elif indexed:
            unread = await self._from_index(scope, indexed)
            direct += [name for name in unread if not parent_type(name)]
        await self._all(self._list_at(scope, name) for name in direct)

    async def _from_index(self, scope: str, types: list[str]) -> list[str]:
        """Read types from Resource Graph; those that it did not answer for. It leaves out what one may not read without a word,
        so only types whose read action is granted at the scope count as read.
        """
        granted = await self._granted(scope)
        asked = [name for name in types if granted is not None and _may_read(granted, name)]
        if not asked:
            return types
        names = ", ".join(f"'{name.lower()}'" for name in asked)
        query = f"resources | where type in~ ({names})"
        parsed = ResourceId.parse(scope)
        if parsed.resource_group:
            query += f" | where resourceGroup =~ '{parsed.resource_group.replace(chr(39), '')}'"
        try:
            rows = await self._counted(
                lambda: self._client.query(f"{query} | project {_COLUMNS} | order by id asc", [parsed.subscription])
            )
        except ReadError as failure:
            if failure.status in (0, 401):
                self._gaps.append(Gap(scope, "Microsoft.ResourceGraph/resources", str(failure)))
            return types
        for row in rows:
            self._keep(
                {key: value for key, value in row.items() if value not in (None, "")}, via="graph", api_version="", context=False
            )
        self._reads.extend(Read(name, scope, "graph") for name in asked)
        return [name for name in types if name not in asked]

    async def _granted(self, scope: str) -> list[dict[str, Json]] | None:
        """The permissions held at a scope; None where even that cannot be read."""
        found = await self._counted(
            lambda: self._client.list_all(f"{scope}/providers/Microsoft.Authorization/permissions", "2022-04-01")
        )
        return None if found.failure is not None else list(found.items)

    async def _list_at(self, scope: str, name: str) -> None:
        found = await self._counted(lambda: self._client.list_all(f"{scope}/providers/{name}", _version(name)))
        self._take(found, name, scope, "list", f"{name}/read")

    # -- children, extensions, references

    def _children_to_read(self) -> list[ChildRead]:
        read = {item.what.lower() for item in self._reads if item.via == "graph"}
        return [child for child in self._plan.children if child.type.lower() not in read or self._plan.fresh]

    async def _child(self, parent: Resource, child: ChildRead) -> None:
        segment = type_name(child.type)
        if child.name:
            await self._get(child.type, f"{parent.id}/{segment}/{child.name}", absent_is_known=True, context=parent.context)
            return
        found = await self._counted(lambda: self._client.list_all(f"{parent.id}/{segment}", _version(child.type)))
        self._take(found, child.type, parent.id, "list", f"{child.type}/read", context=parent.context)

    async def _extension(self, resource: Resource, what: str) -> None:
        found = await self._counted(lambda: self._client.list_all(f"{resource.id}/providers/{what}", _version(what)))
        if found.failure is not None and found.failure.code == "ResourceTypeNotSupported":
            # The type has no such extension: it is known that none exists.
            self._reads.append(Read(what, resource.id, "list", _version(what)))
            return
        self._take(found, what, resource.id, "list", f"{what}/read")

    async def _references(self) -> None:
        """Read what is referred to and was not read: outside of the scopes as context, never audited."""
        wanted: dict[str, str] = {}
        spellings = Spellings()
        for resource in self._resources.values():
            spellings.learn(resource.body)
        for reference in sorted(self._plan.references):
            path = compile_path(reference.path)
            for resource in self._of_type(reference.type):
                for _, value in path.expand(resource.body, spellings):
                    if isinstance(value, str) and ResourceId.parse(value).type and not self._known(value):
                        wanted.setdefault(normalise(value), value)
        before = set(self._resources)
        await self._all(
            self._get(_spelled(ResourceId.parse(text).type), text, absent_is_known=True, context=not self._in_scope(text))
            for text in wanted.values()
        )
        fresh = [self._resources[key] for key in self._resources if key not in before]
        for level in _by_depth(self._plan.children):
            await self._all(
                self._child(parent, child)
                for child in level
                for parent in fresh
                if parent.type.lower() == parent_type(child.type).lower()
            )

    def _known(self, resource_id: str) -> bool:
        """Whether an id was read, or is known not to exist under a read that covers it."""
        if normalise(resource_id) in self._resources:
            return True
        kind, key = ResourceId.parse(resource_id).type.lower(), normalise(resource_id)
        return any(
            item.outcome == OK and item.what.lower() == kind and is_within(key, normalise(item.scope)) for item in self._reads
        )

    async def _get(self, name: str, path: str, *, absent_is_known: bool = False, context: bool = False) -> None:
        version = _version(name)
        if not version:
            self._gaps.append(Gap(path, name, "no API version of this type is known"))
            return
        try:
            body = await self._counted(lambda: self._client.get(path, version))
        except ReadError as failure:
            if failure.status == 404 and absent_is_known:
                self._reads.append(Read(name, path, "get", version))
            else:
                self._fail(name, path, "get", version, failure, f"{name}/read")
            return
        self._reads.append(Read(name, path, "get", version))
        self._keep({"id": path, **body}, via="get", api_version=version, context=context)

    # -- bookkeeping

    def _take(self, found: Listed, name: str, scope: str, via: str, permission: str, *, context: bool = False) -> None:
        version = _version(name)
        for body in found.items:
            self._keep(body, via=via, api_version=version, context=context)
        if found.failure is None:
            self._reads.append(Read(name, scope, via, version))
        else:
            self._fail(name, scope, via, version, found.failure, permission)

    def _fail(self, name: str, scope: str, via: str, version: str, failure: ReadError, permission: str) -> None:
        self._reads.append(Read(name, scope, via, version, str(failure)))
        self._gaps.append(Gap(scope, name, str(failure), permission if failure.status == 403 else ""))

    def _keep(self, body: dict[str, Json], *, via: str, api_version: str, context: bool) -> None:
        raw = make_resource(
            body, via=via, api_version=api_version, context=context, fallback_id=f"/unidentified/{len(self._resources)}"
        )
        clean = redact(body, resource_type=raw.type, name=raw.name)
        resource = (
            raw if clean is body else make_resource(clean, via=via, api_version=api_version, context=context, fallback_id=raw.id)
        )
        known = self._resources.get(resource.key)
        if known is None or (known.unread and not resource.unread):
            self._resources[resource.key] = resource

    def _of_type(self, name: str) -> list[Resource]:
        wanted = canonical_type(name)
        return [item for item in self._resources.values() if item.type_key == wanted]

    def _in_scope(self, resource_id: str) -> bool:
        key = normalise(resource_id)
        return any(is_within(key, normalise(scope)) for scope in self._scopes)

    async def _all(self, work: Iterable[Awaitable[None]]) -> None:
        await asyncio.gather(*work)

    async def _counted(self, ask: Callable[[], Awaitable[Any]]) -> Any:
        self._total += 1
        async with self._limit:
            try:
                return await ask()
            finally:
                self._done += 1
                if self._progress is not None:
                    self._progress("Reading Azure", self._done, self._total)


def _by_depth(children: Iterable[ChildRead]) -> list[list[ChildRead]]:
    levels: dict[int, list[ChildRead]] = {}
    for child in sorted(children):
        levels.setdefault(child.type.count("/"), []).append(child)
    return [levels[depth] for depth in sorted(levels)]


def _version(name: str) -> str:
    known = arm_type(name)
    return known.api_version if known is not None else ""


def _spelled(name: str) -> str:
    known = arm_type(name)
    return known.name if known is not None else name


def _may_read(granted: list[dict[str, Json]], name: str) -> bool:
    action = f"{name}/read".lower()
    return any(_matches(item.get("actions"), action) and not _matches(item.get("notActions"), action) for item in granted)


def _matches(patterns: Json, action: str) -> bool:
    """`*` crosses slashes."""
    return isinstance(patterns, list) and any(isinstance(p, str) and fnmatch.fnmatchcase(action, p.lower()) for p in patterns)
