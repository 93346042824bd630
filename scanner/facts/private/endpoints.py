"""Private endpoints by the service that they lead to: state, place, addresses and the zones that they name."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from scanner.facts.documents import Document, OddShapeError
from scanner.model.resource import Resource
from scanner.model.resource_id import normalise
from scanner.model.snapshot import Snapshot
from scanner.model.unknown import Unknown

__all__ = ["ENDPOINTS", "RECORDS", "ZONES", "ZONE_GROUPS", "ZONE_LINKS", "Connection", "Endpoints"]

Json = Any
ENDPOINTS: Final = "Microsoft.Network/privateEndpoints"
ZONE_GROUPS: Final = "Microsoft.Network/privateEndpoints/privateDnsZoneGroups"
ZONES: Final = "Microsoft.Network/privateDnsZones"
ZONE_LINKS: Final = "Microsoft.Network/privateDnsZones/virtualNetworkLinks"
RECORDS: Final = "Microsoft.Network/privateDnsZones/A"


@dataclass(frozen=True, slots=True)
class Connection:
    """A connection of a private endpoint to a service. `groups` in lower case; `state` as the endpoint tells it."""

    endpoint: Resource
    groups: tuple[str, ...]
    state: str
    subnet: str

    @property
    def approved(self) -> bool:
        """Whether traffic passes."""
        return self.state.lower() == "approved"


class Endpoints:
    """Reads the private endpoints of one snapshot, and what their names resolve to."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        missing = [snapshot.missing(ENDPOINTS, scope) for scope in snapshot.scopes]
        self.doubts: list[str] = [reason for item in missing if item is not None for reason in item.reasons]
        self._by_service: dict[str, list[Connection]] = {}
        for item in snapshot.of_type(ENDPOINTS):
            self._learn(item)

    def leading_to(self, service: Resource, group: str) -> list[Connection]:
        """The connections to a group of a service, those that pass traffic first."""
        found = [item for item in self._by_service.get(service.key, ()) if group.lower() in item.groups]
        return sorted(found, key=lambda item: (not item.approved, item.endpoint.key))

    def zones(self, connection: Connection) -> dict[str, Resource | Unknown]:
        """The private DNS zones that an endpoint registers in, by name, but for those that are gone. Raises `OddShapeError`."""
        missing = self._snapshot.missing(ZONE_GROUPS, connection.endpoint.key)
        if missing is not None:
            raise OddShapeError(missing)
        found: dict[str, Resource | Unknown] = {}
        for group in self._snapshot.children(connection.endpoint, ZONE_GROUPS):
            for configuration in self._read(group).documents("properties.privateDnsZoneConfigs"):
                zone_id = configuration.text("properties.privateDnsZoneId")
                zone = self._snapshot.look_up(zone_id)
                if zone is not None:
                    found[normalise(zone_id).rpartition("/")[2]] = zone
        return found

    def holds(self, zone: Resource, connection: Connection) -> bool | Unknown:
        """Whether a zone has a record that leads to an endpoint."""
        try:
            own = self._addresses(connection.endpoint)
            held = {address for record in self._snapshot.children(zone, RECORDS) for address in self._targets(record)}
        except OddShapeError as odd:
            return odd.unknown
        missing = self._snapshot.missing(RECORDS, zone.key)
        return True if own & held else missing if missing is not None else False

    def linked(self, zone: Resource, network_keys: set[str]) -> bool | Unknown:
        """Whether a zone answers in a network: by a link that is completed."""
        links = self._snapshot.children(zone, ZONE_LINKS)
        try:
            for link in links:
                body = self._read(link)
                state = body.text("properties.virtualNetworkLinkState").lower()
                if normalise(body.text("properties.virtualNetwork.id")) in network_keys and state == "completed":
                    return True
        except OddShapeError as odd:
            return odd.unknown
        missing = self._snapshot.missing(ZONE_LINKS, zone.key)
        return missing if missing is not None else False

    def _learn(self, item: Resource) -> None:
        try:
            for service_key, connection in self._connections(item):
                self._by_service.setdefault(service_key, []).append(connection)
        except OddShapeError as odd:
            self.doubts.extend(odd.unknown.reasons)

    def _connections(self, item: Resource) -> Iterator[tuple[str, Connection]]:
        body = self._read(item)
        subnet = normalise(body.text("properties.subnet.id"))
        listed = [
            body.documents(f"properties.{name}")
            for name in ("privateLinkServiceConnections", "manualPrivateLinkServiceConnections")
        ]
        if not any(listed):
            raise OddShapeError(Unknown.because(f"{item.id} was read without its connections"))
        for one in (connection for connections in listed for connection in connections):
            service = one.text("properties.privateLinkServiceId")
            groups = tuple(group.lower() for group in one.texts("properties.groupIds"))
            if not service or not groups:
                raise OddShapeError(Unknown.because(f"{item.id} does not say what it leads to"))
            state = one.text("properties.privateLinkServiceConnectionState.status")
            if not state:
                raise OddShapeError(Unknown.because(f"{item.id} does not say whether its connection is approved"))
            yield normalise(service), Connection(item, groups, state, subnet)

    def _addresses(self, endpoint: Resource) -> set[str]:
        found: set[str] = set()
        for reference in self._read(endpoint).documents("properties.networkInterfaces"):
            interface = self._snapshot.look_up(reference.text("id"))
            if not isinstance(interface, Resource):
                gone = Unknown.because(f"the interface of {endpoint.id} is not there")
                raise OddShapeError(interface if isinstance(interface, Unknown) else gone)
            for configuration in self._read(interface).documents("properties.ipConfigurations"):
                found.add(configuration.text("properties.privateIPAddress"))
        return found - {""}

    def _targets(self, record: Resource) -> list[str]:
        return [item.text("ipv4Address") for item in self._read(record).documents("properties.aRecords")]

    def _read(self, resource: Resource) -> Document:
        if "properties" in resource.unread:
            raise OddShapeError(Unknown.because(f"{resource.id} was read without its properties"))
        return Document(resource.body, self._snapshot.spellings, resource.id)
