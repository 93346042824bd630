"""The live source: one snapshot per subscription, or per set of subscriptions that share a workload."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Iterator
from contextlib import AsyncExitStack
from functools import partial
from typing import Final

from scanner.model.access import ScopeAccess
from scanner.model.errors import SourceError
from scanner.model.read_plan import ReadPlan, read_permission
from scanner.model.snapshot import Snapshot
from scanner.model.source import Progress, RequestCounts
from scanner.sources.azure.client import ArmClient, ReadError
from scanner.sources.azure.collector import Collector
from scanner.sources.azure.options import AzureOptions
from scanner.sources.azure.permissions import PERMISSIONS_VERSION, may
from scanner.sources.azure.session import open_client

__all__ = ["AzureSource"]

#: Asks whether Resource Graph answers at all.
_NO_ROWS: Final = "Resources | where type in~ ('microsoft.resources/none') | project id"


class AzureSource:
    """Azure as a source; see `Source`. Nothing is asked before `snapshots` is."""

    kind = "live"

    def __init__(self, options: AzureOptions, *, progress: Progress | None = None) -> None:
        self._options, self._progress = options, progress
        self.complete = True
        self.requests = RequestCounts()
        self._again: Callable[[Iterable[str]], Snapshot | None] | None = None
        self.scopes: tuple[str, ...] = tuple(_scopes_of(options, options.subscriptions))

    def snapshots(self, plan: ReadPlan) -> Iterator[Snapshot]:
        """Read unit after unit. Ctrl-C ends the reading: the unit under way is yielded as far as it came."""
        with asyncio.Runner() as runner:
            stack = AsyncExitStack()
            try:
                client = runner.run(stack.enter_async_context(open_client(self._options, self.requests)))
                units = runner.run(self._units(client))
                for unit in units:
                    collector = runner.run(self._collector(client, plan, unit))
                    try:
                        runner.run(collector.collect())
                    except KeyboardInterrupt:
                        self.complete = False
                    self._again = partial(_read_again, runner, collector)
                    yield collector.snapshot()
                    if not self.complete:
                        return
            finally:
                self._again = None
                runner.run(stack.aclose())

    def read_again(self, resource_ids: Iterable[str]) -> Snapshot | None:
        """See `LaggingSource`. Ctrl-C ends this reading too."""
        try:
            return self._again(resource_ids) if self._again is not None else None
        except KeyboardInterrupt:
            self.complete = False
            return None

    def access(self, types: Iterable[str]) -> list[ScopeAccess]:
        """Sign in and ask what may be read at each scope; nothing else is read. Raises `SourceError`."""
        return asyncio.run(self._access(sorted(types)))

    async def _access(self, types: list[str]) -> list[ScopeAccess]:
        async with open_client(self._options, self.requests) as client:
            scopes = [scope for unit in await self._units(client) for scope in unit]
            return [await _access_at(client, scope, types) for scope in scopes]

    async def _collector(self, client: ArmClient, plan: ReadPlan, unit: tuple[str, ...]) -> Collector:
        return Collector(
            client, plan, unit, concurrency=self._options.concurrency, progress=self._progress, now=self._options.now
        )

    async def _units(self, client: ArmClient) -> list[tuple[str, ...]]:
        subscriptions = list(self._options.subscriptions)
        if self._options.management_group:
            subscriptions += await self._below(client, self._options.management_group)
        unique = list(dict.fromkeys(item.lower() for item in subscriptions))
        if not unique:
            raise SourceError(
                "there is no subscription to read", hint="Name one with --subscription, or a management group that has some."
            )
        self.scopes = tuple(scope for item in unique for scope in _scopes_of(self._options, (item,)))
        await self._reachable(client, unique[0])
        return [tuple(scope for item in unit for scope in _scopes_of(self._options, (item,))) for unit in self._grouped(unique)]

    def _grouped(self, subscriptions: list[str]) -> list[list[str]]:
        units: list[list[str]] = []
        for item in subscriptions:
            together = next(
                (group for group in self._options.groups if item in {name.lower() for name in group}), frozenset({item})
            )
            unit = next((unit for unit in units if set(unit) & {name.lower() for name in together}), None)
            if unit is None:
                units.append([item])
            else:
                unit.append(item)
        return units

    async def _reachable(self, client: ArmClient, subscription: str) -> None:
        """One request up front, so that a wrong endpoint is an error and not a wall of unknowns. A refusal is an answer."""
        try:
            await client.get(f"/subscriptions/{subscription}", "2022-12-01")
        except ReadError as failure:
            if failure.status == 404:
                raise SourceError(
                    f"there is no subscription {subscription}", hint="Look at the id, and at the tenant you signed in to."
                ) from failure
            if failure.status == 0:
                reason = "its certificate is not trusted" if "certificate" in str(failure).lower() else str(failure)
                raise SourceError(
                    f"{self._options.endpoint} cannot be reached: {reason}",
                    hint="Look at --arm-endpoint, --ca-file, the network and HTTPS_PROXY.",
                ) from failure
            if failure.status == 401:
                raise SourceError(
                    f"Azure does not accept the sign-in: {failure}", hint="Is it the right tenant? Sign in again."
                ) from failure

    async def _below(self, client: ArmClient, group: str) -> list[str]:
        """The subscriptions below a management group, at any depth (the descendants list names groups too)."""
        path = f"/providers/Microsoft.Management/managementGroups/{group}/descendants"
        found = await client.list_all(path, "2020-05-01")
        if found.failure is not None:
            raise SourceError(
                f"the management group {group} cannot be read: {found.failure}",
                hint="It takes Microsoft.Management/managementGroups/descendants/read, or name subscriptions.",
            )
        return [str(item.get("name")) for item in found.items if str(item.get("type", "")).lower().endswith("/subscriptions")]


async def _access_at(client: ArmClient, scope: str, types: list[str]) -> ScopeAccess:
    granted = await client.list_all(f"{scope}/providers/Microsoft.Authorization/permissions", PERMISSIONS_VERSION)
    index = ""
    try:
        await client.query(_NO_ROWS, [scope.split("/")[2]])
    except ReadError as unanswered:
        index = str(unanswered)
    failure = str(granted.failure) if granted.failure is not None else ""
    refused = tuple(action for action in map(read_permission, types) if not may(granted.items, action))
    return ScopeAccess(scope, () if failure else refused, failure, index)


def _read_again(runner: asyncio.Runner, collector: Collector, resource_ids: Iterable[str]) -> Snapshot | None:
    return collector.snapshot() if runner.run(collector.read_again(resource_ids)) else None


def _scopes_of(options: AzureOptions, subscriptions: tuple[str, ...]) -> Iterator[str]:
    for item in subscriptions:
        if options.resource_groups:
            yield from (f"/subscriptions/{item}/resourceGroups/{group}" for group in options.resource_groups)
        else:
            yield f"/subscriptions/{item}"
