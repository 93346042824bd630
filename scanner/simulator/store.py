"""The state of the simulated subscriptions: resources by id without case; children shown inside their parent are stored once."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

from scanner.model.resource_id import ResourceId, normalise

__all__ = ["INLINE", "Store", "StoredResource", "merge"]

Json = Any

#: Parent type → (path in the parent's body, child segment, map by name): stored as children, shown in both places.
INLINE: Final[dict[str, tuple[tuple[tuple[str, ...], str, bool], ...]]] = {
    "microsoft.network/virtualnetworks": ((("properties", "subnets"), "subnets", False),),
    "microsoft.network/networksecuritygroups": ((("properties", "securityRules"), "securityRules", False),),
    "microsoft.machinelearningservices/workspaces": ((("properties", "managedNetwork", "outboundRules"), "outboundRules", True),),
}


@dataclass(slots=True)
class StoredResource:
    """One resource: its id as first spelled and its body without the children that are stored apart."""

    id: ResourceId
    body: dict[str, Json]


@dataclass(slots=True)
class Store:
    """Every resource by normalised id, in the order of creation. `now` is the clock, `born` when new resources were made."""

    now: datetime
    born: datetime
    _resources: dict[str, StoredResource] = field(default_factory=dict)
    answers: dict[str, Json] = field(default_factory=dict)
    events: list[dict[str, Json]] = field(default_factory=list)

    def get(self, resource_id: str) -> dict[str, Json] | None:
        """The body of a resource as Azure shows it, or None."""
        stored = self._resources.get(normalise(resource_id))
        return self.show(stored) if stored is not None else None

    def raw(self, resource_id: str) -> StoredResource | None:
        """The stored resource itself."""
        return self._resources.get(normalise(resource_id))

    def put(self, resource_id: str, body: dict[str, Json]) -> StoredResource:
        """Create or replace; children inside the body are stored apart and replace those that were there."""
        known = self.raw(resource_id)
        parsed = known.id if known is not None else ResourceId.parse(resource_id)
        own = copy.deepcopy(body)
        for path, segment, by_name in INLINE.get(parsed.type.lower(), ()):
            given = _take(own, path)
            if given is None:
                continue
            for child in list(self.children(parsed.key, segment)):
                self.remove(child.id.text)
            for name, item in given.items() if by_name else ((str(item.get("name", "")), item) for item in given):
                child_body = {"properties": item} if by_name and "properties" not in item else item
                self.put(f"{parsed.text}/{segment}/{name}", {**child_body, "id": f"{parsed.text}/{segment}/{name}", "name": name})
        stored = StoredResource(parsed, own)
        self._resources[parsed.key] = stored
        return stored

    def remove(self, resource_id: str) -> bool:
        """Delete a resource with everything below and upon it."""
        key = normalise(resource_id)
        doomed = [known for known in self._resources if known == key or known.startswith(key + "/")]
        for known in doomed:
            del self._resources[known]
        return bool(doomed)

    def children(self, parent_key: str, segment: str) -> Iterator[StoredResource]:
        """The direct children of one segment below a resource."""
        prefix = f"{parent_key}/{segment.lower()}/"
        for key, stored in list(self._resources.items()):
            if key.startswith(prefix) and "/" not in key[len(prefix) :]:
                yield stored

    def of_type(self, resource_type: str, scope: str = "/") -> Iterator[StoredResource]:
        """Every resource of a type at or below a scope."""
        wanted, below = resource_type.lower(), normalise(scope)
        for key, stored in list(self._resources.items()):
            if stored.id.type.lower() == wanted and (below == "/" or key == below or key.startswith(below + "/")):
                yield stored

    def everything(self) -> list[StoredResource]:
        """All resources in the order of creation."""
        return list(self._resources.values())

    def show(self, stored: StoredResource) -> dict[str, Json]:
        """A body as an answer holds it, its children put back inside."""
        body = copy.deepcopy(stored.body)
        for path, segment, by_name in INLINE.get(stored.id.type.lower(), ()):
            shown = [self.show(child) for child in self.children(stored.id.key, segment)]
            holder = body
            for member in path[:-1]:
                holder = holder.setdefault(member, {}) if shown or member in holder else {}
            if by_name and shown:
                holder[path[-1]] = {item["name"]: item.get("properties", {}) for item in shown}
            elif not by_name:
                holder[path[-1]] = shown
        return body


def merge(into: dict[str, Json], patch: dict[str, Json]) -> dict[str, Json]:
    """JSON merge patch (RFC 7396), member names without case."""
    result = dict(into)
    for key, value in patch.items():
        known = next((name for name in result if name.lower() == key.lower()), key)
        if value is None:
            result.pop(known, None)
        elif isinstance(value, dict) and isinstance(result.get(known), dict):
            result[known] = merge(result[known], value)
        else:
            result[known] = copy.deepcopy(value)
    return result


def _take(body: dict[str, Json], path: tuple[str, ...]) -> Json:
    holder = body
    for member in path[:-1]:
        holder = holder.get(member) or {}
    return holder.pop(path[-1], None) if isinstance(holder, dict) else None
