"""What resource providers compute when a resource is written: one small module per service, one table of all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from scanner.simulator.providers.ai import AI
from scanner.simulator.providers.common import complete
from scanner.simulator.providers.data import DATA
from scanner.simulator.providers.network import NETWORK
from scanner.simulator.providers.web import WEB
from scanner.simulator.store import Store, StoredResource

__all__ = ["write"]

Json = Any
Complete = Callable[[StoredResource, Store], None]

_PROVIDERS: Final[Mapping[str, Complete]] = {
    name.lower(): function for table in (AI, DATA, NETWORK, WEB) for name, function in table.items()
}


def write(store: Store, resource_id: str, body: dict[str, Json]) -> StoredResource:
    """PUT a resource: what Azure computes is filled in, on it and on what it touches."""
    stored = store.put(resource_id, body)
    given_inside = [
        item for item in store.everything() if item.id.key.startswith(stored.id.key + "/") and "type" not in item.body
    ]
    for item in (*given_inside, stored):
        _fill(item, store)
    return stored


def _fill(stored: StoredResource, store: Store) -> None:
    complete(stored, store)
    provider = _PROVIDERS.get(stored.id.type.lower())
    if provider is not None:
        provider(stored, store)
