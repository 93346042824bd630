"""Subnet flows from whole snapshots: what belongs to the network, groups of interfaces, groups of machines, what was not read."""

from __future__ import annotations

from typing import Any

import pytest

from scanner.model.coverage import EVERYTHING, Gap, Read
from scanner.model.resource import Resource
from scanner.model.unknown import Unknown
from scanner.rules.shapes import WorkloadShape
from tests.facts.flows.segments import rule
from tests.facts.snapshots import DENIED, SUBSCRIPTION, derive, resource, rid, snapshot

Json = Any
NETWORK = rid("Microsoft.Network/virtualNetworks", "vnet")
GROUP = rid("Microsoft.Network/networkSecurityGroups", "nsg")
CARD = rid("Microsoft.Network/networkInterfaces", "nic")
MACHINES = rid("Microsoft.Network/applicationSecurityGroups", "asg")
ROUTES = rid("Microsoft.Network/routeTables", "rt")
DENY = rule(4096, "Deny", "*")


def network(*more: Json, **members: Json) -> Json:
    agents = {"addressPrefix": "10.0.1.0/24", "networkSecurityGroup": {"id": GROUP}, **members}
    subnets = [{"name": "snet-agents", "properties": agents}, *[item for item in more if "addressPrefix" in item["properties"]]]
    peerings = [item for item in more if "addressPrefix" not in item["properties"]]
    space = {"addressPrefixes": ["10.0.0.0/16"]}
    return resource(NETWORK, {"addressSpace": space, "subnets": subnets, "virtualNetworkPeerings": peerings})


def group(*rules: Json, group_id: str = GROUP) -> Json:
    return resource(group_id, {"securityRules": list(rules)})


def card(address: str, **members: Json) -> Json:
    asg = [{"id": MACHINES}]
    place = {"subnet": {"id": f"{NETWORK}/subnets/snet-agents"}, "privateIPAddress": address, "applicationSecurityGroups": asg}
    return resource(CARD, {"ipConfigurations": [{"name": "a", "properties": place}], **members})


def inbound(*bodies: Json, name: str = "snet-agents", **parameters: Json) -> Resource:
    workload = WorkloadShape(name="chat", scopes=[SUBSCRIPTION], parameters=parameters)
    found = derive("subnetFlows", snapshot(*bodies), workload)
    return next(item for item in found if item.subject == "inbound" and item.judged_id.endswith(f"/{name}"))


def peering(**properties: Json) -> Json:
    return {"name": "to-hub", "properties": {"peeringState": "Connected", "allowVirtualNetworkAccess": True, **properties}}


def space(prefix: str) -> Json:
    return {"remoteAddressSpace": {"addressPrefixes": [prefix]}}


@pytest.mark.parametrize(
    ("around", "expected"),
    [
        ([peering(**space("10.9.0.0/16"))], "inside"),
        ([peering(**space("10.8.0.0/16"))], "outside"),
        ([peering(peeringState="Disconnected", **space("10.9.0.0/16"))], "outside"),
        ([peering(allowVirtualNetworkAccess=False, **space("10.9.0.0/16"))], "outside"),
        ([peering()], "unknown"),
        ([peering(useRemoteGateways=True, **space("10.8.0.0/16"))], "unknown"),
        ([peering(remoteAddressSpace={"addressPrefixes": ["x"]})], "unknown"),
        ([{"name": "GatewaySubnet", "properties": {"addressPrefix": "10.0.255.0/27"}}], "unknown"),
        ([], "outside"),
    ],
)
def test_what_is_connected_belongs_to_the_network(around: list[Json], expected: str) -> None:
    """A rule that lets a far network in is within the row `VirtualNetwork` exactly where that network belongs to it."""
    of = inbound(network(*around), group(rule(100, "Allow", "10.9.0.0/24"), DENY))
    found = of.body["excess"]
    assert ("unknown" if isinstance(found, Unknown) else "outside" if found else "inside") == expected
    assert inbound(network(*around), group(rule(100, "Allow", "VirtualNetwork"), DENY)).body["excess"] == []


def test_where_routes_lead_belongs_to_the_network() -> None:
    routes = resource(ROUTES, {"routes": [{"name": "away", "properties": {"addressPrefix": "172.16.0.0/12"}}]})
    with_route = inbound(network(routeTable={"id": ROUTES}), routes, group(rule(100, "Allow", "172.16.5.0/24"), DENY))
    assert with_route.body["excess"] == []
    assert inbound(network(), routes, group(rule(100, "Allow", "172.16.5.0/24"), DENY)).body["excess"]


def test_a_default_route_puts_the_internet_into_the_network_until_it_is_reviewed() -> None:
    routes = resource(ROUTES, {"routes": [{"name": "all", "properties": {"addressPrefix": "0.0.0.0/0"}}]})
    bodies = (network(routeTable={"id": ROUTES}), routes, group(rule(100, "Allow", "VirtualNetwork"), DENY))
    assert [flow["port"] for flow in inbound(*bodies).body["openToInternet"]][:2] == ["22", "3389"]
    assert inbound(*bodies, allowedRoutes=["0.0.0.0/0"]).body["openToInternet"] == []
    everyone = (network(routeTable={"id": ROUTES}), routes, group(rule(100, "Allow", "*"), DENY))
    assert inbound(*everyone, allowedRoutes=["0.0.0.0/0"]).body["openToInternet"]


def test_a_route_to_a_service_tag_makes_unknown_what_it_could_change() -> None:
    routes = resource(ROUTES, {"routes": [{"name": "storage", "properties": {"addressPrefix": "Storage"}}]})
    of = inbound(network(routeTable={"id": ROUTES}), routes, group(rule(100, "Allow", "20.0.0.0/8"), DENY))
    assert isinstance(of.body["excess"], Unknown)
    assert inbound(network(routeTable={"id": ROUTES}), routes, group(DENY)).body["excess"] == []


def test_machines_of_an_application_security_group_are_their_addresses() -> None:
    allowed = rule(100, "Allow", None, sourceApplicationSecurityGroups=[{"id": MACHINES.upper()}])
    (flow,) = inbound(network(), card("203.0.113.7"), group(allowed, DENY)).body["excess"]
    assert flow["source"] == "203.0.113.7"
    assert inbound(network(), card("10.0.1.4"), group(allowed, DENY)).body["excess"] == []
    assert inbound(network(), group(allowed, DENY)).body["excess"] == []  # a group without machines matches nothing


def test_machines_that_were_not_read_may_be_anywhere() -> None:
    allowed = rule(100, "Allow", None, sourceApplicationSecurityGroups=[{"id": MACHINES}])
    gaps = [Gap(SUBSCRIPTION, "Microsoft.Network/networkInterfaces", DENIED)]
    of = snapshot(network(), group(allowed, DENY), gaps=gaps)
    (found,) = [item for item in derive("subnetFlows", of) if item.subject == "inbound"]
    assert isinstance(found.body["excess"], Unknown)
    assert DENIED in str(found.body["excess"])


def test_the_group_of_an_interface_refuses_what_that_of_the_subnet_lets_through() -> None:
    own = rid("Microsoft.Network/networkSecurityGroups", "nsg-nic")
    narrow = card("10.0.1.4", networkSecurityGroup={"id": own})
    debug = group(rule(100, "Allow", "Internet", "10.0.1.4", "22"), DENY)
    assert inbound(network(), debug, card("10.0.1.4")).body["openToInternet"]
    assert inbound(network(), debug, narrow, group(DENY, group_id=own)).body["openToInternet"] == []
    assert isinstance(inbound(network(), debug, narrow, resource(own)).body["openToInternet"], Unknown)
    wide = group(rule(100, "Allow", "Internet", "*", "22"), DENY)  # other addresses of the subnet stay open
    assert inbound(network(), wide, narrow, group(DENY, group_id=own)).body["openToInternet"]


def test_the_group_of_an_interface_may_refuse_what_a_row_requires() -> None:
    own = rid("Microsoft.Network/networkSecurityGroups", "nsg-nic")
    bastion = {"name": "AzureBastionSubnet", "properties": {"addressPrefix": "10.0.2.0/26"}}
    jumpbox = {"name": "snet-jumpbox", "properties": {"addressPrefix": "10.0.3.0/28", "networkSecurityGroup": {"id": GROUP}}}
    allowed = group(rule(100, "Allow", "10.0.2.0/26", "10.0.3.0/28", ["22", "3389"], "Tcp"), DENY)
    place = {"subnet": {"id": f"{NETWORK}/subnets/snet-jumpbox"}, "privateIPAddress": "10.0.3.4"}
    machine = resource(CARD, {"ipConfigurations": [{"properties": place}], "networkSecurityGroup": {"id": own}})
    closed = inbound(network(bastion, jumpbox), allowed, machine, group(DENY, group_id=own), name="snet-jumpbox")
    assert [flow["flow"] for flow in closed.body["missing"]] == ["Tcp from 10.0.2.0 to 10.0.3.4, port 22, by r4096"]
    assert inbound(network(bastion, jumpbox), allowed, name="snet-jumpbox").body["deviations"] == []


def test_what_a_row_requires_is_unknown_while_interfaces_are() -> None:
    bastion = {"name": "AzureBastionSubnet", "properties": {"addressPrefix": "10.0.2.0/26"}}
    jumpbox = {"name": "snet-jumpbox", "properties": {"addressPrefix": "10.0.3.0/28", "networkSecurityGroup": {"id": GROUP}}}
    allowed = group(rule(100, "Allow", "10.0.2.0/26", "10.0.3.0/28", ["22", "3389"], "Tcp"), DENY)
    of = snapshot(network(bastion, jumpbox), allowed, gaps=[Gap(SUBSCRIPTION, "Microsoft.Network/networkInterfaces", DENIED)])
    found = [item.body["missing"] for item in derive("subnetFlows", of) if item.judged_id.endswith("snet-jumpbox")]
    assert [type(item) for item in found] == [Unknown, Unknown]


@pytest.mark.parametrize("gone", [True, False])
def test_a_group_that_is_not_there_or_was_not_read_is_unknown(gone: bool) -> None:  # noqa: FBT001
    bodies = [network()] if gone else [network(), resource(GROUP)]
    found = inbound(*bodies).body
    assert {name for name, value in found.items() if isinstance(value, Unknown)} >= {
        "excess",
        "missing",
        "byDefault",
        "openToInternet",
    }


def test_without_a_group_everything_passes() -> None:
    body = inbound(network(networkSecurityGroup=None)).body
    assert [flow["rule"] for flow in body["deviations"]] == ["no network security group"]
    assert len(body["openToInternet"]) == 8  # as many as are told


def test_the_second_ip_version_is_judged_too() -> None:
    both = network(addressPrefix=None, addressPrefixes=["10.0.1.0/24", "fd00:1::/64"])
    allowed = group(rule(100, "Allow", "::/0", port="22"), DENY)
    (flow,) = inbound(both, allowed).body["openToInternet"]
    assert flow["source"] == "2000::"
    assert inbound(network(), allowed).body["openToInternet"] == []


def test_subnets_that_were_not_read_are_unknown_for_every_row() -> None:
    of = snapshot(gaps=[Gap(SUBSCRIPTION, "Microsoft.Network/virtualNetworks", DENIED)], reads=[Read(EVERYTHING, "/")])
    found = derive("subnetFlows", of)
    assert [item.subject for item in found] == ["inbound", "outbound"]
    assert all(isinstance(item.body["component"], Unknown) for item in found)


def test_a_group_says_where_it_stands() -> None:
    other = rid("Microsoft.Network/networkSecurityGroups", "nsg-nic")
    behind = card("10.0.1.4", networkSecurityGroup={"id": other})
    found = derive("groupFlows", snapshot(network(), group(DENY), behind, group(rule(100, "Allow", "*"), group_id=other)))
    assert {item.body["resourceName"]: item.body["standsAt"] for item in found} == {
        "nsg": ["snet-agents"],
        "nsg-nic": ["snet-agents"],
    }
    alone = derive("groupFlows", snapshot(network(), group(rule(100, "Allow", "*"), group_id=other)))
    assert [(item.body["standsAt"], bool(item.body["openToInternet"])) for item in alone] == [([], True)]
