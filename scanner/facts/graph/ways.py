"""Links between nodes: private endpoints, what a gateway publishes, required flows, peerings, and what the Internet reaches."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from scanner.facts.graph.doors import behind_address, exposure
from scanner.facts.graph.draft import Draft
from scanner.facts.graph.reading import first_text, texts, value_at
from scanner.model.graph import INTERNET, LinkKind, NodeKind
from scanner.model.resource import Resource
from scanner.model.resource_id import normalise
from scanner.rules.baseline import Baseline

__all__ = ["link_doors", "link_endpoints", "link_flows", "link_gateways", "link_peerings"]

Json = Any
_ENDPOINT: Final = "microsoft.network/privateendpoints"
_GATEWAY: Final = "microsoft.network/applicationgateways"
_PEERINGS: Final = "Microsoft.Network/virtualNetworks/virtualNetworkPeerings"
_CONNECTIONS: Final = ("privateLinkServiceConnections", "manualPrivateLinkServiceConnections")
_BACKENDS: Final = (
    "properties.backendAddressPools[*].properties.backendAddresses[*].fqdn",
    "properties.backendAddressPools[*].properties.backendAddresses[*].ipAddress",
)


def link_endpoints(draft: Draft) -> None:
    """Every private endpoint to the service that it leads to, which is drawn now at the latest."""
    for item in _drawn(draft, _ENDPOINT):
        for service, group, state in _connections(draft, item):
            draft.add_found(normalise(service))
            draft.note(item.key, detail=group)
            draft.link(item.key, normalise(service), LinkKind.PRIVATE_ENDPOINT, name=group, state=state)


def link_gateways(draft: Draft) -> None:
    """Every gateway to what its backend pools name by host or address; through an endpoint to its service."""
    for gateway in _drawn(draft, _GATEWAY):
        for path in _BACKENDS:
            found = texts(gateway, path, draft.survey.spellings)
            for host in found if isinstance(found, list) else ():
                target = _served_by(draft, draft.survey.hosts.get(host.lower(), ""))
                draft.link(gateway.key, target, LinkKind.PUBLISHES)


def link_flows(draft: Draft, baseline: Baseline) -> None:
    """The flows between subnets that the baseline requires."""
    components = draft.workload.components
    for source, target in dict.fromkeys(_required(baseline.tables.get("nsg"))):
        for start in components[source].resources if source in components else ():
            for end in components[target].resources if target in components else ():
                draft.link(start.key, end.key, LinkKind.FLOW)


def link_peerings(draft: Draft) -> None:
    """Every network to those that it is peered with."""
    for network in _drawn(draft, "microsoft.network/virtualnetworks"):
        for peering in sorted(draft.survey.snapshot.children(network, _PEERINGS), key=lambda item: item.key):
            spellings = draft.survey.spellings
            remote = normalise(first_text(peering, "properties.remoteVirtualNetwork.id", spellings))
            spaces = texts(peering, "properties.remoteAddressSpace.addressPrefixes[*]", spellings)
            detail = ", ".join(spaces) if isinstance(spaces, list) else ""
            if remote != "/":
                draft.add(remote, NodeKind.EXTERNAL, detail=detail, note="outside of the workload")
                state = first_text(peering, "properties.peeringState", spellings)
                draft.link(network.key, remote, LinkKind.PEERING, name=peering.name, state=state)


def link_doors(draft: Draft) -> None:
    """The Internet to what it reaches: by a public IP, or because a service says that it is open."""
    for item in [found for key in draft if (found := draft.survey.snapshot.get(key)) is not None]:
        if draft[item.key].kind is NodeKind.ADDRESS:
            owner = behind_address(item, draft.survey)
            if owner in draft:
                draft.link(INTERNET, item.key, LinkKind.EXPOSED, state="all")
                draft.link(item.key, owner, LinkKind.PUBLISHES)
        elif draft[item.key].kind is NodeKind.SERVICE:
            reached = exposure(item, draft.survey)
            if reached:
                draft.link(INTERNET, item.key, LinkKind.EXPOSED, state=reached)


def _drawn(draft: Draft, type_key: str) -> list[Resource]:
    found = [draft.survey.snapshot.get(key) for key in draft]
    return [item for item in found if item is not None and item.type_key == type_key]


def _connections(draft: Draft, item: Resource) -> Iterator[tuple[str, str, str]]:
    """Service, groups and state of each connection of an endpoint."""
    for name in _CONNECTIONS:
        listed = value_at(item, f"properties.{name}", draft.survey.spellings)
        for at in range(len(listed) if isinstance(listed, list) else 0):
            below = f"properties.{name}[{at}].properties"
            service = first_text(item, f"{below}.privateLinkServiceId", draft.survey.spellings)
            groups = texts(item, f"{below}.groupIds[*]", draft.survey.spellings)
            state = first_text(item, f"{below}.privateLinkServiceConnectionState.status", draft.survey.spellings)
            if service:
                yield service, ", ".join(groups) if isinstance(groups, list) else "", state


def _served_by(draft: Draft, key: str) -> str:
    """What answers behind an id: the service of an endpoint, else itself."""
    endpoint = draft.survey.snapshot.get(key) if key else None
    if endpoint is None or endpoint.type_key != _ENDPOINT:
        return key
    return next((normalise(service) for service, _, _ in _connections(draft, endpoint)), key)


def _required(table: Json) -> Iterator[tuple[str, str]]:
    """Pairs of subnet components whose flow is required, by the table `nsg`."""
    for own, sides in table.items() if isinstance(table, Mapping) else ():
        for side, end in (("inbound", "from"), ("outbound", "to")):
            rows = sides.get(side) if isinstance(sides, Mapping) else None
            for row in rows if isinstance(rows, list) else ():
                far = str(row.get(end, "")) if isinstance(row, Mapping) and row.get("required") is True else ""
                if far.startswith("component:"):
                    other = far.removeprefix("component:")
                    yield (other, own) if side == "inbound" else (own, other)
