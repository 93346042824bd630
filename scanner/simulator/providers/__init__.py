"""What resource providers compute when a resource is written: one small module per service, one table of all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from scanner.model.resource_id import is_within, normalise
from scanner.simulator.providers.ai import AI
from scanner.simulator.providers.common import complete
from scanner.simulator.providers.data import DATA
from scanner.simulator.providers.network import NETWORK
from scanner.simulator.providers.web import WEB
from scanner.simulator.store import Store, StoredResource

__all__ = ["remove", "write"]

Json = Any
Complete = Callable[[StoredResource, Store], None]

_PROVIDERS: Final[Mapping[str, Complete]] = {
    name.lower(): function for table in (AI, DATA, NETWORK, WEB) for name, function in table.items()
}
#: What Azure writes on a resource that another one uses: an address, interface, subnet or security group.
_BACK_REFERENCES: Final = ("ipConfiguration", "ipConfigurations", "subnets", "virtualMachine")


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


def remove(store: Store, resource_id: str) -> bool:
    """DELETE a resource with everything below and upon it; what pointed back to it no longer does. Whether it was there."""
    if not store.remove(resource_id):
        return False
    for item in store.everything():
        properties = item.body.get("properties")
        if isinstance(properties, dict):
            _forget(properties, normalise(resource_id))
    return True


def _forget(properties: dict[str, Json], gone: str) -> None:
    for member in _BACK_REFERENCES:
        value = properties.get(member)
        if isinstance(value, dict) and _points_to(value, gone):
            del properties[member]
        elif isinstance(value, list):
            properties[member] = [entry for entry in value if not _points_to(entry, gone)]


def _points_to(entry: Json, gone: str) -> bool:
    return isinstance(entry, dict) and is_within(normalise(str(entry.get("id", "/"))), gone)
