"""The state of the simulated subscriptions: resources by id without case; children shown inside their parent are stored once."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final, TypeVar, cast

from scanner.model.resource import canonical_type
from scanner.model.resource_id import ResourceId, is_within, normalise

__all__ = ["INLINE", "Inline", "Store", "StoredResource", "View", "merge"]

Json = Any
T = TypeVar("T")
View = Callable[["Store", "StoredResource", dict[str, Any]], None]


@dataclass(frozen=True, slots=True)
class Inline:
    """Children that Azure shows inside their parent's body too: where, as which segment, as a list or a map by name."""

    path: tuple[str, ...]
    segment: str
    by_name: bool = False


_CONNECTIONS: Final = Inline(("properties", "privateEndpointConnections"), "privateEndpointConnections")

#: By the parent's compared type; stored as children, shown in both places.
INLINE: Final[dict[str, tuple[Inline, ...]]] = {
    "microsoft.network/virtualnetworks": (
        Inline(("properties", "subnets"), "subnets"),
        Inline(("properties", "virtualNetworkPeerings"), "virtualNetworkPeerings"),
    ),
    "microsoft.network/networksecuritygroups": (
        Inline(("properties", "securityRules"), "securityRules"),
        Inline(("properties", "defaultSecurityRules"), "defaultSecurityRules"),
    ),
    "microsoft.network/routetables": (Inline(("properties", "routes"), "routes"),),
    "microsoft.machinelearningservices/workspaces": (
        Inline(("properties", "managedNetwork", "outboundRules"), "outboundRules", by_name=True),
        _CONNECTIONS,
    ),
    "microsoft.search/searchservices": (
        Inline(("properties", "sharedPrivateLinkResources"), "sharedPrivateLinkResources"),
        _CONNECTIONS,
    ),
    "microsoft.storage/storageaccounts": (_CONNECTIONS,),
    "microsoft.keyvault/vaults": (_CONNECTIONS,),
    "microsoft.containerregistry/registries": (_CONNECTIONS,),
    "microsoft.cognitiveservices/accounts": (_CONNECTIONS,),
}


@dataclass(slots=True)
class StoredResource:
    """One resource: its id as first spelled, its body without the children that are stored apart, when it was created."""

    id: ResourceId
    body: dict[str, Json]
    created: datetime

    @property
    def type_key(self) -> str:
        """The type as compared."""
        return canonical_type(self.id.type)


@dataclass(slots=True)
class Store:
    """Every resource by normalised id, in the order of creation.

    `now` is the clock; while `deploying`, resources are made at `born`, afterwards at `now`. `revision` counts changes.
    `hidden` holds by resource what only actions hand out: keys and application settings. `frozen` holds by table what an index
    that lags behind still tells. `above` names the management groups of a subscription, `groups_of`
    the directory groups of a principal; `deployments` what came through the API.
    """

    now: datetime
    born: datetime
    tenant: str = ""
    deploying: bool = True
    revision: int = 0
    answers: dict[str, Json] = field(default_factory=dict)
    deployments: dict[str, Json] = field(default_factory=dict)
    events: list[dict[str, Json]] = field(default_factory=list)
    hidden: dict[str, dict[str, str]] = field(default_factory=dict)
    above: dict[str, list[str]] = field(default_factory=dict)
    groups_of: dict[str, set[str]] = field(default_factory=dict)
    frozen: dict[str, Any] = field(default_factory=dict)
    _memo: dict[str, Any] = field(default_factory=dict)
    _remembered: int = -1
    _resources: dict[str, StoredResource] = field(default_factory=dict)
    _by_type: dict[str, dict[str, StoredResource]] = field(default_factory=dict)
    _by_parent: dict[str, dict[str, StoredResource]] = field(default_factory=dict)

    @property
    def moment(self) -> datetime:
        """When something that is made now was made."""
        return self.born if self.deploying else self.now

    def get(self, resource_id: str) -> dict[str, Json] | None:
        """The body of a resource with its children inside, or None."""
        stored = self.raw(resource_id)
        return self.show(stored) if stored is not None else None

    def raw(self, resource_id: str) -> StoredResource | None:
        """The stored resource itself."""
        return self._resources.get(normalise(resource_id))

    def put(self, resource_id: str, body: dict[str, Json]) -> StoredResource:
        """Create or replace; children inside the body are stored apart and replace those that were there."""
        known = self.raw(resource_id)
        parsed = known.id if known is not None else self.identify(resource_id)
        stored = StoredResource(parsed, copy.deepcopy(body), known.created if known is not None else self.moment)
        self._keep(stored)
        for inline in INLINE.get(stored.type_key, ()):
            self._put_children(stored, inline)
        return stored

    def reaches(self, scope: str, at: str) -> bool:
        """Whether what is granted or assigned at a scope holds at another, both normalised: at it, below it, or inherited."""
        return is_within(at, scope) or scope in self.above.get("/".join(at.split("/")[:3]), ())

    def touch(self) -> None:
        """Note that a body was changed in place."""
        self.revision += 1

    def remove(self, resource_id: str) -> bool:
        """Delete a resource with everything below and upon it."""
        key = normalise(resource_id)
        doomed = [known for known in self._resources if is_within(known, key)]
        for known in doomed:
            stored = self._resources.pop(known)
            self._by_type[stored.type_key].pop(known)
            self._by_parent[_family(known)].pop(known)
        self.revision += 1
        return bool(doomed)

    def children(self, parent_key: str, segment: str) -> Iterator[StoredResource]:
        """The direct children of one segment below a resource."""
        yield from list(self._by_parent.get(f"{parent_key}/{segment.lower()}", {}).values())

    def of_type(self, resource_type: str, scope: str = "/") -> Iterator[StoredResource]:
        """Every resource of a type at or below a scope."""
        below = normalise(scope)
        for key, stored in list(self._by_type.get(canonical_type(resource_type), {}).items()):
            if is_within(key, below):
                yield stored

    def remember(self, name: str, compute: Callable[[Store], T]) -> T:
        """What `compute` makes of the whole store, made again only after a change."""
        if self._remembered != self.revision:
            self._memo.clear()
            self._remembered = self.revision
        if name not in self._memo:
            self._memo[name] = compute(self)
        return cast("T", self._memo[name])

    def everything(self) -> list[StoredResource]:
        """All resources in the order of creation."""
        return list(self._resources.values())

    def show(self, stored: StoredResource, view: View | None = None) -> dict[str, Json]:
        """A body with the children put back inside; `view` is applied to it and to each of them."""
        body = copy.deepcopy(stored.body)
        for inline in INLINE.get(stored.type_key, ()):
            shown = [self.show(child, view) for child in self.children(stored.id.key, inline.segment)]
            holder = body
            for member in inline.path[:-1]:
                inner = holder.get(member)
                if not isinstance(inner, dict):
                    inner = holder[member] = {}
                holder = inner
            if not inline.by_name:
                holder[inline.path[-1]] = shown
            elif shown:
                holder[inline.path[-1]] = {item["name"]: item.get("properties", {}) for item in shown}
        if view is not None:
            view(self, stored, body)
        return body

    def identify(self, resource_id: str) -> ResourceId:
        """A new id, its beginning spelled as the resource or group that it lies in."""
        segments = [segment for segment in resource_id.split("/") if segment]
        for length in range(len(segments) - 1, 0, -1):
            around = self._resources.get("/" + "/".join(segments[:length]).lower())
            if around is not None:
                return ResourceId.parse("/".join([around.id.text, *segments[length:]]))
        return ResourceId.parse("/" + "/".join(segments))

    def _keep(self, stored: StoredResource) -> None:
        key = stored.id.key
        self._resources[key] = stored
        self._by_type.setdefault(stored.type_key, {})[key] = stored
        self._by_parent.setdefault(_family(key), {})[key] = stored
        self.revision += 1

    def _put_children(self, parent: StoredResource, inline: Inline) -> None:
        given = _take(parent.body, inline.path)
        if given is None:
            return
        named = dict(_named(given, by_name=inline.by_name))
        staying = {name.lower() for name in named}
        for child in self.children(parent.id.key, inline.segment):
            if child.id.name.lower() not in staying:
                self.remove(child.id.text)
        for name, body in named.items():
            child_id = f"{parent.id.text}/{inline.segment}/{name}"
            self.put(child_id, {**body, "id": child_id, "name": name})


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


def _family(key: str) -> str:
    """The id of a collection: what lies in it shares everything but the name."""
    return key.rpartition("/")[0]


def _named(given: Json, *, by_name: bool) -> Iterator[tuple[str, dict[str, Json]]]:
    if by_name and isinstance(given, dict):
        for name, item in given.items():
            if isinstance(item, dict):
                yield name, item if "properties" in item else {"properties": item}
    elif isinstance(given, list):
        for item in given:
            if isinstance(item, dict) and (item.get("name") or item.get("id")):
                yield str(item.get("name") or str(item["id"]).rpartition("/")[2]), item


def _take(body: dict[str, Json], path: tuple[str, ...]) -> Json:
    holder: Json = body
    for member in path[:-1]:
        holder = holder.get(member) if isinstance(holder, dict) else None
    return holder.pop(path[-1], None) if isinstance(holder, dict) else None
