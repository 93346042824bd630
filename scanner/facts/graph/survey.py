"""What stands in which subnet, who has which host name or address: indexed once per snapshot, for all of its workloads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any, Final

from scanner.facts.graph.reading import first_text, owner_of_part, texts
from scanner.language.scope import Default
from scanner.model.resource import Resource, canonical_type
from scanner.model.resource_id import ResourceId, normalise
from scanner.model.snapshot import Snapshot
from scanner.model.unknown import Unknown

__all__ = ["INTERFACES", "PLACES", "SUBNETS", "Survey"]

Json = Any
SUBNETS: Final = "Microsoft.Network/virtualNetworks/subnets"
INTERFACES: Final = "Microsoft.Network/networkInterfaces"

#: Where a resource names the subnets that it stands in, by compared type.
PLACES: Final[Mapping[str, str]] = {
    "microsoft.network/applicationgateways": "properties.gatewayIPConfigurations[*].properties.subnet.id",
    "microsoft.network/bastionhosts": "properties.ipConfigurations[*].properties.subnet.id",
    "microsoft.network/networkinterfaces": "properties.ipConfigurations[*].properties.subnet.id",
    "microsoft.network/privateendpoints": "properties.subnet.id",
    "microsoft.web/sites": "properties.virtualNetworkSubnetId",
    "microsoft.apimanagement/service": "properties.virtualNetworkConfiguration.subnetResourceId",
    "microsoft.machinelearningservices/workspaces/computes": "properties.properties.subnet.id",
    "microsoft.compute/virtualmachinescalesets": (
        "properties.virtualMachineProfile.networkProfile.networkInterfaceConfigurations[*].properties.ipConfigurations[*]"
        ".properties.subnet.id"
    ),
}
#: Where what traffic is sent to says how it is called.
_HOSTS: Final = {
    "Microsoft.Web/sites": ("properties.defaultHostName", "properties.hostNames[*]"),
    "Microsoft.CognitiveServices/accounts": ("properties.endpoint",),
    "Microsoft.MachineLearningServices/workspaces/onlineEndpoints": ("properties.scoringUri",),
}


class Survey:
    """The indices of one snapshot. `defaults` are what Azure assumes, by compared type and lower-case path."""

    def __init__(self, snapshot: Snapshot, defaults: Mapping[tuple[str, str], Default]) -> None:
        self.snapshot, self.spellings, self.defaults = snapshot, snapshot.spellings, defaults

    def subnets_of(self, resource: Resource) -> list[str] | Unknown:
        """The compared ids of the subnets that a resource says it stands in; a machine stands where its interfaces do."""
        if resource.type_key == "microsoft.compute/virtualmachines":
            return self._of_machine(resource)
        path = PLACES.get(resource.type_key)
        found = texts(resource, path, self.spellings) if path is not None else []
        if isinstance(found, Unknown):
            return found
        return list(
            dict.fromkeys(normalise(text) for text in found if canonical_type(ResourceId.parse(text).type) == SUBNETS.lower())
        )

    def drawn_for(self, key: str) -> str:
        """What is drawn instead of an interface: its machine or endpoint. Any other id stands for itself."""
        return self._behind.get(key, key)

    @cached_property
    def occupants(self) -> dict[str, list[str]]:
        """The compared ids of what stands in a subnet, by that subnet's, interfaces replaced by what they belong to."""
        found: dict[str, dict[str, None]] = {}
        for kind in PLACES:
            for resource in self.snapshot.of_type(kind):
                where = self.subnets_of(resource)
                for key in where if isinstance(where, list) else ():
                    found.setdefault(key, {})[self.drawn_for(resource.key)] = None
        for subnet in self.snapshot.of_type(SUBNETS):
            for part in self._parts_in(subnet):
                found.setdefault(subnet.key, {})[self.drawn_for(part)] = None
        return {key: sorted(occupants) for key, occupants in found.items()}

    @cached_property
    def hosts(self) -> dict[str, str]:
        """The compared id of what answers under a host name or private address."""
        found: dict[str, str] = {}
        for kind, paths in _HOSTS.items():
            for resource in self.snapshot.of_type(kind):
                for path in paths:
                    for text in self._known(resource, path):
                        found.setdefault(text.split("//")[-1].split("/")[0].lower(), resource.key)
        for interface in self.snapshot.of_type(INTERFACES):
            for address in self._known(interface, "properties.ipConfigurations[*].properties.privateIPAddress"):
                found.setdefault(address, self.drawn_for(interface.key))
        return found

    @cached_property
    def _behind(self) -> dict[str, str]:
        found = {}
        for interface in self.snapshot.of_type(INTERFACES):
            for path in ("properties.virtualMachine.id", "properties.privateEndpoint.id"):
                owner = first_text(interface, path, self.spellings)
                if owner:
                    found[interface.key] = normalise(owner)
        return found

    def _of_machine(self, machine: Resource) -> list[str] | Unknown:
        named = texts(machine, "properties.networkProfile.networkInterfaces[*].id", self.spellings)
        if isinstance(named, Unknown):
            return named
        found: dict[str, None] = {}
        for interface_id in named:
            interface = self.snapshot.look_up(interface_id)
            where = self.subnets_of(interface) if isinstance(interface, Resource) else interface
            if isinstance(where, Unknown):
                return where
            found.update(dict.fromkeys(where or ()))
        return list(found)

    def _parts_in(self, subnet: Resource) -> Iterator[str]:
        for part in self._known(subnet, "properties.ipConfigurations[*].id"):
            yield owner_of_part(part)

    def _known(self, resource: Resource, path: str) -> list[str]:
        found = texts(resource, path, self.spellings)
        return [] if isinstance(found, Unknown) else found
