"""What the chain from a service to its name lacks, as far as it can be made: where an endpoint would stand, which zones it would
name, and which of them would be linked to its network.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Final

from scanner.facts.components import BoundWorkload
from scanner.facts.documents import Document, OddShapeError
from scanner.facts.private.endpoints import ZONE_GROUPS, ZONE_LINKS, ZONES
from scanner.model.resource import Resource
from scanner.model.resource_id import normalise
from scanner.model.snapshot import Snapshot

__all__ = ["WAY_PATHS", "Ways"]

Json = Any
_SUBNET: Final = "snet-privateEndpoints"
_ZONE: Final = {"name": "string", "id": "string"}
WAY_PATHS: Final = {
    **dict.fromkeys(("subnet", "network", "location", "zoneGroup"), "string"),
    **dict.fromkeys(("zoneConfigs", "toName", "toLink", "unknownZones"), "array"),
    **{f"{name}[*].{member}": kind for name in ("toName", "toLink") for member, kind in _ZONE.items()},
    "unknownZones[*]": "string",
    "zoneConfigs[*].name": "string",
    "zoneConfigs[*].properties.privateDnsZoneId": "string",
}


class Ways:
    """Answers for the services of one snapshot."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._zones: dict[str, list[Resource]] = {}
        for zone in snapshot.of_type(ZONES):
            self._zones.setdefault(zone.name.lower(), []).append(zone)

    def members(self, workload: BoundWorkload, expected: Iterable[str], endpoint: Resource | None) -> dict[str, Json]:
        """The members of a document; what is not known is left out."""
        network, body = self._network(workload)
        group, configurations = self._zone_group(endpoint)
        if group is not None:
            body |= {"zoneGroup": group.id, "zoneConfigs": configurations}
        named = {_last(item["properties"]["privateDnsZoneId"]) for item in configurations}
        known = {name: self._zone(name, network, configurations) for name in expected}
        found = {name: zone for name, zone in known.items() if zone is not None}
        return {
            **body,
            "toName": [{"name": name, "id": zone.id} for name, zone in found.items() if name.lower() not in named],
            "toLink": [
                {"name": name, "id": zone.id} for name, zone in found.items() if network and not self._links(zone, network)
            ],
            "unknownZones": [name for name, zone in known.items() if zone is None],
        }

    def _network(self, workload: BoundWorkload) -> tuple[str, dict[str, Json]]:
        """The network that holds the endpoints, with where a further one would stand."""
        binding = workload.components.get(_SUBNET)
        subnets = binding.resources if binding is not None and binding.status == "bound" else ()
        network = self._snapshot.get(subnets[0].parent_key) if subnets else None
        if network is None:
            return "", {}
        location = network.body.get("location")
        place = {"location": location} if isinstance(location, str) else {}
        return network.key, {"subnet": subnets[0].id, "network": network.id, **place}

    def _zone_group(self, endpoint: Resource | None) -> tuple[Resource | None, list[Json]]:
        """The zone group of an endpoint, which has one at most, with the zones that it names."""
        for group in self._snapshot.children(endpoint, ZONE_GROUPS) if endpoint is not None else ():
            try:
                listed = Document(group.body, self._snapshot.spellings, group.id).documents("properties.privateDnsZoneConfigs")
                named = [(item.text("name"), item.text("properties.privateDnsZoneId")) for item in listed]
            except OddShapeError:
                return None, []
            return group, [{"name": name, "properties": {"privateDnsZoneId": zone}} for name, zone in named]
        return None, []

    def _zone(self, name: str, network: str, configurations: Iterable[Json]) -> Resource | None:
        """The zone of a name: the one that the endpoint names, else the only one, or the only one that the network asks."""
        for item in configurations:
            zone_id = item["properties"]["privateDnsZoneId"]
            if _last(zone_id) == name.lower():
                zone = self._snapshot.look_up(zone_id)
                return zone if isinstance(zone, Resource) else None
        zones = self._zones.get(name.lower(), [])
        asked = [zone for zone in zones if network and self._links(zone, network)]
        one = asked or zones
        return one[0] if len(one) == 1 else None

    def _links(self, zone: Resource, network: str) -> list[Resource]:
        """The links of a zone to a network, completed or not."""
        found: list[Resource] = []
        for link in self._snapshot.children(zone, ZONE_LINKS):
            try:
                target = Document(link.body, self._snapshot.spellings, link.id).text("properties.virtualNetwork.id")
            except OddShapeError:
                continue
            if normalise(target) == network:
                found.append(link)
        return found


def _last(resource_id: str) -> str:
    return normalise(resource_id).rpartition("/")[2]
