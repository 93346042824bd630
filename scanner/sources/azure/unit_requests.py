"""How a unit is asked: requests counted and held to a number at a time, permissions asked once, the index by query."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from scanner.model.resource_id import ResourceId
from scanner.model.source import Progress
from scanner.sources.azure.client import ArmClient, Listed, ReadError
from scanner.sources.azure.permissions import PERMISSIONS_VERSION

__all__ = ["Requests"]

Json = Any


class Requests:
    """Asks on behalf of one unit, and tells how far it is."""

    def __init__(self, client: ArmClient, *, concurrency: int, progress: Progress | None) -> None:
        self.client = client
        self._limit = asyncio.Semaphore(concurrency)
        self._progress = progress
        self._permitted: dict[str, asyncio.Future[Listed]] = {}
        self._done = self._total = 0

    async def permissions(self, scope: str) -> Listed:
        """What is permitted at a scope, asked once."""
        path = f"{scope}/providers/Microsoft.Authorization/permissions"
        if scope not in self._permitted:
            self._permitted[scope] = asyncio.ensure_future(self.counted(lambda: self.client.list_all(path, PERMISSIONS_VERSION)))
        return await self._permitted[scope]

    async def asked(self, scope: str, query: str) -> tuple[dict[str, Json], ...] | ReadError:
        """The rows of a query of Resource Graph in the subscription of a scope."""
        parsed = ResourceId.parse(scope)
        try:
            found: tuple[dict[str, Json], ...] = await self.counted(lambda: self.client.query(query, [parsed.subscription]))
        except ReadError as failure:
            return failure
        return found

    async def counted(self, ask: Callable[[], Awaitable[Any]]) -> Any:
        """What a request answers, once it is its turn."""
        self._total += 1
        async with self._limit:
            try:
                return await ask()
            finally:
                self._done += 1
                if self._progress is not None:
                    self._progress("Reading Azure", self._done, self._total)
