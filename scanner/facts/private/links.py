"""`driftline/privateLink`: one document per service and group of the table `private-links`: the endpoint that leads to it, the
zones in which its name stands, and whether the network asks them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from scanner.facts.components import BoundWorkload
from scanner.facts.documents import Document, OddShapeError, known
from scanner.facts.fact import Fact, FactContext, Needs, document
from scanner.facts.private.endpoints import ENDPOINTS, RECORDS, ZONE_GROUPS, ZONE_LINKS, ZONES, Connection, Endpoints
from scanner.facts.private.services import Service, link_types, services
from scanner.facts.private.ways import WAY_PATHS, Ways
from scanner.model.read_plan import ChildRead, ReferenceRead
from scanner.model.resource import Resource
from scanner.model.snapshot import Snapshot
from scanner.model.unknown import Unknown
from scanner.rules.baseline import Baseline

__all__ = ["PRIVATE_LINK"]

Json = Any
_INTERFACES: Final = "Microsoft.Network/networkInterfaces"
_SUBNET: Final = "snet-privateEndpoints"
_PATHS: Final = {
    **dict.fromkeys(
        ("resourceId", "resourceName", "resourceType", "component", "group", "endpoint", "state", "broken"), "string"
    ),
    "connected": "bool",
    **dict.fromkeys(("zones", "unresolved", "unlinked"), "array"),
    **dict.fromkeys(("zones[*]", "unresolved[*]", "unlinked[*]"), "string"),
    **WAY_PATHS,
}


def _needs(baseline: Baseline) -> Needs:
    reference = ReferenceRead(ZONE_GROUPS, "properties.privateDnsZoneConfigs[*].properties.privateDnsZoneId")
    return Needs(
        types=link_types(baseline) | {ENDPOINTS, _INTERFACES, "Microsoft.Network/virtualNetworks", ZONES},
        children=frozenset(ChildRead(name) for name in (ZONE_GROUPS, ZONE_LINKS, RECORDS)),
        references=frozenset({reference}),
    )


def _derive(context: FactContext) -> Iterator[Resource]:
    endpoints, ways = Endpoints(context.snapshot), Ways(context.snapshot)
    for service in services(context):
        body: dict[str, Json] = {"component": service.component, "group": service.group}
        if isinstance(service.resource, Unknown):
            body |= dict.fromkeys(("connected", "unresolved", "unlinked"), service.resource)
        else:
            body |= {"resourceType": service.resource.type, **_chain(service, service.resource, endpoints, context)}
            body |= _way(service, body, ways, context.snapshot)
        yield document("driftline/privateLink", service.place, service.group, body, apart=service.component)


def _way(service: Service, body: Mapping[str, Json], ways: Ways, snapshot: Snapshot) -> dict[str, Json]:
    endpoint = snapshot.look_up(body["endpoint"]) if "endpoint" in body else None
    if isinstance(endpoint, Unknown) or not isinstance(body.get("zones"), list):
        return {}
    return ways.members(service.workload, body["zones"], endpoint)


def _chain(service: Service, resource: Resource, endpoints: Endpoints, context: FactContext) -> dict[str, Json]:
    expected = _expected(resource, service.group, context)
    found = [_judged(item, expected, service, endpoints, context) for item in endpoints.leading_to(resource, service.group)]
    if found:
        # Of several endpoints the one that goes furthest counts: one way that works is a way.
        return min(found, key=lambda body: [body["connected"] is not True, body["unresolved"] != [], body["unlinked"] != []])
    if endpoints.doubts:
        return dict.fromkeys(("connected", "unresolved", "unlinked"), Unknown(tuple(dict.fromkeys(endpoints.doubts))))
    return {
        "connected": False,
        "zones": expected,
        "unresolved": expected,
        "unlinked": expected,
        "broken": "no private endpoint leads to it",
    }


def _judged(
    connection: Connection, expected: list[str] | Unknown, service: Service, endpoints: Endpoints, context: FactContext
) -> dict[str, Json]:
    placed = _placed(connection, service.workload)
    body: dict[str, Json] = {"endpoint": connection.endpoint.id, "state": connection.state, "zones": expected}
    if not connection.approved:
        body |= {"connected": False, "broken": f"its connection by {connection.endpoint.name} is {connection.state}"}
    elif placed is False:
        body |= {"connected": False, "broken": f"{connection.endpoint.name} stands in another subnet"}
    else:
        body["connected"] = placed
    if isinstance(expected, Unknown):
        return body | {"unresolved": expected, "unlinked": expected}
    try:
        zones = endpoints.zones(connection)
    except OddShapeError as odd:
        return body | {"unresolved": odd.unknown, "unlinked": odd.unknown}
    named = {name: zones.get(name.lower()) for name in expected}
    network = _network(service.workload, context)
    held = {name: _ask(zone, lambda item: endpoints.holds(item, connection)) for name, zone in named.items()}
    linked = {name: _ask(zone, lambda item: _linked(item, network, endpoints)) for name, zone in named.items()}
    return body | {"unresolved": _lacking(held), "unlinked": _lacking(linked)}


def _ask(zone: Resource | Unknown | None, question: Any) -> bool | Unknown:
    if zone is None:
        return False
    return zone if isinstance(zone, Unknown) else question(zone)


def _linked(zone: Resource, network: set[str] | Unknown, endpoints: Endpoints) -> bool | Unknown:
    return network if isinstance(network, Unknown) else endpoints.linked(zone, network)


def _lacking(answers: Mapping[str, bool | Unknown]) -> list[str] | Unknown:
    """The zones of which the answer is no; unknown where none is known to be lacking, and of some nobody knows."""
    lacking = [name for name, answer in answers.items() if answer is False]
    reasons = [reason for answer in answers.values() if isinstance(answer, Unknown) for reason in answer.reasons]
    return lacking if lacking or not reasons else Unknown(tuple(dict.fromkeys(reasons)))


def _placed(connection: Connection, workload: BoundWorkload) -> bool | Unknown:
    binding = workload.components.get(_SUBNET)
    if binding is None or binding.status not in ("bound", "missing"):
        why = f"is {binding.status}: {binding.reason}" if binding is not None else "is not bound"
        return Unknown.because(f"component {_SUBNET} {why}")
    return connection.subnet in {item.key for item in binding.resources}


def _network(workload: BoundWorkload, context: FactContext) -> set[str] | Unknown:
    """The networks of the workload; unknown where one asks other name servers, whose answers nobody here knows."""
    binding = workload.components.get("network")
    if binding is None or binding.status != "bound":
        return Unknown.because(f"component network is {binding.status if binding is not None else 'not bound'}")
    for item in binding.resources:
        if "properties" in item.unread:
            return Unknown.because(f"{item.id} was read without its properties")
        try:
            servers = Document(item.body, context.snapshot.spellings, item.id).texts("properties.dhcpOptions.dnsServers")
        except OddShapeError as odd:
            return odd.unknown
        if servers:
            return Unknown.because(f"{item.name} asks name servers of its own ({', '.join(servers)}), not Azure's zones")
    return {item.key for item in binding.resources}


def _own(resource: Resource, name: str, context: FactContext) -> Json:
    """A member beside the properties."""
    return known(Document(resource.body, context.snapshot.spellings, resource.id).value, name)


def _expected(resource: Resource, group: str, context: FactContext) -> list[str] | Unknown:
    """The zones of a group in the cloud that the service's region belongs to, by kind where kinds differ."""
    region = _own(resource, "location", context)
    if not isinstance(region, str) or not region:
        unsaid = Unknown.because(f"{resource.id} was read without its region, which says in which cloud it stands")
        return region if isinstance(region, Unknown) else unsaid
    place = region.lower()
    cloud = "government" if place.startswith(("usgov", "usdod")) else "china" if place.startswith("china") else "public"
    clouds = context.baseline.tables.get("private-dns-zones") or {}
    groups = {str(name).lower(): zones for name, zones in (clouds.get(cloud) or {}).items()}
    zones = groups.get(group.lower())
    if isinstance(zones, Mapping):
        kind = _own(resource, "kind", context)
        if isinstance(kind, Unknown):
            return kind
        kinds = {str(name).lower(): value for name, value in zones.items()}
        zones = kinds.get(str(kind).lower())
    if not isinstance(zones, list):
        return Unknown.because(f"table private-dns-zones has no row for {group} of {resource.name} in the {cloud} cloud")
    return [str(zone) for zone in zones]


PRIVATE_LINK: Final = Fact(
    "driftline/privateLink",
    _PATHS,
    _needs,
    _derive,
    one_per="service and group id",
    tables=("private-links", "private-dns-zones"),
)
