"""The architecture as a graph: what stands where, what leads where, what is open, and what nobody knows."""

from __future__ import annotations

from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from scanner.facts.graph import draw_graphs
from scanner.model.coverage import EVERYTHING, Gap, Read
from scanner.model.graph import INTERNET, Graph, Holders, LinkKind, Node, NodeKind
from scanner.model.snapshot import Snapshot
from scanner.report.schemas import schemas
from scanner.rules.loader import shipped_defaults
from tests.facts.snapshots import DENIED, GROUP, SUBSCRIPTION, baseline, bound, resource, rid, snapshot
from tests.honesty.snapshots import bodies, judge, reads

Json = Any
NETWORK = rid("Microsoft.Network/virtualNetworks", "vnet")
SUBNET = f"{NETWORK}/subnets/snet-jumpbox"
MACHINE = rid("Microsoft.Compute/virtualMachines", "vm")
CARD = rid("Microsoft.Network/networkInterfaces", "nic")
ADDRESS = rid("Microsoft.Network/publicIPAddresses", "pip")
ENDPOINT = rid("Microsoft.Network/privateEndpoints", "pe")
DATABASE = rid("Microsoft.Sql/servers", "sql")
VAULT = rid("Microsoft.KeyVault/vaults", "kv")
WORKSPACE = rid("Microsoft.MachineLearningServices/workspaces", "mlw")


def draw(of: Snapshot) -> Graph:
    (graph,) = draw_graphs(of, baseline(), bound(of), shipped_defaults())
    return graph


def network(**subnet: Json) -> Json:
    return resource(NETWORK, {"subnets": [{"name": "snet-jumpbox", "id": SUBNET, "properties": subnet}]})


def card(subnet: str = SUBNET, **more: Json) -> Json:
    return resource(
        CARD, {"ipConfigurations": [{"id": f"{CARD}/ipConfigurations/a", "properties": {"subnet": {"id": subnet}}}], **more}
    )


def machine() -> Json:
    return resource(MACHINE, {"networkProfile": {"networkInterfaces": [{"id": CARD.upper()}]}})


def endpoint(service: str, *, state: str = "Approved", subnet: str = SUBNET) -> Json:
    leads = {"privateLinkServiceId": service, "groupIds": ["a"], "privateLinkServiceConnectionState": {"status": state}}
    return resource(ENDPOINT, {"subnet": {"id": subnet}, "privateLinkServiceConnections": [{"properties": leads}]})


def node(graph: Graph, resource_id: str) -> Node:
    (found,) = [item for item in graph.nodes if item.id == resource_id]
    return found


def links(graph: Graph, kind: LinkKind) -> list[tuple[str, str, str]]:
    return [(link.source, link.target, link.state) for link in graph.links if link.kind is kind]


def test_a_machine_stands_where_its_interface_does_and_is_reached_by_its_public_ip() -> None:
    group = rid("Microsoft.Network/networkSecurityGroups", "nsg")
    attached = resource(ADDRESS, {"ipAddress": "20.0.0.1", "ipConfiguration": {"id": f"{CARD}/ipConfigurations/a"}})
    found = draw(snapshot(network(networkSecurityGroup={"id": group}), card(virtualMachine={"id": MACHINE}), machine(), attached))
    assert (node(found, MACHINE).subnet, node(found, MACHINE).component) == (SUBNET, "jumpbox")
    assert (node(found, MACHINE).holds, node(found, SUBNET).holds, node(found, SUBNET).parent) == (
        (CARD.upper(),),
        (group,),
        NETWORK,
    )
    assert CARD not in {item.id for item in found.nodes}
    assert links(found, LinkKind.EXPOSED) == [(INTERNET, ADDRESS, "all")]
    assert links(found, LinkKind.PUBLISHES) == [(ADDRESS, MACHINE, "")]


def test_what_stands_in_a_subnet_is_drawn_though_no_component_is_bound_to_it() -> None:
    firewall = rid("Microsoft.Network/azureFirewalls", "fw")
    part = {"id": f"{firewall}/azureFirewallIpConfigurations/a"}
    found = node(draw(snapshot(network(ipConfigurations=[part]))), firewall.lower())
    assert (found.kind, found.subnet, found.component, found.note) == (NodeKind.SERVICE, SUBNET, "", "not read")


def test_a_place_that_was_not_read_is_said_to_be_unknown() -> None:
    found = draw(snapshot(network(), machine(), gaps=[Gap(CARD.upper(), "Microsoft.Network/networkInterfaces", DENIED)]))
    assert (node(found, MACHINE).subnet, node(found, MACHINE).note) == ("", "place not read")
    unread = draw(snapshot(network(), resource(rid("Microsoft.Web/sites", "app"))))
    assert node(unread, rid("Microsoft.Web/sites", "app")).note == "place not read"


def test_a_picture_says_which_lists_were_refused() -> None:
    gap = Gap(SUBSCRIPTION, "Microsoft.Network/privateEndpoints", DENIED)
    assert draw(snapshot(network(), gaps=[gap])).nodes[0].note == "not read: private endpoints"
    assert draw(snapshot(network())).nodes[0].note == ""


@pytest.mark.parametrize(("known", "kind", "note"), [(True, NodeKind.SERVICE, ""), (False, NodeKind.EXTERNAL, "not read")])
def test_an_endpoint_brings_its_service_into_the_picture(known: bool, kind: NodeKind, note: str) -> None:  # noqa: FBT001  # parametrised
    found = draw(snapshot(network(), endpoint(DATABASE, state="Pending"), *([resource(DATABASE, {})] if known else [])))
    service = node(found, DATABASE if known else DATABASE.lower())
    assert (service.kind, service.note, service.name) == (kind, note, "sql")
    assert links(found, LinkKind.PRIVATE_ENDPOINT) == [(ENDPOINT, service.id, "Pending")]


def test_an_endpoint_in_a_network_of_others_stands_there() -> None:
    hub = f"{SUBSCRIPTION}/resourceGroups/rg-hub/providers/Microsoft.Network/virtualNetworks/hub".lower()
    found = draw(snapshot(network(), endpoint(DATABASE, subnet=f"{hub}/subnets/pe")))
    assert node(found, ENDPOINT).subnet == f"{hub}/subnets/pe"
    assert (node(found, hub).kind, node(found, hub).note, node(found, hub).parent) == (
        NodeKind.NETWORK,
        "outside of the workload",
        "",
    )


@pytest.mark.parametrize(
    ("properties", "state"),
    [
        ({"publicNetworkAccess": "Disabled"}, None),
        ({"publicNetworkAccess": "enabled"}, "all"),
        ({"publicNetworkAccess": "Enabled", "networkAcls": {"defaultAction": "Deny"}}, "selected"),
        ({"publicNetworkAccess": ["Enabled"]}, "unknown"),
        ({}, "unknown"),
        (None, "unknown"),
    ],
)
def test_what_is_open_to_the_internet_is_linked_to_it(properties: Json, state: str | None) -> None:
    found = links(draw(snapshot(resource(VAULT, properties))), LinkKind.EXPOSED)
    assert found == ([] if state is None else [(INTERNET, VAULT, state)])


def test_what_azure_assumes_opens_a_door_too() -> None:
    account = resource(rid("Microsoft.Storage/storageAccounts", "st"), {})
    assert links(draw(snapshot(account)), LinkKind.EXPOSED) == [(INTERNET, account["id"], "all")]


def workspace(rules: Json, mode: str = "AllowOnlyApprovedOutbound") -> Json:
    managed = {"isolationMode": mode, "outboundRules": rules}
    return resource(WORKSPACE, {"publicNetworkAccess": "Disabled", "managedNetwork": managed})


def test_a_managed_network_holds_endpoints_and_lets_out_to_what_its_rules_name() -> None:
    rules = {
        "kv": {
            "type": "PrivateEndpoint",
            "status": "Active",
            "destination": {"serviceResourceId": VAULT, "subresourceTarget": "vault"},
        },
        "site": {"type": "FQDN", "destination": "pypi.org"},
        "tag": {"type": "ServiceTag", "destination": {"serviceTag": "AzureMonitor"}},
    }
    serving = resource(f"{WORKSPACE}/onlineEndpoints/ept", {"publicNetworkAccess": "Disabled"})
    found = draw(snapshot(workspace(rules), serving, resource(VAULT, {"publicNetworkAccess": "Disabled"})))
    managed = f"{WORKSPACE}/managedNetworks/default"
    assert node(found, f"{WORKSPACE}/onlineEndpoints/ept").parent == managed
    assert (node(found, f"{WORKSPACE}/outboundRules/kv").kind, node(found, managed).detail) == (
        NodeKind.ENDPOINT,
        "lets out what is approved",
    )
    assert links(found, LinkKind.PRIVATE_ENDPOINT) == [(f"{WORKSPACE}/outboundRules/kv", VAULT, "Active")]
    assert [node(found, target).name for _, target, _ in links(found, LinkKind.OUTBOUND_RULE)] == ["pypi.org", "AzureMonitor"]


def test_a_managed_network_that_lets_everything_out_leads_to_the_internet() -> None:
    found = draw(snapshot(workspace({}, mode="AllowInternetOutbound")))
    assert links(found, LinkKind.OUTBOUND_RULE) == [(f"{WORKSPACE}/managedNetworks/default", INTERNET, "")]


def test_a_peering_leads_outside() -> None:
    remote = rid("Microsoft.Network/virtualNetworks", "hub", f"{SUBSCRIPTION}/resourceGroups/rg-hub")
    leads = {
        "remoteVirtualNetwork": {"id": remote},
        "peeringState": "Connected",
        "remoteAddressSpace": {"addressPrefixes": ["10.9.0.0/16"]},
    }
    peered = resource(NETWORK, {"subnets": [], "virtualNetworkPeerings": [{"name": "to-hub", "properties": leads}]})
    scope = (f"{GROUP}",)
    found = draw(snapshot(peered, scopes=scope))
    assert links(found, LinkKind.PEERING) == [(NETWORK, remote.lower(), "Connected")]
    assert node(found, remote.lower()).detail == "10.9.0.0/16"


def test_a_foundational_component_that_is_missing_has_its_place() -> None:
    subnet = f"{NETWORK}/subnets/AzureBastionSubnet"
    found = draw(snapshot(resource(NETWORK, {"subnets": [{"name": "AzureBastionSubnet", "id": subnet, "properties": {}}]})))
    (bastion,) = [item for item in found.nodes if item.component == "bastion"]
    assert (bastion.kind, bastion.subnet, bastion.note) == (NodeKind.MISSING, subnet, "not there")
    denied = draw(snapshot(reads=[Read("Microsoft.Network/virtualNetworks", SUBSCRIPTION)]))
    assert "unknown" in next(item.note for item in denied.nodes if item.component == "bastion")


def test_the_reference_holds_together() -> None:
    graph = judge(bodies("reference"), reads("reference"), []).workloads[0].graph
    names = {item.id: item.name for item in graph.nodes}
    assert all(item.parent in names for item in graph.nodes if item.parent)
    assert all(link.source in names and link.target in names for link in graph.links)
    told = [(names[link.source], names[link.target]) for link in graph.links if link.kind is LinkKind.EXPOSED]
    assert told == [("Internet", "pip-agw"), ("Internet", "pip-bastion")]
    assert ("agw-chat-prod", "app-chat-prod") in [(names[link.source], names[link.target]) for link in graph.links]
    assert {item.worst for item in graph.nodes} <= {"pass", "unknown", ""}


def test_each_finding_is_counted_at_the_node_that_holds_it() -> None:
    result = judge(bodies("drifted"), reads("drifted"), [])
    graph = result.workloads[0].graph
    assert sum(item.counts.get("fail", 0) for item in graph.nodes) == sum(
        item.verdict.value == "fail" for item in result.findings
    )
    by_name = {item.name: item for item in graph.nodes}
    assert (by_name["oai-chat-prod"].worst, by_name["oai-chat-prod"].severity) == ("fail", "critical")
    assert (by_name["snet-scoring"].worst, by_name["snet-scoring"].counts["pass"] > 0) == ("pass", True)
    assert by_name["bastion"].worst == ""


def test_the_order_in_which_azure_answers_does_not_matter() -> None:
    one, other = bodies("drifted"), [bodies("drifted")[0], *reversed(bodies("drifted")[1:])]
    (first,), (second,) = (judge(item, reads("drifted"), []).workloads for item in (one, other))
    assert [item.id for item in first.graph.nodes] == [item.id for item in second.graph.nodes]
    assert first.graph.links == second.graph.links


def test_nodes_hold_what_stands_in_or_on_them_or_belongs_to_them() -> None:
    graph = Graph((Node(SUBSCRIPTION, NodeKind.SCOPE, holds=(GROUP,)), Node(VAULT, NodeKind.SERVICE, holds=(ADDRESS,))))
    holders = Holders([graph])
    assert holders.of(f"{VAULT.upper()}/secrets/a") == holders.of(ADDRESS) == ((0, 1),)
    assert (holders.of(f"{GROUP}/providers/a/b/c"), holders.of("/subscriptions/other"), holders.of("")) == (((0, 0),), (), ())


def test_odd_bodies_are_no_defect() -> None:
    for odd in (7, "text", [], [7], {"id": 7}, {"id": "odd"}, None):
        shapes = [
            resource(NETWORK, {"subnets": odd, "virtualNetworkPeerings": odd}), resource(ENDPOINT, {"subnet": odd, "privateLinkServiceConnections": odd}),
            resource(WORKSPACE, {"managedNetwork": odd}), resource(MACHINE, {"networkProfile": odd}), resource(CARD, {"virtualMachine": odd}),
            resource(ADDRESS, {"ipConfiguration": odd}), resource(rid("Microsoft.Network/applicationGateways", "agw"), {"backendAddressPools": odd}),
            resource(f"{WORKSPACE}/outboundRules/a", {"destination": odd, "type": odd}),
        ]  # fmt: skip
        assert {WORKSPACE, NETWORK} <= {item.id for item in draw(snapshot(*shapes)).nodes}


def test_reads_of_everything_leave_no_doubt() -> None:
    assert draw(snapshot(reads=[Read(EVERYTHING, "/")])).nodes[0].note == ""


def test_every_kind_is_documented_and_in_the_schema(root: Path) -> None:
    page = (root / "docs" / "picture.md").read_text(encoding="utf-8")
    shape = schemas()["result"]["properties"]["workloads"]["items"]["properties"]["graph"]["properties"]
    for kinds, what in ((NodeKind, "nodes"), (LinkKind, "links")):
        assert [kind.value for kind in kinds if f"`{kind.value}`" not in page] == []
        assert set(shape[what]["items"]["properties"]["kind"]["enum"]) == {kind.value for kind in kinds}
    members = {member.name for member in fields(Node)}
    assert set(shape["nodes"]["items"]["properties"]) == members
    assert [name for name in members if f"`{name}`" not in page] == []
