"""`driftline/privateConnections`: one document per service of the table `private-links`: connections left over or from strangers.

A connection from outside of the trusted subscriptions is explained by an active rule of a managed network, or an approved shared
link of AI Search, that leads to the service: their endpoints lie in a subscription of Microsoft's. Each explains one.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from scanner.facts.documents import Document, OddShapeError
from scanner.facts.fact import Fact, FactContext, Needs, document
from scanner.facts.private.services import link_types, services
from scanner.model.read_plan import ChildRead
from scanner.model.resource import Resource
from scanner.model.resource_id import ResourceId, normalise
from scanner.model.unknown import Unknown
from scanner.rules.baseline import Baseline

__all__ = ["PRIVATE_CONNECTIONS"]

Json = Any
_SITES: Final = "microsoft.web/sites"
_CHILDREN: Final = "Microsoft.Web/sites/privateEndpointConnections"
_RULES: Final = "Microsoft.MachineLearningServices/workspaces/outboundRules"
_SHARED: Final = "Microsoft.Search/searchServices/sharedPrivateLinkResources"
_PATHS: Final = {
    **dict.fromkeys(("resourceId", "resourceName", "resourceType", "component"), "string"),
    "strays": "array",
    **dict.fromkeys(("strays[*].name", "strays[*].endpoint", "strays[*].state", "strays[*].why"), "string"),
}


@dataclass(frozen=True, slots=True)
class _Connection:
    name: str
    endpoint: str
    state: str
    groups: tuple[str, ...]

    def stray(self, why: str) -> dict[str, Json]:
        return {"name": self.name, "endpoint": self.endpoint, "state": self.state, "why": why}


def _needs(baseline: Baseline) -> Needs:
    children = frozenset(ChildRead(name) for name in (_CHILDREN, _RULES, _SHARED))
    return Needs(types=link_types(baseline), children=children)


def _derive(context: FactContext) -> Iterator[Resource]:
    reader = _Reader(context)
    seen: set[tuple[str, str]] = set()
    for service in services(context):
        if (service.place, service.component) in seen:
            continue
        seen.add((service.place, service.component))
        body: dict[str, Json] = {"component": service.component}
        if isinstance(service.resource, Unknown):
            body["strays"] = service.resource
        else:
            trusted = service.workload.parameters.get("trustedSubscriptions")
            body |= {"resourceType": service.resource.type, "strays": reader.strays(service.resource, trusted or [])}
        yield document("driftline/privateConnections", service.place, "", body, apart=service.component)


class _Reader:
    def __init__(self, context: FactContext) -> None:
        self._context, self._snapshot = context, context.snapshot
        self._scanned = {ResourceId.parse(scope).subscription.lower() for scope in context.snapshot.scopes}

    def strays(self, service: Resource, trusted: list[Json]) -> Json:
        """What should not be there; unknown where something was not read that could explain it."""
        try:
            connections = list(self._connections(service))
        except OddShapeError as odd:
            return odd.unknown
        home = {str(item).lower() for item in trusted} or self._scanned
        pending = [item.stray(f"its connection is {item.state}") for item in connections if item.state.lower() != "approved"]
        approved = [item for item in connections if item.state.lower() == "approved"]
        foreign = [item for item in approved if ResourceId.parse(item.endpoint).subscription.lower() not in home]
        if pending or not foreign:
            return pending
        explained, doubts = self._explanations(service)
        left = _unexplained(foreign, explained)
        if left and doubts:
            return Unknown(tuple(dict.fromkeys(doubts)))
        return [item.stray("it comes from a subscription that is not trusted") for item in left]

    def _connections(self, service: Resource) -> Iterator[_Connection]:
        if service.type_key == _SITES:
            missing = self._snapshot.missing(_CHILDREN, service.key)
            if missing is not None:
                raise OddShapeError(missing)
            for child in self._snapshot.children(service, _CHILDREN):
                yield self._connection(self._read(child))
            return
        body = self._read(service)
        if body.value("properties.privateEndpointConnections") is None:
            raise OddShapeError(Unknown.because(f"{service.id} was read without its connections"))
        for item in body.documents("properties.privateEndpointConnections"):
            yield self._connection(item)

    def _connection(self, item: Document) -> _Connection:
        name = item.text("name") or item.text("id").rpartition("/")[2]
        endpoint = item.text("properties.privateEndpoint.id")
        state = item.text("properties.privateLinkServiceConnectionState.status")
        if not endpoint or not state:
            raise OddShapeError(Unknown.because(f"the connection {name or 'without a name'} does not say where it comes from"))
        one = item.text("properties.groupId")
        groups = [*item.texts("properties.groupIds"), *([one] if one else [])]
        return _Connection(name, endpoint, state, tuple(group.lower() for group in groups))

    def _explanations(self, service: Resource) -> tuple[list[str], list[str]]:
        """The groups of the service that managed networks and AI Search connect to, and why there may be more."""
        found: list[str] = []
        doubts: list[str] = []
        for kind, target, group, state in (
            (_RULES, "properties.destination.serviceResourceId", "properties.destination.subresourceTarget", "active"),
            (_SHARED, "properties.privateLinkResourceId", "properties.groupId", "approved"),
        ):
            for scope in self._snapshot.scopes:
                missing = self._snapshot.missing(kind, scope)
                doubts.extend(missing.reasons if missing is not None else ())
            for item in self._snapshot.of_type(kind):
                try:
                    body = self._read(item)
                    if normalise(body.text(target)) == service.key and body.text("properties.status").lower() == state:
                        found.append(body.text(group).lower())
                except OddShapeError:
                    continue  # a rule of another kind: its destination is no object
        return found, doubts

    def _read(self, resource: Resource) -> Document:
        if "properties" in resource.unread:
            raise OddShapeError(Unknown.because(f"{resource.id} was read without its properties"))
        return Document(resource.body, self._snapshot.spellings, resource.id)


def _unexplained(foreign: list[_Connection], explained: list[str]) -> list[_Connection]:
    """Connections that are left once each explanation has taken one; those that tell their group choose first."""
    left: list[_Connection] = []
    open_ones = list(explained)
    for item in sorted(foreign, key=lambda connection: not connection.groups):
        fitting = next((group for group in open_ones if not item.groups or group in item.groups), None)
        if fitting is None:
            left.append(item)
        else:
            open_ones.remove(fitting)
    return left


PRIVATE_CONNECTIONS: Final = Fact(
    "driftline/privateConnections",
    _PATHS,
    _needs,
    _derive,
    one_per="service that private endpoints lead to",
    tables=("private-links",),
    parameters=("trustedSubscriptions",),
)
