"""What stands around a subnet: its group, the addresses of its network and what belongs to it, interfaces and their groups."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

from scanner.facts.documents import Document, OddShapeError
from scanner.facts.flows.addresses import EVERYTHING, NOWHERE, Addresses, Range, Surroundings, parse_address
from scanner.facts.flows.rules import OPEN, SecurityRule, read_rules
from scanner.language.paths import compile_path
from scanner.model.resource import Resource
from scanner.model.resource_id import normalise
from scanner.model.snapshot import Snapshot
from scanner.model.unknown import ABSENT, Unknown

__all__ = ["GROUPS", "INTERFACES", "SUBNETS", "Interface", "Networks"]

Json = Any
SUBNETS: Final = "Microsoft.Network/virtualNetworks/subnets"
GROUPS: Final = "Microsoft.Network/networkSecurityGroups"
INTERFACES: Final = "Microsoft.Network/networkInterfaces"
#: Azure's name of the subnet that holds a VPN or ExpressRoute gateway.
_GATEWAY_SUBNET: Final = "gatewaysubnet"


@dataclass(frozen=True, slots=True)
class Interface:
    """A network interface's addresses in one subnet with the group on the interface itself; no rules: it has none."""

    id: str
    addresses: Addresses
    rules: tuple[SecurityRule, ...] | Unknown


class _Interfaces:
    """Where interfaces stand and which application security groups they belong to; `doubts` say why that may not be all."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._spellings = snapshot.spellings
        missing = [snapshot.missing(INTERFACES, scope) for scope in snapshot.scopes]
        self.doubts: tuple[str, ...] = tuple(
            dict.fromkeys(reason for item in missing if item is not None for reason in item.reasons)
        )
        self.placed: dict[str, list[tuple[str, Addresses]]] = {}
        self.members: dict[str, Addresses] = {}
        self.by_subnet: dict[str, list[Interface]] = {}

    def learn(self, interface: Resource) -> None:
        """Note one interface."""
        if "properties" in interface.unread:
            self.doubts += (f"{interface.id} was read without its properties",)
            return
        try:
            for configuration in Document(interface.body, self._spellings, interface.id).documents("properties.ipConfigurations"):
                self._note(interface, configuration)
        except OddShapeError as odd:
            self.doubts += odd.unknown.reasons

    def _note(self, interface: Resource, configuration: Document) -> None:
        addresses = parse_address(configuration.text("properties.privateIPAddress") or "*") or EVERYTHING
        subnet = configuration.text("properties.subnet.id")
        if subnet:
            self.placed.setdefault(interface.key, []).append((normalise(subnet), addresses))
        for group in configuration.documents("properties.applicationSecurityGroups"):
            key = normalise(group.text("id"))
            self.members[key] = self.members.get(key, NOWHERE) | addresses


class Networks:
    """Reads the networks of one snapshot; groups and interfaces are read once."""

    def __init__(self, snapshot: Snapshot) -> None:
        self._snapshot = snapshot
        self._rules: dict[str, tuple[SecurityRule, ...] | Unknown] = {}
        self._learn_groups_of_interfaces()

    def rules_of(self, resource: Resource) -> tuple[Resource | None, tuple[SecurityRule, ...] | Unknown]:
        """The group that a subnet or interface names with its rules; without one, what lets everything through."""
        group_id = self._read(resource, "properties.networkSecurityGroup.id")
        if group_id is ABSENT:
            return None, OPEN
        if not isinstance(group_id, str):
            return None, group_id if isinstance(group_id, Unknown) else Unknown.because(f"{resource.id}: its group is no id")
        group = self._snapshot.look_up(group_id)
        if isinstance(group, Unknown):
            return None, group
        if group is None:
            return None, Unknown.because(f"{resource.id} names {group_id}, which is not there")
        return group, self.group_rules(group)

    def group_rules(self, group: Resource) -> tuple[SecurityRule, ...] | Unknown:
        """The rules of a group."""
        if group.key not in self._rules:
            self._rules[group.key] = self._read_group(group)
        return self._rules[group.key]

    def written(self, group: Resource, name: str) -> Mapping[str, Json] | None:
        """The properties of a rule of a group as they were read."""
        found = self._snapshot.look_up(f"{group.id}/securityRules/{name}")
        read = found.body.get("properties") if isinstance(found, Resource) else None
        return read if isinstance(read, Mapping) else None

    def addresses_of(self, subnet: Resource) -> Addresses | Unknown:
        """The prefixes of a subnet."""
        return self._prefixes(subnet, "properties.addressPrefix", "properties.addressPrefixes[*]")

    def surroundings(self, subnet: Resource, *, reviewed: frozenset[str] = frozenset()) -> Surroundings | Unknown:
        """What VirtualNetwork stands for around a subnet; the routes that are `reviewed` are left out."""
        network = self._snapshot.get(subnet.parent_key)
        own = self._prefixes(network, "properties.addressSpace.addressPrefixes[*]") if network is not None else NOWHERE
        if network is None or isinstance(own, Unknown):
            return own if isinstance(own, Unknown) else Unknown.because(f"the network of {subnet.id} was not read")
        peers, routes = [*self._peers(network)], [*self._routes(subnet, reviewed)]
        ranges, more = _told([own, *peers])
        routed, more_routed = _told(routes)
        return Surroundings(ranges, tuple(dict.fromkeys([*self._gateways(network), *more])), routed, more_routed)

    def standing(self) -> dict[str, list[str]]:
        """Where groups stand, by compared id: at subnets, or at interfaces behind the group of their subnet."""
        found: dict[str, list[str]] = {}
        filtered: dict[str, str] = {}
        for subnet in self._snapshot.of_type(SUBNETS):
            group, rules = self.rules_of(subnet)
            if group is not None:
                found.setdefault(group.key, []).append(subnet.name)
            if rules is not OPEN:
                filtered[subnet.key] = subnet.name
        for item in self._snapshot.of_type(INTERFACES):
            group, _ = self.rules_of(item)
            behind = [filtered[key] for key, _ in self._cards.placed.get(item.key, ()) if key in filtered]
            if group is not None and behind:
                found.setdefault(group.key, []).extend(behind)
        return found

    def interfaces(self, subnet: Resource) -> tuple[list[Interface], tuple[str, ...]]:
        """The interfaces in a subnet that have a group of their own, and why there may be more."""
        return self._cards.by_subnet.get(subnet.key, []), self._cards.doubts

    def members(self, group_id: str) -> tuple[Addresses, tuple[str, ...]]:
        """The addresses of an application security group, and why there may be more."""
        return self._cards.members.get(normalise(group_id), NOWHERE), self._cards.doubts

    @cached_property
    def _cards(self) -> _Interfaces:
        """Every interface, read once: addresses by application security group first, for the groups' rules need them."""
        cards = _Interfaces(self._snapshot)
        for item in self._snapshot.of_type(INTERFACES):
            cards.learn(item)
        return cards

    def _learn_groups_of_interfaces(self) -> None:
        """Find the interfaces that have a group of their own."""
        for item in self._snapshot.of_type(INTERFACES):
            group, rules = self.rules_of(item)
            if group is not None or isinstance(rules, Unknown):
                for subnet_key, addresses in self._cards.placed.get(item.key, ()):
                    self._cards.by_subnet.setdefault(subnet_key, []).append(Interface(item.id, addresses, rules))

    def _read_group(self, group: Resource) -> tuple[SecurityRule, ...] | Unknown:
        if "properties" in group.unread:
            return Unknown.because(f"{group.id} was read without its properties")
        try:
            return read_rules(Document(group.body, self._snapshot.spellings, group.id), self.members)
        except OddShapeError as odd:
            return odd.unknown

    def _gateways(self, network: Resource) -> Iterator[str]:
        for subnet in self._snapshot.children(network, SUBNETS):
            if subnet.name.lower() == _GATEWAY_SUBNET:
                yield f"{network.name} has a gateway, and what it connects to is not known"

    def _peers(self, network: Resource) -> Iterator[Addresses | Unknown]:
        """The spaces of connected networks. Those that one may not reach do not belong to the tag."""
        for peering in self._snapshot.children(network, "Microsoft.Network/virtualNetworks/virtualNetworkPeerings"):
            state, reach = (
                self._read(peering, "properties.peeringState"),
                self._read(peering, "properties.allowVirtualNetworkAccess"),
            )
            if str(reach).lower() == "false" or str(state).lower() == "disconnected":
                continue
            yield from (item for item in (state, reach) if isinstance(item, Unknown))
            if str(self._read(peering, "properties.useRemoteGateways")).lower() == "true":
                yield Unknown.because(f"{peering.name} uses the gateways of its peer, and what they connect to is not known")
            found = self._prefixes(
                peering,
                "properties.remoteVirtualNetworkAddressSpace.addressPrefixes[*]",
                "properties.remoteAddressSpace.addressPrefixes[*]",
            )
            remote = self._read(peering, "properties.remoteVirtualNetwork.id")
            other = self._snapshot.get(remote) if isinstance(remote, str) else None
            if isinstance(found, Unknown) and other is not None:
                found = self._prefixes(other, "properties.addressSpace.addressPrefixes[*]")
            yield found

    def _routes(self, subnet: Resource, reviewed: frozenset[str]) -> Iterator[Addresses | Unknown]:
        table_id = self._read(subnet, "properties.routeTable.id")
        if table_id is ABSENT:
            return
        table = self._snapshot.look_up(table_id) if isinstance(table_id, str) else table_id
        if not isinstance(table, Resource):
            yield table if isinstance(table, Unknown) else Unknown.because(f"the routes of {subnet.id} are not known")
            return
        for route in self._snapshot.children(table, "Microsoft.Network/routeTables/routes"):
            prefix = self._read(route, "properties.addressPrefix")
            parsed = parse_address(prefix) if isinstance(prefix, str) else None
            if isinstance(prefix, str) and prefix.lower() in reviewed:
                continue
            # A route may lead to a service tag: its addresses join the network, and nobody here knows them.
            told = prefix if isinstance(prefix, Unknown) else Unknown.because(f"{route.id} leads to {prefix}")
            yield told if parsed is None or parsed.tags else parsed

    def _prefixes(self, resource: Resource, *paths: str) -> Addresses | Unknown:
        """The addresses at paths; unknown where there are none or one of them is odd."""
        if "properties" in resource.unread:
            return Unknown.because(f"{resource.id} was read without its properties")
        found = NOWHERE
        for path in paths:
            compiled = compile_path(path)
            values = [value for _, value in compiled.expand(resource.body, self._snapshot.spellings)]
            for value in values:
                parsed = parse_address(value) if isinstance(value, str) else None
                if value is ABSENT or value is None:
                    continue
                if parsed is None or parsed.tags:
                    return (
                        value if isinstance(value, Unknown) else Unknown.because(f"{resource.id}: {value!r} is no address prefix")
                    )
                found = found | parsed
        return found if found != NOWHERE else Unknown.because(f"{resource.id} was read without its addresses")

    def _read(self, resource: Resource, path: str) -> Json:
        if "properties" in resource.unread:
            return Unknown.because(f"{resource.id} was read without its properties")
        return compile_path(path).read(resource.body, self._snapshot.spellings)


def _told(found: Iterable[Addresses | Unknown]) -> tuple[tuple[Range, ...], tuple[str, ...]]:
    """The ranges that are known, and why there may be more."""
    items = list(found)
    ranges = tuple(one for item in items if isinstance(item, Addresses) for one in item.ranges)
    return ranges, tuple(dict.fromkeys(reason for item in items if isinstance(item, Unknown) for reason in item.reasons))
